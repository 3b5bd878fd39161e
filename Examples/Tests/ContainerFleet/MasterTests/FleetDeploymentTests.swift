import FleetJobs
import FleetMaster
import FleetModel
import HelixSimulation
import Testing

@Suite("Jobs run where they are wanted")
struct FleetDeploymentTests {
    @Test("what cannot be is refused before anything is written")
    func refused() async throws {
        try await FleetStage.run(hosts: 2) { stage in
            _ = try await stage.job("1")
            await expectRefusal(.jobNotFound) {
                try await stage.fleet.deploy(DeployRequest("none", on: .everyHost), user: "ann")
            }
            await expectRefusal(.hostNotFound) {
                try await stage.fleet.deploy(DeployRequest("web", on: .hosts(["h7"])), user: "ann")
            }
            _ = try await stage.fleet.deploy(DeployRequest("web", on: .hosts(["h0"])), user: "ann")
            await expectRefusal(.jobAlreadyDeployed) {
                try await stage.fleet.deploy(DeployRequest("web", on: .hosts(["h0"])), user: "ann")
            }
            await expectRefusal(.deploymentNotFound) { try await stage.fleet.scale("nothing", to: 1, user: "ann") }
            await expectRefusal(.jobNotDeployed) {
                try await stage.fleet.undeploy("web-1", hosts: ["h1"], user: "ann")
            }
        }
    }

    @Test("a static port has one job on a host, even where both are stopped (AC38)")
    func ports() async throws {
        try await FleetStage.run(hosts: 2) { stage in
            for name in ["a", "b"] {
                _ = try await stage.job("1", name: name) { $0.ports["http"] = Port(80, host: 8080) }
            }
            var first = DeployRequest("a", on: .hosts(["h0"]))
            first.isStarted = false
            var second = DeployRequest("b", on: .hosts(["h0"]))
            second.isStarted = false
            _ = try await stage.fleet.deploy(first, user: "ann")
            await expectRefusal(.portConflict) { [second] in try await stage.fleet.deploy(second, user: "ann") }
            second.target = .hosts(["h1"])
            _ = try await stage.fleet.deploy(second, user: "ann")
        }
    }

    @Test("stopped or undeployed on one host it runs on the other, and other jobs run on both (AC58, AC76)")
    func goals() async throws {
        try await FleetStage.run(hosts: 2) { stage in
            let id = try await stage.job("1")
            let other = try await stage.job("1", name: "other")
            _ = try await stage.fleet.deploy(DeployRequest("web", on: .hosts(["h0", "h1"])), user: "ann")
            _ = try await stage.fleet.deploy(DeployRequest("other", on: .everyHost), user: "ann")
            try await stage.until("both run") { $0.running(id).count == 2 && $0.running(other).count == 2 }
            _ = try await stage.fleet.setGoal("web-1", started: false, hosts: ["h0"], user: "ann")
            try await stage.until("one is stopped") { stage in
                stage.fleet.status(job: "web", host: "h0").map(\.state) == ["STOPPED"]
            }
            #expect(stage.running(id) == ["h1"] && stage.fleet.status(job: "web", host: "h0")[0].goal == "STOP")
            func rows(_ job: String, _ host: String) -> [String] {
                stage.fleet.status(job: job, host: host).map { "\($0.deployment)@\($0.host ?? "-")" }
            }
            #expect(rows("web", "h0") == ["web-1@h0"] && rows("other", "h") == ["other@h0", "other@h1"])
            #expect(rows("", "h1") == ["other@h1", "web-1@h1"] && rows("web", "h2").isEmpty)
            _ = try await stage.fleet.setGoal("web-1", started: true, hosts: ["h0"], user: "ann")
            try await stage.until("both run again") { $0.running(id).count == 2 }
            _ = try await stage.fleet.setGoal("web-1", started: false, user: "ann")
            try await stage.until("all are stopped") { $0.running(id).isEmpty }
            _ = try await stage.fleet.setGoal("web-1", started: true, user: "ann")
            try await stage.until("both run again") { $0.running(id).count == 2 }
            _ = try await stage.fleet.undeploy("web-1", hosts: ["h1"], user: "ann")
            try await stage.until("it is off one") { $0.fleet.status(job: "web").map(\.host) == ["h0"] }
            #expect(stage.running(id) == ["h0"] && stage.running(other) == ["h0", "h1"])
            #expect(stage.world.starts(other, on: "h1") == 1)
        }
    }

