import HelixRecords
import Placement

/// Which strategy places a resource.
extension Rebalancer {
    /// The rebalancers of Java that do what FULL_AUTO does; USER_DEFINED resources name them too.
    private static let fullAutoRebalancers: Set<String> = [
        "org.apache.helix.controller.rebalancer.AutoRebalancer",
        "org.apache.helix.controller.rebalancer.DelayedAutoRebalancer",
        "org.apache.helix.controller.rebalancer.waged.WagedRebalancer",
    ]

    /// The strategies of Java are all served by the standard one (protocol reference 6.7); a name that nobody knows
    /// leaves the resource as it is.
    func strategy(for configuration: ResourceConfiguration) -> Result<any PlacementStrategy, Problem> {
        let idealState = configuration.idealState
        switch configuration.mode {
        case .userDefined:
            let name = idealState?.rebalancerClass ?? ""
            if let strategy = strategies[name] { return .success(strategy) }
            if Self.fullAutoRebalancers.contains(name) { return .success(standard) }
            return .failure(unknown(name, in: "REBALANCER_CLASS_NAME", of: configuration.name))
        case .fullAuto:
            guard let name = idealState?.rebalanceStrategy, name != "DEFAULT" else { return .success(standard) }
            if let strategy = strategies[name] { return .success(strategy) }
            if name.hasPrefix("org.apache.helix.controller.rebalancer.") { return .success(standard) }
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
                + strategies.keys.sorted().joined(separator: ", "))
    }
}
