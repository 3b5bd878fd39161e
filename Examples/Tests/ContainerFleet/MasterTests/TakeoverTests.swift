import FleetJobs
import FleetMaster
import FleetModel
import HelixAdmin
import HelixRecords
import HelixSimulation
import Testing

@Suite("Deployments change hands, and containers do not notice")
struct TakeoverTests {
    /// Which container each host has, by job and host.
    private static func containers(_ stage: FleetStage) -> [String: String] {
        Dictionary(
            stage.fleet.status().map { ("\($0.job.prefix(7))\($0.host ?? "")", $0.detail.container ?? "") },
            uniquingKeysWith: { "\($0) and \($1)" })
    }

    private static func group(_ job: String, token: String? = nil) -> DeployRequest {
        var wish = DeployRequest(job, on: .everyHost)
        (wish.name, wish.selectors, wish.migrates, wish.token) = ("all", ["role = web"], true, token)
        return wish
    }

    private static func label(_ hosts: [String], _ stage: FleetStage) async throws {
        for host in hosts { _ = try await stage.fleet.label(host, set: ["role": "web"]) }
        try await stage.until("the labels are known") {
            $0.view.hosts.count { $0.description.labels["role"] == "web" } == hosts.count
        }
    }

    @Test(
        "a group takes over what named hosts have of its job, without a restart; another job is left alone (AC66)",
        arguments: [nil, "sesame"])
    func migration(token: String?) async throws {
        try await FleetStage.run(hosts: 4) { stage in
            try await Self.label(["h0", "h1", "h2"], stage)
            let id = try await stage.job("1") { job in
                job.token = token.map { TokenHash(of: $0, salt: TokenHash.randomSalt()) }
            }
            let other = try await stage.job("1", name: "other")
            var wish = DeployRequest("web:1", on: .hosts(["h0", "h1"]))
            wish.token = token
            _ = try await stage.fleet.deploy(wish, user: "ann")
            _ = try await stage.fleet.deploy(DeployRequest("other", on: .hosts(["h0", "h3"])), user: "ann")
            try await stage.until("they run") { $0.running(id).count == 2 && $0.running(other).count == 2 }
            let before = Self.containers(stage)

            let plan = try await stage.fleet.plan(Self.group("web:1", token: token))
            #expect(plan.changes.map(\.place) == ["h2"] && plan.unchanged == 2)
            _ = try await stage.fleet.deploy(Self.group("web:1", token: token), user: "ann")
            try await stage.until("the group has all") {
                $0.phase("all") == .active && $0.running(id, in: "all") == ["h0", "h1", "h2"]
            }
            #expect(stage.fleet.deployments().map(\.name) == ["all", "other-1"])
            #expect(Self.containers(stage).filter { before.keys.contains($0.key) } == before)
            #expect(["h0", "h1", "h2"].map { stage.world.starts(id, on: $0) } == [1, 1, 1])

            let next = try await stage.job("2")
            _ = try await stage.fleet.rollOut("web:2", in: "all", token: token, user: "ann")
            try await stage.until("the next version is out, and nothing is left of the first") {
                $0.phase("all") == .active && $0.running(next) == ["h0", "h1", "h2"] && $0.view.resources.count == 2
            }
            #expect(stage.running(other) == ["h0", "h3"] && stage.world.starts(other, on: "h0") == 1)
            #expect(stage.view.deployments["all"]?.value.takenOver == nil)
        }
    }

    @Test("a rollout takes over the hosts that have its job already, and begins with the others (AC66)")
    func rollout() async throws {
        try await FleetStage.run(hosts: 3) { stage in
            try await Self.label(["h0", "h1", "h2"], stage)
            let one = try await stage.job("1")
            let two = try await stage.job("2")
            _ = try await stage.fleet.deploy(Self.group("web:1"), user: "ann")
            _ = try await stage.fleet.deploy(DeployRequest("web:2", on: .hosts(["h1"])), user: "ann")
            try await stage.until("both run") { $0.running(one).count == 3 && $0.running(two) == ["h1"] }
            try await stage.until("the first is done") { $0.phase("all") == .active }
            let plan = try await stage.fleet.plan(rollOut: "web:2", in: "all", migrates: true)
            #expect(plan.changes.map(\.place) == ["h0", "h2"])
            _ = try await stage.fleet.rollOut("web:2", in: "all", migrates: true, user: "ann")
            try await stage.until("the second is everywhere") {
                $0.phase("all") == .active && $0.running(two, in: "all") == ["h0", "h1", "h2"]
                    && $0.fleet.status().count == 3
            }
            #expect(["h0", "h1", "h2"].map { stage.world.starts(two, on: $0) } == [1, 1, 1])
            #expect(stage.fleet.deployments().map(\.name) == ["all"])
        }
    }

