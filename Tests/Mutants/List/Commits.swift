extension Mutant {
    /// What a participant writes.
    static let commits: [Mutant] = [
        Mutant(
            "message-is-deleted-before-the-state-is-written",
            "A message goes in a transaction of its own, first: for a moment the transition looks as if it never was.",
            .statements(
                in: "HelixParticipant/Commit/CommitLedger.swift",
                "account.finish(outcome.finished, concluding: outcome.relays)",
                become: "deletions += outcome.finished"),
            .statements(
                in: "HelixParticipant/Commit/Committer.swift", "guard await look(&ledger) else { return false }",
                become: """
                    guard await delete(ledger.takeDeletions(), &ledger), await look(&ledger) else { return false }
                    """)),
        Mutant(
            "finished-message-is-not-deleted",
            "A message stays in the queue when its transition is done.",
            .statements(
                in: "HelixParticipant/Commit/CommitLedger.swift",
                "account.finish(outcome.finished, concluding: outcome.relays)", become: "")),
        Mutant(
            "postponed-commit-is-never-tried-again",
            "A current state that could not be written is forgotten until the next one of its resource.",
            .statements(
                in: "HelixParticipant/Commit/CommitLedger.swift", "accounts[resource]?.retryAt = now + delay",
                become: "")),
        Mutant(
            "lost-commit-counts-as-landed",
            "A commit that was lost with the connection counts as written.",
            .statements(
                in: "HelixParticipant/Commit/Committer.swift",
                "case .failure(let error): ⟦await remedy(error, commit, &ledger)⟧",
                become: """
                    if error.isTransient {
                        await answer(ledger.succeeded(commit, []))
                    } else {
                        await remedy(error, commit, &ledger)
                    }
                    """)),
        Mutant(
            "bad-version-counts-as-landed",
            "A commit that meets another version than it expects counts as written, and what it adds is lost.",
            .statements(
                in: "HelixParticipant/Commit/CommitLedger.swift",
                "⟦accounts[resource]?.isUncertain = true⟧\n        postpone(resource, at: now)", become: ""),
            .statements(
                in: "HelixParticipant/Commit/Committer.swift",
                "case .failure(let error): ⟦await remedy(error, commit, &ledger)⟧",
                become: """
                    if error.code == .badVersion {
                        await answer(ledger.succeeded(commit, []))
                    } else {
                        await remedy(error, commit, &ledger)
                    }
                    """)),
        Mutant(
            "carry-over-keeps-states",
            "A participant with a new session reports the states of the former one, though its replicas were reset.",
            .expression(
                in: "HelixParticipant/Joining/CarryOver.swift", "ReplicaState(currentState: ⟦kept ?? initial⟧)",
                becomes: "state[partition]?.currentState ?? initial")),
    ]
}
