internal import StateModels

/// Sessions begin, become uncertain and end.
extension ReplicaTable {
    /// A session has begun in which the replicas in `recorded` are known to the cluster, in their initial state.
    ///
    /// Replicas that nobody knows of any more are forgotten.
    mutating func beginSession(limits: TransitionLimits, recorded: Set<ReplicaKey>) -> [Action] {
        setLimits(limits)
        isInSession = true
        isSuspended = false
        var actions: [Action] = []
        for key in sortedKeys {
            if let entry = entries[key], !isFrozen, entry.call == nil, !recorded.contains(key) {
                remove(key)
                actions.append(.forget(key))
            } else {
                actions += advance(key)
            }
        }
        return actions + takeUntold()
    }

    /// The session may expire at any moment: top states stop serving, and nothing begins.
    mutating func suspend() -> [Action] {
        guard !isSuspended else { return [] }
        isSuspended = true
        var actions: [Action] = []
        for key in sortedKeys {
            actions += cancelPromotion(of: key)
            actions += advance(key)
        }
        return actions
    }

    /// A replica on its way to a top state that others may be given must not arrive there now.
    private mutating func cancelPromotion(of key: ReplicaKey) -> [Action] {
        guard !isHandingOver, let call = entries[key]?.call, let step = call.step,
            step.to == call.job.model.topState, call.job.model.isTopExclusive
        else { return [] }
        entries[key]?.call?.cancellation = .suspended
        return [.cancel(call.job.id)]
    }

    /// The session is certain again.
    mutating func resume() -> [Action] {
        guard isSuspended else { return [] }
        isSuspended = false
        return advanceAll()
    }

    /// The session is over: what runs is cancelled, what waits is dropped, every replica is to be as in its initial
    /// state. While the cluster is frozen the replicas stay as they are instead.
    mutating func endSession() -> [Action] {
        if isFrozen { isRestatementDue = true }
        openMessages = [:]
        isInSession = false
        isSuspended = false
        isHandingOver = false
        for name in pools.keys.sorted() { pools[name]?.clearLine() }
        var actions: [Action] = []
        for key in sortedKeys {
            stopWaiting(key)
            entries[key]?.isInLine = false
            if !isFrozen { actions += abandon(key) }
            actions += advance(key)
        }
        return actions
    }

    /// The cluster is frozen, or not any more.
    mutating func setFrozen(_ isFrozen: Bool) {
        self.isFrozen = isFrozen
    }

    /// The states of the replicas if they have to be written again after a freeze in which the session changed.
    mutating func takeRestatement() -> [ReplicaKey: String]? {
        guard !isFrozen, isRestatementDue else { return nil }
        isRestatementDue = false
        return entries.mapValues(\.state)
    }

    private mutating func abandon(_ key: ReplicaKey) -> [Action] {
        // What nobody was told of yet is as true as before.
        guard let entry = entries[key], entry.untold == nil else { return [] }
        var actions: [Action] = []
        var wasInTransition = false
        if let call = entry.call, case .transition = call.job.work {
            wasInTransition = true
            _ = releasePlace(of: key)
            entries[key]?.call?.isAbandoned = true
            actions.append(.cancel(call.job.id))
        }
        if wasInTransition || entry.isToldSuspended || entry.state != entry.model.initialState {
            entries[key]?.needsReset = true
        }
        setState(entry.model.initialState, of: key)
        entries[key]?.postponed = []
        entries[key]?.detail = nil
        return actions
    }

    mutating func advanceAll() -> [Action] {
        var actions: [Action] = []
        for key in sortedKeys { actions += advance(key) }
        for pool in pools.keys.sorted() { actions += startWaiting(in: pool) }
        return actions
    }
}

/// The participant leaves of its own accord.
extension ReplicaTable {
    /// Brings all replicas down to the initial state, those in the top state first. What waits is dropped, what runs is
    /// cancelled. `.handedOver` tells the end.
    mutating func beginHandover() -> [Action] {
        guard !isHandingOver else { return [] }
        isHandingOver = true
        isPastTopStates = false
        var actions: [Action] = []
        for key in sortedKeys {
            stopWaiting(key)
            guard let call = entries[key]?.call, call.step != nil else { continue }
            entries[key]?.call?.cancellation = .handover
            actions.append(.cancel(call.job.id))
        }
        return actions + advanceAll() + handoverProgress()
    }

    /// When the last top state is gone the others follow; when nobody moves any more it is done.
    mutating func handoverProgress() -> [Action] {
        guard isHandingOver else { return [] }
        var actions: [Action] = []
        if topCount == 0, !isPastTopStates {
            isPastTopStates = true
            actions += advanceAll()
        }
        return waitingCount == 0 && callCount == 0 ? actions + [.handedOver] : actions
    }

    /// Gives a replica its next step down, if it is its turn.
    mutating func planStepDown(_ key: ReplicaKey) {
        guard isHandingOver, let entry = entries[key], entry.waiting == nil,
            isPastTopStates || entry.state == entry.model.topState,
            let next = entry.model.stepDown(from: entry.state)
        else { return }
        entries[key]?.waiting = Step(message: nil, from: entry.state, to: next, token: entry.lastToken)
        waitingCount += 1
    }
}
