extension Mutant {
    /// Replicas and sessions.
    static let participant: [Mutant] = [
        Mutant(
            "replicas-keep-their-states-over-sessions",
            "A replica counts in the state of the former session, though the cluster takes it for one in the initial state.",
            .statements(
                in: "HelixParticipant/Execution/ReplicaTable+Session.swift",
                "setState(entry.model.initialState, of: key)", become: "")),
        Mutant(
            "replicas-are-not-reset-after-the-session",
            "Handlers are not told that their session is over, and go on serving beside their successors.",
            .statements(
                in: "HelixParticipant/Execution/ReplicaTable+Session.swift", "entries[key]?.needsReset = true",
                become: "")),
        Mutant(
            "top-states-are-not-told-of-suspension",
            "A master whose session is uncertain goes on serving when it may have a successor already.",
            .expression(
                in: "HelixParticipant/Execution/ReplicaTable+Calls.swift", "isSuspended != entry.isToldSuspended",
                becomes: "false")),
        Mutant(
            "top-states-never-resume",
            "Once suspended, replicas stay so when the session is certain again.",
            .statements(
                in: "HelixParticipant/Joining/Attendance.swift", "stage.update { $0.resume() }", become: "")),
        Mutant(
            "end-of-the-session-goes-unnoticed",
            "Replicas are not told that their session is over: nothing is cancelled, and nothing reset.",
            .statements(
                in: "HelixParticipant/Execution/Stage.swift", "update { $0.endSession() }", become: "")),
        Mutant(
            "pool-place-is-never-given-back",
            "A finished transition keeps its place: after forty of them none begins any more.",
            .statements(
                in: "HelixParticipant/Execution/ReplicaTable+Calls.swift",
                "if let pool = call.pool { pools[pool]?.release() }", become: "")),
        Mutant(
            "fencing-token-does-not-grow",
            "Every transition gets the same fencing token, so that storage cannot tell an old master from a new one.",
            .expression(
                in: "HelixParticipant/Execution/Stage.swift", "fencingToken: ⟦step.token⟧,", becomes: "1")),
        Mutant(
            "newcomer-does-not-wait-for-its-predecessor",
            "A restarted instance carries its former session's states over while that session is still live.",
            .expression(
                in: "HelixParticipant/Joining/LiveNode.swift",
                "while let holder = try await holder(), ⟦holder.stat.ephemeralOwner != member.session.id⟧ {",
                becomes: "false")),
    ]
}
