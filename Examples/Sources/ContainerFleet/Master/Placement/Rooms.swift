import FleetJobs
import FleetModel

/// What room hosts have left. The placement of a cluster prefers too much on a host to too little in the cluster; a fleet
/// does not: what finds no room is not told to anybody, until there is some.
struct Rooms {
    private struct Host {
        var labels: [String: String]
        /// What is left of what is limited. Of static ports there is one of each unless it is here.
        var free: [String: Int]

        func fits(_ weight: [String: Int]) -> Bool {
            weight.allSatisfy { dimension, amount in
                amount <= free[dimension] ?? (dimension.hasPrefix("port-") ? 1 : .max)
            }
        }

        mutating func take(_ weight: [String: Int]) {
            for (dimension, amount) in weight {
                if let left = free[dimension] ?? (dimension.hasPrefix("port-") ? 1 : nil) {
                    free[dimension] = left - amount
                }
            }
        }
    }

    /// Those that may get something, by name.
    private var hosts: [(name: String, host: Host)] = []
    private let view: FleetView

    init(_ view: FleetView) {
        self.view = view
        for host in view.hosts where host.isUp && !host.isCordoned && !host.isDraining {
            var free: [String: Int] = [:]
            free[Loads.cpu] = host.description.cpus
            free[Loads.memory] = host.description.memory
            hosts.append((host.name, Host(labels: host.description.labels, free: free)))
        }
        let indices = Dictionary(uniqueKeysWithValues: hosts.enumerated().map { ($1.name, $0) })
        for resource in view.identities.values {
            guard let job = view.jobs[resource.job.description] else { continue }
            let isPlacedByHost = view.deployments[resource.deployment]?.value.isPlacedByHost ?? false
            let names = isPlacedByHost ? view.places(of: resource) : view.board.tasks(of: resource.name).map(\.host)
            let weight = Loads.weight(of: job)
            for name in names { if let index = indices[name] { hosts[index].host.take(weight) } }
        }
    }

    /// The places of a deployment for which there is no room. Room that is found is taken.
    mutating func homeless(_ deployment: Deployment) -> Set<String> {
        // When all hosts are gone at once, it is the store that is away, and nothing is to be taken back.
        guard case .replicas(let count) = deployment.target, !hosts.isEmpty,
            let job = view.jobs[deployment.latest.job]
        else { return [] }
        let resources = view.resources(of: deployment.name)
        let present = Set(
            resources.filter { $0.job == job.id }.flatMap { view.board.tasks(of: $0.name) }.map(\.place))
        var waiting = (0..<max(0, count)).map(String.init).filter { !present.contains($0) }
        if !deployment.policy.overlaps {
            // What takes the place of a former task has that one's room.
            let former = resources.filter { $0.job != job.id }
            waiting = Array(waiting.dropFirst(former.reduce(0) { $0 + view.places(of: $1).count }))
        }
        let (weight, selectors) = (Loads.weight(of: job), view.selectors(of: deployment, job))
        return Set(
            waiting.filter { _ in
                let index = hosts.firstIndex { selectors.match($0.host.labels) && $0.host.fits(weight) }
                guard let index else { return true }
                hosts[index].host.take(weight)
                return false
            })
    }
}
