import HelixRecords
import HelixSpectator
import Synchronization
import TestSupport

/// The routing tables that a spectator has shown, to be compared with what was published.
final class RouteLog: Sendable {
    typealias Partitions = [String: [String: String]]

    private struct Sighting {
        let zxid: Int64
        let partitions: Partitions
    }

    private let sightings = Mutex<[Sighting]>([])

    /// How many tables were seen.
    var count: Int { sightings.withLock { $0.count } }

    /// Takes in all tables until the task is cancelled.
    func follow(_ spectator: Spectator) async throws {
        try await spectator.withRoutingTables { tables in
            for await table in tables { self.take(table) }
        }
    }

    /// A table was seen: the replicas by `resource/partition`, and the newest transaction that it knows of.
    func note(_ partitions: Partitions, zxid: Int64) {
        sightings.withLock { $0.append(Sighting(zxid: zxid, partitions: partitions)) }
    }

    private func take(_ table: RoutingTable) {
        var partitions: Partitions = [:]
        for resource in table.resources {
            for partition in table.partitions(of: resource) {
                let replicas = table.replicas(of: resource, partition: partition)
                partitions["\(resource)/\(partition)"] = Dictionary(
                    uniqueKeysWithValues: replicas.map { ($0.instance.name, $0.state) })
            }
        }
        note(partitions, zxid: table.zxid)
    }

    /// What does not hold: every table shows, of every partition, what was published in one transaction or another, and
    /// never of an earlier transaction than the table before, nor of a later one than it claims to have seen. The last
    /// table shows what was published last.
    func violations(_ history: PublishedRoutes) -> [String] {
        var (found, lastZxid): ([String], Int64) = ([], 0)
        var positions: [String: Int] = [:]
        let sightings = sightings.withLock { $0 }
        for (number, sighting) in sightings.enumerated() {
            if sighting.zxid < lastZxid { found.append("table \(number) goes back to \(sighting.zxid)") }
            lastZxid = sighting.zxid
            for (partition, versions) in history.versions {
                let shown = sighting.partitions[partition] ?? [:]
                let position = positions[partition] ?? 0
                if let next = versions[position...].firstIndex(where: { $0.replicas == shown }),
                    // That something is gone may be seen before the transaction is.
                    shown.isEmpty || versions[next].zxid <= sighting.zxid
                {
                    positions[partition] = next
                } else {
                    let zxid = EnsembleHistory.text(sighting.zxid)
                    found.append(
                        "table \(number), of \(zxid), shows \(shown) of \(partition) after what came later, or before it was published"
                    )
                }
            }
            for partition in sighting.partitions.keys where history.versions[partition] == nil {
                found.append("table \(number) shows \(partition), which was never published")
            }
        }
        for (partition, versions) in history.versions {
            let shown = sightings.last?.partitions[partition] ?? [:]
            if versions.last?.replicas != shown { found.append("the last table shows \(shown) of \(partition)") }
        }
        return found
    }
}

/// What external views have said of each partition, in the order of the transactions.
struct PublishedRoutes {
    struct Version {
        let zxid: Int64
        let replicas: [String: String]
    }

    /// Before the first of them it is absent.
    private(set) var versions: [String: [Version]] = [:]
    private var partitionsByPath: [String: Set<String>] = [:]

    init(_ changes: [TransactionLog.Change], views: String) throws {
        for change in changes where change.path.hasPrefix(views + "/") {
            let isWrite = change.kind == .create || change.kind == .set
            guard isWrite || change.kind == .delete else { continue }
            let resource = String(change.path.dropFirst(views.count + 1).split(separator: "/")[0])
            // A znode without data is a folder.
            let isRecord = isWrite && !change.data.isEmpty
            let record = isRecord ? try ZNRecord(decoding: change.data, path: change.path) : ZNRecord(id: resource)
            var found: [String: [String: String]] = [:]
            for (name, replicas) in record.mapFields { found["\(resource)/\(name)"] = replicas }
            for partition in partitionsByPath[change.path, default: []].union(found.keys) {
                let version = Version(zxid: change.zxid, replicas: found[partition] ?? [:])
                versions[partition, default: [Version(zxid: 0, replicas: [:])]].append(version)
            }
            partitionsByPath[change.path] = Set(found.keys)
        }
    }
}
