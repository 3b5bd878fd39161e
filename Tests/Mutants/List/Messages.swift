extension Mutant {
    /// Messages on their way.
    static let messages: [Mutant] = [
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
    ]
}
