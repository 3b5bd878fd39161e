internal import HelixRecords
internal import MessageQueue

/// Transitions that are tried again (protocol reference 5.3): those that took too long, and those whose handler asks for
/// it, as often as RETRY_COUNT says. Any other error is the user's word that trying again is of no use.
extension ReplicaTable {
    /// The next attempt, if there is one to be made.
    mutating func retry(_ step: Step, of call: Call, _ result: TransitionResult) -> [Action]? {
        guard step.message != nil, step.attempt < step.attempts, let cause = cause(step, of: call, result) else {
            return nil
        }
        let key = call.job.key
        // Somebody wants something else meanwhile, or nobody wants it any more.
        guard let entry = entries[key], entry.waiting == nil, isInSession, !isHandingOver else { return nil }
        entries[key]?.waiting = step.again
        waitingCount += 1
        let detail = "attempt \(step.attempt + 1) of \(step.attempts): \(cause.reason)"
        let note = Outcome.Change.note(detail: String(detail.prefix(Self.detailLimit)), state: entry.state)
        let record = Action.record(
            Outcome(key: key, model: entry.model, change: note, finished: call.cancellationIDs))
        guard cause.delay > .zero else { return [record] }
        let number = nextPause()
        entries[key]?.pause = number
        return [record, .pause(key, cause.delay, number: number)]
    }

    /// Why a transition is to be tried again, and when.
    private func cause(
        _ step: Step, of call: Call, _ result: TransitionResult
    ) -> (reason: String, delay: Duration)? {
        switch (result, call.cancellation) {
        case (.unfinished(let retry), nil), (.unfinished(let retry), .timeout): (retry.reason, retry.delay)
        case (.rolledBack, .timeout), (.cancelled, .timeout), (.failed, .timeout):
            ("not done within \(step.timeout.map { "\($0)" } ?? "its time")", .zero)
        default: nil
        }
    }

    /// The pause before an attempt is over.
    mutating func endPause(of key: ReplicaKey, number: UInt64) -> [Action] {
        guard entries[key]?.pause == number else { return [] }
        entries[key]?.pause = nil
        return advance(key) + startWaiting(in: poolName(of: key.resource))
    }

    /// Whether a call's result still counts, so that its time has to be watched.
    func counts(_ job: Job) -> Bool {
        entries[job.key]?.call.map { $0.job.id == job.id && $0.step != nil } ?? false
    }
}
