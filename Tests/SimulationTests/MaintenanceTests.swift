import HelixAdmin
import HelixParticipant
import HelixRecords
import HelixSimulation
import HelixSpectator
import Testing

@Suite("Maintenance in a whole cluster", .timeLimit(.minutes(5)))
struct MaintenanceTests {
    /// A cluster of five, with two controllers, whose resource has two replicas of each partition.
    private func run(
        seed: UInt64, config change: @escaping @Sendable (inout ClusterConfig) -> Void = { _ in },
        _ body: @escaping @Sendable (SimulatedCluster, _ before: [String: [String: String]]) async throws -> Void
    ) async throws {
        try await SimulatedCluster.run(seed: seed, controllers: 2) { cluster in
            for name in Self.names { try await start(name, in: cluster) }
            try await cluster.administrate {
                let settings = ResourceSettings(partitions: 10, stateModel: "MasterSlave", replicas: .count(2))
                try await $0.addResource("db", settings, in: cluster.name)
            }
            try await cluster.settle()
            try await cluster.administrate { try await $0.updateClusterConfig(cluster.name, change) }
            try await body(cluster, try await states(cluster))
        }
    }

    private static let names = ["a", "b", "c", "d", "e"]

    private func start(_ name: String, in cluster: SimulatedCluster) async throws {
        try await cluster.startParticipant(name) { participant in
            participant.register(.masterSlave) { _ in IdleShard() }
        }
    }

    /// A process dies, and its session is over at once.
    private func kill(_ name: String, of cluster: SimulatedCluster) throws {
        let process = try #require(cluster.process(name))
        cluster.kill(name)
        cluster.simulation.ensemble.expireSessions(of: process)
    }

    private func killLeader(of cluster: SimulatedCluster) throws {
        let leader = cluster.simulation.ensemble.data(at: ClusterPaths(cluster: cluster.name).leader) ?? []
        let isFirst = String(decoding: leader, as: UTF8.self).contains("1@controller-1")
        try kill(isFirst ? "controller-1" : "controller-2", of: cluster)
    }

    /// The states by partition and instance, as a spectator sees them; what is in the initial state does not serve.
    private func states(_ cluster: SimulatedCluster) async throws -> [String: [String: String]] {
        let table = try await cluster.routingTable()
        return Dictionary(
            uniqueKeysWithValues: table.partitions(of: "db").map { partition in
                let states = Self.names.map { ($0, table.state(of: "db", partition: partition, on: $0)) }
                return (
                    partition,
                    Dictionary(
                        uniqueKeysWithValues: states.compactMap { name, state in
                            state == nil || state == "OFFLINE" ? nil : (name, state!)
                        })
                )
            })
    }

    private func isInMaintenance(_ cluster: SimulatedCluster) -> Bool {
        cluster.simulation.ensemble.data(at: ClusterPaths(cluster: cluster.name).maintenance) != nil
    }

    @Test(
        "a dead node's masters move and nothing is placed, under another leader too",
        arguments: 1...4 as ClosedRange<UInt64>)
    func anotherLeader(seed: UInt64) async throws {
        try await run(seed: seed) { cluster, before in
            try await cluster.administrate { try await $0.enterMaintenance(cluster.name, reason: "disks") }
            try kill("a", of: cluster)
            try await cluster.settle()
            try killLeader(of: cluster)
            try await cluster.settle()
            let during = try await states(cluster)
            for (partition, map) in before {
                #expect(during[partition].map { Set($0.keys) } == Set(map.keys).subtracting(["a"]))
                #expect(during[partition]?.values.contains("MASTER") == true)
            }
            try await start("a", in: cluster)
            try await cluster.settle()
            #expect(try await states(cluster) == before)
            try await cluster.administrate { try await $0.exitMaintenance(cluster.name) }
            try await cluster.settle()
            #expect(try await states(cluster) == before)
        }
    }

    @Test(
        "it begins by itself when too many are gone, and ends when they are back",
        arguments: 1...4 as ClosedRange<UInt64>)
    func automatic(seed: UInt64) async throws {
        try await run(seed: seed) {
            $0.maxOfflineInstances = 1
            $0.offlineInstancesForAutoExit = 0
        } _: { cluster, _ in
            try kill("a", of: cluster)
            try kill("b", of: cluster)
            try await cluster.settle()
            #expect(isInMaintenance(cluster))
            for name in ["a", "b"] { try await start(name, in: cluster) }
            try await cluster.settle()
            #expect(!isInMaintenance(cluster))
            let after = try await states(cluster)
            #expect(after.values.allSatisfy { $0.values.sorted() == ["MASTER", "SLAVE"] })
        }
    }

    @Test(
        "a node that was away for too long is not used, under another leader neither",
        arguments: 1...4 as ClosedRange<UInt64>)
    func awayTooLong(seed: UInt64) async throws {
        try await run(seed: seed) {
            $0.offlineTimeoutInMaintenance = .seconds(30)
        } _: { cluster, before in
            try await cluster.administrate { try await $0.enterMaintenance(cluster.name, reason: "disks") }
            try kill("a", of: cluster)
            try kill("b", of: cluster)
            try await cluster.advance(by: .seconds(20))
            try await start("b", in: cluster)
            try await cluster.advance(by: .seconds(20))
            try await start("a", in: cluster)
            try await cluster.settle()
            try killLeader(of: cluster)
            try await cluster.settle()
            let during = try await states(cluster)
            for (partition, map) in before {
                #expect(during[partition].map { Set($0.keys) } == Set(map.keys).subtracting(["a"]))
            }
            try await cluster.administrate { try await $0.exitMaintenance(cluster.name) }
            try await cluster.settle()
            #expect(try await states(cluster) == before)
        }
    }
}

/// A replica that has nothing to do.
private struct IdleShard: MasterSlaveHandler {
    func offlineToSlave(_ context: TransitionContext) async throws {}
    func slaveToMaster(_ context: TransitionContext) async throws {}
    func masterToSlave(_ context: TransitionContext) async throws {}
    func slaveToOffline(_ context: TransitionContext) async throws {}
}
