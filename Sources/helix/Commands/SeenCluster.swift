import HelixAdmin
import HelixController
import HelixRecords
import Logging
import RebalancePipeline

/// A cluster as its controller sees it, for commands that look at it and change nothing.
struct SeenCluster: Sendable {
    let snapshot: ClusterSnapshot
    /// Who leads it.
    let leader: String?

    /// Reads a cluster.
    static func read(_ cluster: String, _ connection: ConnectionOptions, _ logger: Logger) async throws -> SeenCluster {
        try await connection.withSession(logger) { session in
            let leader = try await Administrator(session: session).describeCluster(cluster).leader?.id
            return SeenCluster(
                snapshot: try await ClusterSnapshot.read(cluster, in: session, logger: logger), leader: leader)
        }
    }

    /// Refuses a resource that the cluster does not have.
    func check(resource: String) throws {
        guard snapshot.resources[resource] == nil else { return }
        throw AdministrationError(
            .doesNotExist, "there is no resource \(resource) in cluster \(snapshot.cluster); check the name")
    }
}

extension Phrase {
    /// What to tell those who wait for something to move.
    static func noLeader(of cluster: String) -> String {
        "No controller leads the cluster, so nothing moves; start one with: helix controller \(cluster)"
    }
}
