import Coordination
import FleetJobs
import FleetModel
import HelixRecords

extension Fleet {
    /// Where a deployment is to be, and what it takes over there.
    func takeover(
        by deployment: Deployment, _ job: Job, from all: [String: Deployment],
        _ deployed: [(resource: FleetResource, places: [String])]
    ) throws -> Takeover {
        let hosts: [String]
        switch deployment.target {
        case .replicas:
            throw FleetError(
                .invalidRequest, "the places of \(deployment.name) are no hosts, nothing can be taken over there",
                cure: "leave --migrate out, and undeploy what runs on hosts")
        case .hosts(let names): hosts = names
        case .everyHost:
            let (view, now) = (view, deployment)
            hosts = view.hosts.filter { view.selectors(of: now, job).match($0.description.labels) }.map(\.name)
        }
        return try Takeover(by: deployment, on: Set(hosts), from: all, deployed: deployed)
    }

    /// What is to be written so that a deployment is what it is to be, with what it takes over if it does.
    func written(
        _ deployment: Deployment, _ job: Job, migrating: Bool, over all: [String: Versioned<Deployment>],
        in store: FleetStore
    ) async throws -> (Deployment, Deployment?, [WriteOperation]) {
        let others = all.mapValues(\.value)
        let found = migrating ? try await store.deployed(others) : []
        let takeover = try migrating ? self.takeover(by: deployment, job, from: others, found.map(\.presence)) : .none
        let left = others.filter { !takeover.former.contains($0.key) }
        try await PortClaims(left, view, store).check(deployment, job)
        let wanted = takeover.applied(to: deployment)
        let deletions = takeover.former.map { name in
            WriteOperation.delete(store.paths.deployment(name), version: all[name]?.version)
        }
        return (wanted, wanted, try deletions + store.transfer(found, to: migrating ? [wanted] : []))
    }

    /// Takes a deployment to every host away, and leaves its containers where they are: each job that it has becomes a
    /// deployment to the hosts that have it.
    /// - Returns: those deployments.
    public func release(_ reference: String, token: String? = nil, user: String) async throws -> [Deployment] {
        try await request { store, _ in
            let name = try await self.deploymentName(reference, store)
            let time = now()
            let parts = try await store.transact(name) { all, present in
                let deployment = try await self.changeable(present, name, token, store)
                guard deployment.target == .everyHost, deployment.phase != .removing else {
                    throw FleetError(
                        .invalidRequest, "\(name) is not on every host, or is being removed",
                        cure: "only a deployment to every host can be taken away without its containers")
                }
                var taken = Set(all.keys)
                let found = try await store.deployed(all.mapValues(\.value)).filter { $0.resource.deployment == name }
                let parts = deployment.released(found.map(\.presence), user: user, at: time) { resource in
                    let base = Self.name(for: resource.job, .hosts([]))
                    let names = (1...).lazy.map { $0 == 1 ? base : "\(base)-\($0)" }
                    let free = names.first { !taken.contains($0) } ?? base
                    taken.insert(free)
                    return free
                }
                guard !parts.isEmpty else {
                    var gone = deployment
                    gone.move(to: .removing, "\(user) undeploys it", at: time)
                    return (parts, gone, [])
                }
                let writes = try parts.map { try store.write($0, over: nil) } + store.transfer(found, to: parts)
                return (parts, nil, writes)
            }
            let names = parts.map(\.name).joined(separator: ", ")
            try await note(store, "deployment", name, "\(user) undeploys it; its containers stay: \(names)")
            return parts
        }
    }
}

extension FleetStore {
    /// A resource as the store has it now.
    struct DeployedResource {
        var resource: FleetResource
        var places: [String]
        var idealState: Versioned<IdealState>

        var presence: (resource: FleetResource, places: [String]) { (resource, places) }
    }

    /// What there is in the cluster, by name.
    func deployed(_ all: [String: Deployment]) async throws -> [DeployedResource] {
        // Those of others, which may be anything, are none of the fleet's business.
        let found = try await folder(idealStates) { try? IdealState(decoding: $1, path: $2) }
        var owners: [String: String] = [:]
        for (name, deployment) in all { for resource in deployment.takenOver ?? [] { owners[resource] = name } }
        return found.sorted { $0.key < $1.key }.compactMap { name, record in
            guard let idealState = record.value, var resource = FleetResource(idealState) else { return nil }
            resource.deployment = owners[name] ?? resource.deployment
            return DeployedResource(
                resource: resource, places: idealState.partitions.compactMap(resource.place),
                idealState: Versioned(idealState, version: record.version, index: record.index))
        }
    }

    /// Says in resources whose they are from now on, on condition that they are what was read.
    func transfer(_ found: [DeployedResource], to deployments: [Deployment]) throws -> [WriteOperation] {
        try deployments.flatMap { deployment in
            try found.filter { deployment.takenOver?.contains($0.resource.name) ?? false }.map { present in
                var (resource, idealState) = (present.resource, present.idealState.value)
                resource.deployment = deployment.name
                resource.mark(&idealState)
                return .set(
                    "\(idealStates)/\(resource.name)", data: try idealState.encoded(),
                    version: present.idealState.version)
            }
        }
    }
}
