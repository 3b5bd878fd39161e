import FleetJobs
import FleetMaster
import FleetWorld
import Foundation
import HelixSimulation
import Synchronization
import Testing

@Suite("A fleet whose agents are the real ones, whatever happens to it", .timeLimit(.minutes(10)))
struct FleetWorldTests {
    /// How many hosts the large fleet has: `FLEET_WORLD_HOSTS`.
    static let hosts = ProcessInfo.processInfo.environment["FLEET_WORLD_HOSTS"].flatMap { Int($0) } ?? 80
    /// The small fleets' seeds are 1 to this: `FLEET_WORLD_SEEDS`.
    static let seeds = ProcessInfo.processInfo.environment["FLEET_WORLD_SEEDS"].flatMap { UInt64($0) } ?? 2
    /// For how long the large fleet is troubled, in simulated seconds: `FLEET_WORLD_SECONDS`.
    static let seconds = ProcessInfo.processInfo.environment["FLEET_WORLD_SECONDS"].flatMap { Int($0) } ?? 15

    @Test(
        "of a task there never are two containers, nothing ends without cause, and in the end all is as deployed",
        arguments: 1...seeds)
    func small(seed: UInt64) async throws {
        _ = try await Self.play(FleetWorld.Size(hosts: 4), seed: seed, raging: .seconds(60), every: 1)
    }

    @Test("so it is with as many hosts and containers as there is time for")
    func large() async throws {
        let size = FleetWorld.Size(hosts: Self.hosts, masters: 2)
        _ = try await Self.play(
            size, seed: 1, raging: .seconds(Self.seconds), every: 0.2, probing: .seconds(60), rollouts: 1)
    }

    @Test("the same seed gives the same run")
    func replay() async throws {
        let size = FleetWorld.Size(hosts: 2, masters: 2)
        let first = try await Self.play(size, seed: 9, raging: .seconds(20), every: 1)
        #expect(try await Self.play(size, seed: 9, raging: .seconds(20), every: 1) == first)
    }

    /// One fleet's life: a mix of jobs is deployed, and rolled out and scaled while everything breaks.
    /// - Parameters:
    ///   - pause: seconds from one fault to the next, about.
    ///   - probing: how often containers that run are tried.
    ///   - rollouts: how many versions take the first one's place.
    /// - Returns: a hash of all that happened.
    private static func play(
        _ size: FleetWorld.Size, seed: UInt64, raging: Duration, every pause: Double,
        probing: TimeSpan = .seconds(10), rollouts: Int = 2
    ) async throws -> UInt64 {
        let trace = Mutex<UInt64>(0)
        try await FleetWorld.run(size, seed: seed, recording: isRecording) { world in
            defer { if isRecording { print(world.cluster.timeline) } }
            let trial = FleetTrial(world)
            let (web, policy) = try await Self.deploy(trial, size, probing)
            try await Self.settle(trial, "all is deployed", within: .seconds(300))
            var trouble = FleetTrouble(world)
            trouble.spoilEngines()
            let pauses = Duration.seconds(pause / 5)...Duration.seconds(pause * 2)
            for (index, job) in web.prefix(rollouts).enumerated() {
                try await trial.rollOut(job, in: "web", policy)
                try await trial.scale("pool", to: size.hosts / 2 + (index == 0 ? size.hosts / 4 : 0))
                try await trouble.rage(for: raging / rollouts, every: pauses)
            }
            try await trouble.cease()
            try await Self.settle(trial, "all is as it should be", within: .seconds(900))
            let (endings, changes, steps) = (trial.endings, world.wishes.changes, world.cluster.simulation.steps)
            try await world.cluster.advance(by: .seconds(60))
            #expect(trial.endings == endings, "seed \(seed): containers are ended though nothing happens")
            #expect(world.wishes.changes == changes, "seed \(seed): what is wanted is written though nothing happens")
            #expect(trial.violations() == [], "seed \(seed)")
            print(
                "seed \(seed): \(size.hosts) hosts, \(trial.starts) containers, \(trial.endings) ended by agents, "
                    + "\(world.cluster.clock.now.elapsed) simulated, \(world.cluster.simulation.steps) steps, "
                    + "\(world.cluster.simulation.steps - steps) of them in the last minute")
            trace.withLock { $0 = world.cluster.simulation.trace }
        }
        return trace.withLock { $0 }
    }

    /// Whether what processes log is printed: `FLEET_WORLD_RECORDING=1`.
    static let isRecording = ProcessInfo.processInfo.environment["FLEET_WORLD_RECORDING"] == "1"

    private static func deploy(
        _ trial: FleetTrial, _ size: FleetWorld.Size, _ probing: TimeSpan
    ) async throws -> (web: [JobID], policy: RolloutPolicy) {
        let gate = HealthCheck(
            .tcp(port: "http"), interval: TimeSpan(milliseconds: probing.milliseconds / 10), timeout: .seconds(2),
            deadline: .minutes(2))
        let plain = try await trial.job("plain", "1") {
            $0.ports["http"] = Port(80)
            $0.liveness = HealthCheck(.tcp(port: "http"), interval: probing, timeout: .seconds(2), retries: 3)
        }
        let slow = try await trial.job("slow", "1") {
            $0.ports["http"] = Port(80)
            $0.gate = gate
            $0.liveness = HealthCheck(.command(["true"]), interval: probing, timeout: .seconds(2), retries: 3)
            $0.gracePeriod = .seconds(2)
        }
        let once = try await trial.job("once", "1") {
            $0.isRunOnce = true; $0.restart = .onFailure(attempts: 1_000)
        }
        let frail = try await trial.job("frail", "1")
        var web: [JobID] = []
        for version in ["1", "2", "3"] {
            web.append(
                try await trial.job("web", version) {
                    $0.ports["http"] = Port(80)
                    $0.gate = gate
                })
        }
        let half = (0..<size.hosts / 2).map { "h\($0)" }
        let policy = RolloutPolicy(parallelism: max(1, size.hosts / 4), healthyDeadline: 120_000, onFailure: .proceed)
        let all = RolloutPolicy(parallelism: size.hosts, healthyDeadline: 120_000, onFailure: .proceed)
        try await trial.deploy(plain, as: "every", on: .everyHost, all)
        try await trial.deploy(slow, as: "every-slow", on: .everyHost, all)
        try await trial.deploy(slow, as: "named", on: .hosts(half), all)
        try await trial.deploy(plain, as: "pool", on: .replicas(size.hosts / 2), all)
        try await trial.deploy(once, as: "once", on: .everyHost, all, isRunOnce: true)
        try await trial.deploy(frail, as: "frail", on: .hosts(Array(half.prefix(4))), all, isFrail: true)
        try await trial.deploy(web[0], as: "web", on: .everyHost, all)
        return (Array(web.dropFirst()), policy)
    }

    private static func settle(_ trial: FleetTrial, _ what: String, within limit: Duration) async throws {
        do {
            try await trial.world.until(what, within: limit, every: .seconds(1)) { _ in trial.missing().isEmpty }
        } catch {
            Issue.record("\(error): \(trial.missing().prefix(10).joined(separator: "; "))")
            for violation in trial.violations() { print(violation) }
            throw error
        }
    }
}
