/// The user's code behind one replica: it carries the replica from state to state.
///
/// Usually one conforms to the protocol of a built-in model, such as ``MasterSlaveHandler``, which asks for one method
/// for each transition. Custom models may be handled by this protocol itself, or by a table of transitions (see
/// ``Participant/register(_:factory:transitions:)``).
///
/// **One at a time.** The calls for one replica never overlap, whatever they are; those for different replicas run
/// concurrently.
///
/// **Idempotence.** After a lost session a replica starts again from the initial state, whether its last transition
/// was finished or not, so every transition must be able to run again.
public protocol TransitionHandler: Sendable {
    /// Carries the replica from ``TransitionContext/from`` to ``TransitionContext/to``.
    ///
    /// The task is cancelled when the transition is not wanted any more, when it takes longer than its timeout, when
    /// the session is over, and, if it leads to the top state, when the session becomes uncertain.
    /// - Throws: `TransitionCancelled` when the replica is in its former state again; after a cancellation
    ///   `CancellationError` says the same. ``TransitionRetry`` asks for another attempt. Any other error puts the
    ///   replica into ERROR.
    func transition(_ context: TransitionContext) async throws

    /// The session with the coordination service has become uncertain while the replica is in the top state: somebody
    /// else may be promoted soon, so stop serving now what only the top state may serve.
    func suspended() async

    /// The session turned out to live: the replica is in the top state still, and may serve again.
    func resumed() async

    /// The session is over, or a transition came to its end long after its timeout: undo what the states brought about
    /// and be as in the initial state. A running transition was cancelled before, and has returned.
    func reset() async
}

extension TransitionHandler {
    /// Does nothing.
    public func suspended() async {}
    /// Does nothing.
    public func resumed() async {}
    /// Does nothing.
    public func reset() async {}
}

/// Thrown by a handler to say that the transition was not made and the replica is in its former state.
///
/// The controller decides anew what is to be done, and may well order the same transition again.
public struct TransitionCancelled: Error, Sendable, Hashable {
    /// The transition was not made.
    public init() {}
}

/// Thrown by a handler that could not make the transition now but may be able to a little later: it is called again,
/// as often as the message allows (RETRY_COUNT), and then the replica is in ERROR.
public struct TransitionRetry: Error, Sendable, Hashable, CustomStringConvertible {
    /// How long to wait before the next attempt. The replica waits, others take its place meanwhile.
    public let delay: Duration
    /// Why it could not be made.
    public let reason: String

    /// Another attempt after a pause.
    public init(after delay: Duration, reason: String) {
        self.delay = delay
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }
}

/// Thrown for a transition that the handler does not know.
public struct UnknownTransition: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where it begins.
    public let from: String
    /// Where it ends.
    public let to: String

    /// An unknown transition between two states.
    public init(from: String, to: String) {
        self.from = from
        self.to = to
    }

    /// One line that says what to do.
    public var description: String {
        "no handler for the transition \(from) to \(to); does the cluster's state model differ from the registered one?"
    }
}
