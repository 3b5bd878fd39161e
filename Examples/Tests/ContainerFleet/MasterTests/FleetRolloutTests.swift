import FleetJobs
import FleetMaster
import FleetModel
import HelixAdmin
import HelixRecords
import HelixSimulation
import Testing

@Suite("Rollouts on a whole fleet")
struct FleetRolloutTests {
    /// A deployment that runs version 1 everywhere.
    private static func withVersions(
        hosts: Int = 4, labels: [String: String] = [:], policy: RolloutPolicy = RolloutPolicy(healthyDeadline: 20_000),
        target: DeploymentTarget = .everyHost,
        _ body: @escaping @Sendable (FleetStage, _ one: JobID, _ two: JobID) async throws -> Void
    ) async throws {
        try await FleetStage.run(hosts: hosts, labels: labels) { stage in
            let one = try await stage.job("1")
            let two = try await stage.job("2")
            var wish = DeployRequest("web:1", on: target)
            wish.policy = policy
            _ = try await stage.fleet.deploy(wish, user: "ann")
            try await stage.until("version 1 is out") { $0.phase("web") == .active && $0.running(one).count == hosts }
            try await body(stage, one, two)
        }
    }

    @Test("the next version takes the place of the former, and back (AC62)", arguments: [false, true])
    func rollout(overlaps: Bool) async throws {
        let policy = RolloutPolicy(parallelism: 2, overlaps: overlaps, healthyDeadline: 20_000)
        try await Self.withVersions(policy: policy) { stage, one, two in
            _ = try await stage.fleet.rollOut("web:2", in: "web", policy: policy, user: "ann")
            var fewest = 4
            try await stage.until("version 2 is out") { stage in
                let serving = Set(stage.running(one)).union(stage.running(two)).count
                fewest = min(fewest, serving)
                return stage.phase("web") == .active && stage.running(two).count == 4
            }
            #expect(fewest >= (overlaps ? 4 : 2))
            try await stage.until("nothing is left of version 1") { $0.fleet.status().count == 4 }
            try await stage.until("its resource is gone") { $0.view.resources.count == 1 }
            _ = try await stage.fleet.rollBack("web", user: "ann")
            try await stage.until("version 1 is back") { $0.phase("web") == .active && $0.running(one).count == 4 }
            #expect(stage.view.deployments["web"]?.value.latest.number == 3)
        }
    }

    @Test("replicas are replaced, too, and no more are away than may be")
    func replicas() async throws {
        let policy = RolloutPolicy(parallelism: 2, healthyDeadline: 30_000)
        try await Self.withVersions(policy: policy, target: .replicas(4)) { stage, one, two in
            _ = try await stage.fleet.rollOut("web:2", in: "web", policy: policy, user: "ann")
            var fewest = 4
            try await stage.until("version 2 is out") { stage in
                fewest = min(fewest, stage.running(one).count + stage.running(two).count)
                return stage.phase("web") == .active && stage.running(two).count == 4
            }
            #expect(fewest >= 2)
        }
    }

    @Test("a host that was down gets the version when it returns, with no other trigger (B1)")
    func downHost() async throws {
        try await Self.withVersions { stage, one, two in
            stage.cluster.kill("h2")
            try await stage.until("its agent is gone") { !$0.view.hosts[2].isUp }
            _ = try await stage.fleet.rollOut("web:2", in: "web", user: "ann")
            try await stage.until("the others have it") {
                $0.phase("web") == .active && $0.running(two) == ["h0", "h1", "h3"]
            }
            try await stage.cluster.advance(by: .seconds(400))
            try await stage.restartAgent("h2")
            try await stage.until("it has it", within: .seconds(30)) { $0.running(two).count == 4 }
            try await stage.until("and nothing else") { $0.fleet.status().count == 4 && $0.phase("web") == .active }
            #expect(stage.view.deployments["web"]?.value.latest.number == 2)
        }
    }

    @Test("a task that was removed by hand comes back (B2)")
    func removedByHand() async throws {
        try await Self.withVersions { stage, one, _ in
            let resource = stage.view.resources(of: "web")[0]
            try await stage.cluster.administrate { admin in
                try await admin.updateIdealState(of: resource.name, in: "fleet") {
                    $0.preferenceLists[resource.partition("h1")] = nil
                }
            }
            try await stage.until("it is back") { $0.running(one).count == 4 && $0.world.starts(one, on: "h1") == 2 }
            try await stage.cluster.administrate { try await $0.dropResource(resource.name, in: "fleet") }
            try await stage.until("all are back") { $0.running(one).count == 4 && $0.world.starts(one, on: "h3") == 2 }
        }
    }

