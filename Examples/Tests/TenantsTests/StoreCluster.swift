import HelixAdmin
import HelixController
import HelixParticipant
import HelixRecords
import HelixSimulation
import HelixSpectator
import Tenants
import Testing

/// Runs `body` in a cluster of four nodes, whose controller knows the strategy, with the stores of four tenants.
func withStores<Value: Sendable>(
    recording: Bool = false, _ body: @escaping @Sendable (SimulatedCluster) async throws -> Value
) async throws -> Value {
    try await SimulatedCluster.run(controllers: 0, recording: recording) { cluster in
        var configuration = ControllerConfiguration()
        configuration.strategies = [TenantPlacement()]
        cluster.startController("controller", configuration: configuration)

        try await cluster.addStores("stores", strategy: TenantPlacement().name)
        for node in nodes { try await cluster.startStore(node) }
        try await cluster.settle()
        return try await body(cluster)
    }
}

let tenants = ["acme", "globex", "initech", "umbrella"]
let nodes = ["node1", "node2", "node3", "node4"]

extension SimulatedCluster {
    /// Adds a resource that a strategy of one's own places, with three partitions a tenant.
    func addStores(_ resource: String, strategy: String) async throws {
        let partitions = tenants.flatMap { tenant in ["carts", "orders", "users"].map { "\(tenant)_\($0)" } }
        try await administrate { admin in
            var settings = ResourceSettings(
                partitions: partitions.count, stateModel: "LeaderStandby", mode: .userDefined)
            settings.rebalancer = strategy
            try await admin.addResource(resource, settings, in: self.name)
            try await admin.updateIdealState(of: resource, in: self.name) { idealState in
                idealState.replicas = .count(2)
                for partition in partitions { idealState.preferenceLists[partition] = [] }
            }
        }
    }

    func startStore(_ node: String) async throws {
        try await startParticipant(node) { $0.register(.leaderStandby) { _ in Store() } }
    }

    /// By tenant: the nodes that hold all of its stores, the one that leads them first.
    func homes() async throws -> [String: [String]] {
        let table = try await routingTable()
        let homes = Dictionary(grouping: table.partitions(of: "stores")) { $0.split(separator: "_")[0] }
            .mapValues { partitions in
                Set(
                    partitions.map { partition in
                        ["LEADER", "STANDBY"].flatMap { state in
                            table.instances(serving: "stores", partition: partition, in: state).map(\.name)
                        }
                    })
            }
        for (tenant, places) in homes { #expect(places.count == 1, "\(tenant) is scattered: \(places)") }
        return Dictionary(uniqueKeysWithValues: homes.map { (String($0), $1.first ?? []) })
    }
}

/// What a node does for its replicas is of no concern here.
private struct Store: LeaderStandbyHandler {
    func offlineToStandby(_ context: TransitionContext) async throws {}
    func standbyToLeader(_ context: TransitionContext) async throws {}
    func leaderToStandby(_ context: TransitionContext) async throws {}
    func standbyToOffline(_ context: TransitionContext) async throws {}
}