    @Test("what cannot be taken over as a whole is refused, and stays as it is (AC66)")
    func refused() async throws {
        try await FleetStage.run(hosts: 3) { stage in
            try await Self.label(["h0", "h1"], stage)
            let id = try await stage.job("1")
            _ = try await stage.fleet.deploy(DeployRequest("web:1", on: .hosts(["h0", "h2"])), user: "ann")
            await expectRefusal(.deploymentConflict) { try await stage.fleet.deploy(Self.group("web:1"), user: "ann") }
            _ = try await stage.fleet.undeploy("web-1", hosts: ["h2"], user: "ann")
            var twin = DeployRequest("web:1", on: .hosts(["h0"]))
            twin.name = "twin"
            _ = try await stage.fleet.deploy(twin, user: "ann")
            await expectRefusal(.deploymentConflict) { try await stage.fleet.deploy(Self.group("web:1"), user: "ann") }
            var some = DeployRequest("web:1", on: .replicas(2))
            some.migrates = true
            await expectRefusal(.invalidRequest) { [some] in try await stage.fleet.deploy(some, user: "ann") }
            try await stage.until("both run") { $0.running(id) == ["h0", "h0"] && $0.fleet.status().count == 2 }
            #expect(stage.fleet.deployments().map(\.name) == ["twin", "web-1"])
        }
    }

    @Test("a group that is removed leaves its containers to deployments to their hosts, and can take them back (AC73)")
    func release() async throws {
        try await FleetStage.run(hosts: 3) { stage in
            try await Self.label(["h0", "h1", "h2"], stage)
            let id = try await stage.job("1")
            _ = try await stage.fleet.deploy(Self.group("web:1"), user: "ann")
            try await stage.until("it runs") { $0.phase("all") == .active && $0.running(id).count == 3 }
            let before = Self.containers(stage)
            let parts = try await stage.fleet.release("all", user: "ann")
            #expect(parts.map(\.name) == ["web-1"] && parts[0].target == .hosts(["h0", "h1", "h2"]))
            try await stage.until("it is gone, and the other is there") {
                $0.phase("all") == nil && $0.phase("web-1") == .active && $0.running(id, in: "web-1").count == 3
            }
            #expect(Self.containers(stage) == before)
            // It is one as any other now, and the name is free.
            await expectRefusal(.invalidRequest) { try await stage.fleet.release("web-1", user: "ann") }
            await expectRefusal(.stillInUse) { try await stage.fleet.removeJob("web:1") }
            _ = try await stage.fleet.deploy(Self.group("web:1"), user: "ann")
            try await stage.until("the group has them again") {
                $0.phase("all") == .active && $0.running(id, in: "all").count == 3 && $0.phase("web-1") == nil
            }
            #expect(Self.containers(stage) == before)
            _ = try await stage.fleet.undeploy("all", user: "ann")
            try await stage.until("nothing is left") { $0.fleet.status().isEmpty && $0.view.resources.isEmpty }
        }
    }

    @Test("so does one in the middle of a rollout: each job has its own hosts then, and nothing starts (AC73)")
    func releaseInRollout() async throws {
        try await FleetStage.run(hosts: 4) { stage in
            try await Self.label(["h0", "h1", "h2", "h3"], stage)
            let one = try await stage.job("1")
            let two = try await stage.job("2")
            _ = try await stage.fleet.deploy(Self.group("web:1"), user: "ann")
            try await stage.until("it runs") { $0.phase("all") == .active && $0.running(one).count == 4 }
            _ = try await stage.fleet.rollOut("web:2", in: "all", user: "ann")
            try await stage.until("a part of it is out") { !$0.running(two).isEmpty }
            _ = try await stage.fleet.pause("all", user: "ann")
            try await stage.cluster.advance(by: .seconds(5))
            let (first, second) = (stage.running(one), stage.running(two))
            #expect(!first.isEmpty && first.count + second.count == 4)
            let before = Self.containers(stage)
            let parts = try await stage.fleet.release("all", user: "ann")
            #expect(parts.map(\.name) == ["web-1", "web-2"])
            try await stage.until("both are there") { $0.phase("web-1") == .active && $0.phase("web-2") == .active }
            try await stage.cluster.advance(by: .seconds(20))
            #expect(stage.running(one, in: "web-1") == first && stage.running(two, in: "web-2") == second)
            #expect(Self.containers(stage) == before)
        }
    }

