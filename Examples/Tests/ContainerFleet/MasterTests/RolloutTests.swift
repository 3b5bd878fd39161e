import FleetMaster
import Testing

@Suite("A rollout follows from what is")
struct RolloutTests {
    private static let hosts = (0..<10).map { "host\($0)" }

    /// Hosts with a version, and what becomes of those that get another one.
    private struct World {
        var now: Int64 = 1_000_000
        var places = RolloutTests.hosts
        var policy = RolloutPolicy()
        var down: Set<String> = []
        var bad: Set<String> = []
        var assigned: [String: Int64] = [:]
        var health: [String: TaskHealth] = [:]
        var former = RolloutTests.hosts
        var isPaused = false
        var mostUnderWay = 0
        var fewestServing = Int.max
        let startTime: Int64 = 1_000

        var step: RolloutStep {
            RolloutStep(
                .init(
                    places: places, unreachable: down, assigned: assigned, health: health, isPaused: isPaused, now: now),
                policy: policy)
        }

        /// One step, and time goes on until something happens.
        mutating func go() -> RolloutStep {
            let step = step
            former = step.remaining(of: former, assigned: assigned, policy: policy)
            for place in step.starting { assigned[place] = now }
            mostUnderWay = max(mostUnderWay, step.starting.count + step.underWay.count)
            let healthy = health.filter { $1.kind == .healthy }.keys
            fewestServing = min(fewestServing, Set(former).union(healthy).count)
            let nextStart = assigned.filter { health[$0.key] == nil && !bad.contains($0.key) }.map {
                $0.value + startTime
            }.min()
            if let next = [nextStart, step.nextDeadline.map { max($0, now) }].compactMap({ $0 }).min() {
                now = max(now, next)
            }
            for (place, told) in assigned where !bad.contains(place) && health[place] == nil && now >= told + startTime
            {
                health[place] = TaskHealth(.healthy, since: now)
            }
            return step
        }

        mutating func goOn(_ limit: Int = 100) -> RolloutStep.Verdict {
            for _ in 0..<limit {
                let step = go()
                if step.verdict != .underWay { return step.verdict }
            }
            return .underWay
        }
    }

    @Test("as many places as may be are on their way, and no more", arguments: [1, 2, 3, 10, 50], [false, true])
    func parallelism(parallelism: Int, overlaps: Bool) {
        var world = World()
        world.policy.parallelism = parallelism
        world.policy.overlaps = overlaps
        #expect(world.goOn() == .complete)
        #expect(world.assigned.count == 10 && world.former.isEmpty)
        #expect(world.mostUnderWay == min(parallelism, 10))
        #expect(world.fewestServing >= (overlaps ? 10 : 10 - min(parallelism, 10)))
    }

    @Test("its time is bounded by start times and the parallelism", arguments: [1, 5, 50])
    func time(parallelism: Int) {
        var world = World()
        world.places = (0..<1_000).map { "host\(1_000 + $0)" }
        world.former = world.places
        world.policy.parallelism = parallelism
        let begin = world.now
        #expect(world.goOn(3_000) == .complete)
        let ideal = Double(world.startTime) * 1_000 / Double(parallelism)
        #expect(Double(world.now - begin) <= 1.2 * ideal)
    }

    @Test("a place counts when it has been healthy for long enough")
    func minimumHealthyTime() {
        var world = World()
        world.policy.minimumHealthyTime = 5_000
        let begin = world.now
        #expect(world.goOn() == .complete)
        #expect(world.now - begin == 10 * (1_000 + 5_000))
    }

    @Test("the first failure stops it, and the others are never touched")
    func firstFailure() {
        var world = World()
        world.bad = ["host0"]
        #expect(world.goOn() == .failed("1 of 10 failed, 0 may: host0: not healthy after 300.0 seconds"))
        #expect(world.assigned.keys.sorted() == ["host0"])
        #expect(world.former == Array(Self.hosts.dropFirst()))
    }

    @Test("a canary that fails is a failure of the whole, whatever part may fail")
    func canary() {
        var world = World()
        world.policy = RolloutPolicy(parallelism: 5, canaries: 2, failureRatio: 0.5)
        world.bad = ["host1"]
        guard case .failed(let reason) = world.goOn() else {
            Issue.record("it went on")
            return
        }
        #expect(reason.hasPrefix("a canary failed: host1"))
        #expect(world.assigned.keys.sorted() == ["host0", "host1"])
    }

    @Test("the others begin when the canaries are done")
    func canariesFirst() {
        var world = World()
        world.policy = RolloutPolicy(parallelism: 5, canaries: 2)
        #expect(world.step.starting == ["host0", "host1"])
        _ = world.go()
        #expect(world.step.starting.count == 5)
        #expect(world.goOn() == .complete)
    }

    @Test("a part may fail", arguments: [(1, true), (2, true), (3, false)])
    func failureRatio(bad: Int, completes: Bool) {
        var world = World()
        world.policy = RolloutPolicy(parallelism: 2, failureRatio: 0.2)
        world.bad = Set(Self.hosts.prefix(bad))
        let verdict = world.goOn()
        #expect((verdict == .complete) == completes, "\(verdict)")
    }

    @Test("a host that is down is not waited for, and gets its turn when it comes back")
    func downHost() {
        var world = World()
        world.down = ["host3"]
        #expect(world.goOn() == .complete)
        #expect(world.former == ["host3"])
        world.down = []
        #expect(world.step.starting == ["host3"])
        #expect(world.goOn() == .complete)
        #expect(world.former.isEmpty)
    }

    @Test("while it is paused nothing starts, and what is under way ends")
    func paused() {
        var world = World()
        world.policy.parallelism = 3
        _ = world.go()
        world.isPaused = true
        for _ in 0..<5 { _ = world.go() }
        #expect(world.assigned.count == 3)
        world.isPaused = false
        #expect(world.goOn() == .complete)
    }

    @Test("a container that was healthy and is not any more has its time again, and holds up the others")
    func relapse() {
        var world = World()
        _ = world.go()
        _ = world.go()
        world.health["host0"] = TaskHealth(.starting, since: world.now)
        #expect(world.step.underWay.contains("host0") && world.step.starting.isEmpty)
        world.now += world.policy.healthyDeadline
        #expect(world.step.failed.keys.sorted() == ["host0"])
    }

    @Test("a place that was added gets the version; one that is no more wanted loses all")
    func membership() {
        var world = World()
        #expect(world.goOn() == .complete)
        world.places = Array(Self.hosts.dropFirst()) + ["new"]
        let step = world.step
        #expect(step.starting == ["new"])
        #expect(step.remaining(of: ["host0", "host1"], assigned: [:], policy: world.policy) == ["host1"])
    }

    @Test(
        "of replicas, as many stay as are wanted and not yet replaced",
        arguments: [(false, [0, 0]), (true, [0, 3])])
    func replicas(overlaps: Bool, expected: [Int]) {
        let policy = RolloutPolicy(parallelism: 3, overlaps: overlaps)
        let step = RolloutStep(.init(places: ["0", "1", "2"], now: 0), policy: policy)
        #expect(step.starting == ["0", "1", "2"])
        // A younger version of which nothing is healthy, and an older one that serves.
        #expect(step.remaining(of: [(2, 0), (3, 3)], wanted: 3, assigned: 0, policy: policy) == expected)
    }
}
