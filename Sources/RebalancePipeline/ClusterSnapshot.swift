public import HelixRecords
public import StateModels

/// What was found where a record should be.
public enum Found<Value: Sendable>: Sendable {
    /// There is no such record.
    case absent
    /// The record.
    case present(Value)
    /// There is something that cannot be decoded. That is not "absent": what depends on it stays as it is.
    case unreadable(RecordError)

    /// The record, if it is there and readable.
    public var value: Value? {
        if case .present(let value) = self { return value }
        return nil
    }

    /// Why it cannot be read, if that is so.
    public var error: RecordError? {
        if case .unreadable(let error) = self { return error }
        return nil
    }

    /// Whether there is nothing at all.
    public var isAbsent: Bool {
        if case .absent = self { return true }
        return false
    }
}

extension Found: Equatable where Value: Equatable {}

/// All that the pipeline knows of a cluster, as one value.
///
/// Names are interned: instances, partitions and states are small integers, and replicas live in flat columns for each
/// resource. The mutating functions take over one record each and note what that touched in ``changes``, so that a pass
/// can do the work of the change and no more. Everything that decides goes by name where order matters: two snapshots
/// that were built in different order lead to the same decision.
public struct ClusterSnapshot: Sendable {
    /// The cluster's name.
    public let cluster: String
    /// The time of the snapshot, in milliseconds since 1970.
    public var time: Int64 = 0
    /// The cluster's configuration.
    public internal(set) var clusterConfig: Found<ClusterConfig> = .absent
    /// How many messages may be under way, by what they are about.
    public internal(set) var constraints: Found<ClusterConstraints> = .absent
    /// Whether an operator has paused the controller.
    public internal(set) var isPaused = false
    /// What the signal to pause says; of one that cannot be read, or has not been yet, only that it is there counts.
    public internal(set) var pause: Found<PauseSignal> = .absent
    /// The signal of maintenance mode. One that cannot be read is one all the same: nothing is moved rather than too much.
    public internal(set) var maintenance: Found<MaintenanceSignal> = .absent
    /// All instances that have a configuration, are live, or were mentioned; by index.
    public internal(set) var instances: [Instance] = []
    /// The state models by name.
    public internal(set) var stateModels: [String: Found<StateModel>] = [:]
    /// The resources by name: those with an ideal state and those of which only replicas are left.
    public internal(set) var resources: [String: Resource] = [:]
    /// What has changed since ``takeChanges()``.
    public internal(set) var changes = Changes.everything

    var instanceNames = NameTable()
    /// The messages that carry others, to be passed on by who gets them.
    var carriers: Set<String> = []
    /// Whether a message may move from one queue to another without the controller.
    public var hasRelays: Bool { !carriers.isEmpty }
    /// Resources without an ideal state, which vanish with their last replica.
    var orphans: Set<String> = []
    var stateNames = NameTable([StateModel.error, StateModel.dropped])
    /// Messages that were deleted since ``takeChanges()``, by resource: of the states that came of them it is known so how
    /// long that took.
    var vanished: [String: [ReplicaPlace: PendingTransition]] = [:]

    /// A snapshot of a cluster of which nothing is known yet.
    public init(cluster: String) { self.cluster = cluster }

    /// An instance as far as it matters for decisions.
    public struct Instance: Sendable {
        /// Its name.
        public let name: String
        /// Its configuration.
        public internal(set) var config: Found<InstanceConfig> = .absent
        /// Its present session; `nil` when it is not live.
        public internal(set) var live: LiveSession?
        /// When it went offline, in milliseconds since 1970; `nil` while it is live, and when that is not known.
        public internal(set) var offlineSince: Int64?
        /// When it was away, as far as that is known, the oldest time first.
        public internal(set) var absences: [Absence] = []
        /// The messages in its queue, by id.
        public internal(set) var messages: [String: Message] = [:]
        /// When it last finished a transition, in milliseconds since 1970; 0 where that is not known.
        var lastFinished: Int64 = 0
    }

    /// A time in which an instance was not live, in milliseconds since 1970.
    public struct Absence: Sendable, Hashable {
        /// When it went.
        public var since: Int64
        /// When it came back.
        public var until: Int64

        /// An absence.
        public init(since: Int64, until: Int64) {
            self.since = since
            self.until = until
        }

        /// How many are kept of an instance.
        static let limit = 20
    }

