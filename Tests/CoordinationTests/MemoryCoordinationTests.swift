import Synchronization
import Testing

@testable import Coordination

@Suite("Embedded service")
struct MemoryCoordinationTests {
    let service = MemoryCoordination(milliseconds: { 1234 })

    @Test("the sessions that are open are listed in the order in which they were opened")
    func sessions() async throws {
        #expect(service.sessions.isEmpty)
        let first = try await service.openSession()
        let second = try await service.openSession()
        #expect(service.sessions == [first.id, second.id])
        service.suspend(first.id)
        #expect(service.sessions == [first.id, second.id])
        service.expire(first.id)
        #expect(service.sessions == [second.id])
        await second.close()
        #expect(service.sessions.isEmpty)
    }

    @Test("time comes from outside")
    func time() async throws {
        let session = try await service.openSession()
        try await session.create("/a")
        #expect(try await session.exists("/a")?.createdAt == 1234)
        #expect(SystemTime.milliseconds() > 1_600_000_000_000)
    }

    @Test("events wait while a session is suspended, and come before anything newer can be read")
    func heldBack() async throws {
        let (session, other) = (try await service.openSession(), try await service.openSession())
        try await session.create("/a")
        let watcher = session.makeWatcher()
        _ = try await session.get("/a", watcher: watcher)
        _ = try await session.children("/", watcher: watcher)
        service.suspend(session.id)
        service.suspend(session.id)
        try await other.set("/a", [1])
        try await other.create("/b")
        #expect(watcher.drain().isEmpty)
        service.resume(session.id)
        #expect(
            watcher.drain() == [
                WatchEvent(path: "/a", kind: .dataChanged), WatchEvent(path: "/", kind: .childrenChanged),
            ])
        service.resume(session.id)
        #expect(watcher.drain().isEmpty && session.state == .connected)
    }

    @Test("a suspended session that expires learns it when it is resumed; the others see it at once")
    func expiredUnseen() async throws {
        let (session, other) = (try await service.openSession(), try await service.openSession())
        try await session.create("/e", mode: .ephemeral)
        let watcher = other.makeWatcher()
        _ = try await other.get("/e", watcher: watcher)
        service.suspend(session.id)
        service.expire(session.id)
        #expect(watcher.drain() == [WatchEvent(path: "/e", kind: .deleted)])
        #expect(session.state == .suspended)
        #expect(await code { _ = try await session.get("/") } == .connectionLoss)
        service.resume(session.id)
        #expect(session.state == .expired)
        #expect(await code { _ = try await session.get("/") } == .sessionExpired)
    }

    @Test("a suspended session that is closed keeps its ephemerals until the service gives it up")
    func closedUnseen() async throws {
        for givesUp in [service.expire, service.resume] {
            let (session, other) = (try await service.openSession(), try await service.openSession())
            try await session.create("/e", mode: .ephemeral)
            service.suspend(session.id)
            await session.close()
            #expect(session.state == .closed && service.sessions.contains(session.id))
            #expect(await code { _ = try await session.get("/") } == .closed)
            #expect(try await other.exists("/e") != nil)
            givesUp(session.id)
            #expect(try await other.exists("/e") == nil)
            #expect(session.state == .closed && !service.sessions.contains(session.id))
        }
    }

    @Test("what ends a session can be done to any number, open or not")
    func unknownSessions() async throws {
        let session = try await service.openSession()
        let nobody = SessionID(rawValue: 7)
        for act in [service.suspend, service.resume, service.expire] { act(nobody) }
        service.expire(session.id)
        for act in [service.suspend, service.resume, service.expire] { act(session.id) }
        #expect(session.state == .expired)
        let watcher = session.makeWatcher()
        #expect(await watcher.next() == nil)
    }

    @Test("the watches of sessions that have ended are forgotten")
    func forgottenWatches() async throws {
        for round in 0..<10 {
            let session = try await service.openSession()
            let watcher = session.makeWatcher()
            for path in ["/x", "/y", "/"] { _ = try await session.exists(path, watcher: watcher) }
            _ = try await session.children("/", watcher: watcher)
            #expect(service.store.withLock { $0.watchCount } == 4)
            if round.isMultiple(of: 2) { await session.close() } else { service.expire(session.id) }
            #expect(service.store.withLock { $0.watchCount } == 0)
        }
    }

    @Test("a cancelled task opens no session")
    func cancelled() async throws {
        await withTaskGroup(of: CoordinationError.Code?.self) { group in
            group.cancelAll()
            group.addTask { [service] in await code { _ = try await service.openSession() } }
            #expect(await group.next() == .closed)
        }
        #expect(service.sessions.isEmpty)
    }

    @Test("a digest credential needs a user and a password")
    func malformedCredential() async throws {
        let configuration = SessionConfiguration(credentials: [Credential(scheme: "digest", secret: "nobody")])
        let error = await #expect(throws: CoordinationError.self) { _ = try await service.openSession(configuration) }
        #expect(error?.code == .authenticationFailed && error?.description.contains("user:password") == true)
    }
}

