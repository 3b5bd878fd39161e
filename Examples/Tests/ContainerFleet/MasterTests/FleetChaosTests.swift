import FleetJobs
import FleetMaster
import FleetModel
import HelixSimulation
import Testing

@Suite("Whatever happens to a fleet, in the end it is as it should be")
struct FleetChaosTests {
    @Test(
        "masters and agents die, are cut off and stand still while jobs are rolled out",
        arguments: 1...6 as ClosedRange<UInt64>)
    func chaos(seed: UInt64) async throws {
        try await FleetStage.run(hosts: 4, cpus: 4_000, seed: seed) { stage in
            try await stage.startMaster("m2")
            var random = SeededGenerator(seed: seed)
            for version in 1...6 {
                _ = try await stage.job("\(version)") { $0.resources.cpus = ProcessorShare(thousandths: 500) }
            }
            let everywhere = RolloutPolicy(parallelism: 2, healthyDeadline: 60_000, onFailure: .proceed)
            for (name, target) in [("all", DeploymentTarget.everyHost), ("some", .replicas(5))] {
                var wish = DeployRequest("web:1", on: target)
                wish.name = name
                wish.policy = everywhere
                _ = try await stage.fleet.deploy(wish, user: "ann")
            }
            for version in 2...6 {
                try await stage.disturb(using: &random)
                for name in ["all", "some"] {
                    try await stage.insisting {
                        _ = try await stage.fleet.rollOut("web:\(version)", in: name, policy: everywhere, user: "ann")
                    }
                }
                try await stage.cluster.advance(by: random.duration(in: .milliseconds(10)...(.seconds(30))))
            }
            try await stage.calmDown()
            let last = try #require(stage.fleet.jobs(matching: "web:6").first).id
            try await stage.until("all is as it should be", within: .seconds(600)) { stage in
                stage.running(last, in: "all") == ["h0", "h1", "h2", "h3"]
                    && stage.running(last, in: "some").count == 5 && stage.fleet.status().count == 9
                    && stage.phase("all") == .active && stage.phase("some") == .active
                    && stage.view.resources.count == 2
            }
            let commits = stage.cluster.judge.lastCommit
            try await stage.cluster.advance(by: .seconds(60))
            #expect(stage.cluster.judge.lastCommit == commits, "it keeps being written to")
        }
    }

    @Test("a rollout takes no longer than its containers take to start (B18)", arguments: [5, 20])
    func time(parallelism: Int) async throws {
        let count = 60
        try await FleetStage.run(hosts: count) { stage in
            stage.world.startTime = .seconds(10)
            let policy = RolloutPolicy(parallelism: parallelism, healthyDeadline: 60_000)
            let one = try await stage.job("1")
            let two = try await stage.job("2")
            var wish = DeployRequest("web:1", on: .everyHost)
            wish.policy = RolloutPolicy(parallelism: count)
            _ = try await stage.fleet.deploy(wish, user: "ann")
            try await stage.until("version 1 is out") { $0.running(one).count == count }
            let begin = stage.cluster.clock.now
            _ = try await stage.fleet.rollOut("web:2", in: "web", policy: policy, user: "ann")
            try await stage.until("version 2 is out", within: .seconds(600)) {
                $0.running(two).count == count && $0.phase("web") == .active
            }
            let ideal = stage.world.startTime * count / parallelism
            #expect(begin.duration(to: stage.cluster.clock.now) <= ideal * 1.2)
        }
    }
}

extension FleetStage {
    /// Does something bad.
    func disturb(using random: inout SeededGenerator) async throws {
        let host = "h\(Int.random(in: 0..<4, using: &random))"
        let master = Bool.random(using: &random) ? "m1" : "m2"
        switch Int.random(in: 0..<5, using: &random) {
        case 0: cluster.kill(host)
        case 1: cluster.isolate(host)
        case 2:
            cluster.kill(master)
            try await cluster.advance(by: .seconds(1))
            try await startMaster(master)
        case 3: cluster.pause(master, for: random.duration(in: .seconds(1)...(.seconds(40))))
        default: cluster.pause(host, for: random.duration(in: .seconds(1)...(.seconds(40))))
        }
        try await cluster.advance(by: random.duration(in: .milliseconds(10)...(.seconds(20))))
        for host in ["h0", "h1", "h2", "h3"] {
            cluster.reconnect(host)
            if cluster.process(host)?.isAlive == false, Bool.random(using: &random) { try await startAgent(host) }
        }
    }

    /// Lets everything live again.
    func calmDown() async throws {
        for host in ["h0", "h1", "h2", "h3"] where cluster.process(host)?.isAlive == false {
            try await startAgent(host)
        }
        try await cluster.advance(by: .seconds(60))
        try await until("the masters know everything", within: .seconds(120)) { $0.view.hosts.count { $0.isUp } == 4 }
    }

    /// Asks again while no master can answer.
    func insisting(_ request: () async throws -> Void) async throws {
        for attempt in 1... {
            do {
                return try await request()
            } catch let error as FleetError where error.code == .storeUnavailable && attempt < 100 {
                try await cluster.advance(by: .seconds(1))
            }
        }
    }
}
