import Foundation
import HelixRecords
import TestSupport

/// What happened in a cluster, from the server's own transaction log.
struct ClusterLog {
    private let changes: [TransactionLog.Change]
    private let root: String

    init(_ log: TransactionLog, cluster: String) {
        root = "/\(cluster)/"
        changes = log.changes.filter { $0.path.hasPrefix("/\(cluster)/") }
    }

    private func isMessage(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        return parts.count == 5 && parts[3] == "MESSAGES"
    }

    /// The instance and resource of a current state's path.
    private func currentState(_ path: String) -> (instance: String, resource: String)? {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count == 6, parts[3] == "CURRENTSTATES" else { return nil }
        return (parts[2], parts[5])
    }

    /// From the first message to the last change of a current state, in milliseconds since 1970.
    func bootstrapWindow() -> Range<Int64> {
        let first = changes.first { isMessage($0.path) && $0.kind == .create }?.time ?? 0
        let last = changes.last { currentState($0.path) != nil }?.time ?? 0
        return first..<max(last, first + 1)
    }

    /// When the leader's znode went for the last time, when it was made again, and when the first message after that was
    /// sent to this instance, in milliseconds since 1970.
    func lastLeaderChange(messageTo instance: String) -> (gone: Int64, won: Int64, message: Int64)? {
        let path = root + "CONTROLLER/LEADER"
        guard let gone = changes.lastIndex(where: { $0.path == path && $0.kind.isDeletion }),
            let won = changes[gone...].first(where: { $0.path == path && $0.kind == .create }),
            let message = changes[gone...].first(where: {
                $0.kind == .create && $0.path.hasPrefix(root + "INSTANCES/\(instance)/MESSAGES/")
            })
        else { return nil }
        return (changes[gone].time, won.time, message.time)
    }

    func writes(in window: Range<Int64>) -> Int {
        changes.count { (window.lowerBound...window.upperBound).contains($0.time) && $0.kind.isWrite }
    }

    func medianRecord(in window: Range<Int64>) -> Int {
        let sizes = changes.filter { window.contains($0.time) && !$0.data.isEmpty }.map { Double($0.data.count) }
        return sizes.isEmpty ? 0 : Int(sizes.percentile(0.5))
    }

    /// Goes through all current states in the order of the log.
    private func replay(_ visit: (TransactionLog.Change, _ masters: inout [String: Set<String>]) -> Void) {
        var masters: [String: Set<String>] = [:]  // by instance
        for change in changes {
            if let (instance, _) = currentState(change.path) {
                if change.kind.isDeletion || change.data.isEmpty {
                    masters[instance] = nil
                } else if let record = try? ZNRecord(decoding: change.data, path: change.path) {
                    masters[instance] = Set(record.mapFields.filter { $1["CURRENT_STATE"] == "MASTER" }.keys)
                }
            } else if change.kind.isDeletion, change.path.hasPrefix(root + "LIVEINSTANCES/") {
                masters[String(change.path.split(separator: "/").last!)] = nil
            }
            visit(change, &masters)
        }
    }

    /// Partitions that had two masters on live instances at some moment.
    func doubleMasters() -> Int {
        var guilty: Set<String> = []
        var lastZxid: Int64 = 0
        func check(_ masters: [String: Set<String>]) {
            var seen: Set<String> = []
            for partitions in masters.values {
                guilty.formUnion(seen.intersection(partitions))
                seen.formUnion(partitions)
            }
        }
        var former: [String: Set<String>] = [:]
        replay { change, masters in
            if change.zxid != lastZxid, currentState(change.path) != nil || change.path.hasPrefix(root + "LIVE") {
                check(former)
                lastZxid = change.zxid
            }
            former = masters
        }
        check(former)
        return guilty.count
    }

    /// For every partition that an instance was master of when its session ended: how long it had no master, in milliseconds.
    func failover(of instance: String) -> [Double] {
        var lost: Set<String> = []
        var gone: Int64?
        var times: [Double] = []
        var former: [String: Set<String>] = [:]
        replay { change, masters in
            if change.kind.isDeletion, change.path == root + "LIVEINSTANCES/\(instance)" {
                lost = former[instance] ?? []
                gone = change.time
            } else if let gone, !lost.isEmpty {
                let replaced = lost.filter { partition in masters.values.contains { $0.contains(partition) } }
                times += replaced.map { _ in Double(change.time - gone) }
                lost.subtract(replaced)
            }
            former = masters
        }
        return times
    }
}

extension TransactionLog.Kind {
    /// Whether somebody changed a znode by it.
    var isWrite: Bool { self == .create || self == .set || self == .delete }

    var isDeletion: Bool { self == .delete || self == .deleteWithSession }
}
