import FleetMaster
import Testing

@Suite("A deployment comes to what it should be, whatever happens in between")
struct ReconciliationTests {
    /// A fleet in which agents do what they are told, after a while.
    private struct Fleet {
        var now: Int64 = 1_000_000
        var hosts: [String: HostStanding] = [:]
        var deployment: Deployment
        var deployed: [String: DeployedJob] = [:]
        /// Jobs that never get healthy, everywhere or on some hosts.
        var bad: Set<String> = []
        var events: [String] = []
        let startTime: Int64 = 1_000
        var fewestServing = Int.max

        init(_ count: Int, _ target: DeploymentTarget = .everyHost, policy: RolloutPolicy = .init()) {
            for index in 0..<count { hosts["host\(index)"] = HostStanding(name: "host\(index)") }
            deployment = Deployment(name: "web", job: "web:1", target: target, policy: policy, user: "ann", at: now)
        }

        /// One look of a master, and what the agents make of it.
        mutating func look() {
            let next = Reconciliation(
                deployment, hosts: hosts.values.sorted { $0.name < $1.name }, deployed: deployed, now: now)
            deployment = next.deployment
            events += next.events
            for (job, places) in next.places {
                let health = (deployed[job]?.health ?? [:]).filter { places.contains($0.key) }
                deployed[job] = places.isEmpty ? nil : DeployedJob(places: places, health: health)
            }
            fewestServing = min(fewestServing, serving)
        }

        mutating func goOn(_ seconds: Int) {
            for _ in 0..<seconds {
                look()
                now += startTime
                for (job, present) in deployed {
                    for place in present.places where present.health[place] == nil && isUp(place) {
                        if bad.contains(job) || bad.contains("\(job)@\(place)") { continue }
                        deployed[job]?.health[place] = TaskHealth(.healthy, since: now)
                    }
                }
                look()
            }
        }

        private func isUp(_ place: String) -> Bool { hosts[place]?.isUp ?? true }

        /// How many hosts serve, or how many replicas do.
        var serving: Int {
            let healthy = deployed.values.flatMap { job in job.places.filter { job.health[$0]?.kind == .healthy } }
            if case .replicas = deployment.target { return healthy.count }
            return Set(healthy).count
        }

        var jobs: [String: Int] { deployed.mapValues(\.places.count) }
    }

    private static let targets: [DeploymentTarget] = [.everyHost, .replicas(6)]

    @Test("the first job comes up, a second takes its place", arguments: targets, [false, true])
    func rollout(target: DeploymentTarget, overlaps: Bool) {
        var fleet = Fleet(6, target, policy: RolloutPolicy(parallelism: 2, overlaps: overlaps))
        fleet.goOn(4)
        #expect(fleet.jobs == ["web:1": 6] && fleet.deployment.phase == .active)
        fleet.fewestServing = .max
        fleet.deployment.rollOut("web:2", user: "ann", at: fleet.now)
        fleet.goOn(4)
        #expect(fleet.jobs == ["web:2": 6] && fleet.deployment.phase == .active)
        #expect(fleet.deployment.stable == 2 && fleet.deployment.message == "6 of 6 run web:2")
        #expect(fleet.fewestServing >= (overlaps ? 6 : 4))
    }

    /// What each look does to a rollout: `U` for what is undeployed, `D` for what is deployed, with the host's number, and
    /// `A` for what is healthy when it comes to the next look.
    private static func steps(_ hosts: Int, parallelism: Int, overlaps: Bool) -> [String] {
        var fleet = Fleet(hosts, policy: RolloutPolicy(parallelism: parallelism, overlaps: overlaps))
        fleet.goOn(hosts + 2)
        fleet.deployment.rollOut("web:2", user: "ann", at: fleet.now)
        var steps: [String] = []
        while fleet.deployment.phase != .active || steps.isEmpty {
            func places(_ job: String) -> [String] { fleet.deployed[job]?.places ?? [] }
            let before = (old: places("web:1"), new: places("web:2"))
            fleet.look()
            let (old, new) = (places("web:1"), places("web:2"))
            let gone = before.old.filter { !old.contains($0) }.map { "U\($0.suffix(1))" }
            let come = new.filter { !before.new.contains($0) }.map { "D\($0.suffix(1))" }
            if !(gone + come).isEmpty { steps.append((gone + come).joined(separator: " ")) }
            let waiting = new.filter { fleet.deployed["web:2"]?.health[$0] == nil }
            fleet.now += 1_000
            let healthy = TaskHealth(.healthy, since: fleet.now)
            for place in waiting { fleet.deployed["web:2"]?.health[place] = healthy }
            if !waiting.isEmpty { steps.append(waiting.map { "A\($0.suffix(1))" }.joined(separator: " ")) }
        }
        return steps
    }

