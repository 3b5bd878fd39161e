extension Mutant {
    /// What the leader publishes.
    static let views: [Mutant] = [
        Mutant(
            "publisher-takes-only-the-latest-request",
            "Of several changes that come in while a view is written only the last is published.",
            .expression(
                in: "HelixController/ViewPublisher.swift", "for request in ⟦batch⟧ {", becomes: "Array(batch.suffix(1))"
            )
        ),
        Mutant(
            "failed-view-is-not-written-again",
            "A view that could not be written stays as it was until its resource changes again.",
            .statements(
                in: "HelixController/ViewPublisher.swift", "desk.retry(change.resource, snapshot)", become: "")),
        Mutant(
            "lost-view-counts-as-written",
            "A view whose writing failed with the connection counts as published.",
            .statements(
                in: "HelixController/ViewPublisher.swift",
                "desk.views.doubt(change.resource)\n                desk.retry(change.resource, snapshot)",
                become: "desk.views.done(change)")),
        Mutant(
            "views-of-gone-resources-stay",
            "The view of a resource that went while nobody led is never removed.",
            .expression(
                in: "HelixController/ViewDesk.swift",
                "for resource in views.resources where ⟦snapshot.resources[resource] == nil⟧ {", becomes: "false")),
    ]
}
