import Coordination
import HelixRecords
import Testing

@testable import HelixSpectator

@Suite("An up-to-date table", .timeLimit(.minutes(5)))
struct UpToDateTableTests {
    @Test("shows what was written before it was asked for")
    func showsAll() async throws {
        let cluster = try await TestCluster()
        try await cluster.add("n1", "n2")
        let spectator = cluster.spectator()
        try await spectator.withRoutingTables { _ in
            for round in 0..<50 {
                let leader = round.isMultiple(of: 2) ? "n2" : "n1"
                try await cluster.show("orders", ["orders_0": [leader: "LEADER"]])
                let table = try await spectator.upToDateTable()
                #expect(table.map(of: "orders") == ["orders_0": [leader: "LEADER"]])
            }
        }
    }

    @Test("lets the server catch up first, and reads once for all who ask at the same time")
    func sharesReading() async throws {
        let cluster = try await TestCluster()
        let counting = CountingCoordination(cluster.service)
        let spectator = Spectator(cluster: paths.cluster, coordination: counting)
        try await spectator.withRoutingTables { tables in
            _ = try await tables.first { _ in true }
            _ = counting.takeReads()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 { group.addTask { _ = try await spectator.upToDateTable() } }
                try await group.waitForAll()
            }
            let readings = counting.takeReads().count { $0 == paths.liveInstances }
            #expect((1...50).contains(readings))
        }
    }

    @Test("is waited for while the coordination service cannot be reached")
    func waitsForConnection() async throws {
        let cluster = try await TestCluster()
        try await cluster.add("n1")
        let spectator = cluster.spectator()
        try await spectator.withRoutingTables { tables in
            _ = try await tables.first { _ in true }
            let watching = try #require(cluster.watching)
            cluster.service.suspend(watching)
            _ = try await tables.first(\.isStale)
            try await cluster.show("orders", ["orders_0": ["n1": "LEADER"]])
            async let table = spectator.upToDateTable()
            cluster.service.resume(watching)
            #expect(try await table.resources == ["orders"])
        }
    }

    @Test("is read by the next session when one has expired")
    func nextSession() async throws {
        let cluster = try await TestCluster()
        try await cluster.add("n1")
        let spectator = cluster.spectator()
        try await spectator.withRoutingTables { tables in
            _ = try await tables.first { _ in true }
            cluster.service.expire(try #require(cluster.watching))
            try await cluster.show("orders", ["orders_0": ["n1": "LEADER"]])
            #expect(try await spectator.upToDateTable().resources == ["orders"])
        }
    }

    @Test("is refused when the spectator has ended, and given up when the task is cancelled")
    func refused() async throws {
        let spectator = try await TestCluster().spectator()
        let waiting = await withTaskGroup(of: (any Error)?.self) { group in
            group.addTask {
                do { _ = try await spectator.upToDateTable() } catch { return error }
                return nil
            }
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(waiting is CancellationError)
        try await spectator.withRoutingTables { tables in _ = try await tables.first { _ in true } }
        await #expect(throws: SpectatorError.self) { try await spectator.upToDateTable() }
    }
}
