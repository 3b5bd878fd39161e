import HelixAdmin
import HelixParticipant
import HelixRecords
import HelixSimulation
import Testing

@Suite("Hand-overs from node to node, simulated", .timeLimit(.minutes(5)))
struct HandoverTests {
    private struct Shard: MasterSlaveHandler {
        func offlineToSlave(_ context: TransitionContext) async throws {}
        func slaveToMaster(_ context: TransitionContext) async throws {}
        func masterToSlave(_ context: TransitionContext) async throws {}
        func slaveToOffline(_ context: TransitionContext) async throws {}
    }

    /// Three nodes that share a resource and hand over its masters among themselves.
    private func withNodes(
        seed: UInt64, _ body: @escaping @Sendable (SimulatedCluster) async throws -> Void
    ) async throws {
        try await SimulatedCluster.run(seed: seed) { cluster in
            try await cluster.administrate { admin in
                try await admin.setConfig(["P2P_MESSAGE_ENABLED": "true"], of: .cluster(cluster.name))
                try await admin.addResource(
                    "orders", ResourceSettings(partitions: 6, stateModel: "MasterSlave", replicas: .count(2)),
                    in: cluster.name)
            }
            for name in ["node1", "node2", "node3"] { try await start(name, in: cluster) }
            try await cluster.settle()
            try await body(cluster)
        }
    }

    private func start(_ name: String, in cluster: SimulatedCluster) async throws {
        try await cluster.startParticipant(name) { $0.register(.masterSlave) { _ in Shard() } }
    }

    @Test("a node that comes back is promoted by those that stood in for it", arguments: 1...3 as ClosedRange<UInt64>)
    func comeback(seed: UInt64) async throws {
        try await withNodes(seed: seed) { cluster in
            cluster.kill("node1")
            try await cluster.settle()
            try await start("node1", in: cluster)
            try await cluster.settle()
            let states = try await cluster.administrate { admin in
                try await admin.describeInstance("node1", in: cluster.name).currentStates
            }
            let masters = states.flatMap { state in state.partitions.compactMap { state[$0] } }
                .filter { $0.currentState == "MASTER" }
            #expect(!masters.isEmpty)
            #expect(
                masters.allSatisfy { ["node2", "node3"].contains($0.triggeredBy) },
                "seed \(seed): \(masters.map { $0.triggeredBy ?? "" })")
        }
    }

    @Test("whatever happens to nodes meanwhile, there are never two masters", arguments: 1...20 as ClosedRange<UInt64>)
    func faults(seed: UInt64) async throws {
        try await withNodes(seed: seed) { cluster in
            for round in 0..<6 {
                let name = "node\((Int(seed) + round) % 3 + 1)"
                switch (Int(seed) / 3 + round) % 3 {
                case 0:
                    cluster.kill(name)
                    try await cluster.settle()
                    try await start(name, in: cluster)
                    // The masters are on their way back when the next thing happens.
                    try await cluster.advance(by: .milliseconds(10 * Int(seed)))
                case 1:
                    cluster.isolate(name)
                    try await cluster.advance(by: .seconds(10 * (round + 1)))
                    cluster.reconnect(name)
                default: cluster.pause(name, for: .seconds(5 * Int(seed)))
                }
            }
            try await cluster.settle(within: .seconds(600))
        }
    }
}
