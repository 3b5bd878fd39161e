public import Coordination
import HelixRecords
public import Logging
public import RebalancePipeline

extension ClusterSnapshot {
    /// Reads a cluster as its controller sees it at this moment: what a decision, an explanation or a plan can be made of.
    ///
    /// - Parameters:
    ///   - cluster: the cluster; it must be set up.
    ///   - session: where to read.
    ///   - now: the time of the snapshot, in milliseconds since 1970; the system's unless set.
    ///   - logger: gets a line for each record that cannot be read.
    /// - Throws: `ControllerError` naming what is missing where the cluster is not set up; `CoordinationError`.
    public static func read(
        _ cluster: String, in session: any CoordinationSession, now: Int64? = nil,
        logger: Logger = Logger(label: "helix.controller")
    ) async throws -> ClusterSnapshot {
        let paths = ClusterPaths(cluster: cluster)
        // A server that is behind does not know yet of what was set up a moment ago.
        try await session.sync(paths.root)
        try await ClusterSetup.check(session, paths)
        var cache = ClusterCache(session: session, paths: paths, logger: logger)
        cache.edit { $0.time = now ?? SystemTime.milliseconds() }
        try await cache.load()
        return cache.snapshot
    }
}
