import Coordination
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import ZooKeeper

/// What only the client of a real ensemble has to do.
@Suite("ZooKeeper", .timeLimit(.minutes(5)))
struct ZooKeeperTests {
    @Test("a session that has seen more than the servers have, since their store was emptied, expires; a new one works")
    func emptiedStore() async throws {
        try await withZooKeeper { server in
            let service = ZooKeeperCoordination(server.connectText)
            let session = try await service.openSession(SessionConfiguration(timeout: .seconds(2)))
            for number in 0..<20 { try await session.create("/n\(number)") }
            await server.kill()
            try FileManager.default.removeItem(at: server.directory.appending(path: "data"))
            try await server.restart()
            var last: SessionState?
            for await state in session.states() { last = state }
            #expect(last == .expired)
            try await service.withSession { session async throws in
                #expect(try await session.exists("/n0") == nil)
            }
        }
    }

    @Test("a session goes on whose servers are away for three times its timeout")
    func longOutage() async throws {
        try await withZooKeeper { server in
            let service = ZooKeeperCoordination(server.connectText)
            try await service.withSession(SessionConfiguration(timeout: .seconds(1))) { session in
                try await session.create("/mine", mode: .ephemeral)
                await server.kill()
                try await ContinuousClock().sleep(for: .seconds(3))  // the fault itself lasts so long
                try await server.restart()
                for await state in session.states() where state == .connected { break }
                #expect(try await session.exists("/mine")?.ephemeralOwner == session.id)
            }
        }
    }

