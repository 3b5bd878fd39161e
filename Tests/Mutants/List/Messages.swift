extension Mutant {
    /// Messages on their way.
    static let messages: [Mutant] = [
        Mutant(
            "message-creates-a-dropped-instance",
            "A message to an instance that was dropped creates its queue anew, and so half of the instance.",
            .statements(
                in: "MessageQueue/MessageSender.swift", "results[index] = SendResult(outcome)",
                become: """
                    results[index] = SendResult(outcome)
                    if results[index] == .noSuchInstance, let path = path(of: messages[index]) {
                        try await session.createWithParents(path)
                    }
                    """)),
        Mutant(
            "receiver-is-deaf-after-a-lost-connection",
            "A participant whose look at its queue failed with the connection does not look again.",
            .statements(
                in: "MessageQueue/MessageReceiver.swift", "else { return nil }\n                ⟦lookAgain()⟧",
                become: "")),
        Mutant(
            "message-that-was-not-read-counts-as-seen",
            "A message that could not be read for want of a connection is never delivered.",
            .statements(
                in: "MessageQueue/MessageReceiver.swift", "seen.withLock { $0.forget(unread) }", become: "")),
        Mutant(
            "message-for-another-session-is-executed",
            "A participant executes messages for a session that is over.",
            .expression(
                in: "MessageQueue/InboxRules.swift", "target == context.session || target == Message.any",
                becomes: "!target.isEmpty")),
        Mutant(
            "duplicate-message-is-executed",
            "A transition to the state that the replica is in already is made once more.",
            .expression(
                in: "MessageQueue/InboxRules.swift", "if isSame(to, state) { return ⟦.duplicate⟧ }", becomes: ".run")),
        Mutant(
            "from-state-is-not-checked",
            "A transition is made whatever state the replica is in.",
            .expression(
                in: "MessageQueue/InboxRules.swift", "return ⟦from == Message.any || isSame(from, state)⟧ ?",
                becomes: "true")),
        Mutant(
            "busy-replica-takes-another-message",
            "A second message takes the place of the one that a replica is about to execute, which is never done.",
            .statements(
                in: "MessageQueue/InboxRules.swift", "if isBusy { return .busy }", become: "")),
        Mutant(
            "rest-of-a-spoiled-batch-is-lost",
            "Where one message of a batch cannot be delivered, those after it count as refused, too.",
            .statements(
                in: "Coordination/BatchedWrites.swift", "retryInHalves(batch[(culprit + 1)...])",
                become: "for index in batch[(culprit + 1)...] { settled[index] = .failure(error) }")),
    ]
}
