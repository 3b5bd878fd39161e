extension Mutant {
    /// Replicas and sessions.
    static let participant: [Mutant] = [
        Mutant(
            "transitions-run-on-after-the-session",
            "Transitions that run when the session ends are not cancelled.",
            .statements(
                in: "HelixParticipant/Execution/ReplicaTable+Session.swift",
                "entries[key]?.call?.isAbandoned = true\n            ⟦actions.append(.cancel(call.job.id))⟧", become: ""
            )
        ),
        Mutant(
            "result-of-the-former-session-counts",
            "A transition that ends after its session did is recorded in the next one.",
            .statements(
                in: "HelixParticipant/Execution/ReplicaTable+Session.swift", "entries[key]?.call?.isAbandoned = true",
                become: "")),
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
            "transitions-start-while-suspended",
            "Transitions begin although the session may have expired.",
            .expression(
                in: "HelixParticipant/Execution/ReplicaTable+Calls.swift", "while ⟦!isSuspended || isHandingOver⟧,",
                becomes: "true")),
        Mutant(
            "promotion-goes-on-while-suspended",
            "A promotion that runs when the session becomes uncertain is completed all the same.",
            .statements(
                in: "HelixParticipant/Execution/ReplicaTable+Session.swift", "actions += cancelPromotion(of: key)",
                become: "")),
        Mutant(
            "waiting-message-survives-the-session",
            "A transition that waited when the session ended is made in the next one.",
            .statements(
                in: "HelixParticipant/Execution/ReplicaTable+Session.swift",
                "⟦stopWaiting(key)⟧\n            entries[key]?.isInLine = false", become: "")),
        Mutant(
            "end-of-the-session-goes-unnoticed",
            "Replicas are not told that their session is over: nothing is cancelled, and nothing reset.",
            .statements(
                in: "HelixParticipant/Execution/Stage.swift", "update { $0.endSession() }", become: "")),
        Mutant(
            "deleted-message-is-executed",
            "A transition whose message the controller took back is made all the same.",
            .statements(
                in: "HelixParticipant/Joining/Inbox.swift", "table.vanished(delivery.vanished)", become: "")),
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
            "timeout-is-not-kept",
            "A transition may take for ever, whatever its message allows.",
            .statements(
                in: "HelixParticipant/Execution/Stage.swift",
                "alarms.set(.timeout(job, start: start), after: timeout)", become: "")),
        Mutant(
            "newcomer-does-not-wait-for-its-predecessor",
            "A restarted instance carries its former session's states over while that session is still live.",
            .expression(
                in: "HelixParticipant/Joining/LiveNode.swift",
                "while let holder = try await holder(), ⟦holder.stat.ephemeralOwner != member.session.id⟧ {",
                becomes: "false")),
        Mutant(
            "newcomer-believes-a-lagging-server",
            "An instance that joins believes a server that is behind, and gives up because it is not set up.",
            .statements(
                in: "HelixParticipant/Joining/Admission.swift", "try await member.session.sync(member.paths.root)",
                become: "")),
    ]
}
