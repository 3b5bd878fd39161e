import Coordination
import TestSupport
import Testing

/// What every coordination service does with sessions.
@Suite("Contract: sessions", .timeLimit(.minutes(5)))
struct ContractSessionTests {
    @Test("of two sessions that race for an ephemeral znode one wins", arguments: Implementation.allCases)
    func race(_ implementation: Implementation) async throws {
        let service = try await implementation.makeService()
        let sessions = [try await service.openSession(.init()), try await service.openSession(.init())]
        for round in 0..<20 {
            let codes = await withTaskGroup { group in
                for session in sessions {
                    group.addTask { await code { try await session.create("/leader-\(round)", mode: .ephemeral) } }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes.count { $0 == nil } == 1 && codes.count { $0 == .nodeExists } == 1)
            let owner = try await sessions[0].exists("/leader-\(round)")?.ephemeralOwner
            #expect(sessions.contains { $0.id == owner })
        }
        for session in sessions { await session.close() }
    }

    @Test(
        "ephemeral znodes vanish when their session is closed, and others hear of it",
        arguments: Implementation.allCases)
    func ephemerals(_ implementation: Implementation) async throws {
        let service = try await implementation.makeService()
        try await service.withSession { other in
            let watcher = other.makeWatcher()
            try await service.withSession { session async throws in
                try await session.create("/e", mode: .ephemeral)
                try await session.create("/p")
                _ = try await other.get("/e", watcher: watcher)
            }
            #expect(await watcher.next() == [WatchEvent(path: "/e", kind: .deleted)])
            #expect(try await other.exists("/e") == nil)
            #expect(try await other.exists("/p") != nil)
        }
    }

    @Test("sessions are different, and say what was negotiated", arguments: Implementation.allCases)
    func identity(_ implementation: Implementation) async throws {
        let service = try await implementation.makeService()
        let first = try await service.openSession(SessionConfiguration(timeout: .seconds(3)))
        let second = try await service.openSession(SessionConfiguration(timeout: .seconds(4)))
        #expect(first.id != second.id && first.id.rawValue != 0)
        #expect(first.timeout == .seconds(3) && second.timeout == .seconds(4))
        #expect(first.state == .connected)
        await first.close()
        await second.close()
    }

    @Test("a closed session refuses everything, and closing it again does no harm", arguments: Implementation.allCases)
    func closed(_ implementation: Implementation) async throws {
        let session = try await implementation.makeService().openSession(.init())
        let states = session.states()
        await session.close()
        await session.close()
        #expect(session.state == .closed)
        #expect(await states.reduce(into: []) { $0.append($1) } == [.connected, .closed])
        #expect(await code { _ = try await session.get("/") } == .closed)
        #expect(await code { try await session.create("/x") } == .closed)
        #expect(await code { try await session.commit([.create("/x")]) } == .closed)
        #expect(await code { try await session.sync("/") } == .closed)
    }

    @Test("after a sync a session sees what others have written", arguments: Implementation.allCases)
    func sync(_ implementation: Implementation) async throws {
        let service = try await implementation.makeService()
        try await service.withSession { reading async throws in
            try await service.withSession { writing in
                for round in 0..<20 {
                    try await writing.create("/s\(round)")
                    try await reading.sync("/")
                    #expect(try await reading.exists("/s\(round)") != nil)
                }
            }
            #expect(await code { try await reading.sync("nonsense") } == .badArguments)
        }
    }

    @Test(
        "a session in time: suspended, connected again, and its ephemerals are still there",
        arguments: Implementation.allCases)
    func interruptedBriefly(_ implementation: Implementation) async throws {
        try await implementation.withInterruptibleService { service in
            try await service.service.withSession(SessionConfiguration(timeout: .seconds(20))) { session async throws in
                var states = session.states().makeAsyncIterator()
                #expect(await states.next() == .connected)
                try await session.create("/e", mode: .ephemeral)
                let watcher = session.makeWatcher()
                _ = try await session.children("/", watcher: watcher)
                try await service.interruptBriefly(session)
                #expect(await states.next() == .suspended)
                #expect(await states.next() == .connected)
                #expect(try await session.exists("/e")?.ephemeralOwner == session.id)
                #expect(watcher.drain().isEmpty)
                try await session.create("/after")
                #expect(await watcher.next() == [WatchEvent(path: "/", kind: .childrenChanged)])
            }
        }
    }

    @Test("while a session is suspended its operations fail at once", arguments: Implementation.allCases)
    func suspended(_ implementation: Implementation) async throws {
        try await implementation.withInterruptibleService { service in
            try await service.service.withSession(SessionConfiguration(timeout: .seconds(20))) { session async throws in
                try await service.interrupt(session)
                #expect(session.state == .suspended)
                let read = await session.read([.get("/"), .exists("/")])
                #expect(read.map { code(of: $0) } == [.connectionLoss, .connectionLoss])
                #expect(await code { try await session.create("/lost") } == .connectionLoss)
                #expect(await code { try await session.commit([.create("/lost")]) } == .connectionLoss)
                #expect(await code { try await session.sync("/") } == .connectionLoss)
                service.resume(session)
                for await state in session.states() where state == .connected { break }
                #expect(try await session.exists("/lost") == nil)
            }
        }
    }

    @Test(
        "a session too late: expired, its body cancelled, its ephemerals gone, its watchers ended",
        arguments: Implementation.allCases)
    func interruptedTooLong(_ implementation: Implementation) async throws {
        try await implementation.withInterruptibleService { service in
            let expired = Recorder<any CoordinationSession>()
            await #expect(throws: CoordinationError(.sessionExpired, operation: "")) {
                try await service.service.withSession(shortLived) { session async throws in
                    await expired.record(session)
                    try await createEphemeral("/e", in: session)
                    async let end: Void = { for await _ in session.makeWatcher() {} }()
                    try await service.interruptTooLong(session)
                    await end
                    try await ContinuousClock().sleep(for: .seconds(1000))  // until the body is cancelled
                }
            }
            let session = try #require(await expired.values.first)
            #expect(session.state == .expired)
            #expect(await code { try await session.create("/late") } == .sessionExpired)
            await session.close()
            #expect(session.state == .expired)
            try await service.service.withSession { next async throws in
                #expect(next.id != session.id)
                #expect(try await next.exists("/e") == nil)
                #expect(try await next.exists("/late") == nil)
            }
        }
    }