    @Test("what was deployed and undeployed before its host's agent ever ran leaves nothing for it (AC57)")
    func beforeTheAgent() async throws {
        try await FleetStage.run(hosts: 1) { stage in
            try await stage.fleet.register("late")
            let id = try await stage.job("1")
            _ = try await stage.fleet.deploy(DeployRequest("web", on: .hosts(["late"])), user: "ann")
            try await stage.until("it waits for its host") {
                (try? $0.fleet.rolloutStatus("web-1").unreachable) == ["late"]
            }
            _ = try await stage.fleet.undeploy("web-1", user: "ann")
            try await stage.until("it is gone") { $0.phase("web-1") == nil && $0.fleet.status().isEmpty }
            try await stage.startAgent("late")
            try await stage.until("its agent is there") { $0.view.hosts.count { $0.isUp } == 2 }
            try await stage.cluster.advance(by: .seconds(20))
            #expect(stage.fleet.status().isEmpty && stage.world.starts(id, on: "late") == 0)
            _ = try await stage.fleet.removeJob("web")
        }
    }

    @Test("hosts that begin to match get it, those that cease lose it, others are not touched (AC52, AC53, AC64)")
    func membership() async throws {
        try await FleetStage.run(hosts: 3) { stage in
            for host in ["h0", "h1"] { _ = try await stage.fleet.label(host, set: ["role": "web", "zone": host]) }
            let id = try await stage.job("1")
            var wish = DeployRequest("web", on: .everyHost)
            wish.selectors = ["role = web"]
            _ = try await stage.fleet.deploy(wish, user: "ann")
            try await stage.until("it runs") { $0.running(id) == ["h0", "h1"] }
            _ = try await stage.fleet.label("h0", set: [:], removing: ["role"])
            try await stage.until("it leaves one") { $0.fleet.status().map(\.host) == ["h1"] }
            _ = try await stage.fleet.label("h1", set: ["more": "yes"])
            _ = try await stage.fleet.label("h0", set: ["role": "web"])
            try await stage.until("it is back") { $0.running(id) == ["h0", "h1"] }
            #expect(stage.world.starts(id, on: "h1") == 1)
            let found = ["role = web", "role != db", "zone in (h0)", "zone notin (h0, h1)", "none != x"].map {
                (try? stage.fleet.hosts(matching: [$0]).map(\.name)) ?? []
            }
            #expect(found == [["h0", "h1"], ["h0", "h1"], ["h0"], [], []])
            stage.cluster.kill("h0")
            try await stage.until("its agent is gone") { !$0.view.hosts[0].isUp }
            try await stage.fleet.deregister("h0")
            try await stage.until("it is settled") { $0.phase("web") == .active && $0.running(id) == ["h1"] }
        }
    }

    @Test("where a deployment is to be can be changed; what cannot be is refused")
    func edited() async throws {
        try await FleetStage.run(hosts: 3) { stage in
            _ = try await stage.fleet.label("h1", set: ["role": "db"])
            let id = try await stage.job("1")
            let other = try await stage.job("1", name: "other")
            var wish = DeployRequest("web", on: .everyHost)
            wish.selectors = ["role = web"]
            _ = try await stage.fleet.deploy(wish, user: "ann")
            _ = try await stage.fleet.deploy(DeployRequest("other", on: .hosts(["h0", "h1"])), user: "ann")
            try await stage.until("the other runs") { $0.running(other) == ["h0", "h1"] }
            #expect(stage.running(id).isEmpty)
            _ = try await stage.fleet.edit("web", selectors: ["role = db"], user: "ann")
            _ = try await stage.fleet.edit("other-1", hosts: ["h1", "h2"], user: "ann")
            try await stage.until("both are elsewhere") {
                $0.running(id) == ["h1"] && $0.running(other) == ["h1", "h2"] && $0.fleet.status().count == 3
            }
            #expect(stage.world.starts(other, on: "h1") == 1)
            await expectRefusal(.invalidRequest) { try await stage.fleet.edit("web", selectors: ["="], user: "ann") }
            await expectRefusal(.invalidRequest) { try await stage.fleet.edit("web", hosts: ["h0"], user: "ann") }
            await expectRefusal(.hostNotFound) { try await stage.fleet.edit("other-1", hosts: ["h9"], user: "ann") }
        }
    }

