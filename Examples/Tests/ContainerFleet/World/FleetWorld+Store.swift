import Coordination
import FleetModel
import HelixRecords
import HelixSimulation
import Synchronization

extension FleetWorld {
    /// All that the store has of the fleet, but for what belongs to sessions.
    public struct Backup: Sendable {
        fileprivate var znodes: [(path: String, data: [UInt8])] = []
    }

    /// Copies the store.
    public func backup() async throws -> Backup {
        let copied = Mutex(Backup())
        try await administrate("backup") { session, root in
            var backup = Backup()
            for path in try await session.subtree(root) {
                guard let (data, stat) = try await session.getIfPresent(path), stat.ephemeralOwner == nil else {
                    continue
                }
                backup.znodes.append((path, data))
            }
            copied.withLock { [backup] in $0 = backup }
        }
        return copied.withLock { $0 }
    }

    /// Removes everything, as somebody does who means another store.
    public func emptyStore() async throws {
        try await administrate("vandal") { session, root in try await session.deleteRecursively(root) }
    }

    /// Puts a copy in the place of what is there.
    public func restore(_ backup: Backup) async throws {
        try await emptyStore()
        try await administrate("restorer") { session, _ in
            // The identity comes last: with it agents take part.
            let id = FleetPaths(cluster: "fleet").id
            let isID = { (znode: (path: String, data: [UInt8])) in znode.path == id }
            for (path, data) in backup.znodes.filter({ !isID($0) }) + backup.znodes.filter(isID) {
                try await session.create(path, data)
            }
        }
    }

    private func administrate(
        _ name: String, _ body: @escaping @Sendable (any CoordinationSession, String) async throws -> Void
    ) async throws {
        let isDone = Mutex(false)
        let root = ClusterPaths(cluster: cluster.name).root
        cluster.start(name) { _, coordination in
            try await coordination.withSession { try await body($0, root) }
            isDone.withLock { $0 = true }
        }
        try await until("\(name) is done") { _ in isDone.withLock { $0 } }
    }
}