    @Test(
        "what a session's body returns or throws comes out, and the session is closed",
        arguments: Implementation.allCases)
    func scope(_ implementation: Implementation) async throws {
        struct Failure: Error {}
        let service = try await implementation.makeService()
        let sessions = Recorder<any CoordinationSession>()
        let value = try await service.withSession { session async throws in
            await sessions.record(session)
            return 7
        }
        #expect(value == 7)
        await #expect(throws: Failure.self) {
            try await service.withSession { session async throws in
                await sessions.record(session)
                throw Failure()
            }
        }
        #expect(await sessions.values.map(\.state) == [.closed, .closed])
    }

    @Test("cancelling a body closes its session", arguments: Implementation.allCases)
    func cancellation(_ implementation: Implementation) async throws {
        let service = try await implementation.makeService()
        try await service.withSession { other in
            let watcher = other.makeWatcher()
            _ = try await other.exists("/e", watcher: watcher)
            await withTaskGroup { group in
                group.addTask {
                    try? await service.withSession { session async throws in
                        try await session.create("/e", mode: .ephemeral)
                        try await ContinuousClock().sleep(for: .seconds(1000))
                    }
                }
                #expect(await watcher.next() == [WatchEvent(path: "/e", kind: .created)])
                group.cancelAll()
            }
            #expect(try await other.exists("/e") == nil)
        }
    }
}

/// Keeps what it is told.
actor Recorder<Value: Sendable> {
    private(set) var values: [Value] = []

    func record(_ value: Value) { values.append(value) }
}
