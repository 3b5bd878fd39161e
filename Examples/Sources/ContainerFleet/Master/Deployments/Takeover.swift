import FleetJobs
import FleetModel

/// What a deployment takes over of others that have the same job on hosts that they name: pure.
///
/// Resources change hands as they are. Neither the cluster nor the agents see a difference, so containers run on.
struct Takeover {
    /// The deployments that are no more then, by name.
    let former: [String]
    /// Their resources, by name.
    let resources: [String]

    /// Nothing is taken over.
    static let none = Takeover(former: [], resources: [])

    private init(former: [String], resources: [String]) { (self.former, self.resources) = (former, resources) }

    /// - Parameters:
    ///   - hosts: those that the deployment is to be on.
    ///   - deployed: what there is in the cluster, and at which places.
    /// - Throws: `DEPLOYMENT_CONFLICT` when a deployment cannot be taken over as a whole.
    init(
        by deployment: Deployment, on hosts: Set<String>, from all: [String: Deployment],
        deployed: [(resource: FleetResource, places: [String])]
    ) throws {
        let job = deployment.latest.job
        var owners = Dictionary(
            deployed.filter { $0.resource.deployment == deployment.name && $0.resource.job.description == job }
                .flatMap { present in present.places.map { ($0, deployment.name) } }, uniquingKeysWith: { $1 })
        var former: [String] = []
        for (name, other) in all.sorted(by: { $0.key < $1.key }) where name != deployment.name {
            guard case .hosts(let named) = other.target, other.latest.job == job, other.phase != .removing,
                !hosts.isDisjoint(with: named)
            else { continue }
            if let outside = named.first(where: { !hosts.contains($0) }) {
                throw FleetError(
                    .deploymentConflict, "\(name) is also on \(outside), where \(deployment.name) is not to be",
                    cure: "undeploy \(name) from there first, or let the selectors match that host")
            }
            for host in named {
                if let owner = owners.updateValue(name, forKey: host) {
                    throw FleetError(
                        .deploymentConflict, "\(owner) and \(name) both have \(job) on \(host)",
                        cure: "undeploy one of them from there first")
                }
            }
            former.append(name)
        }
        self.former = former
        resources = deployed.map(\.resource).filter { former.contains($0.deployment) }.map(\.name).sorted()
    }

    /// The deployment with what it takes over.
    func applied(to deployment: Deployment) -> Deployment {
        var deployment = deployment
        if !resources.isEmpty { deployment.takenOver = (deployment.takenOver ?? []) + resources }
        return deployment
    }
}

extension Deployment {
    /// What becomes of its containers when it is no more, and they are to stay: a deployment to named hosts for each job.
    /// - Parameters:
    ///   - deployed: its resources, and their places.
    ///   - name: a free name for a job's deployment.
    func released(
        _ deployed: [(resource: FleetResource, places: [String])], user: String, at time: Int64,
        name: (FleetResource) -> String
    ) -> [Deployment] {
        var parts: [Deployment] = []
        let byJob = Dictionary(grouping: deployed, by: \.resource.job.description)
        for (job, present) in byJob.sorted(by: { $0.key < $1.key }) {
            let places = Set(present.flatMap(\.places)).sorted()
            guard !places.isEmpty else { continue }
            var part = Deployment(
                name: name(present[0].resource), job: job, target: .hosts(places), policy: policy, user: user, at: time)
            part.takenOver = present.map(\.resource.name).sorted()
            part.isStopped = isStopped
            part.stoppedPlaces = stoppedPlaces.filter(places.contains)
            parts.append(part)
        }
        // Somebody has to clear away what is about to be gone.
        if !parts.isEmpty {
            let known = Set(parts.flatMap { $0.takenOver ?? [] })
            parts[0].takenOver? += deployed.map(\.resource.name).filter { !known.contains($0) }.sorted()
        }
        return parts
    }
}
