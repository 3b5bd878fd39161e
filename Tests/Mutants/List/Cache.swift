extension Mutant {
    /// What the leader knows of the cluster, and its loop.
    static let cache: [Mutant] = [
        Mutant(
            "records-are-watched-only-once",
            "A record that has changed is read without arming the watch again, so its next change goes unseen.",
            .expression(
                in: "HelixController/ClusterCache.swift", ": .get(path, watcher: ⟦watcher⟧)",
                becomes: "isFullRead ? watcher : nil")),
        Mutant(
            "live-instances-are-watched-only-once",
            "After the first change of the live instances the leader watches them no more.",
            .expression(
                in: "HelixController/ClusterCache.swift", ".children(path, watcher: ⟦watcher⟧)",
                becomes: "place == .liveInstances && !isFullRead ? nil : watcher")),
        Mutant(
            "states-are-read-before-messages",
            "The leader reads states first: a transition that ends in between looks as if it had never been asked for.",
            .expression(
                in: "HelixController/ClusterCache.swift", "let queues = ⟦places.filter(\\.isQueue)⟧",
                becomes: "places.filter { !$0.isQueue }")),
        Mutant(
            "unreadable-record-counts-as-absent",
            "A record that cannot be decoded is taken for one that is not there, and what depends on it is torn down.",
            .expression(
                in: "HelixController/ClusterCache+Records.swift",
                #"logger.warning("A record cannot be read", metadata: ["helix.path": "\(path)", "error": "\(error)"])"#
                    + "\n            return ⟦.unreadable(error)⟧",
                becomes: ".absent")),
        Mutant(
            "leader-never-looks-up-by-itself",
            "The leader forgets its own deadlines: what it put off is never done unless something else happens.",
            .expression(
                in: "HelixController/RebalanceLoop.swift",
                "let deadline = [⟦decision.nextDeadline⟧, chronicle.nextLook].compactMap(\\.self).min()",
                becomes: "nil")),
    ]
}
