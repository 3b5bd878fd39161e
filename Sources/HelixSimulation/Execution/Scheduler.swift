import Synchronization

/// What makes a simulation deterministic: it runs one job at a time, chosen among all that are ready by a seeded
/// generator, and lets time pass only when none is.
///
/// Everything happens on the thread that calls ``drain()``. The lock is there because jobs may come in from outside, for
/// example when the task that runs the simulation is cancelled.
final class Scheduler: Sendable {
    typealias Event = @Sendable () -> Void

    /// Why ``drain()`` returned.
    enum Pause: Sendable, Hashable {
        /// The simulation is over.
        case finished
        /// Nothing is ready and nothing will be due.
        case idle
        /// More time has passed than was given.
        case overtime
        /// So much was done without any time passing that it would never end.
        case livelock
    }

    private enum Due {
        case event(Event, process: Int?, isOverdue: Bool = false)
        case sleeper(UInt64)
    }

    private struct Process {
        let executor: SimulatedProcess
        var isPaused = false
        var heldJobs: [UnownedJob] = []
        var heldEvents: [Event] = []
        /// Until when it is busy learning what has happened while it stood still.
        var overdueUntil: Int64 = 0
    }

    private struct Ready {
        let job: UnownedJob
        let process: Int
    }

    private struct State {
        var random: SeededGenerator
        var limit: Int64
        var trace = TraceHash()
        /// Nanoseconds since the start.
        var now: Int64 = 0
        var ready: [Ready] = []
        var timers = TimerQueue<Due>()
        var sleepers: [UInt64: CheckedContinuation<Bool, Never>] = [:]
        var lastSleeper: UInt64 = 0
        var processes: [Process] = []
        var isFinished = false
        var steps = 0
        var stepsAtThisTime = 0
    }

    private enum Next {
        case job(UnownedJob, SimulatedProcess)
        case event(Event)
        case wake(CheckedContinuation<Bool, Never>)
        case nothing
        case pause(Pause)
    }

    /// So many jobs without time passing are no progress any more.
    private static let livelockLimit = 2_000_000

    private let state: Mutex<State>

    /// - Parameter limit: how much time may pass, in nanoseconds.
    init(seed: UInt64, limit: Int64) {
        state = Mutex(State(random: SeededGenerator(seed: seed), limit: limit))
    }

    /// Gives so much more time, in nanoseconds, from now on.
    func extend(by time: Int64) {
        state.withLock { state in
            state.limit = state.now + time
            state.stepsAtThisTime = 0
        }
    }

    // MARK: What there is to do

    func makeProcess(_ name: String) -> SimulatedProcess {
        state.withLock { state in
            let process = SimulatedProcess(name: name, id: state.processes.count, scheduler: self)
            state.processes.append(Process(executor: process))
            return process
        }
    }

    func enqueue(_ job: UnownedJob, of process: Int) {
        state.withLock { state in
            if state.processes[process].isPaused {
                state.processes[process].heldJobs.append(job)
            } else {
                state.ready.append(Ready(job: job, process: process))
            }
        }
    }

    /// Schedules something that happens in the world.
    /// - Parameter process: the process that it happens to: it waits while that one is paused.
    func schedule(after delay: Int64, process: Int? = nil, _ event: @escaping Event) {
        state.withLock { state in
            state.timers.schedule(.event(event, process: process), at: state.now + max(0, delay))
        }
    }

