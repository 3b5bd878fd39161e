/// CRUSH: every partition draws its instances by hashing their names, in different fault zones as long as there are
/// enough.
///
/// Nothing but names, weights and who is there matters, so that a change moves little more than it must; evenness is
/// that of a draw. The lists are those of Java's `CrushRebalanceStrategy`.
///
/// - Complexity: for each replica, proportional to the number of zones and that of instances in a zone.
public struct CrushPlacement: PlacementStrategy {
    /// `org.apache.helix.controller.rebalancer.strategy.CrushRebalanceStrategy`
    public let name = "org.apache.helix.controller.rebalancer.strategy.CrushRebalanceStrategy"

    /// `true`
    public let placesByName = true

    /// The strategy has nothing to set.
    public init() {}

    /// Places every partition; fewer replicas where there are too few zones.
    public func place(_ problem: PlacementProblem) -> PlacementResult {
        let named = NamedProblem(problem)
        return named.result(Self.lists(named, members: Array(named.instances.indices), isLive: named.isThere))
    }

    /// The lists that are drawn from some of the instances.
    static func lists(_ problem: NamedProblem, members: [Int], isLive: [Bool]) -> [[Int32]] {
        let tree = CrushTree(problem, members: members, isLive: isLive)
        return problem.partitions.map { tree.instances(for: $0, replicas: problem.replicas) }
    }
}
