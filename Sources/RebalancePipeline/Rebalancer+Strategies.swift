import HelixRecords
import Placement

/// Which strategy places a resource.
extension Rebalancer {
    /// The rebalancers of Java that do what FULL_AUTO does; USER_DEFINED resources name them too.
    private static let fullAutoRebalancers: Set<String> = [
        "org.apache.helix.controller.rebalancer.AutoRebalancer",
        "org.apache.helix.controller.rebalancer.DelayedAutoRebalancer",
        waged,
    ]

    /// The rebalancer that places by weights and capacities (``CapacityRules``).
    static let waged = "org.apache.helix.controller.rebalancer.waged.WagedRebalancer"

    /// The strategies of Java that are served by the standard one: they need what only Java code could provide.
    private static let standardStrategies: Set<String> = [
        "org.apache.helix.controller.rebalancer.strategy.ConstraintRebalanceStrategy"
    ]

    /// Names on the wire are those of Java classes, of the standard strategy, and of strategies that were registered
    /// (protocol reference 6.7). Without a name the standard one places; a name that nobody knows leaves the resource as
    /// it is.
    func strategy(for configuration: ResourceConfiguration) -> Result<any PlacementStrategy, Problem> {
        let idealState = configuration.idealState
        switch configuration.mode {
        case .userDefined:
            let name = idealState?.rebalancerClass ?? ""
            if let strategy = strategies[name] { return .success(strategy) }
            if Self.fullAutoRebalancers.contains(name) { return .success(standard) }
            return .failure(unknown(name, in: "REBALANCER_CLASS_NAME", of: configuration.name))
        case .fullAuto:
            // Whoever names this rebalancer leaves the strategy to it.
            if idealState?.rebalancerClass == Self.waged { return .success(standard) }
            guard let name = idealState?.rebalanceStrategy else { return .success(standard) }
            if let strategy = strategies[name] ?? HelixStrategies.strategy(named: name) { return .success(strategy) }
            if Self.standardStrategies.contains(name) { return .success(standard) }
            return .failure(unknown(name, in: "REBALANCE_STRATEGY", of: configuration.name))
        case .semiAuto, .customized, .task:
            return .success(standard)
        }
    }

    private func unknown(_ name: String, in field: String, of resource: String) -> Problem {
        let finding = name.isEmpty ? "is missing" : "names the unknown strategy '\(name)'"
        return Problem(
            resource: resource,
            text: "\(field) \(finding), so the resource stays as it is; known here: "
                + (strategies.keys.sorted() + [HelixStrategies.defaultName] + HelixStrategies.all.map(\.name))
                .joined(separator: ", "))
    }
}
