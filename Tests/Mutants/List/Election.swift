extension Mutant {
    /// Who leads, and what keeps others from writing.
    static let election: [Mutant] = [
        Mutant(
            "leader-writes-without-fence",
            "A leader's transactions carry no check, so a deposed leader's writes land.",
            .expression(
                in: "HelixController/Office.swift",
                "[.check(path, version: version), .check(termsPath, version: terms)]", becomes: "[]")),
        Mutant(
            "leader-checks-only-the-terms",
            "A leader's transactions do not check the LEADER znode: once it is deleted the former leader goes on writing.",
            .expression(
                in: "HelixController/Office.swift",
                "[.check(path, version: version), .check(termsPath, version: terms)]",
                becomes: "[.check(termsPath, version: terms)]")),
        Mutant(
            "leader-checks-only-the-leader-node",
            "A leader's transactions do not check the count of terms: they pass with the LEADER znode of the next leader.",
            .expression(
                in: "HelixController/Office.swift",
                "[.check(path, version: version), .check(termsPath, version: terms)]",
                becomes: "[.check(path, version: version)]")),
        Mutant(
            "terms-are-not-counted",
            "A new leader does not count its term, so the fence of the one before it still holds.",
            .expression(
                in: "HelixController/LeaderElection.swift", ".set(termsPath, data: former, version: terms.version)",
                becomes: ".check(termsPath, version: terms.version)")),
        Mutant(
            "standby-leads-beside-the-leader",
            "A controller that finds a leader takes the office for its own: there are two leaders.",
            .expression(
                in: "HelixController/LeaderElection.swift", "guard ⟦leader.ephemeralOwner == session.id⟧ else {",
                becomes: "true")),
        Mutant(
            "election-ignores-node-exists",
            "A controller that loses the race to create the LEADER znode leads all the same.",
            .statements(
                in: "HelixController/LeaderElection.swift",
                "guard error.code == .nodeExists || error.code == .badVersion else { throw error }",
                become: "return .won(office(version: 1, terms: terms.version + 1))")),
        Mutant(
            "standby-does-not-watch-the-leader",
            "A standby does not watch the LEADER znode, so nobody takes over when the leader dies.",
            .expression(
                in: "HelixController/LeaderElection.swift", "session.exists(path, watcher: ⟦watcher⟧)", becomes: "nil")
        ),
        Mutant(
            "leader-does-not-notice-its-deletion",
            "A leader does not watch its own LEADER znode: when it is deleted there are two who say that they lead.",
            .expression(
                in: "HelixController/LeaderTerm.swift", "session.getIfPresent(office.path, watcher: ⟦watcher⟧)",
                becomes: "nil")),
        Mutant(
            "deposed-controller-gives-up",
            "A controller that was deposed ends instead of standing by, so in the end nobody leads.",
            .statements(
                in: "HelixController/Controller.swift",
                #"context.logger.notice("Deposed; taking part in the election again")"#, become: "throw error")),
    ]
}
