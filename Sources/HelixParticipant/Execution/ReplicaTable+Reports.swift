internal import HelixRecords
internal import MessageQueue
internal import StateModels

/// A change of a replica's state that nobody ordered.
struct SelfChange: Sendable, Hashable {
    let from: String
    let to: String
    let detail: String
}

/// What the user's code says of its replicas by itself.
extension ReplicaTable {
    /// The longest text that a replica may say of itself: the record holds one for every partition.
    static let detailLimit = 512

    /// A replica's state has changed by itself.
    /// - Throws: `ReportError` when that cannot be, or is not for the replica to say; nothing has changed then.
    mutating func report(
        _ change: SelfChange, of key: ReplicaKey, now: Int64
    ) throws(ReportError) -> [Action] {
        guard let entry = entries[key] else {
            throw refusal(
                .unknownReplica, key, "it is not here; report from a handler whose replica was not dropped")
        }
        try check(change, entry.model.model, key)
        if entry.call?.step != nil {
            // An earlier one from the same state is out of date.
            entries[key]?.postponed.removeAll { $0.from == change.from }
            entries[key]?.postponed.append(change)
            return []
        }
        guard entry.isIn(change.from) else {
            throw refusal(
                .otherState, key,
                "it is \(entry.state), expected \(change.from), so it cannot have become \(change.to) by itself"
                    + (entry.state == StateModel.error ? "; an operator has to reset it" : ""))
        }
        return apply(change, to: key, now: now) + follow(key)
    }

    private func check(_ change: SelfChange, _ model: StateModel, _ key: ReplicaKey) throws(ReportError) {
        for state in [change.from, change.to] where model.index(of: state) == nil {
            throw refusal(
                .unknownState, key,
                "state model \(model.name) has no state \(state), only "
                    + model.states.map(\.name).joined(separator: ", "))
        }
        if change.from == change.to {
            throw refusal(.notByItself, key, "\(change.from) to \(change.to) is no change; report(detail:) says more")
        }
        if change.from == StateModel.error {
            throw refusal(.notByItself, key, "nothing leaves ERROR by itself; an operator has to reset it")
        }
        if change.to == StateModel.dropped {
            throw refusal(.notByItself, key, "only the controller drops a replica; report the initial state instead")
        }
        if case .atMost(let count)? = model.index(of: change.to).map({ model.states[$0].bound }),
            change.to != StateModel.error
        {
            throw refusal(
                .notByItself, key,
                "only the controller brings a replica to \(change.to), since no more than \(count) may be; report a "
                    + "state below it, and wait to be brought there")
        }
    }

    private func refusal(_ code: ReportError.Code, _ key: ReplicaKey, _ reason: String) -> ReportError {
        ReportError(code: code, resource: key.resource, partition: key.partition, reason: reason)
    }

    /// The user's code says that a replica has failed.
    /// - Returns: nothing to do when there is no such replica, or it is in ERROR already.
    mutating func declareFailure(of key: ReplicaKey, reason: String, now: Int64) -> [Action] {
        guard let entry = entries[key], entry.state != StateModel.error else { return [] }
        if let call = entry.call, call.step != nil {
            entries[key]?.declaredFailure = String(reason.prefix(Self.detailLimit))
            entries[key]?.call?.cancellation = .ordered
            return [.cancel(call.job.id)]
        }
        let change = SelfChange(from: entry.state, to: StateModel.error, detail: reason)
        return apply(change, to: key, now: now) + follow(key)
    }

    /// The user's code says something about a replica that changes nothing.
    mutating func report(detail: String, of key: ReplicaKey) -> [Action] {
        guard let entry = entries[key], entry.state != StateModel.error || entry.call?.step != nil else { return [] }
        let detail = String(detail.prefix(Self.detailLimit))
        entries[key]?.detail = detail
        return [.record(Outcome(key: key, model: entry.model, change: .note(detail: detail, state: entry.state)))]
    }

    private mutating func apply(_ change: SelfChange, to key: ReplicaKey, now: Int64) -> [Action] {
        guard let entry = entries[key] else { return [] }
        setState(change.to, of: key)
        let detail = String(change.detail.prefix(Self.detailLimit))
        entries[key]?.detail = detail
        let report = StateReport(
            state: change.to, info: detail, startTime: now, endTime: now, previousState: entry.state, triggeredBy: "")
        guard isInSession else {
            entries[key]?.untold = report
            return []
        }
        var outcome = Outcome(key: key, model: entry.model, change: .set(report))
        (outcome.finished, outcome.relays) = dropWaiting(of: key)
        return [.record(outcome)]
    }

    /// What a replica does after a change of its state, and others after it.
    private mutating func follow(_ key: ReplicaKey) -> [Action] {
        advance(key) + startWaiting(in: poolName(of: key.resource)) + handoverProgress()
    }

    /// The changes that were reported while a transition was under way, as far as they begin where it ended.
    mutating func takePostponed(of key: ReplicaKey, now: Int64) -> [Action] {
        guard let changes = entries[key]?.postponed, !changes.isEmpty else { return [] }
        entries[key]?.postponed = []
        var actions: [Action] = []
        for change in changes where entries[key]?.isIn(change.from) ?? false {
            actions += apply(change, to: key, now: now)
        }
        return actions
    }

    /// A transition that waits, and does not fit the state that the replica has come to, is done with: a mismatch is a
    /// failure that changes nothing (protocol reference 5.3).
    /// - Returns: the message to delete, and the one to answer.
    mutating func dropWaiting(of key: ReplicaKey) -> (finished: [String], answered: Message?) {
        guard let entry = entries[key], let step = entry.waiting, !entry.suits(step) else { return ([], nil) }
        stopWaiting(key)
        let finished = close(step.message)
        let text = "the replica is \(entry.state), not \(step.orderedFrom)"
        return (finished, step.message?.message.concluded(.failed(text), isDone: !finished.isEmpty))
    }

    /// What the session that begins has to be told: changes that came while there was none.
    mutating func takeUntold() -> [Action] {
        sortedKeys.compactMap { key in
            guard let entry = entries[key], let report = entry.untold else { return nil }
            entries[key]?.untold = nil
            return .record(Outcome(key: key, model: entry.model, change: .set(report)))
        }
    }
}

extension ReplicaTable.Entry {
    /// Whether the replica is in a state, as Helix compares them.
    func isIn(_ other: String) -> Bool { state == other || state.lowercased() == other.lowercased() }

    /// Whether a transition can begin in the present state and change it.
    func suits(_ step: Step) -> Bool {
        guard !isIn(step.to) else { return false }
        if step.message == nil { return isIn(step.from) }
        return step.orderedFrom == Message.any || isIn(step.orderedFrom)
    }
}
