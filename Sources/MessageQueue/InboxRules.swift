public import HelixRecords

/// What an instance does with the messages in its queue: pure functions (protocol reference 5.2).
///
/// Where the reference lists faults they are not repeated here: messages are taken in the order of their creation, a
/// cancellation touches only the transition it names, and a mark that an earlier session left counts for nothing.
public enum InboxRules {
    /// What the rules need to know of the receiver.
    public struct Context: Sendable {
        /// The receiver's own session.
        public var session: String
        /// When that session began, in milliseconds since 1970.
        public var sessionStart: Int64
        /// The present time in milliseconds since 1970.
        public var now: Int64
        /// The models for which handlers are registered.
        public var models: Set<ModelReference>

        /// A context with all its facts.
        public init(session: String, sessionStart: Int64, now: Int64, models: Set<ModelReference>) {
            self.session = session
            self.sessionStart = sessionStart
            self.now = now
            self.models = models
        }
    }

    /// What is to be done with a message.
    public static func disposition(of message: Message, in context: Context) -> MessageDisposition {
        if message.messageType == .noOp { return .delete(.noOperation) }
        guard let target = message.targetSession, target == context.session || target == Message.any else {
            return .delete(.otherSession(message.targetSession))
        }
        guard isOpen(message, in: context) else { return .leave(.notNew) }
        if message.isExpired(at: context.now) { return .delete(.expired) }
        switch message.messageType {
        case .stateTransition: return dispositionOfTransition(message, in: context)
        case .cancellation: return dispositionOfCancellation(message)
        case .participantStatusChange: return dispositionOfStatusChange(message)
        default: return .leave(.unknownType(message.messageType.rawValue))
        }
    }

    /// Whether the controller should be told to look at the sessions again: the message was sent to another session
    /// although this one had begun (protocol reference 4.9.6).
    public static func showsOutdatedSender(_ message: Message, in context: Context) -> Bool {
        guard case .delete(.otherSession) = disposition(of: message, in: context) else { return false }
        return (message.createdAt ?? context.now) > context.sessionStart
    }

    /// Whether one replica may take a transition.
    /// - Parameters:
    ///   - token: the transaction that created the message.
    ///   - lastToken: the one of the last message that the replica executed.
    public static func verdict(
        from: String, to: String, state: String, isBusy: Bool, token: Int64, lastToken: Int64
    ) -> TransitionVerdict {
        if isBusy { return .busy }
        if token <= lastToken { return .overtaken }
        if isSame(to, state) { return .duplicate }
        return from == Message.any || isSame(from, state) ? .run : .mismatch
    }

    private static func isOpen(_ message: Message, in context: Context) -> Bool {
        switch message.messageState {
        case .new: true
        case .read: message.executingSession != nil && message.executingSession != context.session
        case .unprocessable: false
        }
    }

    private static func dispositionOfTransition(_ message: Message, in context: Context) -> MessageDisposition {
        var problems = problems(of: message)
        guard let model = message.stateModel, !isBlank(model) else {
            problems.append("STATE_MODEL_DEF is missing")
            return .markUnprocessable(problems)
        }
        guard problems.isEmpty else { return .markUnprocessable(problems) }
        let reference = ModelReference(model: model, factory: message.stateModelFactory)
        return context.models.contains(reference) ? .execute : .leave(.unregisteredModel(reference))
    }

    private static func dispositionOfCancellation(_ message: Message) -> MessageDisposition {
        let problems = problems(of: message)
        return problems.isEmpty ? .cancelTransition : .markUnprocessable(problems)
    }

    /// What a message about a transition lacks.
    private static func problems(of message: Message) -> [String] {
        let partitions = message.partitions
        let hasPartitions = !partitions.isEmpty && !partitions.contains(where: isBlank)
        let fields = [
            ("RESOURCE_NAME", !isBlank(message.resource)), ("PARTITION_NAME", hasPartitions),
            ("FROM_STATE", !isBlank(message.fromState)), ("TO_STATE", !isBlank(message.toState)),
        ]
        return fields.filter { !$0.1 }.map { "\($0.0) is missing" }
    }

    private static func isBlank(_ text: String?) -> Bool { text?.allSatisfy(\.isWhitespace) ?? true }

    private static func dispositionOfStatusChange(_ message: Message) -> MessageDisposition {
        switch message.toState {
        case "FROZEN": .freeze(true)
        case "NORMAL": .freeze(false)
        default: .markUnprocessable(["TO_STATE is \(message.toState ?? "missing"), expected NORMAL or FROZEN"])
        }
    }

    /// States are compared without regard to case, as Helix does.
    private static func isSame(_ a: String, _ b: String) -> Bool {
        a == b || a.lowercased() == b.lowercased()
    }
}