    @Test("a version that never gets healthy goes back by itself, and what it has not reached is never touched (B3)")
    func rollback() async throws {
        try await Self.withVersions { stage, one, two in
            stage.world.bad = ["2"]
            let policy = RolloutPolicy(healthyDeadline: 20_000, canaries: 1)
            _ = try await stage.fleet.rollOut("web:2", in: "web", policy: policy, user: "ann")
            try await stage.until("it is back") { stage in
                stage.view.deployments["web"]?.value.latest.number == 3 && stage.phase("web") == .active
                    && stage.running(one).count == 4
            }
            #expect(["h1", "h2", "h3"].map { stage.world.starts(one, on: $0) } == [1, 1, 1])
            #expect(["h1", "h2", "h3"].map { stage.world.starts(two, on: $0) } == [0, 0, 0])
            #expect(stage.view.deployments["web"]?.value.latest.reason.contains("failed") == true)
        }
    }

    @Test(
        "what flaps for a short time is waited for; what goes on so has failed before its deadline", arguments: [5, 20])
    func flapping(restarts: Int) async throws {
        let policy = RolloutPolicy(healthyDeadline: 300_000, onFailure: .pause)
        try await Self.withVersions(policy: policy) { stage, _, two in
            (stage.world.bad, stage.world.flaps) = (["2"], true)
            _ = try await stage.fleet.rollOut("web:2", in: "web", policy: policy, user: "ann")
            try await stage.until("it flaps", within: .seconds(40)) { stage in
                stage.fleet.status(job: "web:2").contains { $0.detail.restarts ?? 0 >= restarts }
            }
            stage.world.bad = []
            try await stage.until("it is decided", within: .seconds(40)) {
                $0.phase("web") == (restarts < 10 ? .active : .failed)
            }
            if restarts < 10 {
                #expect(stage.running(two).count == 4)
            } else {
                #expect(stage.view.deployments["web"]?.value.message.contains("FLAPPING") == true)
            }
        }
    }

    @Test("of ten hosts one may fail, and three may not (B4)", arguments: [1, 3])
    func failureRatio(bad: Int) async throws {
        let policy = RolloutPolicy(parallelism: 10, healthyDeadline: 20_000, failureRatio: 0.2, onFailure: .pause)
        try await Self.withVersions(hosts: 10, policy: policy) { stage, _, two in
            stage.world.bad = Set((0..<bad).map { "2@h\($0)" })
            _ = try await stage.fleet.rollOut("web:2", in: "web", policy: policy, user: "ann")
            try await stage.until("it has ended") { stage in
                bad == 1 ? stage.phase("web") == .active : stage.phase("web") == .failed
            }
            #expect(stage.running(two).count == 10 - bad)
        }
    }

    @Test("a plan tells what would change, changes nothing, and is refused when it is stale (B9)")
    func plan() async throws {
        try await Self.withVersions { stage, one, two in
            let plan = try await stage.fleet.plan(rollOut: "web:2", in: "web")
            #expect(plan.changes.map(\.host) == ["h0", "h1", "h2", "h3"] && plan.unchanged == 0)
            #expect(plan.changes.allSatisfy { $0.action == .replace && $0.to == two.description })
            #expect(plan.changes.map(\.step) == [1, 2, 3, 4])
            #expect(stage.running(one).count == 4 && stage.view.deployments["web"]?.value.latest.number == 1)
            _ = try await stage.fleet.pause("web", user: "bob")
            await expectRefusal(.stalePlan) {
                try await stage.fleet.rollOut("web:2", in: "web", index: plan.index, user: "ann")
            }
            try await stage.until("the pause is known") { $0.phase("web") == .paused }
            let second = try await stage.fleet.plan(rollOut: "web:2", in: "web")
            _ = try await stage.fleet.rollOut("web:2", in: "web", index: second.index, user: "ann")
            try await stage.until("version 2 is out") { $0.running(two).count == 4 }
            var wish = DeployRequest("web:1", on: .replicas(3))
            wish.name = "more"
            let first = try await stage.fleet.plan(wish)
            #expect(first.index == 0 && first.changes.map(\.action) == [.start, .start, .start])
        }
    }

