public import Logging

/// What a handler is told about the transition it makes.
public struct TransitionContext: Sendable {
    /// The replica that makes the transition.
    public let replica: Replica
    /// The state it is in.
    public let from: String
    /// The state it is to be in.
    public let to: String
    /// The message that ordered it, `nil` when the participant itself brings the replica down before it leaves.
    public let messageID: String?
    /// A number that only grows for a partition, over all instances: the transaction that created the message.
    ///
    /// Hand it to your storage with every write, and let the storage refuse writes with a smaller one than it has seen:
    /// then a top state that was cut off for long cannot spoil what its successor wrote.
    public let fencingToken: Int64
    /// How long it may take before it is cancelled; `nil` for any time. It is tried again then, or the replica is in ERROR.
    public let timeout: Duration?
    /// Counts the calls made for one message, from 1: a transition that was not done in time, or whose handler threw
    /// ``TransitionRetry``, is tried again as often as the message allows (RETRY_COUNT).
    public let attempt: Int
    private let baseLogger: Logger

    /// A context with all its facts; handlers get theirs from the participant, tests make their own.
    public init(
        replica: Replica, from: String, to: String, messageID: String? = nil, fencingToken: Int64 = 0,
        timeout: Duration? = nil, attempt: Int = 1, logger: Logger = Logger(label: "helix.participant")
    ) {
        self.replica = replica
        self.from = from
        self.to = to
        self.messageID = messageID
        self.fencingToken = fencingToken
        self.timeout = timeout
        self.attempt = attempt
        baseLogger = logger
    }

    /// The cluster.
    public var cluster: String { replica.cluster }
    /// The instance that carries the replica: this one.
    public var instance: String { replica.instance }
    /// The resource.
    public var resource: String { replica.resource }
    /// The partition.
    public var partition: String { replica.partition }

    /// Says how far the transition is, for people: see ``Replica/report(detail:)``.
    public func report(detail: String) { replica.report(detail: detail) }

    /// A logger whose metadata name the replica and the transition.
    public var logger: Logger {
        var logger = baseLogger
        logger[metadataKey: LogKey.resource] = "\(resource)"
        logger[metadataKey: LogKey.partition] = "\(partition)"
        logger[metadataKey: LogKey.from] = "\(from)"
        logger[metadataKey: LogKey.to] = "\(to)"
        return logger
    }
}

/// The keys of what is logged.
enum LogKey {
    static let cluster = "helix.cluster"
    static let instance = "helix.instance"
    static let session = "helix.session"
    static let resource = "helix.resource"
    static let partition = "helix.partition"
    static let from = "helix.transition.from"
    static let to = "helix.transition.to"
    static let message = "helix.message"
    static let model = "helix.model"
}
