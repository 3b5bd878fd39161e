import HelixAdmin
import HelixRecords
import HelixSimulation
import StateModels

/// What a cluster that is at rest must do, and must not do, when it is asked for single things.
struct Exercises {
    let world: ScenarioWorld
    let settle: @Sendable () async throws -> Void

    private var cluster: SimulatedCluster { world.cluster }

    func perform() async throws {
        try await changeLeader()
        let names = world.participants
        guard names.count > 5 else { return }
        let picks = world.simulation.random { names.shuffled(using: &$0) }
        try await takeAway(disabled: picks[0], evacuated: picks[1], dead: picks[2])
        try await bringBack(disabled: picks[0], evacuated: picks[1], dead: picks[2])
    }

    /// Another leader finds everything as it should be, and moves nothing.
    private func changeLeader() async throws {
        let before = cluster.judge.inspect { $0.world.transitions }
        world.deleteLeader()
        try await settle()
        let moved = cluster.judge.inspect { $0.world.transitions } - before
        if moved > 0 { cluster.judge.note("restless", "a new leader made \(moved) transitions in a cluster at rest") }
    }

    private func takeAway(disabled: String, evacuated: String, dead: String) async throws {
        cluster.timeline.note("operator", "disables \(disabled), evacuates \(evacuated), and \(dead) dies")
        try await world.insist { admin in
            try await admin.disableInstance(disabled, in: cluster.name)
            try await admin.setOperation(.evacuate, of: evacuated, in: cluster.name)
        }
        world.stop(dead)
        try await settle()
        for resource in StandardScenario.resources where resource.settings.mode == .fullAuto {
            for (partition, replicas) in cluster.judge.inspect({ $0.world.replicas(of: resource.name) }) {
                judge(replicas[disabled], partition, disabled, "is disabled", allowed: ["OFFLINE", StateModel.error])
                judge(replicas[evacuated], partition, evacuated, "was evacuated", allowed: [StateModel.error])
            }
        }
    }

    private func judge(_ state: String?, _ partition: String, _ instance: String, _ why: String, allowed: Set<String>) {
        guard let state, !allowed.contains(state) else { return }
        cluster.judge.note("in-service", "\(instance) \(why), and has \(partition) in \(state)")
    }

    private func bringBack(disabled: String, evacuated: String, dead: String) async throws {
        try await world.insist { admin in
            try await admin.enableInstance(disabled, in: cluster.name)
            try await admin.setOperation(.enable, of: evacuated, in: cluster.name)
        }
        world.run(dead)
        try await settle()
    }
}