    @Test("it is held, and goes on; stopped by hand, the next rollout starts it again (AC69, AC70)")
    func pause() async throws {
        try await Self.withVersions { stage, one, two in
            _ = try await stage.fleet.rollOut("web:2", in: "web", user: "ann")
            try await stage.until("it has begun") { !$0.running(two).isEmpty }
            _ = try await stage.fleet.pause("web", user: "ann")
            try await stage.cluster.advance(by: .seconds(10))
            let status = try stage.fleet.rolloutStatus("web")
            #expect(status.phase == .paused && status.done.count < 4 && !status.waiting.isEmpty)
            _ = try await stage.fleet.resume("web", user: "ann")
            try await stage.until("version 2 is out") { $0.running(two).count == 4 && $0.phase("web") == .active }
            _ = try await stage.fleet.setGoal("web", started: false, hosts: ["h1"], user: "ann")
            try await stage.until("it is stopped there") { $0.running(two).count == 3 }
            _ = try await stage.fleet.rollOut("web:1", in: "web", user: "ann")
            try await stage.until("version 1 is everywhere") { $0.running(one).count == 4 }
            _ = try await stage.fleet.setGoal("web", started: false, hosts: ["h1"], user: "ann")
            try await stage.until("it is stopped there") { $0.running(one).count == 3 }
            _ = try await stage.fleet.rollOut("web:1", in: "web", user: "ann")
            try await stage.until("it runs everywhere") { $0.running(one).count == 4 }
            for round in 0..<2 {
                _ = try await stage.fleet.rollOut("web:2", in: "web", user: "ann")
                try await stage.until("it has begun") { !$0.running(two).isEmpty }
                if round == 0 { _ = try await stage.fleet.pause("web", user: "ann") }
            }
            try await stage.until("the same rollout, begun again, ends") {
                $0.phase("web") == .active && $0.running(two).count == 4
            }
        }
    }

    @Test("another master goes on where the first was killed (AC68)")
    func masterDies() async throws {
        try await Self.withVersions { stage, _, two in
            try await stage.startMaster("m2")
            _ = try await stage.fleet.rollOut("web:2", in: "web", user: "ann")
            try await stage.until("it has begun") { !$0.running(two).isEmpty }
            stage.cluster.kill("m1")
            try await stage.until("version 2 is out") { $0.running(two).count == 4 && $0.phase("web") == .active }
            #expect(stage.leader == "m2")
        }
    }

    @Test("what happened is in the journal, which can be followed from an index on")
    func events() async throws {
        try await Self.withVersions { stage, one, two in
            let before = try await stage.fleet.store.events(after: 0)
            #expect(
                before.map(\.index) == before.map(\.index).sorted() && Set(before.map(\.index)).count == before.count)
            _ = try await stage.fleet.rollOut("web:2", in: "web", user: "ann")
            try await stage.until("version 2 is out") { $0.running(two).count == 4 && $0.phase("web") == .active }
            try await stage.cluster.advance(by: .seconds(2))
            let later = try await stage.fleet.store.events(after: before.last?.index ?? 0)
            #expect(later.first?.text == "ann rolls out \(two)")
            #expect(later.contains { $0.topic == "deployment" && $0.text.contains("is rolled out") })
            #expect(later.contains { $0.topic == "task" && $0.text.hasPrefix("RUNNING") })
            let history = try await stage.fleet.history(of: "web:1")
            let states = history.filter { $0.host == "h0" }.map(\.state)
            #expect(states.contains("RUNNING") && states.last == "GONE")
            #expect(history.contains { $0.container != nil })
        }
    }

    @Test("groups are listed by name, and an unknown one is told of (AC61, AC65)")
    func names() async throws {
        try await FleetStage.run(hosts: 1) { stage in
            _ = try await stage.job("1")
            for name in ["zeta", "alpha", "mid"] {
                var wish = DeployRequest("web", on: .everyHost)
                wish.name = name
                _ = try await stage.fleet.deploy(wish, user: "ann")
            }
            try await stage.until("all are known") { $0.fleet.deployments().count == 3 }
            #expect(stage.fleet.deployments().map(\.name) == ["alpha", "mid", "zeta"])
            #expect(throws: FleetError.self) { try stage.fleet.rolloutStatus("none") }
        }
    }
}
