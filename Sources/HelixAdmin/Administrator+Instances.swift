import Coordination
public import HelixRecords
import Logging

/// What there is to know of an instance.
public struct InstanceDescription: Sendable, Hashable {
    /// Its settings; `effectiveOperation` tells whether it is enabled.
    public var config: InstanceConfig
    /// Its live record, `nil` when it is not alive.
    public var live: LiveInstance?
    /// Its replicas by resource, none when it is not alive.
    public var currentStates: [CurrentState]
    /// How many messages wait for it.
    public var pendingMessages: Int
    /// The znodes that it lacks; none when it is set up.
    public var missing: [String]
}

/// Instances.
extension Administrator {
    /// Adds an instance: its configuration and the znodes below which it works (protocol reference 3.2).
    ///
    /// What an interrupted attempt left is completed.
    /// - Parameters:
    ///   - instance: its name; `host:port` is taken for `host_port`.
    ///   - configure: may set more than host and port, which come from the name.
    /// - Returns: the configuration that was written.
    /// - Throws: ``AdministrationError`` with `.alreadyExists` when it is configured already, or two instances share its
    ///   logical id.
    @discardableResult
    public func addInstance(
        _ instance: String, in cluster: String, configure: (inout InstanceConfig) throws -> Void = { _ in }
    ) async throws -> InstanceConfig {
        let instance = Names.normalized(instance: instance)
        try Names.check(instance, .instance)
        let paths = try await paths(of: cluster)
        if try await exists(paths.instanceConfig(instance)) {
            throw AdministrationError(
                .alreadyExists,
                "instance \(instance) exists in cluster \(cluster) already; change its configuration, or drop it first")
        }
        var config = Self.newInstance(instance)
        try configure(&config)
        try RecordRules.instance.check(
            from: ZNRecord(id: instance), to: config.record, name: "the configuration of instance \(instance)")
        try await settleOperation(of: &config, paths)
        let data = [
            paths.instanceConfig(instance): try config.encoded(),
            paths.instanceHistory(instance): try ParticipantHistory(id: instance).encoded(),
        ]
        _ = try await create(paths.instanceSetup(instance), data, name: "instance \(instance)")
        return config
    }

    private static func newInstance(_ instance: String) -> InstanceConfig {
        var config = InstanceConfig(id: instance)
        config.host = config.host
        config.port = config.port
        config.isEnabled = true
        config.operations = [InstanceOperationEntry(.enable, reason: "INIT")]
        return config
    }

    /// An instance that cannot begin with its operation, because another with the same logical id is in the way, begins as
    /// UNKNOWN.
    private func settleOperation(of config: inout InstanceConfig, _ paths: ClusterPaths) async throws {
        let twins = try await twins(of: config, paths)
        if twins.count > 1 {
            throw AdministrationError(
                .alreadyExists,
                "instance \(config.id) was not added: \(twins.map(\.id).joined(separator: ", ")) have its logical id "
                    + "already, expected at most one other; drop one of them, or give it another DOMAIN")
        }
        let others = twins.map(\.effectiveOperation)
        if !InstanceOperation.isLegalMove(from: .unknown, to: config.effectiveOperation, others: others) {
            config.operations = [InstanceOperationEntry(.unknown, reason: "INIT")]
        }
    }

    /// The other instances with the same logical id (protocol reference 4.3).
    func twins(of config: InstanceConfig, _ paths: ClusterPaths) async throws -> [InstanceConfig] {
        let cluster = try await clusterConfig(paths)
        let logicalID = try config.logicalID(in: cluster)
        return try await instanceConfigs(paths).filter { other in
            try other.id != config.id && other.logicalID(in: cluster) == logicalID
        }
    }

    func instanceConfigs(_ paths: ClusterPaths) async throws -> [InstanceConfig] {
        let names = try await session.children(paths.instanceConfigs)
        return try await readAll(InstanceConfig.self, names.map { paths.instanceConfig($0) }).compactMap { $0 }
    }

