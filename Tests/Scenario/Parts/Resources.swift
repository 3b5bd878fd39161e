import HelixAdmin
import HelixRecords
import HelixSimulation
import StateModels

/// Resources have the replicas that they should have.
struct Resources: ScenarioPart {
    func judge(_ world: ScenarioWorld) async throws {
        let eligible = world.simulation.ensemble.children(of: world.paths.liveInstances)
        for resource in StandardScenario.resources where resource.settings.mode == .fullAuto {
            guard let found = world.record(world.paths.idealState(resource.name)) else {
                world.cluster.judge.note("placement", "\(resource.name) has no ideal state")
                continue
            }
            let idealState = IdealState(record: found)
            guard case .count(let wanted)? = idealState.replicas else { continue }
            let replicas = world.cluster.judge.inspect { $0.world.replicas(of: resource.name) }
            for number in 0..<resource.settings.partitions {
                let partition = "\(resource.name)_\(number)"
                let states = (replicas[partition] ?? [:]).values.filter { $0 != "OFFLINE" }
                judge(states, partition, min(wanted, eligible.count), resource, world)
            }
        }
    }

    private func judge(
        _ states: [String], _ partition: String, _ wanted: Int, _ resource: TriedResource, _ world: ScenarioWorld
    ) {
        if states.count != wanted {
            world.cluster.judge.note("placement", "\(partition) has \(states.count) replicas, \(wanted) are wanted")
        }
        guard let model = StateModel.builtIn.first(where: { $0.name == resource.settings.stateModel }),
            model.hasSingleTopState
        else { return }
        let tops = states.count { $0 == model.topState }
        if tops != 1 { world.cluster.judge.note("placement", "\(partition) has \(tops) replicas in \(model.topState)") }
        let serving = world.reality.servers(of: Reality.Key(resource: resource.name, partition: partition))
        if serving.count != 1 { world.cluster.judge.note("placement", "\(partition) is served by \(serving)") }
    }
}