    @Test("a host that dies with a named job can be deregistered, and the job removed (AC54)")
    func deregistration() async throws {
        try await FleetStage.run(hosts: 1) { stage in
            let id = try await stage.job("1") { $0.ports["http"] = Port(80, host: 8080) }
            await expectRefusal(.hostNotFound) { try await stage.fleet.deregister("h9") }
            _ = try await stage.fleet.deploy(DeployRequest("web", on: .hosts(["h0"])), user: "ann")
            try await stage.until("it runs") { $0.running(id) == ["h0"] }
            await expectRefusal(.hostInUse) { try await stage.fleet.deregister("h0") }
            stage.cluster.kill("h0")
            try await stage.until("its agent is gone") { !$0.view.hosts[0].isUp }
            try await stage.fleet.deregister("h0")
            try await stage.until("it is gone") { $0.fleet.deployments().isEmpty && $0.fleet.status().isEmpty }
            _ = try await stage.fleet.removeJob("web")
        }
    }

    @Test("replicas go where there is room, move when their host dies, and are not there twice when it returns (B5)")
    func replicas() async throws {
        try await FleetStage.run(hosts: 3, cpus: 2_000) { stage in
            let id = try await stage.job("1") { job in
                job.resources.cpus = ProcessorShare(thousandths: 500)
                job.rollout.parallelism = 6
            }
            _ = try await stage.fleet.deploy(DeployRequest("web", on: .replicas(6)), user: "ann")
            try await stage.until("they run") { $0.running(id) == ["h0", "h0", "h1", "h1", "h2", "h2"] }
            stage.cluster.kill("h1")
            try await stage.until("they have moved", within: .seconds(20)) {
                $0.running(id) == ["h0", "h0", "h0", "h2", "h2", "h2"]
            }
            try await stage.restartAgent("h1")
            try await stage.cluster.advance(by: .seconds(30))
            #expect(stage.running(id).count == 6 && stage.fleet.status().count == 6)
            _ = try await stage.fleet.scale("web", to: 2, user: "ann")
            try await stage.until("two are left") { $0.fleet.status().count == 2 }
        }
    }

    @Test("there is no room for more than hosts can carry, by processors and by static ports")
    func room() async throws {
        try await FleetStage.run(hosts: 2, cpus: 1_000) { stage in
            let big = try await stage.job("1") { job in
                job.resources.cpus = ProcessorShare(thousandths: 600)
                job.rollout.parallelism = 9
            }
            _ = try await stage.fleet.deploy(DeployRequest("web", on: .replicas(3)), user: "ann")
            let port = try await stage.job("1", name: "port") { job in
                job.ports["http"] = Port(80, host: 8080)
                job.rollout.parallelism = 9
            }
            _ = try await stage.fleet.deploy(DeployRequest("port", on: .replicas(3)), user: "ann")
            try await stage.until("what fits runs") { $0.running(big).count == 2 && $0.running(port).count == 2 }
            try await stage.cluster.advance(by: .seconds(20))
            #expect(stage.running(big) == ["h0", "h1"] && stage.running(port) == ["h0", "h1"])
            #expect(stage.fleet.status().count == 4 && stage.phase("web") == .rollingOut)
            #expect(stage.fleet.deployments()[1].message.hasSuffix("1 without room on any host"))
            try await stage.addHost("h2", HostDescription(cpus: 1_000))
            try await stage.until("all run") { $0.running(big).count == 3 && $0.running(port).count == 3 }
            try await stage.until("it is done") { $0.phase("web") == .active && $0.phase("port") == .active }
        }
    }