@Suite("Mailboxes, watchers and states")
struct MailboxTests {
    @Test("a consumer gets all that has come in, in order, then the end")
    func batches() async {
        let mailbox = Mailbox<Int>()
        mailbox.post(1)
        mailbox.post(contentsOf: [2, 3])
        #expect(await mailbox.next() == [1, 2, 3])
        mailbox.post(4)
        #expect(mailbox.drain() == [4] && mailbox.drain().isEmpty)
        mailbox.post(5)
        mailbox.finish()
        mailbox.post(6)
        #expect(await mailbox.next() == [5])
        #expect(await mailbox.next() == nil)
    }

    @Test("a waiting consumer is woken by an element, by the end, and by cancellation")
    func waiting() async {
        for wake in ["element", "end", "cancellation"] {
            let mailbox = Mailbox<Int>()
            await withTaskGroup(of: [Int]?.self) { group in
                group.addTask { await mailbox.next() }
                for _ in 0..<10 { await Task.yield() }
                switch wake {
                case "element": mailbox.post(1)
                case "end": mailbox.finish()
                default: group.cancelAll()
                }
                #expect(await group.next() == .some(wake == "element" ? [1] : nil), "\(wake)")
            }
        }
    }

    @Test("nothing is lost between many producers and a consumer")
    func producers() async {
        let mailbox = Mailbox<Int>()
        let received = await withTaskGroup(of: [Int].self) { group in
            group.addTask {
                var received: [Int] = []
                while received.count < 4000, let batch = await mailbox.next() { received += batch }
                return received
            }
            for producer in 0..<4 {
                group.addTask {
                    for number in 0..<1000 { mailbox.post(producer * 1000 + number) }
                    return []
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(received.sorted() == Array(0..<4000))
        for producer in 0..<4 {
            let own = received.filter { $0 / 1000 == producer }
            #expect(own == own.sorted(), "the order of each producer is kept")
        }
    }

    @Test("a session's watchers are held weakly and end with it")
    func sessionWatchers() async {
        var watchers = SessionWatchers()
        let kept = Watcher()
        watchers.insert(kept)
        for _ in 0..<100 { watchers.insert(Watcher()) }
        #expect(watchers[kept.id] === kept && watchers[kept.id + 1] == nil)
        #expect(watchers.heldCount <= 32)
        watchers.finishAll()
        #expect(await kept.next() == nil)
    }

    @Test("watchers are sequences of batches")
    func sequence() async {
        let watcher = Watcher()
        watcher.deliver(WatchEvent(path: "/a", kind: .created))
        watcher.deliver(WatchEvent(path: "/a", kind: .deleted))
        watcher.finish()
        #expect(await watcher.reduce(into: []) { $0.append($1.map(\.kind)) } == [[.created, .deleted]])
    }

    @Test("everybody sees every state from his own beginning on; a final state is never left")
    func states() async {
        let states = SessionStates()
        let all = states.stream()
        #expect(states.move(to: .suspended) && !states.move(to: .suspended))
        let late = states.stream()
        #expect(states.move(to: .connected) && states.move(to: .expired))
        #expect(!states.move(to: .connected) && !states.move(to: .closed) && states.current == .expired)
        #expect(await all.reduce(into: []) { $0.append($1) } == [.connected, .suspended, .connected, .expired])
        #expect(await late.reduce(into: []) { $0.append($1) } == [.suspended, .connected, .expired])
        #expect(await states.stream().reduce(into: []) { $0.append($1) } == [.expired])
    }

    @Test("a session is written in lower-case hexadecimal without padding")
    func sessionID() {
        #expect("\(SessionID(rawValue: 0x0100_0ABC))" == "1000abc")
        #expect("\(SessionID(rawValue: -1))" == "ffffffffffffffff")
    }
}
