import Coordination
public import HelixRecords

/// Whose configuration is meant.
public enum ConfigScope: Sendable, Hashable, CustomStringConvertible {
    /// A cluster's: `/CONFIGS/CLUSTER/C`.
    case cluster(String)
    /// An instance's: `/CONFIGS/PARTICIPANT/I`.
    case participant(String, cluster: String)
    /// A resource's: `/CONFIGS/RESOURCE/R`.
    case resource(String, cluster: String)
    /// A partition's: a map field of its resource's configuration.
    case partition(String, resource: String, cluster: String)

    /// The cluster.
    public var cluster: String {
        switch self {
        case .cluster(let cluster), .participant(_, let cluster), .resource(_, let cluster),
            .partition(_, _, let cluster):
            cluster
        }
    }

    /// `the configuration of …`
    public var description: String {
        switch self {
        case .cluster(let cluster): "the configuration of cluster \(cluster)"
        case .participant(let instance, _): "the configuration of instance \(instance)"
        case .resource(let resource, _): "the configuration of resource \(resource)"
        case .partition(let partition, let resource, _):
            "the configuration of partition \(partition) of resource \(resource)"
        }
    }
}

/// Configurations, field by field.
///
/// Fields that Helix knows are checked before they are written (protocol reference 4.3 to 4.5); any other field is the
/// user's own and may be anything.
extension Administrator {
    /// The simple fields of a configuration; none when it does not exist yet.
    public func config(_ scope: ConfigScope) async throws -> [String: String] {
        let found = try await read(AnyRecord.self, try await configPath(scope))?.view.record
        if case .partition(let partition, _, _) = scope { return found?.mapFields[partition] ?? [:] }
        return found?.simpleFields ?? [:]
    }

    /// The names of the simple fields that a configuration has, sorted.
    public func configKeys(_ scope: ConfigScope) async throws -> [String] { try await config(scope).keys.sorted() }

    /// The whole record of a configuration, lists and maps included; `nil` when it does not exist yet. A partition's is
    /// that of its resource.
    public func configRecord(_ scope: ConfigScope) async throws -> ZNRecord? {
        try await read(AnyRecord.self, try await configPath(scope))?.view.record
    }

    /// Sets simple fields of a configuration; those that are not named stay as they are.
    /// - Throws: ``AdministrationError`` with `.invalidValue` when a field cannot have the value; then nothing was written.
    public func setConfig(_ fields: [String: String], of scope: ConfigScope) async throws {
        try await changeConfig(scope, Array(fields.keys)) { record in
            if case .partition(let partition, _, _) = scope {
                record.mapFields[partition, default: [:]].merge(fields) { $1 }
            } else {
                record.simpleFields.merge(fields) { $1 }
            }
        }
    }

    /// Removes simple fields of a configuration; those that it does not have are passed over.
    public func removeConfig(_ keys: [String], of scope: ConfigScope) async throws {
        try await changeConfig(scope, keys) { record in
            for key in keys {
                if case .partition(let partition, _, _) = scope {
                    record.mapFields[partition]?[key] = nil
                    if record.mapFields[partition]?.isEmpty == true { record.mapFields[partition] = nil }
                } else {
                    record.simpleFields[key] = nil
                }
            }
        }
    }

    /// Sets a list field of a configuration, or removes it where the list is empty.
    public func setConfigList(_ key: String, _ items: [String], of scope: ConfigScope) async throws {
        try await changeConfig(scope, [key]) { $0.listFields[key] = items.isEmpty ? nil : items }
    }

    /// Sets a map field of a configuration, or removes it where the map is empty.
    public func setConfigMap(_ key: String, _ entries: [String: String], of scope: ConfigScope) async throws {
        try await changeConfig(scope, [key]) { $0.mapFields[key] = entries.isEmpty ? nil : entries }
    }

    /// Changes a cluster's settings.
    /// - Parameter change: edits the settings; it may be called more than once.
    /// - Returns: the settings as they are now.
    /// - Throws: ``AdministrationError`` with `.invalidValue` when a field would have a value that cannot be.
    @discardableResult
    public func updateClusterConfig(
        _ cluster: String, _ change: (inout ClusterConfig) throws -> Void
    ) async throws -> ClusterConfig {
        let path = try await configPath(.cluster(cluster))
        return try await self.change(
            ClusterConfig.self, at: path, .cluster, name: ConfigScope.cluster(cluster).description,
            new: ClusterConfig(id: cluster), change)
    }

    /// Changes a resource's settings beside its ideal state; creates them where there are none.
    /// - Parameter change: edits the settings; it may be called more than once.
    /// - Returns: the settings as they are now.
    /// - Throws: ``AdministrationError`` with `.invalidValue` when a field would have a value that cannot be.
    @discardableResult
    public func updateResourceConfig(
        _ resource: String, in cluster: String, _ change: (inout ResourceConfig) throws -> Void
    ) async throws -> ResourceConfig {
        let scope = ConfigScope.resource(resource, cluster: cluster)
        let path = try await configPath(scope)
        return try await self.change(
            ResourceConfig.self, at: path, .resource, name: scope.description, new: ResourceConfig(id: resource), change
        )
    }

    private func changeConfig(
        _ scope: ConfigScope, _ keys: [String], _ change: (inout ZNRecord) throws -> Void
    ) async throws {
        try checkKeys(keys, scope)
        let path = try await configPath(scope)
        try await self.change(
            AnyRecord.self, at: path, Self.rules(scope), name: scope.description,
            new: AnyRecord(id: ZnodePath.name(of: path))
        ) { try change(&$0.record) }
    }

    private func checkKeys(_ keys: [String], _ scope: ConfigScope) throws(AdministrationError) {
        if keys.contains("") { throw AdministrationError(.invalidValue, "a field of \(scope) has no name; name it") }
        guard case .participant = scope else { return }
        let operated = ["HELIX_ENABLED", "HELIX_INSTANCE_OPERATIONS"].filter(keys.contains)
        if let field = operated.first {
            throw AdministrationError(
                .invalidValue,
                "\(field) of \(scope) goes together with other fields; enable or disable the instance, or set its operation"
            )
        }
    }

    private static func rules(_ scope: ConfigScope) -> RecordRules {
        switch scope {
        case .cluster: .cluster
        case .participant: .instance
        case .resource, .partition: .resource
        }
    }

    /// The path of a configuration whose owner exists.
    private func configPath(_ scope: ConfigScope) async throws -> String {
        let paths = try await paths(of: scope.cluster)
        switch scope {
        case .cluster: return paths.clusterConfig
        case .participant(let instance, _):
            try Names.check(instance, .instance)
            guard try await exists(paths.instanceConfig(instance)) else { throw doesNotExist(instance, paths) }
            return paths.instanceConfig(instance)
        case .resource(let resource, _), .partition(_, let resource, _):
            try Names.check(resource, .resource)
            // A resource may be configured before its ideal state is written, but somebody must know it.
            let places = [paths.idealState(resource), paths.resourceConfig(resource)]
            guard try await missing(places).count < places.count else { throw noResource(resource, paths) }
            return paths.resourceConfig(resource)
        }
    }
}

/// A record of any kind.
struct AnyRecord: RecordView {
    var record: ZNRecord
}
