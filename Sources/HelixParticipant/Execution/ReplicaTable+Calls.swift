internal import HelixRecords
internal import MessageQueue
internal import StateModels

/// Calls begin and end.
extension ReplicaTable {
    /// Lets a replica that is free do what is next.
    mutating func advance(_ key: ReplicaKey) -> [Action] {
        guard let entry = entries[key], entry.call == nil else { return [] }
        let isTop = entry.state == entry.model.topState
        if entry.needsReset {
            entries[key]?.needsReset = false
            entries[key]?.isToldSuspended = false
            return [start(.reset, of: key)]
        }
        if !isTop, entry.isToldSuspended { entries[key]?.isToldSuspended = false }
        if isTop, isSuspended != entry.isToldSuspended, !isHandingOver {
            entries[key]?.isToldSuspended = isSuspended
            return [start(isSuspended ? .suspend : .resume, of: key)]
        }
        planStepDown(key)
        guard let step = entries[key]?.waiting, entries[key]?.pause == nil else { return [] }
        if step.isSettingToError, !isSuspended, !isGone(step) {
            // It takes no place: those may all be taken by what the operator wants to end.
            stopWaiting(key)
            return [start(.transition(step.starting(from: entry.state)), of: key)]
        }
        if entries[key]?.isInLine == false {
            entries[key]?.isInLine = true
            pools[poolName(of: key.resource)]?.enqueue(key)
        }
        return []
    }

    /// Starts the transitions in line as far as there are places.
    mutating func startWaiting(in pool: String) -> [Action] {
        var actions: [Action] = []
        while !isSuspended || isHandingOver, let key = pools[pool]?.dequeue() {
            entries[key]?.isInLine = false
            guard let entry = entries[key], entry.call == nil, entry.pause == nil, let step = entry.waiting else {
                continue
            }
            stopWaiting(key)
            if isGone(step) {
                _ = close(step.message)
                continue
            }
            pools[pool]?.occupy()
            actions.append(start(.transition(step.starting(from: entry.state)), of: key, in: pool))
        }
        return actions
    }

    private mutating func start(_ work: Job.Work, of key: ReplicaKey, in pool: String? = nil) -> Action {
        guard let model = entries[key]?.model else { preconditionFailure("\(key) has no entry to start") }
        let job = Job(id: nextJobID(), key: key, model: model, work: work)
        if case .transition = work { entries[key]?.detail = nil }
        entries[key]?.call = Call(job: job, pool: pool)
        callCount += 1
        return .start(job)
    }

    /// A handler has returned.
    /// - Parameters:
    ///   - start: when it was called, in milliseconds since 1970.
    ///   - now: the present time.
    mutating func finished(_ job: Job, _ result: TransitionResult, start: Int64, now: Int64) -> [Action] {
        guard let call = entries[job.key]?.call, call.job.id == job.id else { return [] }
        entries[job.key]?.call = nil
        callCount -= 1
        var actions: [Action] = []
        if let step = call.step {
            actions += conclude(step, of: call, declared(result, of: job.key), start: start, now: now)
        } else if case .transition = job.work {
            entries[job.key]?.needsReset = true
        }
        actions += advance(job.key)
        if let pool = call.pool { pools[pool]?.release() }
        return actions + startWaiting(in: call.pool ?? poolName(of: job.key.resource)) + handoverProgress()
    }

    /// A transition has come to its end, or is tried again; then what was reported meanwhile, and what was ordered.
    private mutating func conclude(
        _ step: Step, of call: Call, _ result: TransitionResult, start: Int64, now: Int64
    ) -> [Action] {
        if let again = retry(step, of: call, result) { return again }
        var actions = settle(step, of: call, result, start: start, now: now)
        actions += takePostponed(of: call.job.key, now: now)
        return actions + dropWaitingAction(of: call.job)
    }

    /// What waits, and cannot begin in the state that the transition led to, is done with.
    private mutating func dropWaitingAction(of job: Job) -> [Action] {
        let (finished, answered) = dropWaiting(of: job.key)
        guard !finished.isEmpty || answered != nil else { return [] }
        return [
            .record(Outcome(key: job.key, model: job.model, change: .none, finished: finished, relays: answered))
        ]
    }

