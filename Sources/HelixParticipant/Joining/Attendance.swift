internal import Coordination
internal import HelixRecords
internal import Logging
internal import MessageQueue

/// One session's membership from joining to leaving: the body of the session (protocol reference 5.1, 5.5).
struct Attendance: Sendable {
    let member: Membership
    let registry: ModelRegistry
    let stage: Stage
    let departure: Departure
    let flapping: FlappingDetector
    /// Told when the instance is live.
    let onJoined: @Sendable (String) -> Void

    private enum Part: Sendable { case inbox, committer, states, handover }

    /// Joins, works, and leaves when that is wished. Ends by cancellation when the session expires.
    func run() async throws {
        let sessionStart = member.now()
        let events = Mailbox<CommitEvent>()
        let (limits, recorded) = try await whileConnected { try await join() }
        guard departure.becomeMember() else { throw CancellationError() }
        stage.beginSession(member.logger) { events.post($0) }
        stage.update { $0.beginSession(limits: limits, recorded: Set(recorded.flatMap(\.keys))) }
        onJoined(member.sessionID)
        member.logger.info("joined the cluster", metadata: ["resources": "\(recorded.count)"])
        let inbox = Inbox(
            member: member, registry: registry, stage: stage, events: events, sessionStart: sessionStart)
        try await withTaskCancellationHandler {
            try await work(inbox, limits, recorded, events)
        } onCancel: {
            // The session is over, and others may be promoted: the handlers must know before anything is tidied up.
            stage.endSession()
        }
    }

    private func work(
        _ inbox: Inbox, _ limits: TransitionLimits, _ recorded: [CarryOver.Recorded], _ events: Mailbox<CommitEvent>
    ) async throws {
        try await withThrowingTaskGroup(of: Part.self) { group in
            group.addTask {
                try await whileConnected { try await inbox.run(limits) }
                return .inbox
            }
            group.addTask {
                await commit(recorded, events)
                return .committer
            }
            group.addTask {
                try await followStates(events)
                return .states
            }
            group.addTask {
                await handOver(events)
                return .handover
            }
            defer { group.cancelAll() }
            // The committer, which the handover sets free, may be seen to end before it.
            var ended: Set<Part> = []
            while let part = try await group.next() {
                ended.insert(part)
                if ended.isSuperset(of: [.handover, .committer]) { return await leave() }
            }
        }
    }

    private func join() async throws -> (TransitionLimits, [CarryOver.Recorded]) {
        let limits = try await Admission(member: member).obtain()
        let isFrozen = stage.inspect(\.isFrozen)
        let node = LiveNode(member: member)
        try await node.awaitName()
        let carryOver = CarryOver(member: member, registry: registry)
        var recorded: [CarryOver.Recorded] = []
        if isFrozen { try await carryOver.createFolder() } else { recorded = try await carryOver.perform() }
        try await node.create(isFrozen: isFrozen)
        try await OnlineHistory(member: member).recordOnline()
        return (limits, recorded)
    }

    /// Does it again if the connection was lost.
    private func whileConnected<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        while true {
            do {
                return try await body()
            } catch let error as CoordinationError where error.isTransient {
                guard await member.session.isConnectedAgain(pausingOn: member.clock) else { throw error }
            }
        }
    }

    private func commit(_ recorded: [CarryOver.Recorded], _ events: Mailbox<CommitEvent>) async {
        var ledger = CommitLedger(
            paths: member.paths, instance: member.instance, session: member.sessionID,
            noteDelay: member.configuration.detailDelay)
        for record in recorded { ledger.open(record.state, version: record.version) }
        let committer = Committer(
            session: member.session, paths: member.paths, instance: member.instance, events: events,
            alarms: stage.alarms, now: member.now, messageIDs: member.messageIDs, logger: member.logger)
        await committer.run(ledger)
    }

    /// Tells the replicas when the session becomes uncertain and when it is certain again.
    /// - Throws: `ParticipantError` when that happens too often.
    private func followStates(_ events: Mailbox<CommitEvent>) async throws {
        for await state in member.session.states() {
            switch state {
            case .connected:
                if flapping.isFlapping(at: member.now()) {
                    try await whileConnected { try await member.disableFlapping() }
                }
                stage.update { $0.resume() }
                events.post(.connected)
            case .suspended:
                member.logger.warning("the session is uncertain; top states stop serving")
                flapping.noteLoss(at: member.now())
                stage.update { $0.suspend() }
            case .expired, .closed: return
            }
        }
    }

    // MARK: Leaving

    /// Waits for the wish to leave, and brings the replicas down.
    private func handOver(_ events: Mailbox<CommitEvent>) async {
        guard await departure.isWishedByMember() else { return }
        member.logger.info("leaving the cluster; the replicas are handed over")
        stage.update { $0.beginHandover() }
        let limit = member.configuration.handoverTimeout
        if await !isDone(within: limit, on: member.clock, { _ = await stage.handedOver.isRung() }) {
            member.logger.warning(
                "replicas were not brought down in time; leaving without waiting for them",
                metadata: ["timeout": "\(limit)", "pending": "\(stage.inspect(\.pendingCount))"])
        }
        events.finish()
    }

    /// Says goodbye; if that is not possible the end of the session does.
    private func leave() async {
        do {
            try await OnlineHistory(member: member).recordOffline()
            try await LiveNode(member: member).delete()
            member.logger.info("left the cluster")
        } catch {
            member.logger.info("could not say goodbye; the session is closed all the same", error: error)
        }
    }
}

extension CarryOver.Recorded {
    var keys: [ReplicaKey] { state.partitions.map { ReplicaKey(resource: state.id, partition: $0) } }
}
