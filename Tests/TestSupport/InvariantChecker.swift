public import Coordination
internal import HelixSimulation

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
    public var transitions: Int { invariants.world.transitions }
    /// The sessions that have led, in order.
    public private(set) var leaders: [SessionID] = []
    /// What is there now, by path below the cluster's znode.
    public private(set) var znodes: [String: [UInt8]] = [:]

    private let prefix: String
    private var invariants: ClusterInvariants
    private var sessions = SessionLedger()

    /// A checker of one cluster.
    /// - Parameter chroot: the path on the server under which the cluster's znode is.
    public init(cluster: String, chroot: String = "") {
        prefix = "\(chroot)/\(cluster)/"
        invariants = ClusterInvariants(cluster: cluster, chroot: chroot, isStrict: false)
    }

    /// Replays changes, all of them by and by in the order of the transactions.
    public mutating func replay(_ changes: some Sequence<TransactionLog.Change>) {
        var transaction: [TransactionLog.Change] = []
        for change in changes where change.path.hasPrefix(prefix) || change.kind == .closeSession {
            if let last = transaction.last, last.zxid != change.zxid {
                take(transaction)
                transaction = []
            }
            transaction.append(change)
        }
        take(transaction)
    }

    /// The states of a resource's replicas on live instances, by partition and instance.
    public func replicas(of resource: String) -> [String: [String: String]] { invariants.world.replicas(of: resource) }

    private mutating func take(_ changes: [TransactionLog.Change]) {
        guard let first = changes.first else { return }
        for fault in changes.flatMap({ sessions.take($0) }) { note(fault, at: first.zxid) }
        let operations = changes.compactMap(\.operation)
        let transaction = CommittedTransaction(
            zxid: first.zxid, session: first.session, time: .milliseconds(first.time), operations: operations,
            endsSession: changes.contains { $0.kind == .deleteWithSession })
        for fault in invariants.take(transaction) { note(fault.text, at: first.zxid) }
        for fault in sessions.check() { note(fault, at: first.zxid) }
        for change in changes { count(change) }
        if !operations.isEmpty { transactions += 1 }
    }

    private mutating func note(_ text: String, at zxid: Int64) {
        violations.append("0x\(String(zxid, radix: 16)): \(text)")
    }

    private mutating func count(_ change: TransactionLog.Change) {
        guard change.kind != .closeSession else { return }
        let path = String(change.path.dropFirst(prefix.count))
        switch change.kind {
        case .create, .set: znodes[path] = change.data
        case .delete, .deleteWithSession: znodes[path] = nil
        case .check, .createSession, .closeSession: return
        }
        guard change.kind == .create else { return }
        if path == "CONTROLLER/LEADER" {
            leaders.append(change.session)
            messagesByTerm.append(0)
        }
        let isMessage = path.split(separator: "/").count == 4 && path.contains("/MESSAGES/")
        if isMessage, change.session == leaders.last { messagesByTerm[leaders.count - 1] += 1 }
    }
}

extension TransactionLog.Change {
    /// The write that it was; `nil` for a check or the begin or end of a session.
    fileprivate var operation: WriteOperation? {
        switch kind {
        case .create: .create(path, data: data, mode: isEphemeral ? .ephemeral : .persistent)
        case .set: .set(path, data: data)
        case .delete, .deleteWithSession: .delete(path)
        case .check, .createSession, .closeSession: nil
        }
    }
}
