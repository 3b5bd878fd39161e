extension Mutant {
    /// What is decided.
    static let pipeline: [Mutant] = [
        Mutant(
            "throttles-forget-what-is-under-way",
            "Only what begins in the same pass counts against the limits of the cluster, not what is under way.",
            .expression(
                in: "RebalancePipeline/Throttling/WantedTransitions.swift",
                "for move in plan.state.pending where ⟦!move.isUnprocessable⟧ {", becomes: "false")),
        Mutant(
            "pending-message-is-ignored",
            "A replica that has been asked for a transition is asked for the next one before it has made that.",
            .expression(
                in: "RebalancePipeline/ComputeTransitions.swift",
                "} else if let move = ⟦state.pending(on: replica.instance)⟧ {",
                becomes: "nil as ReadCurrentState.Move?")),
        Mutant(
            "bounds-ignore-what-is-under-way",
            "Replicas on their way to a state do not count there: two messages under way bring about two masters.",
            .statements(
                in: "RebalancePipeline/Occupancy.swift",
                "for move in state.pending where move.to >= 0 && !move.isUnprocessable { counts[move.to] += 1 }",
                become: "")),
        Mutant(
            "bounds-ignore-who-is-there",
            "Replicas in the top state do not count there: the next master is promoted before the old one has stepped down.",
            .statements(
                in: "RebalancePipeline/Occupancy.swift", "⟦counts[replica.state] += 1⟧ }",
                become: "if replica.state != 0 { counts[replica.state] += 1 }")),
        Mutant(
            "bounds-are-ignored",
            "Every transition passes the constraints, whatever the state model allows.",
            .expression(
                in: "RebalancePipeline/ApplyConstraints.swift",
                "occupancy.hasRoom(in: candidate.to, isLeaving: candidate.isLeaving)", becomes: "true")),
        Mutant(
            "replica-bound-is-forgotten",
            "While a partition moves it may have any number of replicas, not one more than it should.",
            .expression(
                in: "RebalancePipeline/Occupancy.swift",
                "wish.map { $0.count + configuration.extraReplicas(of: $0) + mirrors }", becomes: "nil"),
            .expression(
                in: "RebalancePipeline/StateAssignment.swift",
                "max(wish.count, 1) + configuration.extraReplicas(of: wish)", becomes: "Int.max")),
        Mutant(
            "old-replica-goes-before-the-new-one-is-up",
            "A replica that moves is dropped at once, so fewer serve than MIN_ACTIVE_REPLICAS says.",
            .expression(
                in: "RebalancePipeline/SurplusReplicas.swift",
                "var toKeep = ⟦max(0, min(min(configuration.minActive, wish.count) - settled, room))⟧", becomes: "0")),
        Mutant(
            "old-replicas-keep-the-others-from-moving",
            "More replicas stay than there is room for: when fewer are wanted, and these are to change places, "
                + "nothing moves for ever.",
            .expression(
                in: "RebalancePipeline/SurplusReplicas.swift",
                "min(min(configuration.minActive, wish.count) - settled, ⟦room⟧)", becomes: "Int.max")),
        Mutant(
            "asks-again-at-once",
            "A transition that had no effect is asked for again without a pause: a refusal leads to an endless storm.",
            .expression(
                in: "RebalancePipeline/AskedTransition.swift", "time >= lastAt && time < nextAt", becomes: "false")),
        Mutant(
            "asks-again-after-a-day",
            "A transition whose message was lost is not asked for again for a day.",
            .expression(
                in: "RebalancePipeline/AskedTransition.swift",
                "lastAt + min(30_000, 100 << Int64(min(attempts - 1, 9)))", becomes: "lastAt + 86_400_000")),
        Mutant(
            "disabled-instance-serves-on",
            "An instance that an operator disabled keeps its replicas and gets new ones.",
            .expression(
                in: "RebalancePipeline/ReadConfiguration.swift", "case .disable: self = ⟦.disabled⟧",
                becomes: ".serving")),
        Mutant(
            "evacuating-instance-gets-replicas",
            "An instance that is to be emptied goes on getting replicas.",
            .expression(
                in: "RebalancePipeline/ReadConfiguration.swift", "case .evacuate, nil: self = ⟦.evacuating⟧",
                becomes: ".serving")),
        Mutant(
            "failed-replica-is-driven-again",
            "A replica in ERROR is sent transitions although no operator has reset it.",
            .statements(
                in: "RebalancePipeline/StateAssignment.swift", "if current == model.errorIndex { return false }",
                become: "")),
        Mutant(
            "unreadable-ideal-state-drops-replicas",
            "A resource whose ideal state cannot be read is not frozen but taken apart.",
            .expression(
                in: "RebalancePipeline/ResourceConfiguration.swift",
                "resource.idealState.error ?? resource.config.error", becomes: "nil as RecordError?")),
        Mutant(
            "unreadable-state-counts-as-no-replica",
            "A resource goes on moving although the current state of an instance cannot be read.",
            .expression(
                in: "RebalancePipeline/ResourceConfiguration.swift",
                "resource.unreadable.values.min(by: { $0.path < $1.path })", becomes: "nil as RecordError?")),
        Mutant(
            "states-of-the-former-session-count",
            "What an instance reported in its former session is taken for its present state.",
            .statements(
                in: "RebalancePipeline/ClusterSnapshot+Records.swift", "setCurrentState(name, resource, .absent)",
                become: "")),
        Mutant(
            "placement-forgets-where-replicas-are",
            "Every placement begins from nothing: after the loss of an instance far more replicas move than were lost.",
            .expression(
                in: "RebalancePipeline/ComputePlacement.swift", "present: ⟦present.map(\\.list)⟧", becomes: "[]")),
        Mutant(
            "placement-turns-round-every-time",
            "Preference lists are computed again with every look at a resource, and come out the other way round.",
            .expression(
                in: "RebalancePipeline/ComputePlacement.swift",
                "return ⟦placement.inputs != inputs⟧", becomes: "true"),
            .expression(
                in: "RebalancePipeline/ComputePlacement.swift", "present: ⟦present.map(\\.list)⟧",
                becomes: "present.map { $0.list.reversed() }")),
    ]
}
