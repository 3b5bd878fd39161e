import Coordination
import Testing

/// What every coordination service does with watches.
@Suite("Contract: watches", .timeLimit(.minutes(5)))
struct ContractWatchTests {
    /// Two sessions: one that watches and one that writes.
    func withSessions(
        _ implementation: Implementation,
        _ body: @escaping @Sendable (any CoordinationSession, any CoordinationSession) async throws -> Void
    ) async throws {
        let service = try await implementation.makeService()
        try await service.withSession { watching in
            try await service.withSession { writing in try await body(watching, writing) }
        }
    }

    /// All events up to now: the last one is made here.
    func events(_ watcher: Watcher, _ session: any CoordinationSession, _ writing: any CoordinationSession) async throws
        -> [WatchEvent]
    {
        let flag = "/flag-\(watcher.id)"
        _ = try await session.exists(flag, watcher: watcher)
        try await writing.create(flag)
        var events: [WatchEvent] = []
        while events.last?.path != flag { events += try #require(await watcher.next()) }
        return events.dropLast()
    }

    @Test("a watch fires exactly once, however much happens", arguments: Implementation.allCases)
    func once(_ implementation: Implementation) async throws {
        try await withSessions(implementation) { watching, writing in
            try await writing.create("/w")
            let watcher = watching.makeWatcher()
            _ = try await watching.get("/w", watcher: watcher)
            for value in 1...5 { try await writing.set("/w", [UInt8(value)]) }
            try await writing.delete("/w")
            #expect(try await events(watcher, watching, writing) == [WatchEvent(path: "/w", kind: .dataChanged)])
        }
    }

    @Test("arming a watcher again by the same kind of read adds no second event", arguments: Implementation.allCases)
    func deduplicated(_ implementation: Implementation) async throws {
        try await withSessions(implementation) { watching, writing in
            try await writing.create("/w")
            let (first, second) = (watching.makeWatcher(), watching.makeWatcher())
            for _ in 1...3 {
                _ = try await watching.get("/w", watcher: first)
                _ = try await watching.exists("/w", watcher: first)
            }
            _ = try await watching.get("/w", watcher: second)
            try await writing.set("/w", [1])
            #expect(try await events(first, watching, writing) == [WatchEvent(path: "/w", kind: .dataChanged)])
            #expect(try await events(second, watching, writing) == [WatchEvent(path: "/w", kind: .dataChanged)])
        }
    }

    @Test("a deletion is one event for a watcher that watches data and children", arguments: Implementation.allCases)
    func deletion(_ implementation: Implementation) async throws {
        try await withSessions(implementation) { watching, writing in
            try await writing.createWithParents("/p/w")
            let (node, parent) = (watching.makeWatcher(), watching.makeWatcher())
            _ = try await watching.get("/p/w", watcher: node)
            _ = try await watching.children("/p/w", watcher: node)
            _ = try await watching.children("/p", watcher: parent)
            try await writing.delete("/p/w")
            #expect(try await events(node, watching, writing) == [WatchEvent(path: "/p/w", kind: .deleted)])
            #expect(try await events(parent, watching, writing) == [WatchEvent(path: "/p", kind: .childrenChanged)])
        }
    }

    @Test(
        "an exists waits for a creation, then for a change, then for the deletion", arguments: Implementation.allCases)
    func exists(_ implementation: Implementation) async throws {
        try await withSessions(implementation) { watching, writing in
            let watcher = watching.makeWatcher()
            let changes: [(WatchEvent.Kind, WriteOperation)] = [
                (.created, .create("/w")), (.dataChanged, .set("/w", data: [1])), (.deleted, .delete("/w")),
            ]
            for (kind, change) in changes {
                _ = try await watching.exists("/w", watcher: watcher)
                try await writing.write(change)
                #expect(await watcher.next() == [WatchEvent(path: "/w", kind: kind)])
            }
        }
    }

    @Test("a children watch hears of creations and deletions, not of data", arguments: Implementation.allCases)
    func children(_ implementation: Implementation) async throws {
        try await withSessions(implementation) { watching, writing in
            try await writing.createWithParents("/p/a")
            let watcher = watching.makeWatcher()
            _ = try await watching.children("/p", watcher: watcher)
            try await writing.set("/p", [1])
            try await writing.set("/p/a", [1])
            try await writing.create("/p/a/deep")
            #expect(try await events(watcher, watching, writing).isEmpty)
            try await writing.create("/p/b")
            #expect(await watcher.next() == [WatchEvent(path: "/p", kind: .childrenChanged)])
        }
    }

    @Test("a read that fails arms nothing", arguments: Implementation.allCases)
    func failedRead(_ implementation: Implementation) async throws {
        try await withSessions(implementation) { watching, writing in
            let watcher = watching.makeWatcher()
            #expect(await code { _ = try await watching.get("/w", watcher: watcher) } == .noNode)
            #expect(await code { _ = try await watching.children("/w", watcher: watcher) } == .noNode)
            try await writing.create("/w")
            try await writing.create("/w/child")
            #expect(try await events(watcher, watching, writing).isEmpty)
        }
    }

    @Test("an event is in its watcher before a read returns the state after it", arguments: Implementation.allCases)
    func eventBeforeState(_ implementation: Implementation) async throws {
        try await withSessions(implementation) { watching, writing in
            try await writing.create("/w", [0])
            let watcher = watching.makeWatcher()
            for round in 1...200 {
                let armed = try await watching.get("/w", watcher: watcher).data
                #expect(armed == [UInt8(round - 1)])
                async let write: Stat = writing.set("/w", [UInt8(round)])
                var seen = armed
                while seen == armed { seen = try await watching.get("/w").data }
                let events = watcher.drain()
                #expect(events == [WatchEvent(path: "/w", kind: .dataChanged)], "round \(round)")
                _ = try await write
            }
        }
    }

    @Test("the events of a transaction come in its order", arguments: Implementation.allCases)
    func transaction(_ implementation: Implementation) async throws {
        try await withSessions(implementation) { watching, writing in
            try await writing.create("/a")
            let watcher = watching.makeWatcher()
            _ = try await watching.exists("/b", watcher: watcher)
            _ = try await watching.get("/a", watcher: watcher)
            _ = try await watching.exists("/c", watcher: watcher)
            try await writing.commit([.create("/c"), .set("/a", data: [1]), .create("/b")])
            #expect(
                try await events(watcher, watching, writing) == [
                    WatchEvent(path: "/c", kind: .created), WatchEvent(path: "/a", kind: .dataChanged),
                    WatchEvent(path: "/b", kind: .created),
                ])
        }
    }

    @Test("a session hears of its own writes", arguments: Implementation.allCases)
    func ownWrites(_ implementation: Implementation) async throws {
        try await implementation.makeService().withSession { session async throws in
            let watcher = session.makeWatcher()
            try await session.create("/w")
            _ = try await session.get("/w", watcher: watcher)
            try await session.set("/w", [1])
            #expect(watcher.drain() == [WatchEvent(path: "/w", kind: .dataChanged)])
        }
    }

    @Test("a watcher ends with its session", arguments: Implementation.allCases)
    func end(_ implementation: Implementation) async throws {
        let session = try await implementation.makeService().openSession(.init())
        let watcher = session.makeWatcher()
        async let batches: [[WatchEvent]] = watcher.reduce(into: []) { $0.append($1) }
        await session.close()
        #expect(await batches == [])
        #expect(await session.makeWatcher().next() == nil)
    }
}