    @Test(
        "hands change again and again while masters die, and no container notices",
        arguments: 1...8 as ClosedRange<UInt64>)
    func again(seed: UInt64) async throws {
        try await FleetStage.run(hosts: 3, seed: seed) { stage in
            try await stage.startMaster("m2")
            try await Self.label(["h0", "h1", "h2"], stage)
            let id = try await stage.job("1")
            _ = try await stage.fleet.deploy(Self.group("web:1"), user: "ann")
            try await stage.until("it runs") { $0.phase("all") == .active && $0.running(id).count == 3 }
            let before = Self.containers(stage)
            for round in 0..<9 {
                if round % 2 == 0 {
                    _ = try await stage.fleet.release("all", user: "ann")
                } else {
                    _ = try await stage.fleet.deploy(Self.group("web:1"), user: "ann")
                }
                try await stage.cluster.advance(
                    by: .milliseconds(stage.cluster.simulation.random { Int.random(in: 0...400, using: &$0) }))
                switch (round, stage.leader) {
                case (2, let leader?), (6, let leader?): stage.cluster.kill(leader)
                case (4, _): try await stage.startMaster("m3")
                default: break
                }
            }
            try await stage.until("it is as it was, but for whose it is") {
                $0.phase("web-1") == .active && $0.running(id, in: "web-1").count == 3 && $0.phase("all") == nil
            }
            try await stage.cluster.advance(by: .seconds(30))
            #expect(Self.containers(stage) == before && stage.view.resources.count == 1)
            #expect(["h0", "h1", "h2"].map { stage.world.starts(id, on: $0) } == [1, 1, 1], "seed \(seed)")
        }
    }

    @Test("nothing is done before all is seen that was taken over, and what is no more is not waited for")
    func unseen() async throws {
        try await FleetStage.run(hosts: 2) { stage in
            let id = try await stage.job("1")
            // There is such a resource, but it does not say that it is the fleet's.
            try await stage.cluster.administrate { admin in
                _ = try await admin.addResource(
                    "unseen", ResourceSettings(partitions: 1, stateModel: "Container", mode: .semiAuto), in: "fleet")
            }
            try await stage.fleet.store.change("all") { _, _ in
                var deployment = Deployment(name: "all", job: id.description, target: .everyHost, user: "ann", at: 0)
                deployment.takenOver = ["unseen"]
                return deployment
            }
            try await stage.cluster.advance(by: .seconds(20))
            #expect(stage.phase("all") == .rollingOut && stage.fleet.status().isEmpty)
            try await stage.cluster.administrate { try await $0.dropResource("unseen", in: "fleet") }
            try await stage.until("it goes on") { $0.phase("all") == .active && $0.running(id) == ["h0", "h1"] }
            #expect(stage.view.deployments["all"]?.value.takenOver == nil)
        }
    }

    @Test("a name that was free again does not bring back what another deployment has taken over")
    func nameAgain() async throws {
        try await FleetStage.run(hosts: 3) { stage in
            try await Self.label(["h0", "h1"], stage)
            let id = try await stage.job("1")
            _ = try await stage.fleet.deploy(DeployRequest("web:1", on: .hosts(["h0"])), user: "ann")
            try await stage.until("it runs") { $0.running(id) == ["h0"] }
            _ = try await stage.fleet.deploy(Self.group("web:1"), user: "ann")
            _ = try await stage.fleet.deploy(DeployRequest("web:1", on: .hosts(["h2"])), user: "ann")
            try await stage.until("both run") {
                $0.running(id, in: "all") == ["h0", "h1"] && $0.running(id, in: "web-1") == ["h2"]
            }
            _ = try await stage.fleet.undeploy("web-1", user: "ann")
            try await stage.until("only that is gone") { $0.phase("web-1") == nil && $0.running(id) == ["h0", "h1"] }
            #expect(["h0", "h1", "h2"].map { stage.world.starts(id, on: $0) } == [1, 1, 1])
        }
    }
}