    private mutating func settle(
        _ step: Step, of call: Call, _ result: TransitionResult, start: Int64, now: Int64
    ) -> [Action] {
        let key = call.job.key
        var outcome = Outcome(key: key, model: call.job.model, change: .none)
        var actions: [Action] = []
        switch result {
        case .completed where step.to == StateModel.dropped:
            outcome.finished = close(entries[key]?.waiting?.message)
            stopWaiting(key)
            remove(key)
            outcome.change = .remove
            actions.append(.forget(key))
        case .completed:
            outcome.change = .set(change(step, to: step.to, of: key, start: start, now: now))
        case .rolledBack: outcome.change = withdrawnDetail(of: key)
        case .cancelled where call.cancellation != nil: outcome.change = withdrawnDetail(of: key)
        case .cancelled:
            let text = "the handler threw CancellationError though the transition was not cancelled"
            outcome.change = .set(fail(step, text, of: key, start: start, now: now))
        case .unfinished where call.cancellation != nil: outcome.change = withdrawnDetail(of: key)
        case .unfinished(let retry):
            let text = step.attempts > 1 ? "\(retry.reason); attempt \(step.attempt) of \(step.attempts)" : retry.reason
            outcome.change = .set(fail(step, text, of: key, start: start, now: now))
        case .failed(let text):
            outcome.change = .set(fail(step, text, of: key, start: start, now: now))
        }
        guard step.message != nil else {
            // A step down that was not made is not tried again: there is no time for it.
            if result != .completed { setState(StateModel.error, of: key) }
            return actions
        }
        let closed = close(step.message)
        outcome.finished += closed + call.cancellationIDs
        outcome.relays = step.message?.message.concluded(result, isDone: !closed.isEmpty)
        return actions + [.record(outcome)]
    }

    /// What was said of a transition that was not made is true no more.
    private func withdrawnDetail(of key: ReplicaKey) -> Outcome.Change {
        guard let entry = entries[key], entry.detail != nil else { return .none }
        return .note(detail: "", state: entry.state)
    }

    /// A transition took longer than its message allows. It is cancelled, to be tried again if the message allows that
    /// too; else, or if the handler does not return from that in the same time, the replica is in ERROR, whatever the
    /// handler still does.
    mutating func timedOut(_ job: Job, start: Int64, now: Int64) -> [Action] {
        guard let call = entries[job.key]?.call, call.job.id == job.id, let step = call.step else { return [] }
        if step.attempt < step.attempts, call.cancellation == nil {
            entries[job.key]?.call?.cancellation = .timeout
            return [.cancel(job.id)]
        }
        entries[job.key]?.call?.isAbandoned = true
        entries[job.key]?.postponed = []
        let pool = releasePlace(of: job.key)
        let limit = step.timeout.map { "\($0)" } ?? "its time"
        let text = "the transition \(step.from) to \(step.to) was not done within \(limit)"
        let report = fail(step, text, of: job.key, start: start, now: now)
        let closed = close(step.message)
        let outcome = Outcome(
            key: job.key, model: job.model, change: .set(report), finished: closed + call.cancellationIDs,
            relays: step.message?.message.concluded(.failed(text), isDone: !closed.isEmpty))
        return [.cancel(job.id), .record(outcome)] + dropWaitingAction(of: job) + startWaiting(in: pool)
    }

    /// A call gives its place in the pool to others before it has returned.
    mutating func releasePlace(of key: ReplicaKey) -> String {
        guard let pool = entries[key]?.call?.pool else { return poolName(of: key.resource) }
        pools[pool]?.release()
        entries[key]?.call?.pool = nil
        return pool
    }

    /// The result of a transition, unless the replica was declared to have failed meanwhile.
    private mutating func declared(_ result: TransitionResult, of key: ReplicaKey) -> TransitionResult {
        guard let reason = entries[key]?.declaredFailure else { return result }
        entries[key]?.declaredFailure = nil
        return .failed(reason)
    }

    private mutating func fail(
        _ step: Step, _ text: String, of key: ReplicaKey, start: Int64, now: Int64
    ) -> StateReport {
        var report = change(step, to: StateModel.error, of: key, start: start, now: now)
        report.info = text
        return report
    }

    private mutating func change(
        _ step: Step, to state: String, of key: ReplicaKey, start: Int64, now: Int64
    ) -> StateReport {
        setState(state, of: key)
        let message = step.message?.message
        return StateReport(
            state: state, info: info(of: step, of: key), startTime: start, endTime: now, previousState: step.from,
            triggeredBy: message?.relayFrom ?? message?.source ?? "")
    }

    /// What the handler said last; of what an operator has done, who it was.
    private func info(of step: Step, of key: ReplicaKey) -> String {
        if let detail = entries[key]?.detail { return detail }
        return step.isSettingToError ? "set to ERROR by \(step.message?.message.source ?? "an operator")" : ""
    }
}
