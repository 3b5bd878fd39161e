import StateModels

/// Stage 5: lets those transitions pass whose completion cannot break a bound, in whatever order they complete.
///
/// A replica counts in the state it has until it has left it, and in the state it was asked to take from that moment.
enum ApplyConstraints {
    typealias Candidate = ComputeTransitions.Candidate
    typealias Held = ComputeTransitions.Held

    static func select(
        _ candidates: [Candidate], list: [Int32]?, _ state: ReadCurrentState.PartitionState,
        _ configuration: ReadConfiguration.ResourceConfiguration, _ standing: ReadConfiguration.ClusterStanding
    ) -> (passed: [Candidate], held: [Held]) {
        let model = configuration.model
        var counts = [Int](repeating: 0, count: model.states.count)
        for replica in state.replicas { counts[replica.state] += 1 }
        for pending in state.pending { counts[configuration.modelStates[Int(pending.to)]] += 1 }

        var passed: [Candidate] = []
        var held: [Held] = []
        for candidate in ordered(candidates, list: list, model, standing) {
            let bound = bound(on: candidate.to, list: list, configuration, standing)
            if let bound, counts[candidate.to] + 1 > bound {
                held.append(
                    Held(
                        instance: candidate.instance, from: candidate.from, wanted: candidate.wanted,
                        reason: .stateBound(state: model.states[candidate.to].name, bound: bound)))
            } else {
                counts[candidate.to] += 1
                passed.append(candidate)
            }
        }
        return (passed, held)
    }

    /// The model's most urgent transitions first, then the order of the preference list, then of names.
    private static func ordered(
        _ candidates: [Candidate], list: [Int32]?, _ model: StateModel, _ standing: ReadConfiguration.ClusterStanding
    ) -> [Candidate] {
        guard candidates.count > 1 else { return candidates }
        func place(_ candidate: Candidate) -> (Int, Int, Int) {
            (
                model.rank(from: candidate.from, to: candidate.to),
                list?.firstIndex(of: candidate.instance) ?? Int.max,
                standing.nameRank[Int(candidate.instance)]
            )
        }
        return candidates.sorted { place($0) < place($1) }
    }

    /// How many replicas may be in a state at any moment; `nil` for any number.
    ///
    /// `.replicas` is as many as the preference list has, and one more while a partition moves, unless the resource says
    /// (MIN_ACTIVE_REPLICAS) that it can do with fewer: then replicas leave before others come.
    static func bound(
        on index: Int, list: [Int32]?, _ configuration: ReadConfiguration.ResourceConfiguration,
        _ standing: ReadConfiguration.ClusterStanding
    ) -> Int? {
        switch configuration.model.states[index].bound {
        case .atMost(let count): count
        case .replicas: list.map { max($0.count, configuration.replicas) + configuration.extraReplicas }
        case .participants: standing.liveCount
        case .unbounded: nil
        }
    }
}
