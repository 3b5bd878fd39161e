import FleetAgent
import FleetAgentSupport
import FleetEngine
import HelixSimulation
import Synchronization

/// A host in a world whose time and chance are simulated: an Engine in memory, and what the agent has on its disk.
struct HostWorld: Sendable {
    let simulation: Simulation
    let engine: MemoryEngine
    var store = MemoryStore()
    let clock: AgentClock
    var configuration = HostConfiguration(cluster: "blue", host: "node1")
    /// All that agents have told.
    let reports = ReportLog()

    /// Runs `body` in a world of its own.
    static func run(seed: UInt64 = 1, _ body: @escaping @Sendable (HostWorld) async throws -> Void) async throws {
        try await Simulation(seed: seed, limit: .seconds(400_000)).run { simulation in
            let clock = AgentClock(simulation.clock) { simulation.milliseconds }
            let engine = MemoryEngine(clock: clock) { simulation.random { $0.next() } }
            for image in ["web:1", "web:2"] { engine.publish(image) }
            try await body(HostWorld(simulation: simulation, engine: engine, clock: clock))
        }
    }

    private init(simulation: Simulation, engine: MemoryEngine, clock: AgentClock) {
        self.simulation = simulation
        self.engine = engine
        self.clock = clock
        configuration.retention = .seconds(600)
    }

    /// Runs an agent as long as `body` does.
    func withAgent(_ body: @escaping @Sendable (HostSupervisor) async throws -> Void) async throws {
        let host = try HostSupervisor(
            engine, store: store, configuration, clock: clock, prober: MemoryProber(engine),
            random: { simulation.random { $0.next() } }, secret: { Array("the secret \($0)".utf8) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await host.run() }
            group.addTask { for await report in host.reports { reports.add(report) } }
            try await body(host)
            group.cancelAll()
        }
    }

    func sleep(_ duration: Duration) async throws { try await clock.sleep(duration) }

    /// Waits for a condition, in simulated time.
    func until(within limit: Duration = .seconds(60), _ what: String, _ condition: () async -> Bool) async throws {
        let end = clock.now.elapsed + limit
        while await !condition() {
            guard clock.now.elapsed < end else {
                throw WorldError(
                    description: "seed \(simulation.seed): \(what) did not come about within \(limit)")
            }
            try await clock.sleep(.milliseconds(5))
        }
    }

    func running(_ task: String) -> [MemoryContainer] {
        engine.containers().filter { $0.task == task && $0.status == .running }
    }
}

struct WorldError: Error, CustomStringConvertible {
    let description: String
}

/// What was told, in order.
final class ReportLog: Sendable {
    private let log = Mutex<[TaskReport]>([])

    func add(_ report: TaskReport) { log.withLock { $0.append(report) } }

    func last(_ task: String) -> TaskReport? { log.withLock { $0.last { $0.task == task } } }

    func phases(_ task: String) -> [TaskPhase] {
        log.withLock { log in
            log.filter { $0.task == task }.map(\.phase).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
        }
    }
}
