import Coordination
import FleetJobs
import FleetModel
import HelixRecords

/// Follows the fleet's records in a session, and tells of every change.
struct RecordFollower {
    private let session: any CoordinationSession
    private let watcher: Watcher
    private let paths: ClusterPaths
    private var jobs: FollowedFolder<Job>
    private var deployments: FollowedFolder<Deployment>
    private var idealStates: FollowedFolder<IdealState>
    private var tombstones: FollowedFolder<Int64>
    private var cluster: ClusterConfig?
    private var leader: String?

    init(cluster: String, session: any CoordinationSession) {
        self.session = session
        watcher = session.makeWatcher()
        let fleet = FleetPaths(cluster: cluster)
        paths = ClusterPaths(cluster: cluster)
        jobs = FollowedFolder(fleet.jobs) { name, data, _ in try FleetStore.job(data, at: name) }
        deployments = FollowedFolder(fleet.deployments) { name, data, _ in
            try FleetText.read(Deployment.self, data, at: name)
        }
        // Other resources of the cluster are none of the fleet's business.
        idealStates = FollowedFolder(paths.idealStates) { name, data, _ in
            let idealState = try IdealState(decoding: data, path: name)
            return FleetResource(idealState) == nil ? nil : idealState
        }
        tombstones = FollowedFolder(fleet.tombstones) { $2.createdAt }
    }

    /// Follows until the session ends.
    mutating func follow(_ publish: (_ change: (inout FleetView) -> Void) -> Void) async throws {
        try await session.sync(paths.root)
        try await refresh(nil)
        publish(write)
        while let events = await watcher.next() {
            if try await refresh(Set(events.map(\.path))) { publish(write) }
        }
        try Task.checkCancellation()
        throw CoordinationError(.sessionExpired, operation: "watch")
    }

    @discardableResult
    private mutating func refresh(_ changed: Set<String>?) async throws -> Bool {
        var isDifferent = try await jobs.refresh(changed, session, watcher)
        isDifferent = try await deployments.refresh(changed, session, watcher) || isDifferent
        isDifferent = try await idealStates.refresh(changed, session, watcher) || isDifferent
        isDifferent = try await tombstones.refresh(changed, session, watcher) || isDifferent
        if changed?.contains(paths.clusterConfig) ?? true {
            let found = try await session.getIfPresent(paths.clusterConfig, watcher: watcher)
            cluster = try found.map { try ClusterConfig(decoding: $0.data, path: paths.clusterConfig) }
            isDifferent = true
        }
        if changed?.contains(paths.leader) ?? true {
            // Whether it is there or not, this tells of the next change.
            _ = try await session.exists(paths.leader, watcher: watcher)
            let found = try await session.getIfPresent(paths.leader)
            leader = try found.map { try LiveInstance(decoding: $0.data, path: paths.leader).id }
            isDifferent = true
        }
        return isDifferent
    }

    private func write(_ view: inout FleetView) {
        view.jobs = Dictionary(uniqueKeysWithValues: jobs.records.map { ($0.key, $0.value.value) })
        view.deployments = deployments.records
        view.resources = idealStates.records
        view.tombstones = tombstones.records
        view.cluster = cluster
        view.leader = leader
        view.problems = jobs.problems.merging(deployments.problems) { a, _ in a }
            .merging(idealStates.problems) { a, _ in a }
        view.identify()
    }
}
