import StateModels

/// Stages 2 to 5 for one partition: what is there, what should become of it, and what may be done about it now.
struct PartitionPlan {
    let state: ReadCurrentState.PartitionState
    /// The same without the replicas that only mirror others.
    private(set) var originals: ReadCurrentState.PartitionState
    private(set) var target = ComputeIdealState.PartitionTarget()
    private(set) var passed: [ComputeTransitions.Candidate] = []
    private(set) var held: [ComputeTransitions.Held] = []
    /// What is under way and should not be.
    private(set) var unwanted: [ComputeTransitions.Unwanted] = []
    private(set) var problem: Problem?
    private let errorIndex: Int?
    /// More replicas are in the top state than may be. Unlike a ``problem`` it keeps nobody from moving.
    private(set) var conflict: Problem?

    init(
        partition: Int, of resource: ClusterSnapshot.Resource, _ configuration: ResourceConfiguration,
        _ decision: ResourceDecision, _ standing: ClusterStanding, _ snapshot: ClusterSnapshot
    ) {
        state = ReadCurrentState.partition(partition, of: resource, configuration, standing, snapshot)
        originals = state
        errorIndex = configuration.model.errorIndex
        let name = resource.partitions[partition]
        func fault(_ text: String) -> Problem { Problem(resource: resource.name, partition: name, text: text) }
        if let unknown = state.unknownState {
            problem = fault(
                "\(standing.name(of: unknown.instance)) reports the state '\(unknown.state)', which the state model "
                    + "\(configuration.model.name) does not have; the partition stays as it is")
            return
        }
        let mirrored = MirroredReplicas(state, standing)
        originals = mirrored.originals
        var wish = decision.wish(for: partition, configuration, resource)
        wish?.keepHolders(originals, configuration.model, standing)
        let tops = TopConflict(state, partition: partition, of: resource, configuration)
        conflict = tops?.problem(in: name, configuration, standing)
        target = ComputeIdealState.target(
            partition: name, wish: wish, originals, configuration, standing,
            reluctant: decision.reluctant(in: partition, state, snapshot), conflict: tops,
            time: snapshot.time)
        problem = target.fault.map(fault)
        let mirrors = mirrored.add(to: &target, of: name, wish: wish, configuration, standing)
        var occupancy = Occupancy(state, wish: wish, mirrors: mirrors, configuration, standing)
        RightOfWay.clear(&target, state, &occupancy, standing)
        let wanted = ComputeTransitions.transitions(target, state, configuration, standing, snapshot)
        unwanted = wanted.unwanted
        let selected = ApplyConstraints.select(wanted.candidates, list: wish?.list ?? [], occupancy, standing)
        passed = selected.passed
        RelayedPromotion.name(
            in: &passed, among: wanted.candidates, state, asked: decision.asked[partition] ?? [], configuration,
            snapshot)
        held = wanted.held + selected.held
    }
}

extension PartitionPlan {
    /// All that can be called off, wanted or not. An operator's reset is not: the replica would stay in ERROR.
    var everythingUnderWay: [ComputeTransitions.Unwanted] {
        state.pending.filter { !$0.isUnprocessable && $0.to >= 0 }
            .map { ComputeTransitions.Unwanted(move: $0, from: state.state(of: $0.instance)) }
            .filter { $0.from != errorIndex }
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
