import Coordination
public import HelixRecords

/// Changes of instances.
extension Administrator {
    /// Changes an instance's settings.
    /// - Parameter change: edits the settings; it may be called more than once.
    /// - Returns: the settings as they are now.
    /// - Throws: ``AdministrationError`` with `.invalidValue` when a field would have a value that cannot be.
    @discardableResult
    public func updateInstance(
        _ instance: String, in cluster: String, _ change: (inout InstanceConfig) throws -> Void
    ) async throws -> InstanceConfig {
        try Names.check(instance, .instance)
        let paths = try await paths(of: cluster)
        guard try await exists(paths.instanceConfig(instance)) else { throw doesNotExist(instance, paths) }
        return try await self.change(
            InstanceConfig.self, at: paths.instanceConfig(instance), .instance,
            name: "the configuration of instance \(instance)", change)
    }

    /// Lets an instance serve again.
    public func enableInstance(_ instance: String, in cluster: String) async throws {
        try await setOperation(.enable, of: instance, in: cluster)
    }

    /// Takes an instance out of service: it stays alive, and its replicas go to their initial state.
    public func disableInstance(_ instance: String, in cluster: String, reason: String = "") async throws {
        try await setOperation(.disable, of: instance, in: cluster, reason: reason)
    }

    /// Asks for an operation of an instance, and keeps the legacy flag in step (protocol reference 4.3).
    /// - Parameter source: who asks; an administrator's word replaces everybody's.
    /// - Throws: ``AdministrationError`` with `.illegalMove` when the instance cannot go there from where it is.
    public func setOperation(
        _ operation: InstanceOperation, of instance: String, in cluster: String,
        source: InstanceOperation.Source = .admin, reason: String = ""
    ) async throws {
        let paths = try await paths(of: cluster)
        guard let found = try await read(InstanceConfig.self, paths.instanceConfig(instance))?.view else {
            throw doesNotExist(instance, paths)
        }
        let twins = try await twins(of: found, paths)
        let time = now()
        try await updateInstance(instance, in: cluster) { config in
            let present = config.effectiveOperation
            if InstanceOperation.isLegalMove(from: present, to: operation, others: twins.map(\.effectiveOperation)) {
                config.setOperation(operation, source: source, reason: reason, at: time)
                // Old clients look at the flag alone.
                if operation == .enable || operation == .disable { config.isEnabled = config.isEnabled }
                return
            }
            let others = twins.map { "\($0.id) with the same logical id is \($0.effectiveOperation.rawValue)" }
            throw AdministrationError(
                .illegalMove,
                "instance \(instance) is \(present.rawValue) and cannot become \(operation.rawValue)"
                    + (others.isEmpty ? "" : " while \(others.joined(separator: ", "))")
                    + "; go by way of UNKNOWN, or change the other instance first")
        }
    }

    /// Gives an instance tags; those that it has stay.
    public func addTags(_ tags: [String], to instance: String, in cluster: String) async throws {
        try await updateInstance(instance, in: cluster) { config in
            for tag in tags where !config.tags.contains(tag) { config.tags.append(tag) }
        }
    }

    /// Takes tags from an instance; those that it does not have are passed over.
    public func removeTags(_ tags: [String], from instance: String, in cluster: String) async throws {
        try await updateInstance(instance, in: cluster) { config in
            config.tags.removeAll { tags.contains($0) }
        }
    }
}
