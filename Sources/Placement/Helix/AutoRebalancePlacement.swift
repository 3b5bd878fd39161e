/// The strategy that Helix takes unless another is named: what is there stays as far as shares allow, the rest goes
/// where a fixed scheme prefers it or where there is room.
///
/// The lists are those of Java's `AutoRebalanceStrategy`, with what one may not like of them: a replica on an instance
/// that is disabled counts as placed until it has left, and when there is no room within the shares the last instance
/// that can take a replica gets it.
///
/// - Complexity: for each replica that is not in place, proportional to the number of instances at worst.
public struct AutoRebalancePlacement: PlacementStrategy {
    /// `org.apache.helix.controller.rebalancer.strategy.AutoRebalanceStrategy`
    public let name = "org.apache.helix.controller.rebalancer.strategy.AutoRebalanceStrategy"

    /// `true`
    public let placesByName = true

    /// The strategy has nothing to set.
    public init() {}

    /// Places every partition.
    public func place(_ problem: PlacementProblem) -> PlacementResult {
        let named = NamedProblem(problem)
        guard named.isThere.contains(true), named.replicas > 0, !named.partitions.isEmpty else {
            return named.nothing(limited: true)
        }
        var assignment = AutoRebalanceAssignment(named)
        assignment.keepExisting()
        assignment.assignOrphans()
        assignment.moveToPreferred()
        assignment.moveExcess()
        assignment.forceOrphans()
        return named.result(AutoRebalanceLists(assignment).lists(), limited: true)
    }
}
