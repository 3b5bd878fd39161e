import Coordination
import HelixAdmin
import HelixController
import HelixRecords
import Synchronization

/// A whole cluster in one test: the real controller, participants and spectators, on a simulated coordination service,
/// in simulated time. So tests of handlers take milliseconds, and what fails once fails again with the same seed.
///
/// ```swift
/// try await SimulatedCluster.run(seed: 7) { cluster in
///     try await cluster.administrate { admin in
///         try await admin.addResource(
///             "orders", ResourceSettings(partitions: 8, stateModel: "MasterSlave", replicas: .count(2)), in: cluster.name)
///     }
///     for name in ["node1", "node2", "node3"] {
///         try await cluster.startParticipant(name) { $0.register(.masterSlave) { OrderShard($0) } }
///     }
///     try await cluster.settle()
///     cluster.kill("node1")
///     try await cluster.settle()
///     let masters = try await cluster.routingTable().instances(serving: "orders", in: "MASTER")
///     #expect(masters.map(\.name) == ["node2", "node3"])
/// }
/// ```
///
/// Handlers must take their time from ``clock`` and must not wait for anything outside. When the body is done all
/// processes are killed, and if anything happened that must never happen in a cluster, ``run(_:seed:controllers:recording:_:)``
/// throws ``Violations``.
public final class SimulatedCluster: Sendable {
    struct Start: Sendable {
        let process: SimulatedProcess
        let body: @Sendable () async throws -> Void
    }

    /// How a process ended.
    package struct Exit: Sendable {
        package let process: SimulatedProcess
        /// What its role threw, if it did.
        package let error: (any Error)?
        /// Whether somebody killed it or asked it to shut down.
        package let isWanted: Bool
    }

    /// The cluster's name.
    public let name: String
    /// The world that it lives in.
    public let simulation: Simulation
    /// What each process saw, if the cluster was made with `recording`.
    public let timeline: Timeline
    /// What must always hold, and whether it did.
    public let judge: Judge
    let paths: ClusterPaths
    private let starts = Mailbox<Start>()
    private let processes = Mutex<[String: SimulatedProcess]>([:])
    private let exits = Mutex<(@Sendable (Exit) -> Void)?>(nil)
    /// The participants that belong to the cluster as long as they run.
    let members = Mutex<Set<String>>([])
    let shutdowns = Mutex<[Int: @Sendable () -> Void]>([:])
    /// Processes that were asked to shut down.
    private let leaving = Mutex<Set<Int>>([])
    let controllers = Mutex<[String: Controller]>([:])
    /// Calendar times differ from process to process.
    let skews = Mutex<[Int: Int64]>([:])

    init(_ name: String, _ simulation: Simulation, isRecording: Bool) {
        self.name = name
        self.simulation = simulation
        paths = ClusterPaths(cluster: name)
        let timeline = Timeline(clock: simulation.clock, isRecording: isRecording)
        self.timeline = timeline
        judge = Judge(cluster: name, clock: simulation.clock, timeline: timeline)
    }

    /// Sets a cluster up in a world of its own, runs `body`, and ends both.
    ///
    /// - Parameters:
    ///   - name: the cluster's name.
    ///   - seed: what everything follows from that is left to chance.
    ///   - controllers: how many controllers to start, named `controller-1` and so on.
    ///   - recording: whether to keep a ``timeline``.
    /// - Throws: what the body throws; ``Violations`` when something happened that must not; an error with which a
    ///   process ended; `SimulationError` when everything stands still.
    public static func run<Value: Sendable>(
        _ name: String = "cluster", seed: UInt64 = 1, controllers: Int = 1, recording: Bool = false,
        _ body: @escaping @Sendable (SimulatedCluster) async throws -> Value
    ) async throws -> Value {
        try await run(name, in: Simulation(seed: seed), recording: recording) { cluster in
            _ = try await cluster.administrate { try await $0.addCluster(name) }
            for number in 0..<controllers { cluster.startController("controller-\(number + 1)") }
            let value = try await body(cluster)
            let violations = cluster.judge.violations
            if !violations.isEmpty { throw Violations(seed: seed, violations: violations) }
            return value
        }
    }

    /// The same in a world that is given, without setting anything up and without a verdict.
    package static func run<Value: Sendable>(
        _ name: String, in simulation: Simulation, recording: Bool,
        _ body: @escaping @Sendable (SimulatedCluster) async throws -> Value
    ) async throws -> Value {
        let cluster = SimulatedCluster(name, simulation, isRecording: recording)
        simulation.ensemble.observe { cluster.judge.take($0) }
        return try await simulation.run { _ in try await cluster.live(body) }
    }

