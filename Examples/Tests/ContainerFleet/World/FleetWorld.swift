import Coordination
import FleetAgent
public import FleetAgentSupport
import FleetEngine
import FleetHost
import FleetJobs
public import FleetMaster
import FleetModel
import HelixController
public import HelixSimulation
import Logging
import Synchronization

/// A whole fleet in a simulated world: masters and agents are as they are; the Engines, the agents' disks and the store are
/// in memory. What follows from the seed is all that happens.
public struct FleetWorld: Sendable {
    /// How large it is, and how its masters are.
    public struct Size: Sendable {
        /// The hosts.
        public var hosts: Int
        /// The masters.
        public var masters: Int
        /// See `MasterConfiguration.gathering`.
        public var gathering: Duration = .milliseconds(200)

        /// A size.
        public init(hosts: Int, masters: Int = 3) {
            self.hosts = hosts
            self.masters = masters
        }
    }

    /// Time, chance and the store.
    public let cluster: SimulatedCluster
    /// The hosts, `h0`, `h1` …
    public let hosts: [WorldHost]
    /// What the store has said is to run.
    public let wishes = Wishes()
    let masterNames: [String]
    private let size: Size
    private let crew = Crew()

    private final class Crew: Sendable {
        let masters = Mutex<[String: FleetMaster]>([:])
        let agents = Mutex<[String: HostAgent]>([:])
        let lastID = Mutex(0)
    }

    /// Runs `body` in a world whose masters and agents are there.
    /// - Parameter tampering: whether the body itself writes what nobody else may write, so that the rules of clusters do not
    ///   hold.
    public static func run(
        _ size: Size, seed: UInt64, recording: Bool = false, tampering: Bool = false,
        _ body: @escaping @Sendable (FleetWorld) async throws -> Void
    ) async throws {
        do {
            try await live(size, seed: seed, recording: recording, body)
        } catch is Violations where tampering {}
    }

    private static func live(
        _ size: Size, seed: UInt64, recording: Bool, _ body: @escaping @Sendable (FleetWorld) async throws -> Void
    ) async throws {
        try await SimulatedCluster.run("fleet", seed: seed, controllers: 0, recording: recording) { cluster in
            let world = FleetWorld(cluster, size)
            cluster.simulation.ensemble.observe { world.wishes.take($0) }
            for name in world.masterNames { world.startMaster(name) }
            for host in world.hosts { world.startAgent(host) }
            try await world.until("all hosts are up") { world in
                world.fleet?.view.hosts.count { $0.isUp } == size.hosts
            }
            try await body(world)
        }
    }

    private init(_ cluster: SimulatedCluster, _ size: Size) {
        self.cluster = cluster
        self.size = size
        hosts = (0..<size.hosts).map { WorldHost("h\($0)", cluster.simulation) }
        masterNames = (0..<size.masters).map { "m\($0)" }
    }

    private var simulation: Simulation { cluster.simulation }

    /// The time that agents and Engines go by.
    static func clock(_ simulation: Simulation) -> AgentClock {
        AgentClock(simulation.clock) { simulation.milliseconds }
    }

    // MARK: Processes

    /// Starts a master.
    public func startMaster(_ name: String) {
        cluster.start(name) { [self] process, coordination in
            let now: @Sendable () -> Int64 = { cluster.simulation.milliseconds }
            var configuration = MasterConfiguration()
            configuration.controller.processName = "1@\(name)"
            // What goes on although nothing happens costs a simulation the most.
            configuration.controller.standbyInterval = .seconds(10)
            configuration.gathering = size.gathering
            let master = FleetMaster(
                cluster: cluster.name, name: name, coordination: coordination, configuration: configuration,
                logger: logger(name), clock: cluster.clock, now: now, makeID: { makeID("fleet-") },
                environment: ControllerEnvironment(now: now, makeMessageID: { makeID("m") }))
            crew.masters.withLock { $0[name] = master }
            try await master.run()
        }
    }

    /// Starts the agent of a host, with what it has on its disk.
    public func startAgent(_ host: WorldHost) {
        cluster.start(host.name) { [self] process, coordination in
            var configuration = HostAgent.Configuration(cluster: cluster.name, host: host.name)
            configuration.sessionTimeout = .seconds(10)
            configuration.processName = "1@\(host.name)"
            let simulation = cluster.simulation
            let agent = try HostAgent(
                configuration, engine: host.engine, disk: host.disk, coordination: coordination,
                clock: Self.clock(simulation), prober: MemoryProber(host.engine),
                random: { simulation.random { $0.next() } }, makeMessageID: { makeID("a") }, logger: logger(host.name))
            crew.agents.withLock { $0[host.name] = agent }
            try await agent.run()
        }
    }

