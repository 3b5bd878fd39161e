internal import HelixRecords
internal import MessageQueue
internal import StateModels

/// Which replica of this instance. Not a joined text: ("a", "b_c") and ("a_b", "c") are two replicas.
struct ReplicaKey: Sendable, Hashable, Comparable {
    let resource: String
    let partition: String

    static func < (a: ReplicaKey, b: ReplicaKey) -> Bool { (a.resource, a.partition) < (b.resource, b.partition) }
}

/// One call of a handler. (A reference, because it is handed on often.)
final class Job: Sendable {
    /// The identity of a call, never used again.
    struct ID: Sendable, Hashable, Comparable {
        let number: UInt64
        static func < (a: ID, b: ID) -> Bool { a.number < b.number }
    }

    enum Work: Sendable {
        case transition(Step)
        case suspend
        case resume
        case reset
    }

    let id: ID
    let key: ReplicaKey
    let model: RegisteredModel
    let work: Work

    init(id: ID, key: ReplicaKey, model: RegisteredModel, work: Work) {
        self.id = id
        self.key = key
        self.model = model
        self.work = work
    }
}

/// A transition of one replica: one partition's part of a message, or a step down before the participant leaves.
final class Step: Sendable {
    let message: ReceivedMessage?
    let from: String
    let to: String
    let token: Int64
    /// Counts the calls made for it, from 1.
    let attempt: Int

    init(message: ReceivedMessage?, from: String, to: String, token: Int64, attempt: Int = 1) {
        self.message = message
        self.from = from
        self.to = to
        self.token = token
        self.attempt = attempt
    }

    /// The same from the state that the replica is in when its turn has come.
    func starting(from state: String) -> Step {
        state == from ? self : Step(message: message, from: state, to: to, token: token, attempt: attempt)
    }

    /// The same once more.
    var again: Step { Step(message: message, from: from, to: to, token: token, attempt: attempt + 1) }

    /// How many attempts its message allows: one, and as many more as RETRY_COUNT says.
    var attempts: Int { 1 + max(0, message?.message.retryCount ?? 0) }

    var timeout: Duration? { message?.message.timeout }

    /// How the message names the state to start from; `*` for any.
    var orderedFrom: String { message?.message.fromState ?? from }

    /// Whether an operator wants the replica to be in ERROR, whatever it is and does (protocol reference 9.4).
    var isSettingToError: Bool { message?.message.isSettingToError ?? false }
}

/// How a handler's transition ended.
enum TransitionResult: Sendable, Hashable {
    case completed
    /// The handler said that the replica is in its former state.
    case rolledBack
    /// The handler threw `CancellationError`.
    case cancelled
    /// The handler asks to be called again, after a pause.
    case unfinished(TransitionRetry)
    case failed(String)
}

/// What is to be written about a replica, and which messages are done with it.
struct Outcome: Sendable {
    enum Change: Sendable, Hashable {
        case none
        /// The replica has made a transition, or failed to.
        case set(StateReport)
        /// The replica is no more.
        case remove
        /// Somebody took the replica to be in another state: should the record say so, put it right.
        case correct(state: String)
        /// The replica's own code says something about it; a replica that is not recorded yet is, in its state.
        case note(detail: String, state: String)
    }

    let key: ReplicaKey
    let model: RegisteredModel
    var change: Change
    /// The messages to delete together with the change.
    var finished: [String] = []
    /// The message whose consequences go out once the change is recorded: see ``Message/concluded(_:isDone:)``.
    var relays: Message?
}

/// What a current state says of a replica (protocol reference 4.7). Times are in milliseconds since 1970.
struct StateReport: Sendable, Hashable {
    var state: String
    var info = ""
    var startTime: Int64
    var endTime: Int64
    var previousState: String
    var triggeredBy: String
}

extension Message {
    /// Whether it brings a replica to ERROR from whatever state it is in: only an operator asks for that.
    var isSettingToError: Bool { toState == StateModel.error && fromState == Message.any }
}