    @Test("replicas are spread over zones")
    func zones() async throws {
        try await FleetStage.run(hosts: 0) { stage in
            for index in 0..<6 { try await stage.addHost("h\(index)", HostDescription(zone: "z\(index / 2)")) }
            let id = try await stage.job("1") { $0.rollout.parallelism = 3 }
            _ = try await stage.fleet.deploy(DeployRequest("web", on: .replicas(3)), user: "ann")
            try await stage.until("they run") { $0.running(id).count == 3 }
            #expect(
                Set(stage.running(id).map { $0.dropFirst().first.flatMap(\.wholeNumberValue).map { $0 / 2 } }).count
                    == 3)
        }
    }

    @Test("replicas stay on hosts that match")
    func selectedReplicas() async throws {
        try await FleetStage.run(hosts: 3) { stage in
            for host in ["h1", "h2"] { _ = try await stage.fleet.label(host, set: ["disk": "ssd"]) }
            let id = try await stage.job("1") { job in
                job.hosts = [HostSelector("disk", .equals("ssd"))]
                job.rollout.parallelism = 4
            }
            _ = try await stage.fleet.deploy(DeployRequest("web", on: .replicas(4)), user: "ann")
            try await stage.until("they run") { $0.running(id) == ["h1", "h1", "h2", "h2"] }
        }
    }

    @Test("a cordoned host keeps what it has; a drained one loses it as others take over; uncordoned it gets more (B6)")
    func drain() async throws {
        try await FleetStage.run(hosts: 3) { stage in
            let id = try await stage.job("1") { $0.rollout.parallelism = 6 }
            let own = try await stage.job("1", name: "own")
            _ = try await stage.fleet.deploy(DeployRequest("own", on: .hosts(["h1", "h2"])), user: "ann")
            _ = try await stage.fleet.deploy(DeployRequest("web", on: .replicas(3)), user: "ann")
            try await stage.until("they run") { $0.running(id) == ["h0", "h1", "h2"] }
            _ = try await stage.fleet.cordon("h2")
            try await stage.until("it is cordoned") { $0.view.hosts[2].isCordoned }
            _ = try await stage.fleet.scale("web", to: 7, user: "ann")
            try await stage.until("there are more") { $0.running(id).count == 7 }
            #expect(stage.running(id).count { $0 == "h2" } == 1)
            _ = try await stage.fleet.drain("h2")
            var fewest = 7
            try await stage.until("it is empty") { stage in
                fewest = min(fewest, stage.running(id).count)
                return !stage.fleet.status().contains { $0.host == "h2" }
            }
            #expect(fewest == 7 && stage.running(id).count == 7 && stage.running(own) == ["h1"])
            _ = try await stage.fleet.uncordon("h2")
            try await stage.until("it gets some") { $0.running(id).contains("h2") && $0.running(id).count == 7 }
            try await stage.until("its own is back") { $0.running(own) == ["h1", "h2"] }
        }
    }

    @Test("what failed for good is told of, and tried again when it is started")
    func retry() async throws {
        try await FleetStage.run(hosts: 1) { stage in
            stage.world.bad = ["broken"]
            let id = try await stage.job("1")
            _ = try await stage.fleet.deploy(DeployRequest("web", on: .everyHost), user: "ann")
            let outcome = try await stage.fleet.wait("web", timeout: .seconds(30))
            #expect(outcome.phase == .failed && outcome.message.contains("h0"))
            #expect(try stage.fleet.rolloutStatus("web").failed.keys.sorted() == ["h0"])
            stage.world.bad = []
            _ = try await stage.fleet.setGoal("web", started: true, user: "ann")
            try await stage.until("it runs") { $0.running(id) == ["h0"] }
            _ = try await stage.fleet.resume("web", user: "ann")
            try await stage.until("it is done") { $0.phase("web") == .active }
        }
    }

    @Test("a job that runs once is done, and is not run again (B11)")
    func runOnce() async throws {
        try await FleetStage.run(hosts: 1) { stage in
            let id = try await stage.job("1") { job in
                job.isRunOnce = true
                job.restart = .never
            }
            _ = try await stage.fleet.deploy(DeployRequest("web", on: .hosts(["h0"])), user: "ann")
            let outcome = try await stage.fleet.wait("web-1", generation: 1, timeout: .seconds(30))
            #expect(outcome.phase == .active && outcome.exits == [0])
            try await stage.cluster.advance(by: .seconds(30))
            #expect(stage.fleet.status().map(\.state) == ["COMPLETED"] && stage.world.starts(id, on: "h0") == 1)
        }
    }
}
