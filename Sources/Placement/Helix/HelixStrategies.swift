/// The placement strategies of Apache Helix, by the names that stand in REBALANCE_STRATEGY.
public enum HelixStrategies {
    /// What REBALANCE_STRATEGY says when the strategy of old is meant, and when nothing is said.
    public static let defaultName = "DEFAULT"

    /// All of them; each has the name of its Java class.
    public static let all: [any PlacementStrategy] = [
        AutoRebalancePlacement(), CrushPlacement(), CrushEdPlacement(), MultiRoundCrushPlacement(), StickyPlacement(),
    ]

    /// The strategy of that name, which is the name of a Java class or ``defaultName``. `nil` if there is none.
    public static func strategy(named name: String) -> (any PlacementStrategy)? {
        if name == defaultName { return AutoRebalancePlacement() }
        return all.first { $0.name == name }
    }
}
