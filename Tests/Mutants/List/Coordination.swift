extension Mutant {
    /// What all of them wait with.
    static let coordination: [Mutant] = [
        Mutant(
            "mailbox-loses-what-is-drained",
            "Of what came in while the consumer was busy only the first is handed over.",
            .expression(
                in: "Coordination/Mailbox.swift", "let elements = ⟦state.elements⟧",
                becomes: "Array(state.elements.prefix(1))")),
        Mutant(
            "mailbox-drops-when-full",
            "A mailbox that nobody empties keeps eight elements and drops the others.",
            .expression(
                in: "Coordination/Mailbox.swift", "if ⟦!state.isFinished⟧ {",
                becomes: "!state.isFinished && state.elements.count < 8")),
        Mutant(
            "nudge-is-lost-while-nobody-waits",
            "A nudge that comes while the consumer is busy has no effect.",
            .statements(
                in: "Coordination/Mailbox.swift", "wake { $0.isWoken = true }",
                become: "wake { if $0.waiter != nil { $0.isWoken = true } }")),
        Mutant(
            "first-alarm-is-lost",
            "An alarm that is set while none was due before does not wake who waits for it.",
            .statements(
                in: "HelixParticipant/Execution/Alarms.swift", "if isFirst { changes.post(()) }", become: "")),
        Mutant(
            "alarms-ring-one-at-a-time",
            "Of several alarms that are due together only the first rings.",
            .expression(
                in: "HelixParticipant/Execution/Alarms.swift", "if !due.isEmpty { handle(⟦due⟧) }",
                becomes: "Array(due.prefix(1))")),
    ]
}
