import Coordination
public import HelixRecords

/// How much may change at once: throttles and message constraints (protocol reference 4.4, 4.15, 6.5).
extension Administrator {
    /// The throttles of a cluster, in the order in which they were set.
    public func throttles(of cluster: String) async throws -> [ThrottleConfig] {
        try await clusterConfig(try await paths(of: cluster)).throttles
    }

    /// Limits how many replicas may be in transition at once; what was said before of the same scope and type is replaced.
    /// - Throws: ``AdministrationError`` with `.invalidValue` when the controller could not honour it.
    public func setThrottle(_ throttle: ThrottleConfig, in cluster: String) async throws {
        if throttle.limit < 0 || throttle.type == .none || throttle.scope == .partition {
            throw AdministrationError(
                .invalidValue,
                "a throttle counts transitions of a type (any, load, recovery) in a scope (cluster, resource, instance), "
                    + "from 0; \(throttle.type.rawValue) in \(throttle.scope.rawValue), \(throttle.limit) is none")
        }
        try await updateClusterConfig(cluster) { config in
            config.throttles =
                config.throttles.filter { $0.scope != throttle.scope || $0.type != throttle.type } + [throttle]
        }
    }

    /// Removes a throttle.
    /// - Throws: ``AdministrationError`` with `.doesNotExist` when there is none of the scope and type.
    public func removeThrottle(
        _ scope: ThrottleConfig.Scope, _ type: ThrottleConfig.RebalanceType, in cluster: String
    ) async throws {
        try await updateClusterConfig(cluster) { config in
            let left = config.throttles.filter { $0.scope != scope || $0.type != type }
            if left.count == config.throttles.count {
                throw AdministrationError(
                    .doesNotExist, "cluster \(cluster) has no throttle for \(type.rawValue) in \(scope.rawValue)")
            }
            config.throttles = left
        }
    }

    /// The message constraints of a cluster, by name.
    public func messageConstraints(of cluster: String) async throws -> [ClusterConstraints.Item] {
        let paths = try await paths(of: cluster)
        return try await read(ClusterConstraints.self, paths.messageConstraints)?.view.items ?? []
    }

    /// Limits how many messages may be under way at once, by what they are about; a constraint of the same name is replaced.
    /// - Throws: ``AdministrationError`` with `.invalidValue` when an attribute is no regular expression, there is none, or
    ///   the limit is negative.
    public func setMessageConstraint(_ item: ClusterConstraints.Item, in cluster: String) async throws {
        if item.id.isEmpty || item.attributes.isEmpty || item.limit ?? 0 < 0 {
            throw AdministrationError(
                .invalidValue, "a message constraint needs a name, an attribute to look at, and a limit from 0")
        }
        for (attribute, pattern) in item.attributes.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            do {
                _ = try Regex(pattern)
            } catch {
                throw AdministrationError(
                    .invalidValue,
                    "\(attribute.rawValue) of constraint \(item.id) is \"\(pattern)\", which is no regular expression: "
                        + "\(error)")
            }
        }
        let paths = try await paths(of: cluster)
        // Clusters are set up without it, by whatever make of administrator.
        try await session.createWithParents(paths.constraints)
        try await changeConstraints(cluster) { $0.set(item) }
    }

    /// Removes a message constraint.
    /// - Throws: ``AdministrationError`` with `.doesNotExist` when there is none of that name.
    public func removeMessageConstraint(_ id: String, in cluster: String) async throws {
        try await changeConstraints(cluster) { constraints in
            if constraints.record.mapFields[id] == nil {
                throw AdministrationError(.doesNotExist, "cluster \(cluster) has no message constraint \(id)")
            }
            constraints.remove(id)
        }
    }

    private func changeConstraints(
        _ cluster: String, _ change: (inout ClusterConstraints) throws -> Void
    ) async throws {
        let paths = try await paths(of: cluster)
        let id = ClusterConstraints.messageConstraintID
        try await self.change(
            ClusterConstraints.self, at: paths.messageConstraints,
            name: "the message constraints of cluster \(cluster)",
            new: ClusterConstraints(record: ZNRecord(id: id)), change)
    }
}
