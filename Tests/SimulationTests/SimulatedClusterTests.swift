import HelixAdmin
import HelixParticipant
import HelixRecords
import HelixSimulation
import HelixSpectator
import Testing

struct SimulatedClusterTests {
    @Test func mastersFailOver() async throws {
        try await SimulatedCluster.run(seed: 7) { cluster in
            try await cluster.administrate { admin in
                _ = try await admin.addResource(
                    "orders", ResourceSettings(partitions: 8, stateModel: "MasterSlave", replicas: .count(2)),
                    in: cluster.name)
            }
            for name in ["node1", "node2", "node3"] {
                try await cluster.startParticipant(name) { $0.register(.masterSlave) { _ in Shard() } }
            }
            try await cluster.settle()
            cluster.kill("node1")
            try await cluster.settle()
            let masters = try await cluster.routingTable().instances(serving: "orders", in: "MASTER")
            #expect(masters.map(\.name) == ["node2", "node3"])
            print(cluster.clock.now.elapsed, cluster.simulation.steps)
        }
    }
}

private struct Shard: MasterSlaveHandler {
    func offlineToSlave(_ context: TransitionContext) async throws {}
    func slaveToMaster(_ context: TransitionContext) async throws {}
    func masterToSlave(_ context: TransitionContext) async throws {}
    func slaveToOffline(_ context: TransitionContext) async throws {}
}
