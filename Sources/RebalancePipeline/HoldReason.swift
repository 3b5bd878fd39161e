public import HelixRecords

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
    /// It has a message that takes longer than such transitions did before.
    case late(LateTransition)
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
    /// As many replicas are in transition as may be.
    case throttled(ThrottleConfig)
    /// As many messages of the kind are under way as a message constraint allows.
    case messageConstraint(id: String, limit: Int)
    /// More replicas are in the top state than may be, and that is how it is settled.
    case topConflict(state: String, count: Int, TopStateConflictPolicy)
    /// Too many partitions of the resource are in ERROR for its load to be balanced.
    case errorPartitions(count: Int, limit: Int)
    /// The cluster is paused.
    case clusterPaused
    /// The cluster is frozen: controller and participants stand still.
    case clusterFrozen
    /// The cluster is not frozen any more, but so many instances still are, this one among them.
    case thawing(instance: String, count: Int)
    /// The cluster is in maintenance, for this reason if one was given: replicas that are missing are not made elsewhere,
    /// and those that are too many stay.
    case inMaintenance(reason: String?)
    /// The instance was away for too long during maintenance (OFFLINE_NODE_TIME_OUT_FOR_MAINTENANCE_MODE), and counts as
    /// not live until that ends.
    case awayTooLong
    /// The state model has no way there.
    case noPath
    /// A record cannot be read, so everything that depends on it stays as it is.
    case unreadable(path: String)

    /// For people.
    public var description: String {
        switch self {
        case .messagePending(let id, let to): "message \(id) to \(to) is not finished"
        case .late(let late): late.text
        case .messageUnprocessable(let id):
            "message \(id) could not be processed; see the instance's log, then delete the message"
        case .stateBound(let state, let bound): "there could be more than \(bound) in \(state)"
        case .inError: "it is in ERROR; find the cause, then reset the partition"
        case .replacementNotSettled: "it stays until its replacement has settled"
        case .extraReplicaLimit(let count): "the partition has \(count) replicas already while it moves"
        case .retryLater(let attempts, _):
            "asked for \(attempts == 1 ? "once" : "\(attempts) times") without effect; it is tried again later. See "
                + "the instance's log"
        case .throttled(let throttle):
            "\(throttle.limit) \(throttle.type.adjective)transitions \(throttle.scope.place) may be under way at once "
                + "(\(throttle.scope.rawValue), \(throttle.type.rawValue))"
        case .messageConstraint(let id, let limit): "the message constraint \(id) allows \(limit) at once"
        case .topConflict(let state, let count, let policy):
            "\(count) replicas are in \(state), and TOP_STATE_CONFLICT_POLICY is \(policy.rawValue)"
        case .errorPartitions(let count, let limit):
            "\(count) partitions of the resource are in ERROR, and with more than \(limit) its load is not balanced; "
                + "reset them"
        case .clusterPaused: "the controller is paused"
        case .clusterFrozen: "the cluster is frozen; end that with 'helix cluster unfreeze'"
        case .thawing(let instance, let count):
            "the freeze has been ended, and \(instance)\(count > 1 ? " and \(count - 1) more" : "") has not taken notice yet; "
                + "nothing moves before"
        case .inMaintenance(let reason):
            "the cluster is in maintenance\(reason.map { " (\($0))" } ?? ""); nothing is placed or dropped until that ends"
        case .awayTooLong:
            "the instance was away for longer than OFFLINE_NODE_TIME_OUT_FOR_MAINTENANCE_MODE; it is not used until "
                + "maintenance ends"
        case .noPath: "the state model has no way there"
        case .unreadable(let path): "\(path) cannot be read"
        }
    }
}

extension ThrottleConfig.RebalanceType {
    fileprivate var adjective: String {
        switch self {
        case .load: "load-balancing "
        case .recovery: "recovering "
        case .any, .none: ""
        }
    }
}

extension ThrottleConfig.Scope {
    fileprivate var place: String {
        switch self {
        case .cluster: "in the cluster"
        case .resource: "in a resource"
        case .instance: "on an instance"
        case .partition: "in a partition"
        }
    }
}
