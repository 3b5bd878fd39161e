internal import Coordination
internal import HelixRecords
internal import Logging
internal import MessageQueue
internal import Synchronization

/// Where the handlers play: performs what ``ReplicaTable`` asks for.
///
/// It outlives sessions, because handlers do: one that does not return when it is cancelled must not keep the
/// participant from joining again. Only the sink of outcomes belongs to a session.
final class Stage: Sendable {
    enum Alarm: Sendable {
        /// Some transition may have been running long enough to be marked.
        case marks
        case timeout(Job, start: Int64)
        case pauseOver(ReplicaKey, number: UInt64)
        case retryCommits
    }

    enum Order: Sendable {
        case call(Job, CancellableTask)
        /// No more calls are to be started.
        case end
    }

    private struct Running {
        let job: Job
        let task: CancellableTask
        let since: Duration
    }

    private struct State {
        var table = ReplicaTable()
        var running: [Job.ID: Running] = [:]
        var isMarkAlarmSet = false
        var sink: (@Sendable (CommitEvent) -> Void)?
        var logger: Logger
    }

    private let cluster: String
    private let instance: String
    private let configuration: ParticipantConfiguration
    private let metrics: ParticipantMetrics
    private let now: @Sendable () -> Int64
    private let state: Mutex<State>
    private let handlers = Mutex<[ReplicaKey: any TransitionHandler]>([:])
    let alarms: Alarms<Alarm>
    /// The calls to be started, each in a task of its own.
    let orders = Mailbox<Order>()
    /// Rings when the last replica is down.
    let handedOver = Bell()
    /// Rings when a call ended.
    private let callEnds = Bell()

    init(
        cluster: String, instance: String, configuration: ParticipantConfiguration, logger: Logger,
        clock: any Clock<Duration>, now: @escaping @Sendable () -> Int64
    ) {
        self.cluster = cluster
        self.instance = instance
        self.configuration = configuration
        self.now = now
        state = Mutex(State(logger: logger))
        metrics = ParticipantMetrics()
        alarms = Alarms(clock: clock)
    }

    // MARK: What happens

    /// Tells the table what happened, and performs what it answers.
    ///
    /// What the table asks for is handed on under the lock, so that two changes of one replica cannot overtake each
    /// other; only what may run the user's code, cancelling tasks and letting go of handlers, is done after it.
    func update(_ change: (inout ReplicaTable) -> [ReplicaTable.Action]) {
        var cancelled: [CancellableTask] = []
        var forgotten: [any TransitionHandler] = []
        var startCount = 0
        var pauses: [(Alarm, Duration)] = []
        let time = alarms.now
        let (pending, needsMarkAlarm) = state.withLock { state in
            for action in change(&state.table) {
                switch action {
                case .start(let job):
                    let task = CancellableTask()
                    state.running[job.id] = Running(job: job, task: task, since: time)
                    startCount += 1
                    orders.post(.call(job, task))
                case .cancel(let id): if let task = state.running[id]?.task { cancelled.append(task) }
                case .record(let outcome): state.sink?(.outcome(outcome))
                case .discard(let ids): state.sink?(.discard(ids))
                case .forget(let key):
                    if let handler = handlers.withLock({ $0.removeValue(forKey: key) }) { forgotten.append(handler) }
                case .pause(let key, let delay, let number): pauses.append((.pauseOver(key, number: number), delay))
                case .handedOver: handedOver.ring()
                }
            }
            let needsMarkAlarm = startCount > 0 && !state.isMarkAlarmSet
            if needsMarkAlarm { state.isMarkAlarmSet = true }
            return (state.table.pendingCount, needsMarkAlarm)
        }
        for (alarm, delay) in pauses { alarms.set(alarm, after: delay) }
        if needsMarkAlarm { alarms.set(.marks, after: configuration.readMarkDelay) }
        metrics.setPending(pending)
        for task in cancelled { task.cancel() }
        withExtendedLifetime(forgotten) {}
    }

    /// Looks at the table.
    func inspect<Value>(_ look: (ReplicaTable) -> Value) -> Value { state.withLock { look($0.table) } }

    /// A session has begun.
    /// - Parameters:
    ///   - logger: what the handlers log with in this session.
    ///   - sink: where outcomes go.
    func beginSession(_ logger: Logger, sink: @escaping @Sendable (CommitEvent) -> Void) {
        state.withLock { state in
            state.logger = logger
            state.sink = sink
        }
    }

    /// The session is over: nothing of it is written any more, what runs is cancelled, replicas are reset.
    func endSession() {
        state.withLock { $0.sink = nil }
        update { $0.endSession() }
    }

    // MARK: Calls

