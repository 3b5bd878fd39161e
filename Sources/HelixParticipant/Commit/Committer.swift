internal import Coordination
internal import HelixRecords
internal import Logging
internal import MessageQueue

/// What the committer is told.
enum CommitEvent: Sendable {
    case outcome(Outcome)
    /// Messages to delete that changed nothing.
    case discard([String])
    /// Messages whose transition still runs: they are marked as read.
    case mark([ReceivedMessage])
    /// Records that were written besides, and stand in the tree now.
    case adopt([CarryOver.Recorded])
    /// What was postponed may be due.
    case retry
    /// The connection is back: what was postponed is tried at once.
    case connected
}

/// Writes what is done, in rounds: all that came in during one round goes out together in the next, all resources at
/// the same time, one transaction for each.
struct Committer: Sendable {
    let session: any CoordinationSession
    let paths: ClusterPaths
    let instance: String
    let events: Mailbox<CommitEvent>
    let alarms: Alarms<Stage.Alarm>
    let now: @Sendable () -> Int64
    let messageIDs: MessageIDs
    let logger: Logger

    /// Writes until the mailbox is finished and everything is written, or the session is over.
    /// - Parameter ledger: what stands in the tree already.
    func run(_ ledger: CommitLedger) async {
        var ledger = ledger
        var marks: [ReceivedMessage] = []
        var alarm: Duration?
        while let batch = await events.next() {
            take(batch, &ledger, &marks)
            while ledger.hasWork || !marks.isEmpty {
                guard await round(&ledger), await write(&marks) else { return }
                take(events.drain(), &ledger, &marks)
            }
            let time = alarms.now
            if let delay = ledger.nextRetry(after: time), alarm.map({ $0 <= time || time + delay < $0 }) ?? true {
                alarms.set(.retryCommits, after: delay)
                alarm = time + delay
            }
        }
    }

    private func take(_ events: [CommitEvent], _ ledger: inout CommitLedger, _ marks: inout [ReceivedMessage]) {
        for event in events {
            switch event {
            case .outcome(let outcome): ledger.add(outcome, at: alarms.now)
            case .discard(let ids): ledger.discard(ids)
            case .mark(let messages): marks += messages
            case .adopt(let records): for record in records { ledger.open(record.state, version: record.version) }
            case .retry: ledger.retry(at: alarms.now)
            case .connected: ledger.retry(at: alarms.now, all: true)
            }
        }
    }

    /// - Returns: `false` when the session is over.
    private func round(_ ledger: inout CommitLedger) async -> Bool {
        guard await look(&ledger) else { return false }
        let (commits, faults) = ledger.takeCommits(at: alarms.now)
        for (resource, fault) in faults {
            logger.error(
                "the current state cannot be written", error: fault, metadata: [LogKey.resource: "\(resource)"])
        }
        if !commits.isEmpty {
            for (commit, result) in zip(commits, await session.commit(commits.map(\.operations))) {
                switch result {
                case .success(let results): await relay(ledger.succeeded(commit, results))
                case .failure(let error) where error.endsSession: return false
                case .failure(let error): await remedy(error, commit, &ledger)
                }
            }
        }
        return await delete(ledger.takeDeletions(), &ledger)
    }

    /// Reads the versions that are uncertain.
    private func look(_ ledger: inout CommitLedger) async -> Bool {
        let resources = ledger.uncertain()
        guard !resources.isEmpty else { return true }
        let reads = resources.map { resource in
            ReadOperation.exists(paths.currentState(instance, session: session.id.description, resource: resource))
        }
        for (resource, result) in zip(resources, await session.read(reads)) {
            switch result {
            case .success(.stat(let stat)): ledger.found(stat?.version, of: resource)
            case .success: preconditionFailure("an exists answers with a stat")
            case .failure(let error) where error.endsSession: return false
            case .failure: ledger.postpone(resource, at: alarms.now)
            }
        }
        return true
    }

    private func remedy(_ error: CoordinationError, _ commit: CommitLedger.Commit, _ ledger: inout CommitLedger) async {
        switch ledger.failed(commit, error, at: alarms.now) {
        case .none: return
        case .wait: break
        case .createFolder:
            let folder = paths.currentStates(instance, session: session.id.description)
            switch await session.write([.create(folder)])[0] {
            case .success: return
            case .failure(let error) where error.code == .nodeExists: return
            case .failure: ledger.postpone(commit.resource, at: alarms.now)
            }
        }
        logger.warning(
            "a finished transition could not be recorded; it is tried again", error: error,
            metadata: [LogKey.resource: "\(commit.resource)"])
    }

    /// - Returns: `false` when the session is over.
    private func delete(_ ids: [String], _ ledger: inout CommitLedger) async -> Bool {
        guard !ids.isEmpty else { return true }
        do {
            let outcomes = try await session.writeBatched(ids.map { .delete(paths.message(instance, $0)) })
            for (id, outcome) in zip(ids, outcomes) {
                guard case .failure(let error) = outcome, error.code != .noNode else { continue }
                if error.isTransient {
                    ledger.postponeDeletion(of: id, at: alarms.now)
                } else {
                    logger.warning("a message cannot be deleted", error: error, metadata: [LogKey.message: "\(id)"])
                }
            }
            return true
        } catch {
            return false  // without a fence only the end of the session is thrown
        }
    }

    /// Marks messages as read.
    private func write(_ marks: inout [ReceivedMessage]) async -> Bool {
        guard !marks.isEmpty else { return true }
        var operations: [WriteOperation] = []
        for received in marks {
            var message = received.message
            message.messageState = .read
            message.readAt = now()
            message.executingSession = session.id.description
            do {
                operations.append(.set(paths.message(instance, received.id), data: try message.encoded()))
            } catch {
                logger.warning("a message cannot be marked as read", error: error)
            }
        }
        marks = []
        for case .failure(let error) in await session.write(operations) {
            if error.endsSession { return false }
            // The mark only informs; the message is done by now, or the connection is away.
            logger.debug("a message was not marked as read", error: error)
        }
        return true
    }

    /// Sends the messages that were attached to transitions which are done and recorded, and the replies to these.
    private func relay(_ carriers: [Message]) async {
        guard !carriers.isEmpty else { return }
        let sender = MessageSender(session: session, paths: paths, fence: nil, ids: messageIDs)
        var messages = carriers.compactMap { $0.reply(id: sender.newID(), from: instance, now: now()) }
        for carrier in carriers {
            for (target, attached) in carrier.relayMessages {
                var message = attached
                message.target = target
                message.relayTime = now()
                if !message.isExpired(at: now()) { messages.append(message) }
            }
        }
        guard !messages.isEmpty else { return }
        do {
            for (message, result) in zip(messages, try await sender.send(messages)) where result != .sent {
                logger.info(
                    "an attached message or a reply was not sent; whoever waits for it has to do without",
                    metadata: [LogKey.message: "\(message.id)", "result": "\(result)"])
            }
        } catch {
            logger.info("attached messages and replies were not sent: the session is over", error: error)
        }
    }
}
