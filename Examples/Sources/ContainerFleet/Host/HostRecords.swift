import Coordination
import FleetAgent
import FleetJobs
import FleetModel
import HelixRecords

/// What an agent reads of the cluster's records, through the session that it takes part with.
struct HostRecords: Sendable {
    let host: String
    let guarded: GuardedCoordination
    let disk: any AgentStore
    let fleet: FleetPaths
    let cluster: ClusterPaths

    private var session: any CoordinationSession {
        get throws(CoordinationError) {
            if let session = guarded.session { return session }
            throw CoordinationError(.closed, operation: "read", reason: "there is no session")
        }
    }

    /// The job of a resource.
    /// - Throws: ``OrderError`` when nothing may be started by what the store says.
    func job(of resource: String) async throws -> Job {
        let session = try session
        let path = cluster.idealState(resource)
        guard let found = try await session.getIfPresent(path),
            let identity = FleetResource(try IdealState(decoding: found.data, path: path))
        else {
            throw OrderError(reason: "\(path) does not say which job it is of; was it removed? deploy it again")
        }
        try await checkIdentity(session)
        guard let job = try await session.getIfPresent(fleet.job(identity.job)) else {
            throw OrderError(reason: "there is no job \(identity.job.short); create it again, or undeploy it")
        }
        return try Job(stored: String(decoding: job.data, as: UTF8.self))
    }

    private func checkIdentity(_ session: any CoordinationSession) async throws {
        let id = try await identity(session)
        if id != (try disk.clusterID()) {
            throw OrderError(
                reason: "the store is that of \(id.map { "the fleet \($0)" } ?? "no fleet"), not this agent's")
        }
    }

    private func identity(_ session: any CoordinationSession) async throws -> String? {
        try await session.getIfPresent(fleet.id).map { String(decoding: $0.data, as: UTF8.self) }
    }

    // MARK: Grounds

    /// Whether a task may be stopped, or removed.
    func grounds(for partition: String, of resource: String, removal: Bool) async throws -> Grounds {
        let session = try session
        try await session.sync(fleet.root)
        let identity = (store: try await identity(session), disk: try disk.clusterID())
        let path = cluster.idealState(resource)
        let idealState = try await session.getIfPresent(path).map { try IdealState(decoding: $0.data, path: path) }
        let hasTombstone = try await session.exists(fleet.tombstone(resource)) != nil
        guard removal else {
            return Grounds.toStop(partition, identity: identity, idealState: idealState, hasTombstone: hasTombstone)
        }
        let config = try await ownConfig(session)
        return Grounds.toRemove(
            partition, on: host, identity: identity, idealState: idealState, hasTombstone: hasTombstone,
            isLeaving: config.map { $0.isDraining || !$0.isAssignable } ?? false)
    }

    private func ownConfig(_ session: any CoordinationSession, watcher: Watcher? = nil) async throws -> InstanceConfig?
    {
        let path = cluster.instanceConfig(host)
        return try await session.getIfPresent(path, watcher: watcher).map {
            try InstanceConfig(decoding: $0.data, path: path)
        }
    }

    // MARK: Goals

    /// Those of some tasks that are told to stop.
    /// - Parameter watcher: is told when that may have changed.
    func stopped(
        among tasks: [(task: String, resource: String)], _ session: any CoordinationSession, watcher: Watcher
    ) async throws -> [String] {
        let config = try await ownConfig(session, watcher: watcher)
        guard try await identity(session) == disk.clusterID() else { return [] }
        var stopped: [String] = []
        for (task, resource) in tasks {
            let path = cluster.idealState(resource)
            guard let found = try await session.getIfPresent(path, watcher: watcher) else { continue }
            let idealState = try IdealState(decoding: found.data, path: path)
            let isHere = config?.disabledPartitions(resource: resource).partitions.contains(task) ?? false
            if isHere || !idealState.isEnabled { stopped.append(task) }
        }
        return stopped
    }

    /// A secret that the masters keep.
    func secret(_ name: String) async throws -> [UInt8]? {
        try await session.getIfPresent(fleet.secret(name))?.data
    }
}

/// Why an order of the cluster is not followed.
struct OrderError: Error, CustomStringConvertible {
    let reason: String
    var description: String { reason }
}
