import FleetJobs

/// Which static ports of hosts are taken by deployments, whether these run or not.
struct PortClaims {
    private let deployments: [String: Deployment]
    private let view: FleetView
    private let store: FleetStore

    init(_ deployments: [String: Deployment], _ view: FleetView, _ store: FleetStore) {
        self.deployments = deployments
        self.view = view
        self.store = store
    }

    /// - Throws: `PORT_CONFLICT` when a host of a deployment would have one of its ports twice. What the fleet places goes
    ///   where ports are free.
    func check(_ deployment: Deployment, _ job: Job) async throws {
        let ports = Set(job.ports.values.compactMap(Loads.port))
        guard deployment.isPlacedByHost, !ports.isEmpty else { return }
        if deployment.policy.overlaps, deployment.generations.count > 1, let former = try await self.former(deployment),
            let port = ports.intersection(former.ports.values.compactMap(Loads.port)).min()
        {
            throw FleetError(
                .portConflict, "\(job.id.short) and \(former.id.short) both want \(port), and the rollout overlaps",
                cure: "roll it out without overlap")
        }
        let hosts = Set(self.hosts(of: deployment))
        for other in deployments.values.sorted(by: { $0.name < $1.name }) where other.name != deployment.name {
            guard other.isPlacedByHost, let id = JobID(other.latest.job),
                let host = hosts.intersection(self.hosts(of: other)).min(), let theirs = try await store.job(id),
                let port = ports.intersection(theirs.ports.values.compactMap(Loads.port)).min()
            else { continue }
            throw FleetError(
                .portConflict, "\(port) of \(host) belongs to \(id.short), deployment \(other.name)",
                cure: "use another port or host, or undeploy \(other.name)")
        }
    }

    private func former(_ deployment: Deployment) async throws -> Job? {
        guard let id = deployment.generations.dropLast().last.flatMap({ JobID($0.job) }) else { return nil }
        return try await store.job(id)
    }

    private func hosts(of deployment: Deployment) -> [String] {
        switch deployment.target {
        case .hosts(let names): names
        case .everyHost: view.standings(deployment).filter(\.isMatching).map(\.name)
        case .replicas: []
        }
    }
}
