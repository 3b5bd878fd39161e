import Coordination

/// A world of its own, in which everything happens in an order that follows from a seed: tasks run one at a time, time
/// passes only when nobody has anything to do, and processes talk through an ensemble of simulated servers.
///
/// The same seed gives the same run, to the last step, on every machine.
///
/// ```swift
/// try await Simulation(seed: 7).run { simulation in
///     let node = simulation.makeProcess("node")
///     try await simulation.run(node) {
///         try await simulation.ensemble.coordination(for: node).withSession { session in
///             try await session.create("/hello", mode: .ephemeral)
///         }
///     }
/// }
/// ```
///
/// What runs inside must take its time from ``clock`` and wait for nothing outside.
public final class Simulation: Sendable {
    /// What the run follows from.
    public let seed: UInt64
    /// The time of this world.
    public let clock: SimulatedClock
    /// The coordination service of this world.
    public let ensemble: SimulatedEnsemble
    let scheduler: Scheduler
    private let main: SimulatedProcess

    /// A world in which nothing has happened yet.
    /// - Parameters:
    ///   - servers: the number of servers of the coordination service.
    ///   - limit: how much simulated time may pass before the run is given up; a day unless set.
    public init(seed: UInt64, servers: Int = 3, limit: Duration = .seconds(86_400)) {
        self.seed = seed
        scheduler = Scheduler(seed: seed, limit: limit.nanoseconds)
        clock = SimulatedClock(scheduler: scheduler)
        ensemble = SimulatedEnsemble(scheduler: scheduler, servers: servers)
        main = scheduler.makeProcess("main")
    }

    /// Runs `body` in this world until it is done. Can be called once.
    ///
    /// - Throws: what the body throws; `SimulationError` when the world stands still before that.
    public func run<Value: Sendable>(
        _ body: @escaping @Sendable (Simulation) async throws -> Value
    ) async throws -> Value {
        defer {
            scheduler.tearDown()
            ensemble.tearDown()
        }
        return try await withThrowingTaskGroup(of: Result<Value, any Error>.self) { group in
            group.addTask(executorPreference: main) { [self] in
                defer { scheduler.finish() }
                do { return .success(try await body(self)) } catch { return .failure(error) }
            }
            if let fault = await standstill() {
                group.cancelAll()
                await letTasksEnd(after: fault)
                throw fault
            }
            guard let result = try await group.next() else { preconditionFailure("the body has ended") }
            return try result.get()
        }
    }

    /// Runs everything; `nil` when the body is done.
    private func standstill() async -> SimulationError? {
        while true {
            switch scheduler.drain() {
            case .finished: return nil
            case .livelock: return SimulationError(kind: .livelock, seed: seed, at: clock.now)
            case .overtime: return SimulationError(kind: .overtime, seed: seed, at: clock.now)
            case .idle:
                guard await somethingCameIn() else {
                    return SimulationError(kind: .standstill, seed: seed, at: clock.now)
                }
            }
        }
    }

    /// The tasks of a simulation that failed are cancelled, and may come to their end.
    ///
    /// Nobody can end a task that does not heed that: rather than to wait for ever the program stops, and says why.
    private func letTasksEnd(after fault: SimulationError) async {
        let limit = ContinuousClock.now.advanced(by: .seconds(10))
        scheduler.extend(by: 3_600_000_000_000)
        while scheduler.drainAnew() != .finished {
            _ = await somethingCameIn()
            guard ContinuousClock.now < limit else {
                fatalError("\(fault) Nor do its tasks end when they are cancelled.")
            }
        }
    }

    /// A job may be on its way here from another executor; what takes longer waits for the outside world.
    private func somethingCameIn() async -> Bool {
        for _ in 0..<10_000 {
            await Task.yield()
            if scheduler.isReady { return true }
        }
        return false
    }

    // MARK: Processes

    /// A process to run something in; it lives until it is killed.
    public func makeProcess(_ name: String) -> SimulatedProcess { scheduler.makeProcess(name) }

    /// Runs `body` in a process until it is done or the process is killed.
    /// - Throws: what the body throws, unless the process was killed.
    public func run(
        _ process: SimulatedProcess, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await process.run(body)
    }

    /// Ends a process at once, as SIGKILL does: its sessions are not closed, and expire when their time is over.
    public func kill(_ process: SimulatedProcess) {
        if process.kill() { ensemble.killed(process) }
    }

    /// Stops a process for a time, as SIGSTOP or a long garbage collection does.
    public func pause(_ process: SimulatedProcess, for duration: Duration) {
        guard process.isAlive, !process.isPaused else { return }
        scheduler.pause(process.id)
        ensemble.paused(process)
        scheduler.schedule(after: duration.nanoseconds) { [self] in
            scheduler.resume(process.id)
            ensemble.resumed(process, after: duration)
        }
    }

    /// Does something after a time; it is not a task, and cannot wait.
    public func after(_ delay: Duration, _ body: @escaping @Sendable () -> Void) {
        scheduler.schedule(after: delay.nanoseconds, body)
    }

    // MARK: Facts

    /// A hash of everything that has happened: two runs with the same hash took the same way.
    public var trace: UInt64 { scheduler.trace }

    /// How many jobs and events have run.
    public var steps: Int { scheduler.steps }

    /// The calendar time, in milliseconds since 1970. A simulation begins on 2026-01-01.
    public var milliseconds: Int64 { Self.start + scheduler.now / 1_000_000 }

    static let start: Int64 = 1_767_225_600_000

    /// Random numbers that follow from the seed.
    public func random<Value>(_ body: (inout SeededGenerator) -> Value) -> Value { scheduler.withRandom(body) }
}

/// Why a simulation cannot go on.
public struct SimulationError: Error, Sendable, Hashable, CustomStringConvertible {
    enum Kind: Sendable, Hashable { case standstill, livelock, overtime }

    let kind: Kind
    let seed: UInt64
    let time: Duration

    init(kind: Kind, seed: UInt64, at instant: SimulatedClock.Instant) {
        self.kind = kind
        self.seed = seed
        time = instant.elapsed
    }

    /// What happened, when, and what to look for.
    public var description: String {
        switch kind {
        case .standstill:
            "simulation \(seed) stands still after \(time): everybody waits and nothing will be due. "
                + "Something waits for the world outside, for example by Task.sleep or for a file: use the simulation's clock."
        case .overtime:
            "simulation \(seed) is not done after \(time). Look for what waits for ever, or give it more time."
        case .livelock:
            "simulation \(seed) does not get on after \(time): tasks keep each other busy and no time passes. "
                + "Look for a loop that tries again without a pause."
        }
    }
}
