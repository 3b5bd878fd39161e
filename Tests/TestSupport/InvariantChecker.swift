public import Coordination
internal import HelixRecords
internal import StateModels

/// Replays what was written to a cluster, and checks after every transaction what must always hold:
///
/// - No replica bound of a state model is exceeded by the replicas of live sessions, nor could it be by any order in which
///   the messages under way are carried out.
/// - No replica is asked for a second transition while the first is under way.
/// - No replica rises to a state that nobody asked of its session (unless the cluster is frozen, of which the checker
///   does not know), and no session reports on replicas once its live instance is gone.
/// - A session that is closed or has expired writes nothing more, and nothing ephemeral outlives it.
/// - A session that has once led writes only while it leads, and only what a leader may write: it never makes the
///   znodes of an instance. While somebody leads, nobody else asks for transitions or writes external views.
///
/// It knows the wire and nothing of who wrote it: controllers and participants of any make can be checked.
public struct InvariantChecker: Sendable {
    /// What did not hold, in the order of the transactions.
    public private(set) var violations: [String] = []
    /// How many transactions changed the cluster.
    public private(set) var transactions = 0
    /// How many messages were sent to instances in each term of a leader.
    public private(set) var messagesByTerm: [Int] = []
    /// How many messages leaders have sent to instances.
    public var messages: Int { messagesByTerm.reduce(0, +) }
    /// How many times a replica has changed its state.
    public var transitions: Int { world.transitions }
    /// The sessions that have led, in order.
    public private(set) var leaders: [SessionID] = []
    /// What is there now, by path below the cluster's znode.
    public private(set) var znodes: [String: [UInt8]] = [:]

    private let prefix: String
    private var world = ReplicaWorld()
    private var leader: SessionID?
    private var sessions = SessionLedger()
    private var hasChanged = false

    /// A checker of one cluster.
    /// - Parameter chroot: the path on the server under which the cluster's znode is.
    public init(cluster: String, chroot: String = "") { prefix = "\(chroot)/\(cluster)/" }

    /// Replays changes, all of them by and by in the order of the transactions.
    public mutating func replay(_ changes: some Sequence<TransactionLog.Change>) {
        var zxid: Int64?
        for change in changes where change.path.hasPrefix(prefix) || change.kind == .closeSession {
            if change.zxid != zxid { endTransaction(zxid) }
            zxid = change.zxid
            for fault in sessions.take(change) { note(fault, at: change.zxid) }
            if change.kind != .closeSession { apply(change) }
        }
        endTransaction(zxid)
    }

    /// The states of a resource's replicas on live instances, by partition and instance.
    public func replicas(of resource: String) -> [String: [String: String]] { world.replicas(of: resource) }

    private mutating func endTransaction(_ zxid: Int64?) {
        guard let zxid else { return }
        if hasChanged { transactions += 1 }
        hasChanged = false
        for fault in sessions.check() + world.check() { note(fault, at: zxid) }
    }

    private mutating func note(_ text: String, at zxid: Int64) {
        violations.append("0x\(String(zxid, radix: 16)): \(text)")
    }

    private mutating func apply(_ change: TransactionLog.Change) {
        let path = String(change.path.dropFirst(prefix.count))
        judge(change, path)
        hasChanged = true
        switch change.kind {
        case .create, .set: znodes[path] = change.data
        case .delete, .deleteWithSession: znodes[path] = nil
        case .check, .createSession, .closeSession: return
        }
        world.take(path: path, data: znodes[path], owner: change.isEphemeral ? change.session : nil)
        let isMessage = path.split(separator: "/").count == 4 && path.contains("/MESSAGES/")
        if change.kind == .create, isMessage, change.session == leader { messagesByTerm[leaders.count - 1] += 1 }
    }

    /// What a leader may do, and when.
    private mutating func judge(_ change: TransactionLog.Change, _ path: String) {
        if path == "CONTROLLER/LEADER", change.kind == .create {
            if leader != nil { note("a second leader, \(change.session), beside \(leader!)", at: change.zxid) }
            if !change.isEphemeral { note("the office of \(change.session) is not ephemeral", at: change.zxid) }
            leader = change.session
            leaders.append(change.session)
            messagesByTerm.append(0)
            return
        }
        let isWrite = change.kind == .create || change.kind == .set || change.kind == .delete
        if isWrite, leaders.contains(change.session), leader != change.session {
            let holder = leader.map { "\($0) leads" } ?? "nobody leads"
            note("\(change.session), which led before, wrote \(path) while \(holder)", at: change.zxid)
        } else if let leader, leader != change.session, isWrite, let deed = leadersDeed(change, path) {
            note("\(change.session) \(deed) \(path) while \(leader) leads", at: change.zxid)
        }
        if change.kind == .create, leader == change.session, !mayCreate(path) {
            note("the leader created \(path)", at: change.zxid)
        }
        if path == "CONTROLLER/LEADER", change.kind == .delete || change.kind == .deleteWithSession { leader = nil }
    }

    /// What nobody does but the leader, in the past tense: administrators only reset replicas and set them to ERROR.
    private func leadersDeed(_ change: TransactionLog.Change, _ path: String) -> String? {
        let parts = path.split(separator: "/")
        if parts.first == "EXTERNALVIEW", parts.count > 1 { return "wrote" }
        guard change.kind == .create, parts.count == 4, parts[2] == "MESSAGES",
            let record = try? ZNRecord(decoding: change.data, path: path)
        else { return nil }
        let message = Message(record: record)
        guard message.messageType == .stateTransition, message.fromState != StateModel.error,
            message.toState != StateModel.error
        else { return nil }
        return "sent"
    }

    private func mayCreate(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        switch (parts.first, parts.count) {
        case ("EXTERNALVIEW", 2...3), ("STATEMODELDEFS", 2): return true
        case ("CONTROLLER", 2): return parts[1] == "HISTORY"
        case ("INSTANCES", 4): return parts[2] == "MESSAGES"
        default: return false
        }
    }
}
