import StateModels

/// The part of stage 3 that fills instances which are to replace others: whatever replica the one has, the other gets as
/// well, on top of the preference list (protocol reference 6.6 "Swap").
struct MirroredReplicas {
    private let pairs: [Swaps.Pair]
    private let state: ReadCurrentState.PartitionState

    init(_ state: ReadCurrentState.PartitionState, _ standing: ClusterStanding) {
        self.state = state
        pairs = standing.swaps.pairs
    }

    /// The partition without the mirrored replicas: nothing is decided about them but what their originals become.
    var originals: ReadCurrentState.PartitionState {
        guard !pairs.isEmpty else { return state }
        var originals = state
        originals.replicas.removeAll { replica in pairs.contains { $0.new == replica.instance } }
        originals.pending.removeAll { move in pairs.contains { $0.new == move.instance } }
        return originals
    }

    /// Adds them to what the others become.
    /// - Returns: how many there are to be, beyond the replicas that are wanted.
    func add(
        to target: inout ComputeIdealState.PartitionTarget, of partition: String, wish: Wish?,
        _ configuration: ResourceConfiguration, _ standing: ClusterStanding
    ) -> Int {
        var count = 0
        let originals = target.replicas
        for pair in pairs {
            guard let wanted = self.wanted(pair, originals, partition, wish, configuration, standing) else { continue }
            let model = configuration.model
            let isLeaving =
                wanted == model.droppedIndex
                || (wanted == model.initialIndex && state.state(of: pair.new) != model.initialIndex)
            target.replicas.append(
                ComputeIdealState.Target(instance: pair.new, state: wanted, isLeaving: isLeaving))
            if wanted != model.droppedIndex { count += 1 }
        }
        return count
    }

    /// What the new one of a pair should have; `nil` for nothing that is not there anyway.
    private func wanted(
        _ pair: Swaps.Pair, _ originals: [ComputeIdealState.Target], _ partition: String, _ wish: Wish?,
        _ configuration: ResourceConfiguration, _ standing: ClusterStanding
    ) -> Int? {
        let model = configuration.model
        let isPresent = state.holds(pair.new)
        let current = state.state(of: pair.new)
        guard let original = originals.first(where: { $0.instance == pair.old }) else {
            // It may come back: its mirror is not emptied for that.
            if !standing[pair.old].isLive, wish?.list.contains(pair.old) == true { return isPresent ? current : nil }
            return isPresent ? model.droppedIndex : nil
        }
        // What only waits for its replacement is not mirrored anew.
        if original.state == model.droppedIndex || (original.goal == model.droppedIndex && !isPresent) {
            return isPresent ? model.droppedIndex : nil
        }
        if isPresent, current == model.errorIndex { return current }
        let mirrored = model.mirroredState(of: original.state)
        let isOpen =
            !configuration.isDisabled(partition, on: pair.new) && hasRoom(in: mirrored, beside: originals, model)
        let wanted = isOpen ? mirrored : model.initialIndex
        return wanted == model.initialIndex && !isPresent ? nil : wanted
    }

    /// A mirror takes nobody's place: where a state has room for so many, those in the preference list come first.
    private func hasRoom(
        in place: Int, beside originals: [ComputeIdealState.Target], _ model: StateModel
    ) -> Bool {
        guard case .atMost(let bound) = model.states[place].bound else { return true }
        return originals.count { ($0.goal ?? $0.state) == place } < bound
    }
}
