import Coordination
import Testing

@Test("the embedded service keeps znodes, versions and watches")
func smoke() async throws {
    let service = MemoryCoordination(milliseconds: { 7 })
    try await service.withSession { session in
        try await session.createWithParents("/a/b/c", [1])
        let watcher = session.makeWatcher()
        let (data, stat) = try await session.get("/a/b/c", watcher: watcher)
        #expect(data == [1] && stat.version == 0 && stat.createdAt == 7)
        let name = try await session.create("/a/b/n-", mode: .ephemeralSequential)
        #expect(name == "/a/b/n-0000000001")
        let results = await session.commit([
            [.create("/a/x"), .create("/a/y", mode: .ephemeral), .set("/a/b/c", data: [2], version: 5)],
            [.create("/a/x"), .create("/a/y", mode: .ephemeral), .set("/a/b/c", data: [2], version: 0)],
        ])
        #expect(throws: CoordinationError(.badVersion, operation: "set", path: "/a/b/c")) { try results[0].get() }
        #expect(try results[1].get().count == 3)
        #expect(await watcher.next() == [WatchEvent(path: "/a/b/c", kind: .dataChanged)])
        #expect(try await session.children("/a") == ["b", "x", "y"])
        try await session.deleteRecursively("/a")
        #expect(try await session.subtree("/") == ["/"])
    }
}

@Test("an expired session is cancelled and its ephemerals vanish")
func smokeExpiry() async throws {
    let service = MemoryCoordination()
    let other = try await service.openSession(.init())
    let gone = other.makeWatcher()
    await #expect(throws: CoordinationError(.sessionExpired, operation: "")) {
        try await service.withSession { session in
            try await session.create("/e", mode: .ephemeral)
            _ = try await other.get("/e", watcher: gone)
            service.expire(session.id)
            for await _ in session.makeWatcher() {}
            while !Task.isCancelled { await Task.yield() }
        }
    }
    #expect(await gone.next() == [WatchEvent(path: "/e", kind: .deleted)])
    await other.close()
    #expect(service.sessions.isEmpty)
}