    /// Makes one call, in a task of its own.
    func run(_ job: Job, in task: CancellableTask) async {
        let start = now()
        let began = alarms.now
        if case .transition(let step) = job.work, let timeout = step.timeout {
            alarms.set(.timeout(job, start: start), after: timeout)
        }
        let result = await task.run { await self.call(job) }
        let end = now()
        if case .transition(let step) = job.work { metrics.record(step, result, alarms.now - began) }
        state.withLock { $0.running[job.id] = nil }
        log(job, result)
        update { $0.finished(job, result, start: start, now: end) }
        callEnds.ring()
    }

    private func call(_ job: Job) async -> TransitionResult {
        do {
            let handler = try handler(for: job)
            switch job.work {
            case .transition(let step): try await handler.transition(context(of: step, job.key))
            case .suspend: await handler.suspended()
            case .resume: await handler.resumed()
            case .reset: await handler.reset()
            }
            return .completed
        } catch is TransitionCancelled {
            return .rolledBack
        } catch let retry as TransitionRetry {
            return .unfinished(retry)
        } catch is CancellationError {
            return .cancelled
        } catch {
            return .failed("\(error)")
        }
    }

    /// The replica's handler; the first call makes it. No two calls for one replica overlap, so neither do two makings.
    private func handler(for job: Job) throws -> any TransitionHandler {
        if let handler = handlers.withLock({ $0[job.key] }) { return handler }
        let handler = try job.model.makeHandler(replica(job.key))
        handlers.withLock { $0[job.key] = handler }
        return handler
    }

    private func replica(_ key: ReplicaKey) -> Replica {
        Replica(cluster: cluster, instance: instance, key: key, desk: self)
    }

    private func context(of step: Step, _ key: ReplicaKey) -> TransitionContext {
        TransitionContext(
            replica: replica(key), from: step.from, to: step.to, messageID: step.message?.id, fencingToken: step.token,
            timeout: step.timeout, attempt: step.attempt, logger: state.withLock { $0.logger })
    }

    private func log(_ job: Job, _ result: TransitionResult) {
        guard case .transition(let step) = job.work else { return }
        let isOfInterest = result != .completed || state.withLock { $0.logger.logLevel <= .debug }
        guard isOfInterest else { return }
        let logger = context(of: step, job.key).logger
        switch result {
        case .completed: logger.debug("transition done")
        case .rolledBack, .cancelled: logger.info("transition cancelled")
        case .unfinished(let retry):
            let metadata: Logger.Metadata = ["error": "\(retry)", "attempt": "\(step.attempt) of \(step.attempts)"]
            logger.warning("transition not made yet", metadata: metadata)
        case .failed(let text): logger.error("transition failed", metadata: ["error": "\(text)"])
        }
    }

    /// Rings the alarms, until the task is cancelled.
    func runAlarms() async {
        await alarms.run { events in
            for event in events {
                switch event {
                case .marks: markRunning()
                case .timeout(let job, let start): timeOut(job, start: start)
                case .pauseOver(let key, let number): update { $0.endPause(of: key, number: number) }
                case .retryCommits: state.withLock { $0.sink?(.retry) }
                }
            }
        }
    }

    /// A transition that is to be tried again has as long to come to its end as it had to be made.
    private func timeOut(_ job: Job, start: Int64) {
        update { $0.timedOut(job, start: start, now: now()) }
        guard inspect({ $0.counts(job) }), case .transition(let step) = job.work, let timeout = step.timeout else {
            return
        }
        alarms.set(.timeout(job, start: start), after: timeout)
    }

    /// Has the messages of all transitions that have been running for a while marked as read, in one go.
    private func markRunning() {
        let time = alarms.now
        let delay = configuration.readMarkDelay
        let next: Duration? = state.withLock { state in
            let waiting = state.running.values.filter { $0.since + delay > time }
            let due = state.running.values.filter { $0.since + delay <= time }.sorted { $0.job.id < $1.job.id }
            let marks = due.compactMap { state.table.markDue(for: $0.job) }
            if !marks.isEmpty { state.sink?(.mark(marks)) }
            state.isMarkAlarmSet = !waiting.isEmpty
            return waiting.map(\.since).min()
        }
        if let next { alarms.set(.marks, after: next + delay - time) }
    }

    /// Waits until no handler is at work.
    func idle() async {
        while inspect({ $0.callCount > 0 }) {
            guard await callEnds.isRung() else { return }
        }
    }
}

/// What handlers say by themselves.
extension Stage: ReplicaDesk {
    func report(_ change: SelfChange, of key: ReplicaKey) throws(ReportError) {
        var refusal: ReportError?
        update { [time = now()] table in
            do throws(ReportError) {
                return try table.report(change, of: key, now: time)
            } catch {
                refusal = error
                return []
            }
        }
        if let refusal { throw refusal }
    }

    func report(detail: String, of key: ReplicaKey) { update { $0.report(detail: detail, of: key) } }

    func fail(_ key: ReplicaKey, reason: String) {
        update { [time = now()] in $0.declareFailure(of: key, reason: reason, now: time) }
    }
}
