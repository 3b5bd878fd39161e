import FleetJobs
import FleetMaster
import FleetModel
import HelixController
import HelixParticipant
import HelixSimulation
import Logging
import StateModels
import Synchronization
import Testing

/// A fleet in a simulated world: masters as they are, and agents that do as they are told, or fail.
struct FleetStage: Sendable {
    let cluster: SimulatedCluster
    let jobRetention: Duration?
    let world = AgentWorld()
    private let masters = Masters()

    private final class Masters: Sendable {
        let all = Mutex<[String: FleetMaster]>([:])
    }

    /// Runs `body` with a master and hosts `h0`, `h1` …
    static func run(
        hosts count: Int = 3, labels: [String: String] = [:], cpus: Int? = nil, jobRetention: Duration? = nil,
        seed: UInt64 = 1,
        recording: Bool = false, _ body: @escaping @Sendable (FleetStage) async throws -> Void
    ) async throws {
        try await SimulatedCluster.run("fleet", seed: seed, controllers: 0, recording: recording) { cluster in
            let stage = FleetStage(cluster: cluster, jobRetention: jobRetention)
            do {
                try await stage.startMaster("m1")
                for index in 0..<count {
                    try await stage.addHost("h\(index)", HostDescription(labels: labels, cpus: cpus))
                }
                try await stage.until("all hosts are up") { $0.view.hosts.count { $0.isUp } == count }
                try await body(stage)
            } catch {
                if recording { print(cluster.timeline) }
                throw error
            }
        }
    }

    /// What is asked of the fleet, of any master that is alive.
    var fleet: Fleet {
        let alive = masters.all.withLock { $0 }.sorted { $0.key < $1.key }
            .filter { cluster.process($0.key)?.isAlive ?? false }
        return alive[0].value.fleet
    }

    /// The master that acts.
    var leader: String? {
        masters.all.withLock { $0 }.sorted { $0.key < $1.key }
            .first { $0.value.isLeading && cluster.process($0.key)?.isAlive ?? false }?.key
    }

    func startMaster(_ name: String) async throws {
        cluster.start(name) { [self] process, coordination in
            let now: @Sendable () -> Int64 = { cluster.simulation.milliseconds }
            var configuration = MasterConfiguration()
            configuration.controller.processName = "1@\(name)"
            configuration.jobRetention = jobRetention
            let master = FleetMaster(
                cluster: cluster.name, name: name, coordination: coordination, configuration: configuration,
                logger: Logger(label: name) { _ in SwiftLogNoOpLogHandler() }, clock: cluster.clock, now: now,
                makeID: { "the-fleet" },
                environment: ControllerEnvironment(now: now, makeMessageID: { world.makeID() }))
            masters.all.withLock { $0[name] = master }
            try await master.run()
        }
        try await until("master \(name) knows everything") {
            $0.fleets(self.masters.all.withLock { $0[name] })?.view.table != nil
        }
    }

    /// Registers a host, and starts its agent.
    func addHost(_ name: String, _ description: HostDescription = .init()) async throws {
        try await fleet.register(name, description)
        try await startAgent(name)
    }

    func startAgent(_ name: String) async throws {
        var configuration = ParticipantConfiguration()
        configuration.sessionTimeout = .seconds(10)
        let (world, clock) = (world, cluster.clock)
        try await cluster.startParticipant(name, configuration: configuration) { participant in
            participant.register(custom: .container) { TestAgent(replica: $0, world: world, clock: clock) }
            participant.register(custom: .runOnce) { TestAgent(replica: $0, world: world, clock: clock) }
        }
    }

    /// Lets time pass until something holds.
    func until(
        _ what: String, within limit: Duration = .seconds(120), every pause: Duration = .milliseconds(200),
        sourceLocation: SourceLocation = #_sourceLocation, _ condition: (FleetStage) throws -> Bool
    ) async throws {
        let deadline = cluster.clock.now.advanced(by: limit)
        while try !condition(self) {
            guard cluster.clock.now < deadline else {
                Issue.record("\(what): not after \(limit); \(picture)", sourceLocation: sourceLocation)
                throw NotSo(what: what)
            }
            try await cluster.clock.sleep(for: pause)
        }
    }

