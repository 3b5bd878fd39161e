internal import HelixRecords
internal import MessageQueue
internal import StateModels

/// Messages come in.
extension ReplicaTable {
    /// Takes a transition message: every partition by itself is taken or refused.
    mutating func accept(_ received: ReceivedMessage, model: RegisteredModel) -> [Action] {
        let message = received.message
        guard isInSession, !isHandingOver, openMessages[received.id] == nil, let resource = message.resource else {
            return []
        }
        let keys = message.partitions.map { ReplicaKey(resource: resource, partition: $0) }
        guard !keys.isEmpty else { return [.discard([received.id])] }
        openMessages[received.id] = OpenMessage(partsLeft: keys.count)
        var actions: [Action] = []
        for key in keys {
            let verdict = verdict(on: received, key: key, model: model)
            if verdict == .run {
                actions += admit(received, key: key, model: model)
            } else {
                actions += refuse(received, key: key, model: model, verdict: verdict)
            }
        }
        return actions + startWaiting(in: poolName(of: resource))
    }

    private mutating func verdict(
        on received: ReceivedMessage, key: ReplicaKey, model: RegisteredModel
    ) -> TransitionVerdict {
        dropGoneStep(of: key)
        let entry = entries[key]
        return InboxRules.verdict(
            from: received.message.fromState ?? "", to: received.message.toState ?? "",
            state: entry?.state ?? model.initialState, isBusy: entry?.isBusy(for: received.message) ?? false,
            token: received.fencingToken, lastToken: entry?.lastToken ?? 0)
    }

    /// A transition that still waits though its message was deleted makes room.
    private mutating func dropGoneStep(of key: ReplicaKey) {
        guard let step = entries[key]?.waiting, isGone(step) else { return }
        _ = close(step.message)
        stopWaiting(key)
    }

    /// Whether somebody deleted the message that a transition was ordered by.
    func isGone(_ step: Step) -> Bool { step.message.flatMap { openMessages[$0.id]?.isGone } ?? false }

    private mutating func admit(_ received: ReceivedMessage, key: ReplicaKey, model: RegisteredModel) -> [Action] {
        var actions = interrupt(key)
        if let entry = entries[key], entry.model !== model, entry.call == nil {
            remove(key)  // the resource has another model now: its handler is of no use
            actions.append(.forget(key))
        }
        if entries[key] == nil { entries[key] = Entry(model: model, state: model.initialState) }
        let state = entries[key]?.state ?? model.initialState
        entries[key]?.waiting = Step(
            message: received, from: state, to: received.message.toState ?? "", token: received.fencingToken)
        entries[key]?.lastToken = received.fencingToken
        waitingCount += 1
        return actions + advance(key)
    }

    /// Makes way for what an operator wants: what waits is not made, what runs is cancelled.
    private mutating func interrupt(_ key: ReplicaKey) -> [Action] {
        var actions: [Action] = []
        if let step = entries[key]?.waiting {
            stopWaiting(key)
            let finished = close(step.message)
            if !finished.isEmpty { actions.append(.discard(finished)) }
        }
        guard let call = entries[key]?.call, call.step != nil else { return actions }
        entries[key]?.call?.cancellation = .ordered
        return actions + [.cancel(call.job.id)]
    }

    private mutating func refuse(
        _ received: ReceivedMessage, key: ReplicaKey, model: RegisteredModel, verdict: TransitionVerdict
    ) -> [Action] {
        let finished = close(received)
        let state = entries[key]?.state ?? model.initialState
        if verdict == .duplicate || verdict == .mismatch {
            let change = Outcome.Change.correct(state: state)
            return [.record(Outcome(key: key, model: model, change: change, finished: finished))]
        }
        return finished.isEmpty ? [] : [.discard(finished)]
    }

    /// Takes a cancellation message: the transition it names is cancelled, or dropped if it has not begun.
    mutating func cancel(_ received: ReceivedMessage) -> [Action] {
        guard isInSession else { return [] }
        let message = received.message
        var actions: [Action] = []
        var isAttached = false
        for partition in message.partitions {
            let key = ReplicaKey(resource: message.resource ?? "", partition: partition)
            guard let entry = entries[key] else { continue }
            if let step = entry.waiting, names(message, step) {
                stopWaiting(key)
                let finished = close(step.message)
                if !finished.isEmpty { actions.append(.discard(finished)) }
            } else if let call = entry.call, let step = call.step, names(message, step) {
                entries[key]?.call?.cancellation = .ordered
                if !isAttached { entries[key]?.call?.cancellationIDs.append(received.id) }
                isAttached = true
                actions.append(.cancel(call.job.id))
            }
        }
        return isAttached ? actions : actions + [.discard([received.id])]
    }

    private func names(_ cancellation: Message, _ step: Step) -> Bool {
        step.message != nil && cancellation.fromState?.lowercased() == step.orderedFrom.lowercased()
            && cancellation.toState?.lowercased() == step.to.lowercased()
    }

    /// Takes note that messages are in the queue no longer: those that have not begun will not.
    mutating func vanished(_ ids: [String]) {
        for id in ids { openMessages[id]?.isGone = true }
    }

    /// The message of a transition that still runs, if it is to be marked as read now.
    mutating func markDue(for job: Job) -> ReceivedMessage? {
        guard let call = entries[job.key]?.call, call.job.id == job.id, let message = call.step?.message,
            let open = openMessages[message.id], !open.isMarked, !open.isGone
        else { return nil }
        openMessages[message.id]?.isMarked = true
        return message
    }

    mutating func stopWaiting(_ key: ReplicaKey) {
        guard entries[key]?.waiting != nil else { return }
        entries[key]?.waiting = nil
        entries[key]?.pause = nil
        waitingCount -= 1
    }
}

extension ReplicaTable.Entry {
    /// Whether a message has to go because of what the replica does. An operator who wants it to be in ERROR waits for
    /// nothing but another one who does.
    func isBusy(for message: Message) -> Bool {
        guard message.isSettingToError else { return isInTransition }
        return waiting?.isSettingToError ?? false || call?.step?.isSettingToError ?? false
    }
}
