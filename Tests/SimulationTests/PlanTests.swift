import HelixAdmin
import HelixController
import HelixParticipant
import HelixRecords
import HelixSimulation
import RebalancePipeline
import Synchronization
import Testing

@Suite("A plan, and what then happens in a whole cluster", .timeLimit(.minutes(5)))
struct PlanTests {
    /// What of a cluster a plan foretells.
    private struct Course: Equatable {
        var coming: Int
        var going: Int
        var handOffs: Int
        var transitions: Int
        var replicas: Evenness
    }

    /// Plans a change in a cluster of four nodes at rest, makes it, and compares.
    private func compare(
        _ change: ClusterChange, seed: UInt64,
        _ make: @escaping @Sendable (SimulatedCluster, TransitionCount) async throws -> Void
    ) async throws {
        try await SimulatedCluster.run(seed: seed) { cluster in
            let performed = TransitionCount()
            try await cluster.administrate { admin in
                for (name, partitions, replicas) in [("orders", 9, 3), ("carts", 4, 2)] {
                    try await admin.addResource(
                        name,
                        ResourceSettings(partitions: partitions, stateModel: "MasterSlave", replicas: .count(replicas)),
                        in: cluster.name)
                }
            }
            for name in ["node1", "node2", "node3", "node4"] { try await cluster.start(name, performed) }
            try await cluster.settle()
            let before = try await cluster.snapshot()
            let plan = try Rebalancer().plan([change], on: before)
            performed.set(0)
            try await make(cluster, performed)
            try await cluster.settle()

            let after = try await cluster.snapshot()
            let (old, new) = (replicas(before), replicas(after))
            let (oldMasters, newMasters) = (masters(old), masters(new))
            let found = Course(
                coming: new.keys.count { old[$0] == nil }, going: old.keys.count { new[$0] == nil },
                handOffs: newMasters.subtracting(oldMasters).count, transitions: performed.value,
                replicas: try #require(after.spread()).replicas)
            let planned = Course(
                coming: plan.coming, going: plan.going, handOffs: plan.handOffs.count, transitions: plan.transitions,
                replicas: plan.after.overall.replicas)
            #expect(planned == found, "seed \(seed)")
            #expect(plan.coming > 0 && plan.problems.isEmpty && plan.transitionsDue == 0)
        }
    }

    /// The states of all replicas by resource, partition and instance.
    private func replicas(_ snapshot: ClusterSnapshot) -> [[String]: String] {
        var states: [[String]: String] = [:]
        for (name, resource) in snapshot.resources {
            for partition in 0..<resource.current.partitionCount {
                resource.current.forEach(in: partition) { instance, state in
                    let place = [name, resource.partitions[partition], snapshot.instances[Int(instance)].name]
                    states[place] = snapshot.stateName(state)
                }
            }
        }
        return states
    }

    private func masters(_ replicas: [[String]: String]) -> Set<[String]> {
        Set(replicas.filter { $0.value == "MASTER" }.keys)
    }

    @Test("are the same when a node is added", arguments: 1...4 as ClosedRange<UInt64>)
    func add(seed: UInt64) async throws {
        try await compare(.join(InstanceConfig(id: "node5")), seed: seed) { cluster, performed in
            try await cluster.start("node5", performed)
        }
    }

    @Test("are the same when a node is drained", arguments: 1...4 as ClosedRange<UInt64>)
    func drain(seed: UInt64) async throws {
        try await compare(.drain(instance: "node2"), seed: seed) { cluster, _ in
            try await cluster.administrate {
                try await $0.setOperation(.evacuate, of: "node2", in: cluster.name)
            }
        }
    }

    @Test("are the same when a node dies and does not come back", arguments: 1...4 as ClosedRange<UInt64>)
    func remove(seed: UInt64) async throws {
        try await compare(.remove(instance: "node3"), seed: seed) { cluster, _ in cluster.kill("node3") }
    }

    @Test("are the same when a resource gets more replicas", arguments: 1...4 as ClosedRange<UInt64>)
    func replicas(seed: UInt64) async throws {
        try await compare(.setReplicas(resource: "carts", .count(3)), seed: seed) { cluster, _ in
            try await cluster.administrate {
                _ = try await $0.rebalance("carts", in: cluster.name, replicas: .count(3))
            }
        }
    }
}

extension SimulatedCluster {
    fileprivate func start(_ name: String, _ performed: TransitionCount) async throws {
        try await startParticipant(name) { $0.register(.masterSlave) { _ in CountingShard(performed: performed) } }
    }

    fileprivate func snapshot() async throws -> ClusterSnapshot {
        try await withOwnSession("planner") { session in
            try await ClusterSnapshot.read(self.name, in: session, now: self.simulation.milliseconds)
        }
    }
}

/// How many transitions handlers have made.
private final class TransitionCount: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }
    func set(_ value: Int) { count.withLock { $0 = value } }
    func increase() { count.withLock { $0 += 1 } }
}

private struct CountingShard: MasterSlaveHandler {
    let performed: TransitionCount

    func offlineToSlave(_ context: TransitionContext) async throws { performed.increase() }
    func slaveToMaster(_ context: TransitionContext) async throws { performed.increase() }
    func masterToSlave(_ context: TransitionContext) async throws { performed.increase() }
    func slaveToOffline(_ context: TransitionContext) async throws { performed.increase() }
    func offlineToDropped(_ context: TransitionContext) async throws { performed.increase() }
}
