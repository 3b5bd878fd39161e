import Coordination
import HelixRecords
import Testing

@testable import HelixSpectator

@Suite("A spectator whose connection fails", .timeLimit(.minutes(5)))
struct ConnectionTests {
    private func started() async throws -> TestCluster {
        let cluster = try await TestCluster()
        try await cluster.add("n1", "n2")
        try await cluster.show("orders", ["orders_0": ["n1": "LEADER"]])
        return cluster
    }

    @Test("keeps the last table, marked as stale, and reads everything again after the reconnect")
    func reconnect() async throws {
        let cluster = try await started()
        try await cluster.spectator().withRoutingTables { tables in
            let before = try await tables.first { _ in true }
            let session = try #require(cluster.watching)
            cluster.service.suspend(session)
            let stale = try await tables.first { $0.isStale }
            #expect(stale.map(of: "orders") == before.map(of: "orders"))
            #expect(stale.staleSince == stale.publishedAt)
            #expect(stale.zxid == before.zxid)

            try await cluster.show("orders", ["orders_0": ["n2": "LEADER"]])
            try await cluster.show("users", ["users_0": ["n1": "LEADER"]])
            cluster.service.resume(session)
            let after = try await tables.first { !$0.isStale }
            #expect(after.map(of: "orders") == ["orders_0": ["n2": "LEADER"]])
            #expect(after.resources == ["orders", "users"])
            #expect(after.zxid > before.zxid)
        }
    }

    @Test("is no longer stale after a reconnect, also when nothing has changed")
    func nothingChanged() async throws {
        let cluster = try await started()
        try await cluster.spectator().withRoutingTables { tables in
            _ = try await tables.first { _ in true }
            for _ in 0..<3 {
                let session = try #require(cluster.watching)
                cluster.service.suspend(session)
                _ = try await tables.first { $0.isStale }
                cluster.service.resume(session)
                _ = try await tables.first { !$0.isStale }
            }
        }
    }

    @Test("keeps the last table while it opens another session, and follows in that one")
    func expiry() async throws {
        let cluster = try await started()
        try await cluster.spectator().withRoutingTables { tables in
            _ = try await tables.first { _ in true }
            for round in 0..<5 {
                let session = try #require(cluster.watching)
                cluster.service.suspend(session)
                _ = try await tables.first { $0.isStale }
                cluster.service.expire(session)
                // What happens now is seen by no watch.
                try await cluster.show("orders", ["orders_0": ["n2": "LEADER"]])
                try await cluster.show("r\(round)", ["p": ["n1": "ONLINE"]])
                if round > 0 { try await cluster.admin.delete(paths.externalView("r\(round - 1)")) }
                cluster.service.resume(session)
                let after = try await tables.first { !$0.isStale }
                #expect(after.resources == ["orders", "r\(round)"])
                #expect(cluster.watching != session)
                try await cluster.show("orders", ["orders_0": ["n1": "LEADER"]])
                _ = try await tables.first { $0.map(of: "orders") == ["orders_0": ["n1": "LEADER"]] }
            }
        }
    }

    @Test("never shows an older table after a newer one, nor loses the last one", arguments: [1, 2, 3] as [UInt64])
    func monotonic(seed: UInt64) async throws {
        let cluster = try await started()
        try await cluster.spectator().withRoutingTables { tables in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    var zxid: Int64 = 0
                    var version = -1
                    for await table in tables {
                        #expect(table.zxid >= zxid, "seed \(seed)")
                        zxid = table.zxid
                        guard let text = table.partitions(of: "counter").first, let number = Int(text) else { continue }
                        #expect(number >= version, "seed \(seed)")
                        version = number
                        if number == 200 { return }
                    }
                    Issue.record("the tables ended early, seed \(seed)")
                }
                var random = SplitMix(state: seed)
                var sessions: [SessionID] = []
                for number in 1...200 {
                    try await cluster.show("counter", ["\(number)": ["n1": "ONLINE"]])
                    sessions += [cluster.watching].compactMap { $0 }
                    guard let session = sessions.last else { continue }
                    switch random.next() % 8 {
                    case 0: cluster.service.suspend(session)
                    case 1: cluster.service.expire(session)
                    default: cluster.service.resume(session)
                    }
                    await Task.yield()
                }
                // One that expired while it was suspended learns it now.
                for session in sessions { cluster.service.resume(session) }
                try await group.waitForAll()
            }
        }
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