    @Test(
        "hosts come one after the other, or so many at a time, the former job first or last (AC62, AC74)",
        arguments: [
            (1, false, ["U0 D0", "A0", "U1 D1", "A1", "U2 D2", "A2", "U3 D3", "A3"]),
            (2, false, ["U0 U1 D0 D1", "A0 A1", "U2 U3 D2 D3", "A2 A3"]),
            (3, false, ["U0 U1 U2 D0 D1 D2", "A0 A1 A2", "U3 D3", "A3"]),
            (1, true, ["D0", "A0", "U0 D1", "A1", "U1 D2", "A2", "U2 D3", "A3", "U3"]),
            (2, true, ["D0 D1", "A0 A1", "U0 U1 D2 D3", "A2 A3", "U2 U3"]),
        ])
    func order(parallelism: Int, overlaps: Bool, expected: [String]) {
        #expect(Self.steps(4, parallelism: parallelism, overlaps: overlaps) == expected)
    }

    @Test("a bad job goes back by itself, and what it has not reached is never touched", arguments: targets)
    func rollback(target: DeploymentTarget) {
        var fleet = Fleet(6, target, policy: RolloutPolicy(parallelism: 1, healthyDeadline: 5_000))
        fleet.goOn(8)
        fleet.bad = ["web:2"]
        fleet.fewestServing = .max
        fleet.deployment.rollOut("web:2", user: "ann", at: fleet.now)
        fleet.goOn(12)
        #expect(fleet.jobs == ["web:1": 6] && fleet.deployment.phase == .active)
        #expect(fleet.deployment.latest.number == 3 && fleet.deployment.latest.job == "web:1")
        #expect(fleet.deployment.latest.reason.contains("web:2 failed"))
        #expect(fleet.fewestServing == 5)
    }

    @Test("a first job that fails has nowhere to go back to, and is left for people to see")
    func firstFails() {
        var fleet = Fleet(3, policy: RolloutPolicy(healthyDeadline: 5_000))
        fleet.bad = ["web:1"]
        fleet.goOn(10)
        #expect(fleet.deployment.phase == .failed && fleet.jobs == ["web:1": 1])
        fleet.deployment.rollOut("web:2", user: "ann", at: fleet.now)
        fleet.goOn(4)
        #expect(fleet.deployment.phase == .active && fleet.jobs == ["web:2": 3])
    }

    @Test("by policy it waits instead, and goes on with the next job")
    func pauseOnFailure() {
        var fleet = Fleet(4, policy: RolloutPolicy(healthyDeadline: 5_000, onFailure: .pause))
        fleet.goOn(5)
        fleet.bad = ["web:2"]
        fleet.deployment.rollOut("web:2", user: "ann", at: fleet.now)
        fleet.goOn(20)
        #expect(fleet.deployment.phase == .failed && fleet.jobs == ["web:1": 3, "web:2": 1])
    }

    @Test("a host that was down during a rollout gets the job when it returns, with no other trigger")
    func downHost() {
        var fleet = Fleet(4)
        fleet.goOn(5)
        fleet.hosts["host2"]?.isUp = false
        fleet.deployment.rollOut("web:2", user: "ann", at: fleet.now)
        fleet.goOn(5)
        #expect(fleet.deployment.phase == .active && fleet.jobs == ["web:1": 1, "web:2": 3])
        #expect(fleet.deployment.message == "3 of 3 run web:2, 1 down")
        fleet.hosts["host2"]?.isUp = true
        fleet.goOn(3)
        #expect(fleet.jobs == ["web:2": 4])
    }

