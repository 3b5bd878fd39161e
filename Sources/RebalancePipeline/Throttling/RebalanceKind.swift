import StateModels

/// What a transition is good for.
enum RebalanceKind: Sendable, Hashable {
    /// It brings back a replica, or a state, that is missing.
    case recovery
    /// It improves the balance only.
    case load
}

/// Tells what the transitions of one partition are good for, one after the other: what one brings back the next need
/// not (protocol reference 6.5).
///
/// Missing is a state of which there are fewer replicas than there should be of MIN_ACTIVE_REPLICAS, or of REPLICAS where
/// that is not set. A replica that is on its way to such a state counts as well.
struct RebalanceKinds {
    private let model: StateModel
    private let state: ReadCurrentState.PartitionState
    private let required: [Int]
    private let isWanted: Bool
    private var counts: [Int]
    /// How many active replicas are missing.
    private let shortOfActive: Int

    init(
        _ state: ReadCurrentState.PartitionState, wish: Wish?, _ configuration: ResourceConfiguration,
        _ standing: ClusterStanding, partition: String
    ) {
        self.state = state
        model = configuration.model
        isWanted = wish != nil
        let usable = (wish?.list ?? []).count {
            standing[$0].isEligible && !configuration.isDisabled(partition, on: $0)
        }
        let needed = min(configuration.minActive, wish?.count ?? 0)
        required = configuration.model.stateCounts(candidates: usable, replicas: needed)
        var counts = [Int](repeating: 0, count: model.states.count)
        var active = 0
        for replica in state.replicas {
            counts[replica.state] += 1
            if configuration.model.isActive(replica.state) { active += 1 }
        }
        self.counts = counts
        shortOfActive = max(0, min(needed, usable) - active)
    }

    /// What the next transition is good for.
    /// - Parameters:
    ///   - to: where it ends; -1 where the model has no such state.
    ///   - wanted: where its replica should be in the end.
    mutating func next(_ instance: Int32, to: Int, wanted: Int) -> RebalanceKind {
        guard to >= 0, isWanted else { return .load }
        let goal = isMissing(to) ? to : wanted
        guard isMissing(goal) else { return .load }
        counts[goal] += 1
        let from = state.state(of: instance)
        if state.holds(instance) { counts[from] -= 1 }
        return .recovery
    }

    private func isMissing(_ state: Int) -> Bool {
        state != model.initialIndex && state < required.count && counts[state] < required[state]
    }

    /// Whether nobody has the top state, or is about to.
    var isTopMissing: Bool {
        required.first ?? 0 > 0 && !state.replicas.contains { $0.state == 0 } && !state.pending.contains { $0.to == 0 }
    }

    /// How urgent a transition of a kind is; less is more urgent.
    func urgency(of kind: RebalanceKind) -> Int {
        switch kind {
        case .recovery: isTopMissing ? 0 : shortOfActive > 0 ? 1 : 2
        case .load: 3
        }
    }
}

extension StateModel {
    /// Whether a replica in a state serves, or is about to.
    func isActive(_ state: Int) -> Bool { state != initialIndex && state != errorIndex && state != droppedIndex }
}
