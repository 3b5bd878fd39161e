/// Even and minimal: placements within one replica of each other at the smallest number of moves.
///
/// - Every instance has as many replicas of the resource as any other, or one more or less; and so with the top states.
/// - No even placement would move fewer replicas; nothing moves when nothing has changed, and after the loss of an
///   instance only its replicas do.
/// - Among the tops of the chosen replicas the fewest change hands, and a replica that is there already is promoted
///   rather than one that has yet to come.
///
/// What stands in the way of evenness (``PlacementProblem/excluded``) or of completeness
/// (``PlacementProblem/maximumPerInstance``) is respected, and the rest is as even as it leaves possible. Where the
/// bounds come from: with quotas `q` as even as can be, no placement moves less than the sum of `max(0, q - have)`;
/// both choices are flows of minimum cost, which find the least that distinct instances allow.
///
/// The time is about proportional to the number of replicas, plus that of the few exchanges that a direct choice misses.
public struct BalancedPlacement: PlacementStrategy {
    /// `balanced`
    public let name = "balanced"

    /// The strategy has nothing to set.
    public init() {}

    /// Places every partition.
    public func place(_ problem: PlacementProblem) -> PlacementResult {
        if problem.isWeighed { return WeightedPlacement.place([problem])[0] }
        let input = PlacementInput(problem)
        return input.result(of: ReplicaSelection(input).selected())
    }
}