    @Test(
        "hosts that begin or cease to match get it or lose it; a cordoned one keeps what it has; a draining one loses it"
    )
    func membership() {
        var fleet = Fleet(3)
        fleet.goOn(4)
        fleet.hosts["host0"]?.isMatching = false
        fleet.hosts["host1"]?.isCordoned = true
        fleet.hosts["host3"] = HostStanding(name: "host3")
        fleet.hosts["host4"] = HostStanding(name: "host4", isCordoned: true)
        fleet.goOn(3)
        #expect(fleet.deployed["web:1"]?.places == ["host1", "host2", "host3"])
        fleet.hosts["host1"]?.isDraining = true
        fleet.goOn(1)
        #expect(fleet.deployed["web:1"]?.places == ["host2", "host3"])
    }

    @Test("it is scaled up and down", arguments: [2, 9])
    func scale(count: Int) {
        var fleet = Fleet(3, .replicas(5), policy: RolloutPolicy(parallelism: 5))
        fleet.goOn(3)
        fleet.deployment.target = .replicas(count)
        fleet.goOn(3)
        #expect(fleet.jobs == ["web:1": count] && fleet.deployment.phase == .active)
    }

    @Test("one that is to go loses all its places")
    func removal() {
        var fleet = Fleet(3)
        fleet.goOn(4)
        fleet.deployment.move(to: .removing, "", at: fleet.now)
        fleet.look()
        #expect(fleet.jobs.isEmpty)
    }

    @Test("nothing happens while it is paused, and the rest afterwards")
    func pause() {
        var fleet = Fleet(4)
        fleet.goOn(5)
        fleet.deployment.rollOut("web:2", user: "ann", at: fleet.now)
        fleet.goOn(1)
        fleet.deployment.move(to: .paused, "ann looks", at: fleet.now)
        let jobs = fleet.jobs
        fleet.goOn(5)
        #expect(fleet.jobs == jobs && jobs.count == 2)
        fleet.deployment.move(to: .rollingOut, "", at: fleet.now)
        fleet.goOn(4)
        #expect(fleet.jobs == ["web:2": 4])
    }

    @Test("generations are remembered up to a number, and the one that works always is")
    func history() {
        var deployment = Deployment(name: "web", job: "web:0", target: .everyHost, user: "ann", at: 0)
        deployment.stable = 1
        for number in 1..<40 { deployment.rollOut("web:\(number)", user: "ann", at: 0) }
        #expect(deployment.generations.count == Deployment.generationLimit + 1)
        #expect(deployment.generation(1)?.job == "web:0" && deployment.latest.number == 40)
    }

    @Test(
        "whatever happens in between, in the end every host that can be reached has the job",
        arguments: 0..<200 as Range<UInt64>)
    func random(seed: UInt64) {
        var random = Numbers(seed: seed)
        let target = Self.targets.randomElement(using: &random)!
        var fleet = Fleet(
            6, target,
            policy: RolloutPolicy(
                parallelism: .random(in: 1...4, using: &random), overlaps: .random(using: &random),
                healthyDeadline: 4_000, canaries: .random(in: 0...2, using: &random),
                failureRatio: [0, 0.4].randomElement(using: &random)!,
                onFailure: RolloutPolicy.FailureAction.allCases.randomElement(using: &random)!))
        fleet.goOn(8)
        for round in 2..<8 {
            switch Int.random(in: 0..<7, using: &random) {
            case 0: fleet.bad.insert("web:\(round)")
            case 1: fleet.bad.insert("web:\(round)@host\(Int.random(in: 0..<6, using: &random))")
            case 2: fleet.hosts["host\(Int.random(in: 0..<6, using: &random))"]?.isUp.toggle()
            case 3: fleet.hosts["host\(Int.random(in: 0..<6, using: &random))"]?.isDraining.toggle()
            case 4: fleet.deployment.assigned = [:]
            default: break
            }
            fleet.deployment.rollOut("web:\(round)", user: "ann", at: fleet.now)
            fleet.goOn(.random(in: 0...20, using: &random))
        }
        fleet.bad = []
        for name in fleet.hosts.keys { fleet.hosts[name] = HostStanding(name: name) }
        fleet.deployment.rollOut("web:9", user: "ann", at: fleet.now)
        fleet.goOn(14)
        #expect(fleet.jobs == ["web:9": 6], "seed \(seed)")
        #expect(fleet.deployment.phase == .active, "seed \(seed)")
        let before = fleet.deployment
        fleet.goOn(5)
        #expect(fleet.deployment == before, "seed \(seed)")
    }
}

/// Numbers that are the same for the same seed (SplitMix64).
private struct Numbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