    /// The session of a live instance.
    public struct LiveSession: Sendable, Hashable {
        /// The session's id, an opaque text.
        public var id: String
        /// Whether it takes messages for several partitions at once.
        public var acceptsBatchMessages: Bool
        /// Whether it is frozen, and takes no transitions.
        public var isFrozen: Bool

        /// A live session.
        public init(id: String, acceptsBatchMessages: Bool = false, isFrozen: Bool = false) {
            self.id = id
            self.acceptsBatchMessages = acceptsBatchMessages
            self.isFrozen = isFrozen
        }
    }

    /// A resource with its replicas.
    public struct Resource: Sendable {
        /// Its name.
        public let name: String
        /// What it should look like.
        public internal(set) var idealState: Found<IdealState> = .absent
        /// Its configuration.
        public internal(set) var config: Found<ResourceConfig> = .absent
        /// Its partitions; indices are stable.
        public internal(set) var partitions = NameTable()
        /// The partitions that the ideal state names, in natural order.
        public internal(set) var wanted: [Int32] = []
        /// The replicas of live sessions.
        public internal(set) var current = ReplicaTable()
        /// Transitions that are under way, by partition.
        public internal(set) var pending: [[PendingTransition]] = []
        /// The state model that instances report, by instance; needed when the ideal state is gone.
        public internal(set) var reportedModels: [Int32: String] = [:]
        /// The current-state records that cannot be decoded, by instance.
        public internal(set) var unreadable: [Int32: RecordError] = [:]
        /// The state model factory that instances report, by instance, where it is not `DEFAULT`.
        var reportedFactories: [Int32: String] = [:]
        /// By partition index: whether the ideal state names it.
        var isWanted: [Bool] = []
        /// What makes the ideal state invalid, whether it can be worked with all the same or not.
        var idealStateFaults: [String] = []
        /// How long its transitions have taken.
        var pace = TransitionPace()
        /// When replicas took their states, in milliseconds since 1970, where TOP_STATE_CONFLICT_POLICY asks for that.
        var changedAt: [ReplicaPlace: Int64] = [:]
    }

    /// A transition that an instance was asked for and has not finished.
    public struct PendingTransition: Sendable, Hashable {
        /// The message that asks for it.
        public var message: String
        /// The instance.
        public var instance: Int32
        /// State id where it begins; `nil` for a wildcard.
        public var from: UInt16?
        /// State id where it ends.
        public var to: UInt16
        /// When the message was created, in milliseconds since 1970.
        public var createdAt: Int64
        /// Whether the instance gave up on the message.
        public var isUnprocessable: Bool
        /// Whether the message is about other partitions too.
        public var isBatch: Bool
        /// The session that another instance is to pass it on to, once the message that carries it is done (protocol
        /// reference 4.9.4); `nil` for a message in the instance's own queue.
        public var relaySession: String?
    }

    /// What was touched since the last pass.
    public struct Changes: Sendable, Hashable {
        /// Everything must be looked at again: the set of eligible instances or the cluster's configuration changed.
        public var isEverything = false
        /// Resources that must be looked at as a whole.
        public var resources: Set<String> = []
        /// Single partitions by resource.
        public var partitions: [String: Set<Int>] = [:]
        /// Resources of which nothing changed but the record of where the controller has placed them.
        public var records: Set<String> = []
        /// Replicas that came to ERROR, in the order in which that was read. They are among ``partitions`` too.
        public var failures: [Failure] = []

        /// Everything.
        public static let everything = Changes(isEverything: true)
        /// Nothing.
        public static let none = Changes()

        /// Whether nothing was touched.
        public var isEmpty: Bool { !isEverything && resources.isEmpty && partitions.isEmpty && records.isEmpty }
    }

    /// Gives what has changed since the last call, and begins anew.
    public mutating func takeChanges() -> Changes {
        let taken = changes
        changes = .none
        if !vanished.isEmpty { vanished = [:] }
        return taken
    }

    /// Whether nothing is placed anew (protocol reference 6.8).
    public var isInMaintenance: Bool { !maintenance.isAbsent }

    /// The index of an instance, `nil` when it was never heard of.
    public func instanceIndex(_ name: String) -> Int? { instanceNames.index(of: name) }

    /// The name of a state id.
    public func stateName(_ id: UInt16) -> String {
        Int(id) < stateNames.count ? stateNames[Int(id)] : "one of too many unknown states"
    }

    /// The ids of all states that occur.
    var stateIDs: Range<Int> { 0..<stateNames.count }

    /// The id of states beyond those that ids suffice for. Only instances that report nonsense get so far.
    static let unnamedState = UInt16.max
}
