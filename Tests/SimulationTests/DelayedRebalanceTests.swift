import HelixAdmin
import HelixParticipant
import HelixRecords
import HelixSimulation
import HelixSpectator
import Testing

@Suite("A delayed rebalance in a whole cluster")
struct DelayedRebalanceTests {
    /// A cluster of three with a resource that waits half a minute for an instance that went away; one of them is gone.
    private func run(
        seed: UInt64,
        _ body: @escaping @Sendable (SimulatedCluster, _ before: [String: Set<String>]) async throws -> Void
    ) async throws {
        try await SimulatedCluster.run(seed: seed, controllers: 2) { cluster in
            for name in ["a", "b", "c"] {
                try await cluster.startParticipant(name) { participant in
                    participant.register(.onlineOffline) { _ in Idle() }
                }
            }
            try await cluster.administrate {
                var settings = ResourceSettings(partitions: 6, stateModel: "OnlineOffline", replicas: .count(2))
                settings.minActiveReplicas = 1
                settings.rebalanceDelay = .seconds(30)
                try await $0.addResource("db", settings, in: cluster.name)
            }
            try await cluster.settle()
            let before = try await holders(cluster)
            try kill("a", of: cluster)
            try await cluster.advance(by: .seconds(12))
            try await body(cluster, before)
        }
    }

    /// A process dies, and its session is over at once.
    private func kill(_ name: String, of cluster: SimulatedCluster) throws {
        let process = try #require(cluster.process(name))
        cluster.kill(name)
        cluster.simulation.ensemble.expireSessions(of: process)
    }

    private func holders(_ cluster: SimulatedCluster) async throws -> [String: Set<String>] {
        let table = try await cluster.routingTable()
        return Dictionary(
            uniqueKeysWithValues: table.partitions(of: "db").map { partition in
                (partition, Set(["a", "b", "c"].filter { table.state(of: "db", partition: partition, on: $0) != nil }))
            })
    }

    @Test("waits under the next leader too, and not longer", arguments: 1...4)
    func anotherLeader(seed: UInt64) async throws {
        try await run(seed: seed) { cluster, before in
            let leader = cluster.simulation.ensemble.data(at: ClusterPaths(cluster: cluster.name).leader) ?? []
            let isFirst = String(decoding: leader, as: UTF8.self).contains("1@controller-1")
            try kill(isFirst ? "controller-1" : "controller-2", of: cluster)
            try await cluster.advance(by: .seconds(10))
            let during = try await holders(cluster)
            #expect(during == before.mapValues { $0.subtracting(["a"]) })
            try await cluster.settle()
            #expect(try await holders(cluster).values.allSatisfy { $0 == ["b", "c"] })
        }
    }

    @Test("gives an instance that returns what it had, and nobody else has moved", arguments: 1...4)
    func comesBack(seed: UInt64) async throws {
        try await run(seed: seed) { cluster, before in
            try await cluster.startParticipant("a") { participant in
                participant.register(.onlineOffline) { _ in Idle() }
            }
            try await cluster.settle()
            #expect(try await holders(cluster) == before)
        }
    }
}