    private func makeID(_ prefix: String) -> String {
        crew.lastID.withLock { last in
            last += 1
            return "\(prefix)\(last)"
        }
    }

    private func logger(_ name: String) -> Logger {
        let (timeline, isRecording) = (cluster.timeline, cluster.timeline.isRecording)
        return Logger(label: name) { label in
            if isRecording { return TimelineHandler(timeline: timeline, process: label) }
            return SwiftLogNoOpLogHandler()
        }
    }

    /// What is asked of the fleet, of a master that is alive and knows something.
    public var fleet: Fleet? {
        crew.masters.withLock { $0 }.sorted { $0.key < $1.key }
            .filter { cluster.process($0.key)?.isAlive ?? false }
            .map(\.value.fleet).first { $0.view.table != nil && $0.view.leader != nil }
    }

    /// Asks again while no master can answer.
    public func asking(_ request: (Fleet) async throws -> Void) async throws {
        for attempt in 1... {
            do {
                guard let fleet else { throw FleetError(.storeUnavailable, "no master answers", cure: "wait") }
                return try await request(fleet)
            } catch let error as FleetError where error.code == .storeUnavailable && attempt < 200 {
                try await cluster.advance(by: .seconds(1))
            }
        }
    }

    /// Lets time pass until something holds.
    public func until(
        _ what: String, within limit: Duration = .seconds(300), every pause: Duration = .milliseconds(500),
        _ condition: (FleetWorld) throws -> Bool
    ) async throws {
        let deadline = cluster.clock.now.advanced(by: limit)
        while try !condition(self) {
            guard cluster.clock.now < deadline else {
                throw WorldError("seed \(simulation.seed): \(what): not after \(limit)")
            }
            try await cluster.clock.sleep(for: pause)
        }
    }
}

/// Why the world is not as it should be.
public struct WorldError: Error, CustomStringConvertible {
    /// What was expected, and what was found.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// A host: what outlives its agent.
public final class WorldHost: Sendable {
    /// Its name.
    public let name: String
    /// Its Engine.
    public let engine: MemoryEngine
    /// What its agents remember.
    public let disk = MemoryStore()

    init(_ name: String, _ simulation: Simulation) {
        self.name = name
        engine = MemoryEngine(clock: FleetWorld.clock(simulation)) { simulation.random { $0.next() } }
        for (image, plan) in Self.images { engine.publish(image, plan) }
        for (name, labels) in Self.strangers(of: name) {
            var spec = ContainerSpec(image: "stranger:1")
            spec.labels = labels
            engine.intrude(spec, name: name)
        }
    }

    /// What is in the registry, and how it behaves.
    private static let images: [(String, MemoryEngine.Plan)] = {
        var plain = MemoryEngine.Plan()
        plain.stops = .milliseconds(200)
        var slow = plain
        slow.isHealthyAfter = .seconds(2)
        slow.stops = .seconds(2)
        var web = plain
        web.isHealthyAfter = .seconds(10)
        var once = plain
        once.runs = .seconds(5)
        var frail = plain
        frail.runs = .seconds(45)
        frail.exitCode = 1
        return [
            ("plain:1", plain), ("slow:1", slow), ("web:1", web), ("web:2", web), ("web:3", web), ("once:1", once),
            ("frail:1", frail),
        ]
    }()

    /// Containers that are none of the fleet's business: somebody's, another cluster's, another host's.
    private static func strangers(of host: String) -> [(name: String, labels: [String: String])] {
        [
            ("database", [:]),
            (
                "fleet-elsewhere-web_0-1",
                [FleetLabel.cluster: "green", FleetLabel.host: host, FleetLabel.task: "web_0"]
            ),
            (
                "fleet-other-web_0-1",
                [FleetLabel.cluster: "fleet", FleetLabel.host: "other", FleetLabel.task: "web_other"]
            ),
        ]
    }

    static let strangers = strangers(of: "").count

    /// Whether a container is one of those.
    static func isStranger(_ container: MemoryContainer) -> Bool { container.spec.image == "stranger:1" }
}

/// Writes what processes log into the timeline.
private struct TimelineHandler: LogHandler {
    let timeline: Timeline
    let process: String
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        timeline.note(process, "\(event.level) \(event.message) \(event.metadata.map { "\($0)" } ?? "")")
    }
}
