/// Which replica a handler is made for, and where the handler says what happens to it by itself.
///
/// A handler keeps the value that it was made with. One that you make yourself, for a test, reports to nobody.
public struct Replica: Sendable, Hashable {
    /// The cluster.
    public let cluster: String
    /// The instance that carries the replica: this one.
    public let instance: String
    /// The resource.
    public let resource: String
    /// The partition.
    public let partition: String
    /// Weak: what it reports to keeps the handlers.
    private weak let desk: (any ReplicaDesk)?

    /// A replica of a partition on an instance.
    public init(cluster: String, instance: String, resource: String, partition: String) {
        self.init(
            cluster: cluster, instance: instance, key: ReplicaKey(resource: resource, partition: partition), desk: nil)
    }

    init(cluster: String, instance: String, key: ReplicaKey, desk: (any ReplicaDesk)?) {
        self.cluster = cluster
        self.instance = instance
        resource = key.resource
        partition = key.partition
        self.desk = desk
    }

    private var key: ReplicaKey { ReplicaKey(resource: resource, partition: partition) }

    /// Two values are equal when they name the same replica.
    public static func == (a: Replica, b: Replica) -> Bool {
        a.key == b.key && a.instance == b.instance && a.cluster == b.cluster
    }

    /// By the names.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(key)
        hasher.combine(instance)
        hasher.combine(cluster)
    }

    // MARK: What happens by itself

    /// Says that the replica's state has changed by itself: a container exited, or came back.
    ///
    /// ```swift
    /// try replica.report(from: "RUNNING", to: "EXITED", detail: "exit code 137")
    /// ```
    ///
    /// It counts if the replica is in the state `from`. While a transition is under way it is decided when that is over:
    /// a container that exits because it is being stopped is stopped, one that exits before it is said to run has exited.
    /// A transition that was ordered but has not begun, and does not fit the new state, is not made.
    ///
    /// A change after the session was lost is told to the cluster with the next session.
    /// - Parameter detail: what people read beside the state (INFO), at most 512 characters.
    /// - Throws: `ReportError` when the replica is in another state, or in ERROR, which an operator resets; when the model
    ///   lacks one of the states; when `to` is a state that only a limited number of replicas may have, since only the
    ///   controller may give that, or DROPPED. Then nothing has changed.
    public func report(from: String, to: String, detail: String = "") throws(ReportError) {
        try desk?.report(SelfChange(from: from, to: to, detail: detail), of: key)
    }

    /// Says something about the replica, for people: how far a transition is, where it listens (INFO beside its state in
    /// the current state, protocol reference 4.7).
    ///
    /// Say it as often as you like: the last one is written, with the next thing that is, or by itself after a moment
    /// (``ParticipantConfiguration/detailDelay``). It stands until the next one, or until the end of a transition that
    /// said nothing. In ERROR the reason stands.
    /// - Parameter detail: at most 512 characters; what is longer is cut.
    public func report(detail: String) { desk?.report(detail: detail, of: key) }

    /// Says that the replica has failed, because its disk has, for example: it goes to ERROR, from where an operator can
    /// reset it. A running transition is cancelled first.
    /// - Parameter reason: what people read beside the state, at most 512 characters.
    public func fail(_ reason: String) { desk?.fail(key, reason: reason) }
}

/// Where replicas report to.
protocol ReplicaDesk: AnyObject, Sendable {
    func report(_ change: SelfChange, of key: ReplicaKey) throws(ReportError)
    func report(detail: String, of key: ReplicaKey)
    func fail(_ key: ReplicaKey, reason: String)
}

/// Why a replica's report that its state has changed does not count.
///
/// Branch on ``code``; the ``description`` says what was found, what was expected and what to do.
public struct ReportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of refusal. New ones may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: Hashable { case unknownReplica, unknownState, otherState, notByItself }
        private let kind: Kind

        /// There is no such replica here, or there is no more.
        public static let unknownReplica = Code(kind: .unknownReplica)
        /// The state model lacks one of the states.
        public static let unknownState = Code(kind: .unknownState)
        /// The replica is not in the state in which the change begins.
        public static let otherState = Code(kind: .otherState)
        /// Nobody comes into that state, or out of it, by itself.
        public static let notByItself = Code(kind: .notByItself)

        /// The code's name.
        public var description: String { "\(kind)" }
    }

    /// What kind of refusal it was.
    public let code: Code
    /// The resource.
    public let resource: String
    /// The partition.
    public let partition: String
    /// What was found, what was expected and what to do.
    public let reason: String

    /// One line: which replica, and the reason.
    public var description: String { "replica \(resource)/\(partition): \(reason)" }
}