    /// Drops an instance with all its znodes, in one transaction.
    /// - Throws: ``AdministrationError`` with `.isLive` while it is alive.
    public func dropInstance(_ instance: String, in cluster: String) async throws {
        try Names.check(instance, .instance)
        let paths = try await paths(of: cluster)
        for _ in 0..<3 {
            let found = try await deletions(of: instance, paths)
            if found.isEmpty { throw doesNotExist(instance, paths) }
            let live = paths.liveInstance(instance)
            do throws(CoordinationError) {
                // To create its live znode and delete it fails if it has one: it cannot join between look and leap.
                try await session.commit([.create(live), .delete(live)] + found)
                logger.debug("instance dropped", metadata: ["helix.instance": "\(instance)"])
                return
            } catch {
                if error.code == .nodeExists {
                    throw AdministrationError(
                        .isLive,
                        "instance \(instance) was not dropped: it is alive in cluster \(cluster); stop it first")
                }
                guard [.notEmpty, .noNode].contains(error.code) else { throw error }
            }
        }
        throw AdministrationError(
            .conflict,
            "instance \(instance) was not dropped: others keep writing below \(paths.instance(instance)); disable it, "
                + "wait until no messages are sent to it, and drop it again")
    }

    /// The deletions of all that belongs to an instance, children before parents.
    /// - Parameter versions: of those znodes that must not have changed.
    func deletions(
        of instance: String, _ paths: ClusterPaths, versions: [String: Int32] = [:]
    ) async throws -> [WriteOperation] {
        let config = try await session.subtree(paths.instanceConfig(instance))
        let work = try await session.subtree(paths.instance(instance))
        return (config + work).reversed().map { .delete($0, version: versions[$0]) }
    }

    /// The names of the instances that are configured, sorted; those with a tag, where one is given.
    public func instances(in cluster: String, tag: String? = nil) async throws -> [String] {
        let paths = try await paths(of: cluster)
        guard let tag else { return try await session.children(paths.instanceConfigs) }
        return try await instanceConfigs(paths).filter { $0.tags.contains(tag) }.map(\.id)
    }

    /// The names of the instances that are alive, sorted.
    public func liveInstances(in cluster: String) async throws -> [String] {
        try await session.children(try await paths(of: cluster).liveInstances)
    }

    /// What there is to know of an instance.
    public func describeInstance(_ instance: String, in cluster: String) async throws -> InstanceDescription {
        let paths = try await paths(of: cluster)
        guard let config = try await read(InstanceConfig.self, paths.instanceConfig(instance))?.view else {
            throw doesNotExist(instance, paths)
        }
        let live = try await read(LiveInstance.self, paths.liveInstance(instance))?.view
        return InstanceDescription(
            config: config, live: live,
            currentStates: try await currentStates(of: instance, session: live?.sessionID, paths),
            pendingMessages: try await childrenIfPresent(paths.messages(instance)).count,
            missing: try await missing(paths.instanceSetup(instance).filter(Self.isRequired)))
    }

    /// Helix does without the health report and the history (protocol reference 3.2).
    private static func isRequired(_ path: String) -> Bool {
        ["MESSAGES", "CURRENTSTATES", "STATUSUPDATES", "ERRORS"].contains(ZnodePath.name(of: path))
    }

    func currentStates(
        of instance: String, session live: String?, _ paths: ClusterPaths
    ) async throws -> [CurrentState] {
        guard let live else { return [] }
        let resources = try await childrenIfPresent(paths.currentStates(instance, session: live))
        let all = resources.map { paths.currentState(instance, session: live, resource: $0) }
        var states: [CurrentState] = []
        for (path, state) in zip(all, try await readAll(CurrentState.self, all)) {
            guard let state else { continue }
            states.append(
                state.record.isBucketized ? try await readWhole(CurrentState.self, path)?.view ?? state : state)
        }
        return states
    }

    func doesNotExist(_ instance: String, _ paths: ClusterPaths) -> AdministrationError {
        AdministrationError(
            .doesNotExist,
            "there is no instance \(instance) in cluster \(paths.cluster): no znode \(paths.instanceConfig(instance)); "
                + "check the name, or add the instance")
    }
}
