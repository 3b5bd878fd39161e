/// What a message is about: MSG_TYPE (protocol reference 4.9.1). Users may have types of their own.
public struct MessageType: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The text on the wire.
    public let rawValue: String
    /// A type of the user's own, or one that is not named here.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// A replica should change its state.
    public static let stateTransition = MessageType(rawValue: "STATE_TRANSITION")
    /// A transition that has been sent should not happen.
    public static let cancellation = MessageType(rawValue: "STATE_TRANSITION_CANCELLATION")
    /// Nothing; it makes the receiver look into its queue.
    public static let noOp = MessageType(rawValue: "NO_OP")
    /// A message between applications.
    public static let userDefined = MessageType(rawValue: "USER_DEFINE_MSG")
    /// A participant should freeze or thaw.
    public static let participantStatusChange = MessageType(rawValue: "PARTICIPANT_STATUS_CHANGE")
    /// A participant got a message for a session that is not its own.
    public static let participantSessionChange = MessageType(rawValue: "PARTICIPANT_SESSION_CHANGE")
    /// A participant cannot go on with an instance or a partition.
    public static let participantErrorReport = MessageType(rawValue: "PARTICIPANT_ERROR_REPORT")
    /// The controller should send messages on somebody's behalf.
    public static let scheduler = MessageType(rawValue: "SCHEDULER_MSG")
    /// A message to the controller.
    public static let controller = MessageType(rawValue: "CONTROLLER_MSG")
    /// The answer to a message that asked for one.
    public static let taskReply = MessageType(rawValue: "TASK_REPLY")

    /// The text on the wire.
    public var description: String { rawValue }
}

/// How far the receiver has come with a message: MSG_STATE, lower case on the wire.
public enum MessageState: String, Sendable, Hashable, CaseIterable {
    /// Not looked at.
    case new
    /// Taken.
    case read
    /// Impossible to process.
    case unprocessable
}
