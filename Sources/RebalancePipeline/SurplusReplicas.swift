import StateModels

/// What becomes of replicas that are not in the preference list while a partition moves.
extension StateAssignment {
    /// As many stay as are needed until their replacements have settled, the others go.
    func surplusTargets(_ surplus: [ReadCurrentState.Replica], wanted: [Target]) -> [Target] {
        guard !surplus.isEmpty else { return [] }
        let settled = wanted.count {
            isServing($0.state) && state.holds($0.instance) && state.state(of: $0.instance) == $0.state
        }
        // Not more than there is room for: those that stay could be in the way of those for whom they stay.
        let room = max(wish.count, 1) + configuration.extraReplicas(of: wish) - wanted.count { isComingOrActive($0) }
        var toKeep = max(0, min(min(configuration.minActive, wish.count) - settled, room))
        var blocking = model.states.indices.map { blockers(of: $0, wanted) }
        let byWorth = surplus.sorted {
            $0.state != $1.state ? $0.state < $1.state : standing.precedes($0.instance, $1.instance)
        }
        return byWorth.map { replica in
            let (instance, current) = replica
            let dropped = Target(instance: instance, state: model.droppedIndex, isLeaving: true)
            if current == model.errorIndex || standing[instance].duty == .excluded { return dropped }
            if !isKeepable(instance) {
                // Nobody has it up here, so there is no hurry: it may be enabled again.
                if settled >= wish.count { return dropped }
                return waiting(instance, in: model.initialIndex, isLeaving: true)
            }
            guard toKeep > 0, model.isActive(current) else { return dropped }
            toKeep -= 1
            guard blocking[current] > 0 else {
                return waiting(instance, in: current, isLeaving: false)
            }
            blocking[current] -= 1
            return waiting(instance, in: below(current), isLeaving: true)
        }
    }

    private func waiting(_ instance: Int32, in place: Int, isLeaving: Bool) -> Target {
        Target(
            instance: instance, state: place, goal: model.droppedIndex, note: .replacementNotSettled,
            isLeaving: isLeaving)
    }

    private func isComingOrActive(_ target: Target) -> Bool {
        if let pending = state.pending(on: target.instance) { return pending.to < 0 || model.isActive(pending.to) }
        return state.holds(target.instance) && model.isActive(state.state(of: target.instance))
    }

    /// Whether a state is one that replicas are counted in, not one that they only pass.
    private func isServing(_ state: Int) -> Bool { model.isActive(state) && model.states[state].bound != .unbounded }

    /// How many replicas have to make way in a state with a fixed bound, for others that are to take or to pass it and
    /// have come as near as they may.
    private func blockers(of place: Int, _ wanted: [Target]) -> Int {
        guard case .atMost(let bound) = model.states[place].bound else { return 0 }
        let heirs = wanted.count {
            let current = state.state(of: $0.instance)
            return current != place && isNear(place, from: current, onTheWayTo: $0.state)
        }
        let holders = state.replicas.count { $0.state == place }
        return max(0, heirs - max(0, bound - holders))
    }

    /// Where a replica waits that has made way: the first state on its way out in which it is in nobody's way.
    func below(_ place: Int) -> Int {
        model.way(from: place, to: model.droppedIndex).first { !isScarce($0) } ?? model.droppedIndex
    }
}
