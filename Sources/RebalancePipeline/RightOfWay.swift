import StateModels

/// The part of stage 5 that keeps replicas from waiting for each other for ever.
///
/// A replica that has to make way passes other states on its way out. Were these full of replicas that wait for its
/// place, nobody could move: a standby cannot lead while there is a leader, and the leader cannot step down while the
/// standby has the only place. So room is kept for those that leave, and where there is none, one of those in the way
/// steps aside.
enum RightOfWay {
    static func clear(
        _ target: inout ComputeIdealState.PartitionTarget, _ state: ReadCurrentState.PartitionState,
        _ occupancy: inout Occupancy, _ standing: ClusterStanding
    ) {
        let leaving = target.replicas.filter { $0.isLeaving && !isStuck($0.instance, state, standing) }
        guard !leaving.isEmpty else { return }
        for replica in leaving {
            let start = state.pending(on: replica.instance)?.to ?? state.state(of: replica.instance)
            if start >= 0 { occupancy.reserve(occupancy.model.way(from: start, to: replica.state)) }
        }
        for replica in leaving where state.pending(on: replica.instance) == nil {
            let current = state.state(of: replica.instance)
            guard let hop = occupancy.model.nextHop(from: current, to: replica.state),
                !occupancy.hasRoom(in: hop, isLeaving: true),
                let index = whoStepsAside(from: hop, target, state, occupancy, standing)
            else { continue }
            target.replicas[index].note = .stateBound(
                state: occupancy.model.states[hop].name, bound: occupancy.bound(of: hop) ?? 0)
            target.replicas[index].state = occupancy.model.initialIndex
            target.replicas[index].isLeaving = true
        }
    }

    /// Nothing is asked of it, so it is not waited for either.
    private static func isStuck(
        _ instance: Int32, _ state: ReadCurrentState.PartitionState, _ standing: ClusterStanding
    ) -> Bool {
        standing[instance].frozenBy != nil || state.pending(on: instance)?.isUnprocessable == true
    }

    /// The least important replica in a state, unless the state is about to have room anyway.
    private static func whoStepsAside(
        from full: Int, _ target: ComputeIdealState.PartitionTarget, _ state: ReadCurrentState.PartitionState,
        _ occupancy: Occupancy, _ standing: ClusterStanding
    ) -> Int? {
        if state.pending.contains(where: { $0.to == full && !$0.isUnprocessable }) { return nil }
        var choice: Int?
        for (index, replica) in target.replicas.enumerated()
        where state.holds(replica.instance) && state.state(of: replica.instance) == full {
            if isStuck(replica.instance, state, standing) { continue }
            if replica.isLeaving || state.pending(on: replica.instance) != nil { return nil }
            if let hop = occupancy.model.nextHop(from: full, to: replica.state),
                occupancy.hasRoom(in: hop, isLeaving: false)
            {
                return nil
            }
            if choice.map({ target.replicas[$0].state <= replica.state }) ?? true { choice = index }
        }
        return choice
    }
}
