import FleetJobs
public import FleetModel
import HelixAdmin
import HelixRecords
import HelixSpectator

extension Fleet {
    /// The hosts, by name.
    /// - Parameters:
    ///   - prefix: what their names begin with.
    ///   - selectors: what their labels match, all of them.
    public func hosts(_ prefix: String = "", matching selectors: [String] = []) throws -> [FleetHost] {
        let parsed = try selectors.map { text in
            guard let selector = HostSelector(text) else {
                throw FleetError(
                    .invalidRequest, "“\(text)” is no selector", cure: "write “role = web”, “zone in (a, b)” or alike")
            }
            return selector
        }
        return view.hosts.filter { $0.name.hasPrefix(prefix) && parsed.match($0.description.labels) }
    }

    /// Makes a host known before its agent has run.
    public func register(_ host: String, _ description: HostDescription = .init()) async throws {
        try await request { store, administrator in
            do {
                try await administrator.addInstance(host, in: cluster) { description.apply(to: &$0) }
            } catch let error as AdministrationError where error.code == .alreadyExists {
                throw FleetError(
                    .hostAlreadyExists, "there is a host \(host)", cure: "label it, or deregister it first")
            }
            try await note(store, "host", host, "it was registered")
        }
    }

    /// Changes the labels of a host.
    /// - Parameters:
    ///   - set: labels that it gets, in place of those of the same name.
    ///   - removed: labels that it loses.
    public func label(_ host: String, set: [String: String], removing removed: [String] = []) async throws -> FleetHost
    {
        try await change(host, "is labelled") { config in
            var description = HostDescription(config)
            for name in removed { description.labels[name] = nil }
            description.labels.merge(set) { $1 }
            description.apply(to: &config)
        }
    }

    /// Lets a host keep what it has, and get nothing new.
    public func cordon(_ host: String) async throws -> FleetHost {
        try await change(host, "is cordoned") { $0.isCordoned = true }
    }

    /// Lets a host get tasks again, whether it was cordoned or drained.
    public func uncordon(_ host: String) async throws -> FleetHost {
        let time = now()
        return try await change(host, "gets tasks again") { config in
            config.isCordoned = false
            if config.isDraining { config.setOperation(.enable, source: .admin, at: time) }
        }
    }

    /// Lets everything that a host has go elsewhere: replicas when their replacement is healthy, what belongs to the host
    /// at once.
    public func drain(_ host: String, reason: String = "") async throws -> FleetHost {
        let time = now()
        return try await change(host, "is drained") { config in
            config.isCordoned = true
            if !config.isDraining {
                config.setOperation(.evacuate, source: .admin, reason: reason.isEmpty ? "drained" : reason, at: time)
            }
        }
    }

    private func change(
        _ host: String, _ what: String, _ change: (inout InstanceConfig) throws -> Void
    ) async throws -> FleetHost {
        try await request { store, administrator in
            let config = try await administrator.updateInstance(host, in: cluster, change)
            try await note(store, "host", host, what)
            let isLive = try await administrator.liveInstances(in: cluster).contains(host)
            return FleetHost(RoutableInstance(config: config, isLive: isLive))
        }
    }

    /// Forgets a host whose agent is gone. Deployments that name it lose it.
    public func deregister(_ host: String) async throws {
        try await request { store, administrator in
            guard try await administrator.instances(in: cluster).contains(host) else {
                throw FleetError(.hostNotFound, "there is no host \(host)", cure: "list the hosts")
            }
            if try await administrator.liveInstances(in: cluster).contains(host) {
                throw FleetError(
                    .hostInUse, "the agent of \(host) is alive", cure: "drain the host, and stop its agent")
            }
            let time = now()
            for (name, deployment) in try await store.deployments().sorted(by: { $0.key < $1.key }) {
                guard case .hosts(let names) = deployment.value.target, names.contains(host) else { continue }
                try await store.change(name) { _, present in
                    guard var deployment = present, case .hosts(let names) = deployment.target else {
                        throw Self.noDeployment(name)
                    }
                    let left = names.filter { $0 != host }
                    deployment.stoppedPlaces.removeAll { $0 == host }
                    if left.isEmpty {
                        deployment.move(to: .removing, "its last host was deregistered", at: time)
                    } else {
                        deployment.target = .hosts(left)
                    }
                    return deployment
                }
            }
            try await administrator.dropInstance(host, in: cluster)
            try await note(store, "host", host, "it was deregistered")
        }
    }
}