    private func live<Value: Sendable>(
        _ body: @escaping @Sendable (SimulatedCluster) async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                try await self.keepProcesses()
                return nil
            }
            group.addTask { try await body(self) }
            defer {
                group.cancelAll()
                exits.withLock { $0 = nil }
                controllers.withLock { $0 = [:] }
                for process in processes.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
                    simulation.kill(process.value)
                }
            }
            while let outcome = try await group.next() {
                if let value = outcome { return value }
            }
            throw CancellationError()
        }
    }

    private func keepProcesses() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            while let batch = await starts.next() {
                for start in batch { group.addTask { try await self.keep(start) } }
            }
        }
    }

    private func keep(_ start: Start) async throws {
        do {
            try await start.process.run(start.body)
            note(exitOf: start.process, nil)
        } catch {
            guard !note(exitOf: start.process, error) else { return }
            starts.finish()  // or nobody would look at the error before the end
            throw error
        }
    }

    /// - Returns: whether somebody cares for it.
    @discardableResult
    private func note(exitOf process: SimulatedProcess, _ error: (any Error)?) -> Bool {
        let isWanted = !process.isAlive || leaving.withLock { $0.contains(process.id) }
        if process.isAlive { timeline.note(process.name, error.map { "ends: \($0)" } ?? "ends") }
        simulation.kill(process)
        guard let handler = exits.withLock({ $0 }) else { return false }
        handler(Exit(process: process, error: error, isWanted: isWanted))
        return true
    }

    /// Has `handler` told when a process ends for whatever reason; else an error of a process ends the simulation.
    package func onExit(_ handler: @escaping @Sendable (Exit) -> Void) {
        exits.withLock { $0 = handler }
    }

    // MARK: Processes

    /// The process that runs under a name now, or did last; `nil` when none ever did.
    public func process(_ name: String) -> SimulatedProcess? { processes.withLock { $0[name] } }

    /// The processes that run or did last, by name.
    package var allProcesses: [SimulatedProcess] {
        processes.withLock { $0 }.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Whether a process was asked to shut down.
    package func isLeaving(_ process: SimulatedProcess) -> Bool { leaving.withLock { $0.contains(process.id) } }

    /// The processes that stand still, or are about to end.
    package var unsteady: [SimulatedProcess] {
        let leaving = leaving.withLock { $0 }
        return allProcesses.filter { $0.isAlive && ($0.isPaused || leaving.contains($0.id)) }
    }

    /// Starts something of your own in a process, for example a client of your service.
    ///
    /// The body gets the coordination service as its process sees it.
    /// - Precondition: no process of this name is alive.
    @discardableResult
    public func start(
        _ name: String, _ body: @escaping @Sendable (SimulatedProcess, SimulatedCoordination) async throws -> Void
    ) -> SimulatedProcess {
        precondition(process(name)?.isAlive != true, "process \(name) is alive; kill it first, or choose another name")
        let process = simulation.makeProcess(name)
        processes.withLock { $0[name] = process }
        timeline.note(name, "starts")
        let coordination = simulation.ensemble.coordination(for: process)
        starts.post(Start(process: process) { try await body(process, coordination) })
        return process
    }

    /// Kills a process, as SIGKILL does. Its session lives on until it expires. Does nothing if it does not run.
    public func kill(_ name: String) {
        guard let process = process(name), process.isAlive else { return }
        timeline.note(name, "is killed")
        simulation.kill(process)
    }

    /// Stops a process for a time, as a long garbage collection does. Does nothing if it does not run.
    public func pause(_ name: String, for duration: Duration) {
        guard let process = process(name), process.isAlive else { return }
        timeline.note(name, "stands still for \(duration)")
        judge.excuse(name, for: duration)
        simulation.pause(process, for: duration)
    }

    /// Asks a process to shut down gracefully, as SIGTERM does. Does nothing if it does not run.
    public func shutDown(_ name: String) {
        guard let process = process(name), process.isAlive else { return }
        timeline.note(name, "is asked to shut down")
        leaving.withLock { _ = $0.insert(process.id) }
        shutdowns.withLock { $0[process.id] }?()
    }

    /// Cuts a process off from the coordination service, without either noticing at once.
    public func isolate(_ name: String) {
        guard let process = process(name) else { return }
        timeline.note(name, "is cut off")
        simulation.ensemble.isolate(process)
    }

    /// Undoes ``isolate(_:)``.
    public func reconnect(_ name: String) {
        guard let process = process(name) else { return }
        timeline.note(name, "can be reached again")
        simulation.ensemble.reconnect(process)
    }

    // MARK: Time

    /// The time of the simulation; handlers that wait take it from here.
    public var clock: SimulatedClock { simulation.clock }

    /// Lets time pass.
    public func advance(by duration: Duration) async throws { try await clock.sleep(for: duration) }

    /// The calendar time as a process sees it, in milliseconds since 1970.
    func milliseconds(of process: SimulatedProcess) -> Int64 {
        simulation.milliseconds + (skews.withLock { $0[process.id] } ?? 0)
    }
}

/// Things that happened in a simulation and must not happen in any cluster.
public struct Violations: Error, Sendable, CustomStringConvertible {
    /// The seed with which they happen again.
    public let seed: UInt64
    /// What happened, in order.
    public let violations: [Violation]

    /// Seed and all violations, one a line.
    public var description: String {
        "seed \(seed):\n" + violations.map { "  \($0)" }.joined(separator: "\n")
    }
}
