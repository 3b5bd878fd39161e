/// What the pipeline decided, as one value.
public struct Decision: Sendable {
    /// The decisions by resource.
    public internal(set) var resources: [String: ResourceDecision] = [:]
    /// The transitions to ask for now, the most urgent first. Only those of what was looked at in this pass.
    public internal(set) var transitions: [PlannedTransition] = []
    /// Messages that have lost their meaning and should be deleted.
    public internal(set) var obsoleteMessages: [ObsoleteMessage] = []
    /// Resources whose replicas changed, so that their external view may be out of date; and resources that are gone.
    public internal(set) var viewsToRefresh: Set<String> = []
    /// The next time at which a pass is due even if nothing changes, in milliseconds since 1970.
    public internal(set) var nextDeadline: Int64?
    /// Faults of the cluster as a whole.
    public internal(set) var problems: [Problem] = []

    /// Since when messages have been stale, by instance and id, in milliseconds since 1970.
    var staleSince: [ObsoleteMessage: Int64] = [:]
    /// What stage 1 found out about the instances.
    var standing: ReadConfiguration.ClusterStanding?

    /// A decision about nothing.
    public init() {}

    /// Makes sure that a pass is due at `time`, in milliseconds since 1970, because something could not be done now.
    public mutating func retry(at time: Int64) { note(deadline: time) }

    /// Every fault that was found, the cluster's own first, then by resource.
    public var allProblems: [Problem] {
        problems + resources.keys.sorted().flatMap { resources[$0]!.problems }
    }
}

/// What was decided about one resource.
public struct ResourceDecision: Sendable {
    /// The preference lists as instance indices, by partition index; empty where there is none.
    public internal(set) var preferenceLists: [[Int32]] = []
    /// What is held back, by partition index.
    public internal(set) var held: [Int: [HeldTransition]] = [:]
    /// Faults of the resource.
    public internal(set) var problems: [Problem] = []
    /// What stage 1 made of the resource's records.
    var configuration: ReadConfiguration.Outcome?
    /// By partition index: transitions that were asked for and whose replica has not moved since.
    var asked: [Int: [AskedTransition]] = [:]
    /// By partition index: faults found there.
    var partitionProblems: [Int: Problem] = [:]
    /// By partition index: when it must be looked at again though nothing changed there.
    var deadlines: [Int: Int64] = [:]
    /// What the preference lists were computed from.
    var placementInputs: PlacementInputs?
    /// Replicas and top replicas by instance index, as placed.
    var load = PlacedLoad()
}

/// A transition that was asked for, to notice when messages vanish without effect.
struct AskedTransition: Sendable, Hashable {
    var instance: Int32
    var from: Int
    var to: Int
    var attempts: Int
    /// When it was last asked for, in milliseconds since 1970.
    var lastAt: Int64

    /// The time before which it is not asked for again: a tenth of a second after the first attempt, doubling up to half a minute.
    var nextAt: Int64 { lastAt + min(30_000, 100 << Int64(min(attempts - 1, 9))) }
}

/// A transition that an instance shall be asked for.
public struct PlannedTransition: Sendable, Hashable {
    /// The resource.
    public var resource: String
    /// The partition.
    public var partition: String
    /// The instance.
    public var instance: String
    /// The instance's session; the message is void in any other.
    public var session: String
    /// Whether the instance takes batch messages.
    public var acceptsBatchMessages: Bool
    /// The state model.
    public var stateModel: String
    /// The state model factory.
    public var stateModelFactory: String
    /// Where the transition begins.
    public var from: String
    /// Where it ends: one hop.
    public var to: String
    /// How long it may take; `nil` for as long as it likes.
    public var timeout: Duration?
    /// Smaller is more urgent: partitions without a top state come first, then the model's transition priority.
    var urgency: Int
}

/// A transition that is wanted and not asked for, with the reason.
public struct HeldTransition: Sendable, Hashable, CustomStringConvertible {
    /// The instance.
    public var instance: String
    /// The replica's present state.
    public var from: String
    /// The state that it should have in the end.
    public var wanted: String
    /// Why it has to wait.
    public var reason: HoldReason

    /// One line.
    public var description: String { "\(instance): \(from) → \(wanted) waits: \(reason)" }
}

/// Why a transition is not asked for now.
public enum HoldReason: Sendable, Hashable, CustomStringConvertible {
    /// The replica has a message that it has not finished.
    case messagePending(id: String, to: String)
    /// The instance gave up on a message; it must be deleted or its cause cured.
    case messageUnprocessable(id: String)
    /// One more replica in the state could be too many, in some order of completion.
    case stateBound(state: String, bound: Int)
    /// The replica is in ERROR until an operator resets it.
    case inError
    /// A replica that is to go stays until its replacement has settled.
    case replacementNotSettled
    /// New replicas wait while a partition has one more than it should already.
    case extraReplicaLimit(Int)
    /// The same transition was asked for before and the message vanished without effect; it is asked for again after
    /// a pause that grows.
    case retryLater(attempts: Int, at: Int64)
    /// The cluster is paused.
    case clusterPaused
    /// The state model has no way there.
    case noPath
    /// A record cannot be read, so everything that depends on it stays as it is.
    case unreadable(path: String)

    /// For people.
    public var description: String {
        switch self {
        case .messagePending(let id, let to): "message \(id) to \(to) is not finished"
        case .messageUnprocessable(let id):
            "message \(id) could not be processed; see the instance's log, then delete the message"
        case .stateBound(let state, let bound): "there could be more than \(bound) in \(state)"
        case .inError: "it is in ERROR; find the cause, then reset the partition"
        case .replacementNotSettled: "it stays until its replacement has settled"
        case .extraReplicaLimit(let limit): "the partition has \(limit) replicas already while it moves"
        case .retryLater(let attempts, _):
            "asked for \(attempts) times without effect; it is tried again later. See the instance's log"
        case .clusterPaused: "the cluster is disabled"
        case .noPath: "the state model has no way there"
        case .unreadable(let path): "\(path) cannot be read"
        }
    }
}

/// A message that has lost its meaning.
public struct ObsoleteMessage: Sendable, Hashable {
    /// The instance in whose queue it is.
    public var instance: String
    /// Its id.
    public var id: String
}

/// Something that an operator should know.
public struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The resource concerned, if it is one.
    public var resource: String?
    /// The partition concerned, if it is one.
    public var partition: String?
    /// What was found, what was expected, and what to do.
    public var text: String

    /// One line.
    public var description: String {
        [resource, partition].compactMap { $0 }.joined(separator: "/") + (resource == nil ? "" : ": ") + text
    }
}
