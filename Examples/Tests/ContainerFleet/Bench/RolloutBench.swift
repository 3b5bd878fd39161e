import FleetJobs
import FleetMaster
import FleetWorld
import HelixSimulation
import Synchronization

/// How long a rollout over a fleet takes in simulated time, with the real masters and agents, against what its containers
/// alone would take.
enum RolloutBench {
    /// What a host's container takes: 200 ms for the former one to end, 500 ms for the image, and 10 s until it is healthy.
    private static let containerTime = 10.7

    struct Figures: Encodable {
        var parallelism: Int
        /// Seconds of simulated time.
        var time: Double
        var ideal: Double
        var limit = 1.2
        /// Seconds of real time that the simulation took.
        var wall: Double

        var ratio: Double { time / ideal }
        var isGood: Bool { ratio <= limit }
        var text: String {
            let times = [time, ideal, ratio, wall].map { "\(($0 * 100).rounded() / 100)" }
            return
                "a rollout with \(parallelism) at a time: \(times[0]) s simulated, \(times[1]) s ideal, ratio \(times[2]); "
                + "the bar is \(limit): \(isGood ? "met" : "MISSED") (it took \(times[3]) s to simulate)"
        }
    }

    static func run(hosts: Int, parallelism: Int) async throws -> Figures {
        let found = Mutex<Duration>(.zero)
        let begin = ContinuousClock.now
        try await FleetWorld.run(FleetWorld.Size(hosts: hosts, masters: 1), seed: 1) { world in
            let trial = FleetTrial(world)
            var jobs: [JobID] = []
            for version in ["1", "2"] {
                jobs.append(
                    try await trial.job("web", version) {
                        $0.ports["http"] = Port(80)
                        $0.gate = .gate(.tcp(port: "http"))
                    })
            }
            let all = RolloutPolicy(parallelism: hosts)
            try await trial.deploy(jobs[0], as: "web", on: .everyHost, all)
            try await world.until("version 1 is out") { _ in trial.missing().isEmpty }
            let start = world.cluster.clock.now
            try await trial.rollOut(jobs[1], in: "web", RolloutPolicy(parallelism: parallelism))
            try await world.until("version 2 is out", within: .seconds(3_600)) { _ in trial.missing().isEmpty }
            let time = start.duration(to: world.cluster.clock.now)
            found.withLock { $0 = time }
        }
        let rounds = (hosts + parallelism - 1) / parallelism
        return Figures(
            parallelism: parallelism, time: found.withLock { $0 }.milliseconds / 1_000,
            ideal: Double(rounds) * containerTime,
            wall: begin.duration(to: .now).milliseconds / 1_000)
    }
}
