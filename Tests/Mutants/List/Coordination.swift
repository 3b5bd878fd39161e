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
    ]
}
