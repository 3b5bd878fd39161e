import Coordination
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
    /// What its leader says is wrong. It knows more than can be seen: what it has asked for in vain.
    var told: [JournalEvent] = []

    /// Reads a cluster.
    static func read(_ cluster: String, _ connection: ConnectionOptions, _ logger: Logger) async throws -> SeenCluster {
        try await connection.withSession(logger) { session in
            try await read(cluster, in: session, logger)
        }
    }

    /// Reads a cluster in a session.
    static func read(
        _ cluster: String, in session: any CoordinationSession, _ logger: Logger
    ) async throws -> SeenCluster {
        let administrator = Administrator(session: session, logger: logger)
        let leader = try await administrator.describeCluster(cluster).leader?.id
        let told = leader == nil ? [] : await toldProblems(administrator, cluster, logger)
        return SeenCluster(
            snapshot: try await ClusterSnapshot.read(cluster, in: session, logger: logger), leader: leader, told: told)
    }

    /// A journal that cannot be read is no reason not to look at the cluster.
    private static func toldProblems(
        _ administrator: Administrator, _ cluster: String, _ logger: Logger
    ) async -> [JournalEvent] {
        do {
            return try await administrator.journal(of: cluster).openProblems
        } catch {
            logger.info("The journal cannot be read", metadata: ["error": "\(error)"])
            return []
        }
    }

    /// What the leader says is wrong, one line each, without what is known here.
    /// - Parameter partition: only what bears on that, if one is given.
    func told(resource: String? = nil, partition: String? = nil, without known: [Problem]) -> [String] {
        let texts = Set(known.map(\.text))
        return told.filter { event in
            !texts.contains(event.text)
                && (resource == nil || event.resource == nil || event.resource == resource)
                && (partition == nil || event.partition == nil || event.partition == partition)
        }.map { event in
            let place = [event.resource, event.partition].compactMap(\.self).joined(separator: "/")
            return "\(place)\(place.isEmpty ? "" : ": ")\(event.text) (says the leader)"
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