    /// Everything, for people.
    private var picture: String {
        guard !masters.all.withLock(\.isEmpty) else { return "no master" }
        let rows = fleet.status().map { "\($0.job.prefix(12)) \($0.place)@\($0.host ?? "-") \($0.goal) \($0.state)" }
        let deployments = fleet.deployments().map { "\($0.name) \($0.phase) \($0.message)" }
        return (deployments + rows + fleet.view.problems.map { "\($0)" }).joined(separator: "; ")
    }

    // MARK: Shorthands

    var view: FleetView { fleet.view }

    func fleets(_ master: FleetMaster?) -> Fleet? { master?.fleet }

    func job(
        _ version: String, name: String = "web", _ change: (inout Job) -> Void = { _ in }
    ) async throws -> JobID {
        var job = Job(name: name, version: version, image: "image:\(version)")
        job.command = ["run", version]
        change(&job)
        return try await fleet.create(job)
    }

    /// Hosts, or places, on which a job of a deployment runs.
    func running(_ job: JobID, in deployment: String? = nil) -> [String] {
        fleet.status(deployment: deployment ?? "").filter {
            $0.job == job.description && $0.state == TaskState.running
        }.compactMap(\.host).sorted()
    }

    func phase(_ deployment: String) -> Deployment.Phase? { view.deployments[deployment]?.value.phase }

    func restartAgent(_ name: String) async throws { try await startAgent(name) }
}

struct NotSo: Error {
    let what: String
}

/// What agents do beyond what they are told.
final class AgentWorld: Sendable {
    private struct State {
        var bad: Set<String> = []
        var flaps = false
        var ids = 0
        var containers: [String: Int] = [:]
        var startTime = Duration.seconds(1)
    }

    private let state = Mutex(State())

    /// How long a container takes to get healthy.
    var startTime: Duration {
        get { state.withLock(\.startTime) }
        set { state.withLock { $0.startTime = newValue } }
    }

    /// Jobs that never get healthy, by version: everywhere, or with `@host` there.
    var bad: Set<String> {
        get { state.withLock(\.bad) }
        set { state.withLock { $0.bad = newValue } }
    }

    /// Whether bad containers end and are started again each second, rather than that they run and are not healthy.
    var flaps: Bool {
        get { state.withLock(\.flaps) }
        set { state.withLock { $0.flaps = newValue } }
    }

    func isBad(_ replica: Replica) -> Bool {
        let version = replica.resource.split(separator: ".").dropFirst(2).first.map(String.init) ?? ""
        return bad.contains(version) || bad.contains("\(version)@\(replica.instance)")
    }

    func makeID() -> String {
        state.withLock { state in
            state.ids += 1
            return "id-\(state.ids)"
        }
    }

    /// How many containers of a task run on a host.
    func change(_ replica: Replica, _ count: Int) {
        state.withLock { $0.containers["\(replica.resource)@\(replica.instance)", default: 0] += count }
    }

    /// How often tasks of a job were started on a host: hosts that were never touched have a 1.
    func starts(_ job: JobID, on host: String) -> Int {
        state.withLock { state in
            state.containers.filter { $0.key.contains(job.hash.prefix(7)) && $0.key.hasSuffix("@\(host)") }
                .map(\.value).reduce(0, +)
        }
    }
}

struct TestAgent: TransitionHandler {
    let replica: Replica
    let world: AgentWorld
    let clock: SimulatedClock

    func transition(_ context: TransitionContext) async throws {
        switch context.to {
        case TaskState.running, TaskState.completed:
            world.change(replica, 1)
            if world.bad.contains("broken") { throw Broken() }
            var restarts = 0
            while world.isBad(replica) {
                var detail = TaskDetail()
                detail.phase = "HEALTHCHECKING"
                if world.flaps {
                    restarts += 1
                    (detail.phase, detail.throttle, detail.restarts) = ("EXITED", "FLAPPING", restarts)
                }
                context.report(detail: detail.text)
                try await clock.sleep(for: .seconds(1))
            }
            try await clock.sleep(for: world.startTime)
            var detail = TaskDetail()
            detail.container = world.makeID()
            if context.to == TaskState.completed { detail.exit = 0 }
            context.report(detail: detail.text)
        default:
            try await clock.sleep(for: .milliseconds(50))
        }
    }
}

/// What a container that cannot be started is told by.
struct Broken: Error {}