    /// Waits until a time.
    /// - Returns: `false` when the task was cancelled.
    func sleep(until time: Int64) async -> Bool {
        let id = state.withLock { state in
            state.lastSleeper += 1
            return state.lastSleeper
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if Task.isCancelled { return true }
                    state.sleepers[id] = continuation
                    state.timers.schedule(.sleeper(id), at: max(time, state.now))
                    return false
                }
                if isCancelled { continuation.resume(returning: false) }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: id) }?.resume(returning: false)
        }
    }

    // MARK: Pauses of processes

    func isPaused(_ process: Int) -> Bool { state.withLock { $0.processes[process].isPaused } }

    func pause(_ process: Int) { state.withLock { $0.processes[process].isPaused = true } }

    /// A process goes on: what it had to do is ready at once; what happened to it meanwhile it learns within moments.
    func resume(_ process: Int) {
        state.withLock { state in
            guard state.processes[process].isPaused else { return }
            state.processes[process].isPaused = false
            let jobs = state.processes[process].heldJobs
            let events = state.processes[process].heldEvents
            state.processes[process].heldJobs = []
            state.processes[process].heldEvents = []
            state.ready += jobs.map { Ready(job: $0, process: process) }
            var time = state.now
            for event in events {
                time += Int64.random(in: 0...200_000, using: &state.random)
                state.timers.schedule(.event(event, process: process, isOverdue: true), at: time)
            }
            state.processes[process].overdueUntil = time
        }
    }

    // MARK: Facts and randomness

    /// Nanoseconds since the start.
    var now: Int64 { state.withLock { $0.now } }

    /// How many jobs and events have run.
    var steps: Int { state.withLock { $0.steps } }

    /// The hash of everything that has happened.
    var trace: UInt64 { state.withLock { $0.trace.value } }

    /// Makes the trace depend on what happens in the simulated world.
    func mix(_ body: (inout TraceHash) -> Void) { state.withLock { body(&$0.trace) } }

    func withRandom<Value>(_ body: (inout SeededGenerator) -> Value) -> Value {
        state.withLock { body(&$0.random) }
    }

    // MARK: Running

    /// Whether there is something to do at once.
    var isReady: Bool { state.withLock { !$0.ready.isEmpty } }

    func finish() { state.withLock { $0.isFinished = true } }

    /// Lets go of everything, when all tasks have ended.
    func tearDown() {
        state.withLock { state in
            state.processes = []
            state.timers.removeAll()
        }
    }

    /// Runs jobs and events until there is a reason to pause.
    func drain() -> Pause {
        while true {
            switch next() {
            case .job(let job, let process): job.runSynchronously(on: process.asUnownedTaskExecutor())
            case .event(let event): event()
            case .wake(let sleeper): sleeper.resume(returning: true)
            case .nothing: continue
            case .pause(let pause): return pause
            }
        }
    }

    /// Goes on after a livelock, in case that it was resolved.
    func drainAnew() -> Pause {
        state.withLock { $0.stepsAtThisTime = 0 }
        return drain()
    }

    private func next() -> Next {
        state.withLock { state in
            if state.isFinished, state.ready.isEmpty { return .pause(.finished) }
            if let time = state.timers.first, time <= state.now || state.ready.isEmpty {
                if time > state.now {
                    if time > state.limit { return .pause(.overtime) }
                    state.now = time
                    state.stepsAtThisTime = 0
                }
                return Self.takeDue(&state)
            }
            guard !state.ready.isEmpty else { return .pause(.idle) }
            return Self.takeJob(&state)
        }
    }

    private static func takeJob(_ state: inout State) -> Next {
        let bits = state.random.next()
        let index = Int(truncatingIfNeeded: (bits >> 32) % UInt64(state.ready.count))
        // Work takes its time, so that what comes in over the network meets it half done.
        if bits & 15 == 0 { state.now += Int64((bits >> 4) & 0xffff) }
        state.steps += 1
        state.stepsAtThisTime += 1
        state.trace.mix(bits)
        guard state.stepsAtThisTime < livelockLimit else { return .pause(.livelock) }
        let chosen = state.ready[index]
        state.ready.swapAt(index, state.ready.count - 1)
        state.ready.removeLast()
        return .job(chosen.job, state.processes[chosen.process].executor)
    }

    private static func takeDue(_ state: inout State) -> Next {
        state.steps += 1
        switch state.timers.popFirst() {
        case .sleeper(let id): return state.sleepers.removeValue(forKey: id).map { .wake($0) } ?? .nothing
        case .event(let event, let process, let isOverdue):
            if let process, state.processes[process].isPaused {
                state.processes[process].heldEvents.append(event)
                return .nothing
            }
            // News must not overtake what is older.
            if let process, !isOverdue, state.processes[process].overdueUntil > state.now {
                state.timers.schedule(.event(event, process: process), at: state.processes[process].overdueUntil)
                return .nothing
            }
            state.trace.mix(UInt64(bitPattern: state.now))
            return .event(event)
        case nil: return .nothing
        }
    }
}
