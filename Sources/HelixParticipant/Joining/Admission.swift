internal import Coordination
internal import HelixRecords
internal import Logging
internal import MessageQueue

/// Who joins, where, and through which session.
struct Membership: Sendable {
    let session: any CoordinationSession
    let paths: ClusterPaths
    let instance: String
    let configuration: ParticipantConfiguration
    let clock: any Clock<Duration>
    let now: @Sendable () -> Int64
    let messageIDs: MessageIDs
    let logger: Logger

    /// The session as the records name it.
    var sessionID: String { session.id.description }

    func error(_ code: ParticipantError.Code, _ reason: String) -> ParticipantError {
        ParticipantError(code: code, cluster: paths.cluster, instance: instance, reason: reason)
    }

    /// A record, `nil` when there is no such znode.
    func record<Record: RecordView>(_ type: Record.Type, at path: String) async throws -> Record? {
        guard let (data, _) = try await session.getIfPresent(path) else { return nil }
        return try Record(decoding: data, path: path)
    }

    func missing(of paths: [String]) async throws(CoordinationError) -> [String] {
        var missing: [String] = []
        for (path, result) in zip(paths, await session.read(paths.map { .exists($0) })) {
            if case .stat(nil) = try result.get() { missing.append(path) }
        }
        return missing
    }
}

/// Is there a cluster, and may this instance be part of it (protocol reference 3.1, 3.2, 5.1)?
struct Admission: Sendable {
    let member: Membership

    /// Makes sure that the instance is set up, adding it if the cluster allows it.
    /// - Returns: what the configuration says of how many transitions may run at once.
    func obtain() async throws -> TransitionLimits {
        // A server that is behind does not know yet of what was set up a moment ago.
        try await member.session.sync(member.paths.root)
        try await checkCluster()
        let cluster =
            try await member.record(ClusterConfig.self, at: member.paths.clusterConfig)
            ?? ClusterConfig(id: member.paths.cluster)
        let config = try await instanceConfig(in: cluster)
        try checkTopology(config, cluster)
        let limit = config.maxThreads(.stateTransition) ?? cluster.maxThreads(.stateTransition)
        return TransitionLimits(
            shared: limit ?? member.configuration.concurrentTransitions,
            transitions: member.configuration.transitionLimits)
    }

    private func checkCluster() async throws {
        let cluster = member.paths.cluster
        let missing = try await member.missing(of: member.paths.clusterSetup)
        guard let first = missing.first else { return }
        let found =
            first == member.paths.root
            ? "there is no cluster \(cluster)"
            : "cluster \(cluster) is not set up: missing \(missing.joined(separator: ", "))"
        throw member.error(
            .clusterNotSetUp,
            found
                + ". Check the name, or set it up (`helix cluster add \(cluster)`, or addCluster of the admin API)."
        )
    }

    private func instanceConfig(in cluster: ClusterConfig) async throws -> InstanceConfig {
        let paths = member.paths
        let needed = [
            paths.instanceConfig(member.instance), paths.messages(member.instance),
            paths.currentStateSessions(member.instance), paths.statusUpdates(member.instance),
            paths.errorSessions(member.instance),
        ]
        let missing = try await member.missing(of: needed)
        if !missing.isEmpty {
            guard cluster.allowsAutoJoin else {
                throw member.error(
                    .instanceNotSetUp,
                    "the instance is not set up: missing \(missing.joined(separator: ", ")), and the cluster does not "
                        + "allow instances to join by themselves. Add it (`helix instance add`, or addInstance of the "
                        + "admin API), or set allowParticipantAutoJoin=true in \(paths.clusterConfig).")
            }
            try await addInstance()
        }
        return try await member.record(InstanceConfig.self, at: needed[0]) ?? InstanceConfig(id: member.instance)
    }

    /// Creates what is missing of the instance's own znodes, in one transaction.
    private func addInstance() async throws {
        let missing = try await member.missing(of: member.paths.instanceSetup(member.instance))
        var operations: [WriteOperation] = []
        for path in missing {
            switch path {
            case member.paths.instanceConfig(member.instance):
                operations.append(.create(path, data: try newConfig().encoded(path: path)))
            case member.paths.instanceHistory(member.instance):
                operations.append(.create(path, data: try ParticipantHistory(id: member.instance).encoded(path: path)))
            default: operations.append(.create(path))
            }
        }
        try await member.session.commit(operations)
        member.logger.info("the instance was added to the cluster")
    }

    private func newConfig() -> InstanceConfig {
        if var config = member.configuration.instanceConfig {
            config.record.id = member.instance
            return config
        }
        var config = InstanceConfig(id: member.instance)
        config.host = config.host  // what the name says becomes a field: other clients read nothing else
        config.port = config.port
        config.isEnabled = true
        return config
    }

    /// An instance without a place in the topology would stop the rebalancing of the whole cluster.
    private func checkTopology(_ config: InstanceConfig, _ cluster: ClusterConfig) throws {
        guard cluster.isTopologyAware else { return }
        let path = member.paths.instanceConfig(member.instance)
        guard cluster.topology != nil else {
            if config.zone == nil {
                throw member.error(
                    .invalidTopology,
                    "the cluster is topology-aware, but \(path) has no HELIX_ZONE_ID; set it to the fault zone")
            }
            return
        }
        let domain = try config.domain
        let faultZone = cluster.faultZoneType
        let needed = cluster.topologyKeys.last { $0 == faultZone } ?? cluster.topologyKeys.first ?? ""
        guard domain.contains(where: { $0.key == needed }) else {
            throw member.error(
                .invalidTopology,
                "the cluster's topology is \(cluster.topology ?? ""), but DOMAIN of \(path) is "
                    + "\"\(domain.map { "\($0.key)=\($0.value)" }.joined(separator: ","))\"; "
                    + "expected a value for \(needed)"
            )
        }
    }
}
