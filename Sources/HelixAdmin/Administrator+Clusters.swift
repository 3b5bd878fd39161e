import Coordination
public import HelixRecords
import Logging
import StateModels

/// What there is to know of a cluster at a glance.
public struct ClusterDescription: Sendable, Hashable {
    /// The cluster's name.
    public var name: String
    /// Its settings.
    public var config: ClusterConfig
    /// The leading controller, `nil` when there is none.
    public var leader: LiveInstance?
    /// The instances that are configured, sorted.
    public var instances: [String]
    /// The instances that are alive, sorted.
    public var liveInstances: [String]
    /// The resources, sorted.
    public var resources: [String]
    /// The state models, sorted.
    public var stateModels: [String]
    /// Why and since when the controller stands still, `nil` when it does not.
    public var pause: PauseSignal?
    /// Why and since when nothing is placed anew, `nil` when that is not so.
    public var maintenance: MaintenanceSignal?
}

/// Clusters.
extension Administrator {
    /// Creates a cluster with all its znodes and the built-in state models (protocol reference 3.1).
    ///
    /// A cluster that is there gets what it lacks; nothing that is there is changed, not even a built-in state model that
    /// somebody has altered. A new cluster comes into being at once or not at all.
    /// - Returns: the znodes that were created, in order; none when the cluster was complete.
    @discardableResult
    public func addCluster(_ cluster: String) async throws -> [String] {
        try Names.check(cluster, .cluster)
        let paths = ClusterPaths(cluster: cluster)
        var data: [String: [UInt8]] = [
            paths.clusterConfig: try ZNRecord(id: cluster).encoded(),
            paths.controllerHistory: try ControllerHistory(cluster: cluster).encoded(),
        ]
        for model in StateModel.builtIn { data[paths.stateModel(model.name)] = try model.record.encoded() }
        let wanted = paths.clusterSetup + StateModel.builtIn.map { paths.stateModel($0.name) }
        return try await create(wanted, data, name: "cluster \(cluster)")
    }

    /// Creates those of the znodes that are missing, in one transaction.
    func create(_ paths: [String], _ data: [String: [UInt8]], name: String) async throws -> [String] {
        for _ in 0..<3 {
            let missing = try await missing(paths)
            if missing.isEmpty { return [] }
            do throws(CoordinationError) {
                try await session.commit(missing.map { .create($0, data: data[$0] ?? []) })
                logger.debug("znodes created", metadata: ["helix.paths": "\(missing)"])
                return missing
            } catch {
                guard error.code == .nodeExists else { throw error }
                continue  // somebody else is at it too
            }
        }
        throw AdministrationError(.conflict, "\(name) is being created by others at the same time; look again later")
    }

    /// Deletes a cluster and all that belongs to it. Nobody may be in it any more.
    /// - Throws: ``AdministrationError`` with `.isLive` while it has live instances or a leader.
    public func dropCluster(_ cluster: String) async throws {
        try Names.check(cluster, .cluster)
        let paths = ClusterPaths(cluster: cluster)
        guard try await exists(paths.root) else {
            throw AdministrationError(.doesNotExist, "there is no cluster \(cluster): no znode \(paths.root)")
        }
        let live = try await childrenIfPresent(paths.liveInstances)
        if !live.isEmpty {
            throw AdministrationError(
                .isLive,
                "cluster \(cluster) was not dropped: \(live.joined(separator: ", ")) \(live.count == 1 ? "is" : "are") "
                    + "alive; stop the participants first")
        }
        if let leader = try await read(LiveInstance.self, paths.leader) {
            throw AdministrationError(
                .isLive, "cluster \(cluster) was not dropped: controller \(leader.view.id) leads it; stop it first")
        }
        // Without its configuration nobody can join while the rest goes.
        try await session.deleteRecursively(paths.configs)
        try await session.deleteRecursively(paths.root)
        logger.debug("cluster dropped", metadata: ["helix.cluster": "\(cluster)"])
    }

    /// The names of the clusters, sorted: of all znodes at the top those below which a cluster is set up.
    public func clusters() async throws -> [String] {
        var clusters: [String] = []
        for name in try await session.children("/") where name != "zookeeper" {
            if try await missing(ClusterPaths(cluster: name).clusterSetup).isEmpty { clusters.append(name) }
        }
        return clusters
    }

    /// What there is to know of a cluster.
    public func describeCluster(_ cluster: String) async throws -> ClusterDescription {
        let paths = try await paths(of: cluster)
        return ClusterDescription(
            name: cluster,
            config: try await clusterConfig(paths),
            leader: try await read(LiveInstance.self, paths.leader)?.view,
            instances: try await session.children(paths.instanceConfigs),
            liveInstances: try await session.children(paths.liveInstances),
            resources: try await session.children(paths.idealStates),
            stateModels: try await session.children(paths.stateModels),
            pause: try await read(PauseSignal.self, paths.pause)?.view,
            maintenance: try await maintenance(paths))
    }
}
