import Coordination
import HelixRecords
import TestSupport

/// A cluster's life from the server's own log, checked after every transaction.
///
/// Nobody who took part is asked: what counts is what ZooKeeper has written.
struct LogReplay {
    /// What was broken, in order, with the zxid.
    private(set) var violations: [String] = []
    /// How many transactions were looked at.
    private(set) var transactions = 0

    private let paths: ClusterPaths
    private let topState: String
    private var sessions: [String: String] = [:]  // live instance → its session's text
    private var states: [CurrentStatePath: [String: String]] = [:]
    private var leader: SessionID?

    private struct CurrentStatePath: Hashable {
        let instance: String
        let session: String
        let resource: String
    }

    init(_ log: TransactionLog, cluster: String, topState: String = "MASTER") throws {
        try self.init(log.changes, cluster: cluster, topState: topState)
    }

    init(_ changes: [TransactionLog.Change], cluster: String, topState: String = "MASTER") throws {
        paths = ClusterPaths(cluster: cluster)
        self.topState = topState
        var zxid: Int64 = 0
        for change in changes {
            if change.zxid != zxid {
                check(zxid)
                zxid = change.zxid
            }
            try take(change)
        }
        check(zxid)
    }

    private mutating func take(_ change: TransactionLog.Change) throws {
        guard change.path.hasPrefix(paths.root + "/"), change.kind != .check else { return }
        let isGone = change.kind == .delete || change.kind == .deleteWithSession
        let parts = change.path.dropFirst(paths.root.count + 1).split(separator: "/").map(String.init)
        switch (parts[0], parts.count) {
        case ("LIVEINSTANCES", 2):
            sessions[parts[1]] =
                isGone ? nil : try LiveInstance(decoding: change.data, path: change.path).sessionID
        case ("CONTROLLER", 2) where parts[1] == "LEADER":
            leader = isGone ? nil : change.session
        case ("INSTANCES", 4) where parts[2] == "MESSAGES" && change.kind == .create:
            try checkSender(of: change)
        case ("EXTERNALVIEW", 2):
            if change.session != leader {
                violations.append("\(change.zxid): \(change.path) was written by another than the leader")
            }
        case ("INSTANCES", 5) where parts[2] == "CURRENTSTATES":
            let place = CurrentStatePath(instance: parts[1], session: parts[3], resource: parts[4])
            states[place] =
                isGone || change.data.isEmpty
                ? nil
                : try ZNRecord(decoding: change.data, path: change.path).mapFields.compactMapValues {
                    $0["CURRENT_STATE"]
                }
        default: break
        }
    }

    private mutating func checkSender(of change: TransactionLog.Change) throws {
        let message = try Message(decoding: change.data, path: change.path)
        if message.messageType == .stateTransition, change.session != leader {
            violations.append("\(change.zxid): \(change.path) was sent by another than the leader")
        }
    }

    /// What must hold after every transaction.
    private mutating func check(_ zxid: Int64) {
        transactions += 1
        var tops: [String: [String]] = [:]
        for (place, partitions) in states where sessions[place.instance] == place.session {
            for (partition, state) in partitions where state == topState {
                tops["\(place.resource)/\(partition)", default: []].append(place.instance)
            }
        }
        for (partition, instances) in tops where instances.count > 1 {
            violations.append("\(zxid): \(partition) is \(topState) on \(instances.sorted())")
        }
    }
}
