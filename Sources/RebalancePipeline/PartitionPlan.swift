import StateModels

/// Stages 3 to 5 for one partition: what should become of it, and what may be done about it now.
struct PartitionPlan {
    var target: ComputeIdealState.PartitionTarget
    var passed: [ComputeTransitions.Candidate]
    var held: [ComputeTransitions.Held]
    var problem: Problem?
    var deadline: Int64? { target.deadline }

    init(
        partition: Int, list: [Int32]?, state: ReadCurrentState.PartitionState, _ resource: ClusterSnapshot.Resource,
        _ configuration: ReadConfiguration.ResourceConfiguration, _ standing: ReadConfiguration.ClusterStanding,
        _ snapshot: ClusterSnapshot
    ) {
        let name = resource.partitions[partition]
        target = ComputeIdealState.PartitionTarget()
        passed = []
        held = []
        if let unknown = state.unknownState {
            problem = Problem(
                resource: resource.name, partition: name,
                text: "\(standing.name(of: unknown.instance)) reports the state '\(unknown.state)', which the state "
                    + "model \(configuration.model.name) does not have; the partition stays as it is")
            return
        }
        target = ComputeIdealState.target(
            partition: name, list: list, state, configuration, standing, time: snapshot.time)
        let wanted = ComputeTransitions.transitions(target, state, configuration, standing)
        let selected = ApplyConstraints.select(wanted.candidates, list: list, state, configuration, standing)
        passed = selected.passed
        held = wanted.held + selected.held
    }
}

extension ComputeTransitions.Candidate {
    func held(_ reason: HoldReason) -> ComputeTransitions.Held {
        ComputeTransitions.Held(instance: instance, from: from, wanted: wanted, reason: reason)
    }
}

extension ComputeTransitions.Held {
    func named(_ model: StateModel, _ snapshot: ClusterSnapshot) -> HeldTransition {
        HeldTransition(
            instance: snapshot.instances[Int(instance)].name, from: model.states[from].name,
            wanted: model.states[wanted].name, reason: reason)
    }
}
