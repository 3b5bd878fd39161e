internal import HelixRecords

/// What goes out once a message is done and recorded: the messages attached to it (protocol reference 4.9.4), and the reply
/// that its sender may expect (4.9.6, 5.3).
extension Message {
    /// This message with what came of it; `nil` when nobody waits for that.
    ///
    /// - Parameter isDone: whether nothing is left to do of it: a batch is answered once, with its last part.
    func concluded(_ result: TransitionResult, isDone: Bool) -> Message? {
        let expectsReply = correlationID != nil && isDone
        let carries = result == .completed && !relayMessages.isEmpty
        guard expectsReply || carries else { return nil }
        var message = self
        if !expectsReply { message.correlationID = nil }
        if !carries { message.record.listFields["RELAY_PARTICIPANTS"] = nil }
        switch result {
        case .completed: message.messageResult = ["SUCCESS": "true", "INTERRUPTED": "false"]
        case .rolledBack, .cancelled, .unfinished: message.messageResult = ["SUCCESS": "false", "INTERRUPTED": "true"]
        case .failed(let text):
            message.messageResult = ["SUCCESS": "false", "INTERRUPTED": "false", "ERRORINFO": text]
        }
        return message
    }

    /// The reply to a message that was concluded; `nil` when its sender expects none, or is nobody who could get it.
    func reply(id: String, from instance: String, now: Int64) -> Message? {
        guard let correlationID else { return nil }
        let target: String?
        switch sourceType {
        case "CONTROLLER": target = Message.controllerTarget
        case "PARTICIPANT": target = source
        default: target = nil
        }
        guard let target else { return nil }
        var reply = Message(id: id, type: .taskReply)
        reply.correlationID = correlationID
        reply.createdAt = now
        reply.source = instance
        reply.target = target
        reply.targetSession = Message.any
        reply.resource = resource
        reply.partition = partition
        reply.messageResult = messageResult
        return reply
    }
}