    @Test("below a chroot paths, results and events are without it")
    func chroot() async throws {
        let chroot = try await SharedZooKeeper.makeChroot()
        let text = try await SharedZooKeeper.server().connectText
        try await ZooKeeperCoordination(text).withSession { outside in
            try await outside.create(chroot + "/deeper")
            try await ZooKeeperCoordination(text + chroot + "/deeper").withSession { inside in
                let watcher = inside.makeWatcher()
                _ = try await inside.children("/", watcher: watcher)
                #expect(try await inside.create("/n-", mode: .persistentSequential) == "/n-0000000000")
                #expect(watcher.drain() == [WatchEvent(path: "/", kind: .childrenChanged)])
                let long = String(repeating: "x", count: 300)
                #expect(
                    try await inside.commit([
                        .create("/n-", mode: .ephemeralSequential), .create("/\(long)"), .check("/"),
                    ]) == [.created("/n-0000000001"), .created("/\(long)"), .checked])
                let error = await #expect(throws: CoordinationError.self) {
                    try await inside.commit([.create("/a"), .delete("/none/x")])
                }
                #expect(error?.path == "/none/x" && error?.operationIndex == 1)
                #expect(try await inside.children("/").count == 3)
                _ = try await inside.get("/n-0000000000", watcher: watcher)
                try await outside.set(chroot + "/deeper/n-0000000000", [1])
                #expect(await watcher.next() == [WatchEvent(path: "/n-0000000000", kind: .dataChanged)])
                try await inside.sync("/")
                #expect(try await inside.exists("/")?.childrenCount == 3)
            }
            #expect(try await outside.children(chroot + "/deeper").count == 2)
        }
    }

    @Test("without its chroot znode a session is there, but creates fail with noNode")
    func missingChroot() async throws {
        let text = try await SharedZooKeeper.server().connectText
        try await ZooKeeperCoordination(text + "/never-created").withSession { session async throws in
            #expect(await code { try await session.create("/a") } == .noNode)
        }
    }

    @Test("a server that does not resolve beside a good one is skipped with a warning")
    func unresolvable() async throws {
        let good = try await SharedZooKeeper.server().connectText
        let log = CapturedLog()
        let configuration = SessionConfiguration(logger: log.logger)
        for text in ["nowhere.invalid:2181,\(good)", "\(good),nowhere.invalid:2181"] {
            try await ZooKeeperCoordination(text).withSession(configuration) { session async throws in
                #expect(try await session.exists("/") != nil)
            }
        }
        #expect(log.lines.count { $0.contains("nowhere.invalid:2181") && $0.hasPrefix("warning") } == 2)
    }

    @Test("while no server resolves, opening waits, says so, and heeds cancellation")
    func nothingResolves() async throws {
        let log = CapturedLog()
        let service = ZooKeeperCoordination("nowhere.invalid:2181")
        await withTaskGroup { group in
            group.addTask {
                let configuration = SessionConfiguration(logger: log.logger)
                #expect(await code { _ = try await service.openSession(configuration) } == .closed)
            }
            group.addTask {
                try? await eventually("two warnings") { log.lines.count { $0.hasPrefix("warning") } >= 2 }
            }
            _ = await group.next()
            group.cancelAll()
        }
        #expect(log.lines.allSatisfy { $0.contains("nowhere.invalid:2181") })
    }

    @Test("opening a session where nobody listens ends when the task is cancelled, and leaves nothing behind")
    func cancelledOpening() async throws {
        let link = try NetworkLink(to: 1)
        let connect = try ConnectString(link.connectText)
        link.freeze()
        defer { link.close() }
        for credentials in [[], [Credential(scheme: "digest", secret: "a:b")]] {
            await withTaskGroup { group in
                for _ in 1...5 {
                    group.addTask {
                        let service = ZooKeeperCoordination(link.connectText)
                        let configuration = SessionConfiguration(credentials: credentials)
                        #expect(await code { _ = try await service.openSession(configuration) } == .closed)
                    }
                }
                try? await eventually("sessions that open") { openSessions.count(connect) == 5 }
                group.cancelAll()
            }
        }
        await withTaskGroup(of: Void.self) { group in
            group.cancelAll()
            group.addTask { [text = link.connectText] in
                let service = ZooKeeperCoordination(text)
                #expect(await code { _ = try await service.openSession(.init()) } == .closed)
            }
        }
        try await eventually("no sessions left") { openSessions.count(connect) == 0 }
    }

    @Test("closing with operations outstanding lets every one of them end")
    func closeWithOutstanding() async throws {
        let server = try await SharedZooKeeper.server()
        let link = try NetworkLink(to: server.port)
        defer { link.close() }
        for _ in 1...2 {
            link.restore()
            let session = try await ZooKeeperCoordination(link.connectText).openSession(.init())
            let token = try #require(session as? ZooKeeperSession).token
            link.freeze()
            let codes = await withTaskGroup(of: [CoordinationError.Code?].self) { group in
                for task in 0..<20 { group.addTask { await Self.codes(ofBatch: task, in: session) } }
                try? await eventually("requests in flight") { inFlight.withLock { $0.count(in: token) } == 20 }
                await session.close()
                return await group.reduce(into: []) { $0 += $1 }
            }
            #expect(codes.count == 1000)
            #expect(codes.filter { $0 != .closed } == [])
            #expect(inFlight.withLock { $0.count(in: token) } == 0)
        }
    }

    @Test("whatever is asked for at the very moment when a session ends gets an answer")
    func closeAmidRequests() async throws {
        let service = ZooKeeperCoordination(try await SharedZooKeeper.connectText())
        for _ in 1...30 {
            let session = try await service.openSession(.init())
            let codes = await withTaskGroup(of: [CoordinationError.Code?].self) { group in
                for task in 0..<6 {
                    group.addTask {
                        var last: [CoordinationError.Code?] = []
                        while !last.contains(.closed) { last = await Self.codes(ofBatch: task, in: session) }
                        return last
                    }
                }
                group.addTask {
                    await session.close()
                    return []
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            #expect(codes.allSatisfy { [nil, .closed, .nodeExists, .noNode].contains($0) })
        }
    }

    /// What becomes of 50 reads, writes or transactions.
    static func codes(ofBatch number: Int, in session: any CoordinationSession) async -> [CoordinationError.Code?] {
        let range = 0..<50
        switch number % 3 {
        case 0: return await session.read(range.map { .get("/\($0)") }).map { code(of: $0) }
        case 1: return await session.write(range.map { .set("/\($0)", data: [1]) }).map { code(of: $0) }
        default: return await session.commit(range.map { [.create("/x\($0)"), .check("/")] }).map { code(of: $0) }
        }
    }

    @Test("a lost connection fails what is outstanding, and the session goes on")
    func lostConnection() async throws {
        let server = try await SharedZooKeeper.server()
        let link = try NetworkLink(to: server.port)
        defer { link.close() }
        let chroot = try await SharedZooKeeper.makeChroot()
        try await ZooKeeperCoordination(link.connectText + chroot).withSession { session async throws in
            try await session.create("/w")
            let watcher = session.makeWatcher()
            _ = try await session.get("/w", watcher: watcher)
            _ = try await session.children("/", watcher: watcher)
            link.freeze()
            async let outstanding = session.read((0..<100).map { _ in .get("/w") })
            async let transactions = session.commit((0..<10).map { [.create("/t\($0)"), .check("/")] })
            let token = try #require(session as? ZooKeeperSession).token
            try await eventually("requests in flight") { inFlight.withLock { $0.count(in: token) } == 2 }
            link.cut()
            #expect(await outstanding.allSatisfy { code(of: $0) == .connectionLoss })
            #expect(await transactions.allSatisfy { code(of: $0) == .connectionLoss })
            #expect(session.state == .suspended)
            try await ZooKeeperCoordination(server.connectText + chroot).withSession { other async throws in
                try await other.set("/w", [1])
            }
            link.restore()
            for await state in session.states() where state == .connected { break }
            #expect(try await session.get("/w").data == [1])
            #expect(watcher.drain().contains(WatchEvent(path: "/w", kind: .dataChanged)))
        }
    }

    @Test("a server that is stopped for less than the timeout is waited for")
    func serverStopped() async throws {
        try await withZooKeeper { server in
            let service = ZooKeeperCoordination(server.connectText)
            try await service.withSession(SessionConfiguration(timeout: .seconds(6))) { session async throws in
                try await session.create("/e", mode: .ephemeral)
                server.pause()
                for await state in session.states() where state == .suspended { break }
                server.resume()
                for await state in session.states() where state == .connected { break }
                #expect(try await session.exists("/e")?.ephemeralOwner == session.id)
            }
        }
    }

    @Test("a server that is stopped for more than the timeout ends the session or lets it go on whole")
    func serverStoppedTooLong() async throws {
        try await withZooKeeper { server in
            let service = ZooKeeperCoordination(server.connectText)
            let session = try await service.openSession(SessionConfiguration(timeout: .seconds(1)))
            try await createEphemeral("/e", in: session)
            server.pause()
            for await state in session.states() where state == .suspended { break }
            // Nothing can be waited for but that time passes.
            try await ContinuousClock().sleep(for: .seconds(2))
            server.resume()
            for await state in session.states() where state != .suspended { break }
            // When it wakes up, the server may hear of the client before it looks at the clock.
            if session.state == .connected {
                #expect(try await session.exists("/e")?.ephemeralOwner == session.id)
            } else {
                #expect(session.state == .expired)
                #expect(await code { _ = try await session.exists("/e") } == .sessionExpired)
                try await service.withSession { next async throws in #expect(try await next.exists("/e") == nil) }
            }
            await session.close()
        }
    }

    @Test("a server that is killed and started again keeps sessions and data")
    func restart() async throws {
        try await withZooKeeper { server in
            let service = ZooKeeperCoordination(server.connectText)
            try await service.withSession(SessionConfiguration(timeout: .seconds(10))) { session async throws in
                var states = session.states().makeAsyncIterator()
                _ = await states.next()
                try await session.create("/e", [1], mode: .ephemeral)
                await server.kill()
                #expect(await states.next() == .suspended)
                #expect(await code { _ = try await session.get("/e") } == .connectionLoss)
                try await server.restart()
                #expect(await states.next() == .connected)
                #expect(try await session.get("/e").data == [1])
            }
        }
    }

    @Test("a server that comes back at another address is found again")
    func movedServer() async throws {
        let server = try await SharedZooKeeper.server()
        let (before, after) = (try NetworkLink(to: server.port), try NetworkLink(to: server.port, host: 2))
        defer { after.close() }
        let addresses = AddressBook(before.connectText)
        let service = ZooKeeperCoordination("moving.test:1", lookup: { _ in addresses.resolution })
        try await service.withSession(SessionConfiguration(timeout: .seconds(20))) { session async throws in
            var states = session.states().makeAsyncIterator()
            _ = await states.next()
            addresses.move(to: after.connectText)
            before.close()
            #expect(await states.next() == .suspended)
            #expect(await states.next() == .connected)
            // The link may break once more, as any may.
            try await eventually(within: .seconds(30), "an answer") {
                await code { _ = try await session.exists("/") } == nil
            }
        }
    }

    @Test("a session outlives the loss of its ensemble's leader")
    func ensemble() async throws {
        try await withZooKeeperEnsemble { ensemble in
            let service = ZooKeeperCoordination(ensemble.connectText)
            try await service.withSession(SessionConfiguration(timeout: .seconds(20))) { session async throws in
                try await session.create("/e", [1], mode: .ephemeral)
                let leader = try #require(await ensemble.roles().leader)
                await leader.kill()
                try await eventually(within: .seconds(30), "a new leader") {
                    await ensemble.roles().leader != nil && session.state == .connected
                }
                try await eventually(within: .seconds(30), "a write") {
                    await code { try await session.set("/e", [2]) } == nil
                }
                #expect(try await session.get("/e").data == [2])
            }
        }
    }

    @Test("a malformed connect text is refused with what is wrong with it")
    func malformedConnectText() async throws {
        let error = await #expect(throws: CoordinationError.self) {
            _ = try await ZooKeeperCoordination("zk1:port").openSession(.init())
        }
        #expect(error?.code == .badArguments)
        #expect(error?.description.contains("“port”") == true && error?.description.contains("host1:2181") == true)
    }

    @Test("many sessions come and go without a trace")
    func manySessions() async throws {
        let text = try await SharedZooKeeper.connectText()
        let service: some CoordinationService = .zooKeeper(text)
        try await withThrowingTaskGroup { group in
            for number in 0..<20 {
                group.addTask {
                    try await service.withSession { session async throws in
                        try await session.create("/\(number)", mode: .ephemeral)
                        let watcher = session.makeWatcher()
                        _ = try await session.children("/", watcher: watcher)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(openSessions.count(try ConnectString(text)) == 0)
        try await service.withSession { session async throws in #expect(try await session.children("/").isEmpty) }
    }
}

/// Where a server is to be found.
final class AddressBook: Sendable {
    private let address: Mutex<String>

    init(_ address: String) { self.address = Mutex(address) }

    func move(to address: String) { self.address.withLock { $0 = address } }

    var resolution: HostResolver.Resolution { HostResolver.Resolution(addresses: [address.withLock { $0 }]) }
}

/// A logger whose lines can be looked at.
final class CapturedLog: Sendable {
    private let captured = Mutex<[String]>([])

    /// Level, message and metadata.
    var lines: [String] { captured.withLock { $0 } }

    var logger: Logger { Logger(label: "captured") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: CapturedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = "\(event.level) \(event.message) \(event.metadata ?? [:])"
            log.captured.withLock { $0.append(line) }
        }
    }
}
