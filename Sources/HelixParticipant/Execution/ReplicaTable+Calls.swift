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
        if entries[key]?.waiting != nil, entries[key]?.isInLine == false {
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
            guard let entry = entries[key], entry.call == nil, let step = entry.waiting else { continue }
            stopWaiting(key)
            if let id = step.message?.id, openMessages[id]?.isGone == true {
                _ = close(step.message)
                continue
            }
            pools[pool]?.occupy()
            actions.append(start(.transition(step), of: key))
        }
        return actions
    }

    private mutating func start(_ work: Job.Work, of key: ReplicaKey) -> Action {
        guard let model = entries[key]?.model else { preconditionFailure("\(key) has no entry to start") }
        let job = Job(id: nextJobID(), key: key, model: model, work: work)
        entries[key]?.call = Call(job: job)
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
        if case .transition(let step) = job.work {
            if call.isAbandoned {
                entries[job.key]?.needsReset = true
            } else {
                pools[poolName(of: job.key.resource)]?.release()
                actions += settle(step, of: call, result, start: start, now: now)
            }
        }
        actions += advance(job.key)
        return actions + startWaiting(in: poolName(of: job.key.resource)) + handoverProgress()
    }

    private mutating func settle(
        _ step: Step, of call: Call, _ result: TransitionResult, start: Int64, now: Int64
    ) -> [Action] {
        let key = call.job.key
        var outcome = Outcome(key: key, model: call.job.model, change: .none)
        var actions: [Action] = []
        switch result {
        case .completed where step.to == StateModel.dropped:
            remove(key)
            outcome.change = .remove
            actions.append(.forget(key))
        case .completed:
            outcome.change = .set(change(step, to: step.to, of: key, start: start, now: now))
            outcome.relays = step.message?.message
        case .rolledBack: break
        case .cancelled where call.cancellation != nil: break
        case .cancelled:
            let text = "the handler threw CancellationError though the transition was not cancelled"
            outcome.change = .set(fail(step, text, of: key, start: start, now: now))
        case .failed(let text):
            outcome.change = .set(fail(step, text, of: key, start: start, now: now))
        }
        guard step.message != nil else { return actions }
        outcome.finished = close(step.message) + call.cancellationIDs
        return actions + [.record(outcome)]
    }

    /// A transition took longer than its message allows: the replica is in ERROR, whatever the handler still does.
    mutating func timedOut(_ job: Job, start: Int64, now: Int64) -> [Action] {
        guard let call = entries[job.key]?.call, call.job.id == job.id, let step = call.step else { return [] }
        entries[job.key]?.call?.isAbandoned = true
        let pool = poolName(of: job.key.resource)
        pools[pool]?.release()
        let limit = step.timeout.map { "\($0)" } ?? "its time"
        let text = "the transition \(step.from) to \(step.to) was not done within \(limit)"
        let report = fail(step, text, of: job.key, start: start, now: now)
        let outcome = Outcome(
            key: job.key, model: job.model, change: .set(report), finished: close(step.message) + call.cancellationIDs)
        return [.cancel(job.id), .record(outcome)] + startWaiting(in: pool)
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
            state: state, startTime: start, endTime: now, previousState: step.from,
            triggeredBy: message?.relayFrom ?? message?.source ?? "")
    }
}
