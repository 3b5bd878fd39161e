internal import HelixRecords
internal import MessageQueue
internal import StateModels

/// The replicas of this instance, what each is doing, and what each is to do next.
///
/// A value without I/O: it is told what happened and answers with the actions to perform. For each replica at most one
/// call of its handler is under way. What a replica does next, when it is free, is in order of urgency:
///
/// 1. reset, after its session ended or a transition returned that had been given up;
/// 2. be told that the session is uncertain, or that it is certain again;
/// 3. its waiting transition, when its pool has a place and the session is certain.
struct ReplicaTable: Sendable {
    /// What the table asks for.
    enum Action: Sendable {
        /// Call a handler.
        case start(Job)
        /// Cancel a call under way; its result may still be any.
        case cancel(Job.ID)
        /// Write an outcome.
        case record(Outcome)
        /// Delete messages that changed nothing.
        case discard([String])
        /// Forget the handler of a replica that is no more.
        case forget(ReplicaKey)
        /// Say when a replica's pause before its next attempt is over.
        case pause(ReplicaKey, Duration, number: UInt64)
        /// Every replica is down that could be brought down.
        case handedOver
    }

    struct Entry: Sendable {
        let model: RegisteredModel
        var state: String
        var call: Call?
        var waiting: Step?
        var isInLine = false
        var isToldSuspended = false
        var needsReset = false
        var lastToken: Int64 = 0
        /// What the user's code said when it declared the replica to have failed during a transition.
        var declaredFailure: String?
        /// Changes that were reported during a transition.
        var postponed: [SelfChange] = []
        /// What was said last of the replica, since its last transition began.
        var detail: String?
        /// A change that came while there was no session to tell it to.
        var untold: StateReport?
        /// While what waits may not begin: which pause it is.
        var pause: UInt64?

        /// Whether a transition waits or runs whose result counts.
        var isInTransition: Bool { waiting != nil || call?.step != nil }
    }

    /// A call under way.
    struct Call: Sendable {
        enum Cancellation: Sendable, Hashable { case ordered, suspended, handover, timeout }

        let job: Job
        /// The pool in which it holds a place.
        var pool: String?
        /// Whether its result counts no more.
        var isAbandoned = false
        var cancellation: Cancellation?
        /// The cancellation messages that asked for it; they go together with the transition's own.
        var cancellationIDs: [String] = []

        /// The transition it makes, if its result counts.
        var step: Step? {
            guard !isAbandoned, case .transition(let step) = job.work else { return nil }
            return step
        }
    }

    /// A message of which at least one partition is not done.
    struct OpenMessage: Sendable {
        var partsLeft: Int
        var isMarked = false
        /// Whether somebody else deleted it.
        var isGone = false
    }

    var entries: [ReplicaKey: Entry] = [:]
    var openMessages: [String: OpenMessage] = [:]
    var pools: [String: TransitionPool] = ["": TransitionPool(limit: 40)]
    var limits = TransitionLimits()
    /// Whether there is a session: none of its messages is executed once it is over.
    var isInSession = false
    var isSuspended = false
    var isFrozen = false
    /// Whether the session changed while the cluster was frozen.
    var isRestatementDue = false
    var isHandingOver = false
    /// The replicas in the top state.
    var topCount = 0
    /// Transitions that wait, and calls that are under way.
    var waitingCount = 0
    var callCount = 0
    /// While handing over: whether no replica is in the top state any more, so that the others may follow.
    var isPastTopStates = false
    private var lastJob: UInt64 = 0
    private var lastPause: UInt64 = 0

    /// Transitions that wait, and calls under way.
    var pendingCount: Int { waitingCount + callCount }

    /// The replicas in order, for whatever touches several.
    var sortedKeys: [ReplicaKey] { entries.keys.sorted() }

    mutating func nextJobID() -> Job.ID {
        lastJob += 1
        return Job.ID(number: lastJob)
    }

    mutating func nextPause() -> UInt64 {
        lastPause += 1
        return lastPause
    }

    /// The pool that a resource's transitions run in.
    func poolName(of resource: String) -> String { limits.resources[resource] == nil ? "" : resource }

    /// Sets how many transitions may run at once, also for resources not heard of before.
    mutating func setLimits(_ limits: TransitionLimits) {
        self.limits = limits
        pools["", default: TransitionPool(limit: 0)].limit = max(1, limits.shared)
        for (resource, limit) in limits.resources {
            pools[resource, default: TransitionPool(limit: 0)].limit = max(1, limit)
        }
    }

    mutating func setState(_ state: String, of key: ReplicaKey) {
        guard let entry = entries[key] else { return }
        let top = entry.model.topState
        if top != entry.model.initialState { topCount += (state == top ? 1 : 0) - (entry.state == top ? 1 : 0) }
        entries[key]?.state = state
    }

    mutating func remove(_ key: ReplicaKey) {
        setState(StateModel.dropped, of: key)
        entries[key] = nil
    }

    /// One part of a message is done.
    /// - Returns: the message's id if it was the last part, so that its znode is to be deleted.
    mutating func close(_ message: ReceivedMessage?) -> [String] {
        guard let id = message?.id, let open = openMessages[id] else { return [] }
        if open.partsLeft > 1 {
            openMessages[id]?.partsLeft -= 1
            return []
        }
        openMessages[id] = nil
        return open.isGone ? [] : [id]
    }
}
