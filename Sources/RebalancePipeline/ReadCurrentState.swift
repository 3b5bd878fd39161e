import StateModels

/// Stage 2: where a partition's replicas are, and what their instances are already doing.
enum ReadCurrentState {
    typealias Pending = ClusterSnapshot.PendingTransition

    /// One partition as it is.
    struct PartitionState {
        /// The replicas on live instances, in order of instance name; states by index in the model.
        var replicas: [(instance: Int32, state: Int)] = []
        /// Transitions under way that still make sense.
        var pending: [Pending] = []
        /// Messages that no longer fit the replica's state.
        var stale: [Pending] = []
        /// A state that the model does not have.
        var unknownState: (instance: Int32, state: String)?

        let initial: Int

        /// The state of the replica on an instance; the initial one where there is no replica.
        func state(of instance: Int32) -> Int {
            replicas.first { $0.instance == instance }?.state ?? initial
        }

        func holds(_ instance: Int32) -> Bool { replicas.contains { $0.instance == instance } }

        func pending(on instance: Int32) -> Pending? { pending.first { $0.instance == instance } }
    }

    static func partition(
        _ partition: Int, of resource: ClusterSnapshot.Resource,
        _ configuration: ReadConfiguration.ResourceConfiguration, _ standing: ReadConfiguration.ClusterStanding,
        _ snapshot: ClusterSnapshot
    ) -> PartitionState {
        var state = PartitionState(initial: configuration.model.initialIndex)
        resource.current.forEach(in: partition) { instance, id in
            let index = configuration.modelStates[Int(id)]
            if index < 0 {
                state.unknownState = (instance, snapshot.stateName(id))
            } else {
                state.replicas.append((instance, index))
            }
        }
        state.replicas.sort { standing.nameRank[Int($0.instance)] < standing.nameRank[Int($1.instance)] }
        for pending in resource.pending[partition] {
            if isStale(pending, state, configuration) {
                state.stale.append(pending)
            } else {
                state.pending.append(pending)
            }
        }
        return state
    }

    /// A message is stale when the replica is not where it begins, or already where it ends (protocol reference 6.4).
    private static func isStale(
        _ pending: Pending, _ state: PartitionState, _ configuration: ReadConfiguration.ResourceConfiguration
    ) -> Bool {
        let current = state.state(of: pending.instance)
        let to = configuration.modelStates[Int(pending.to)]
        if to < 0 || (to == current && state.holds(pending.instance)) { return true }
        guard let from = pending.from else { return false }
        return configuration.modelStates[Int(from)] != current
    }
}
