import StateModels

/// Stage 5: lets those transitions pass whose completion cannot break a bound, in whatever order they complete.
enum ApplyConstraints {
    typealias Candidate = ComputeTransitions.Candidate
    typealias Held = ComputeTransitions.Held

    static func select(
        _ candidates: [Candidate], list: [Int32], _ occupancy: Occupancy, _ standing: ClusterStanding
    ) -> (passed: [Candidate], held: [Held]) {
        var occupancy = occupancy
        var passed: [Candidate] = []
        var held: [Held] = []
        for candidate in ordered(candidates, list: list, occupancy.model, standing) {
            if occupancy.hasRoom(in: candidate.to, isLeaving: candidate.isLeaving) {
                occupancy.enter(candidate.to)
                passed.append(candidate)
            } else {
                let name = occupancy.model.states[candidate.to].name
                held.append(candidate.held(.stateBound(state: name, bound: occupancy.bound(of: candidate.to) ?? 0)))
            }
        }
        return (passed, held)
    }

    /// The model's most urgent transitions first, then the order of the preference list, then of names.
    private static func ordered(
        _ candidates: [Candidate], list: [Int32], _ model: StateModel, _ standing: ClusterStanding
    ) -> [Candidate] {
        guard candidates.count > 1 else { return candidates }
        func place(_ candidate: Candidate) -> (Int, Int, Int) {
            (
                model.rank(from: candidate.from, to: candidate.to),
                list.firstIndex(of: candidate.instance) ?? Int.max,
                standing.nameRank[Int(candidate.instance)]
            )
        }
        return candidates.sorted { place($0) < place($1) }
    }
}
