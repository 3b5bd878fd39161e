import Coordination
import FleetEngine
import FleetMaster
import FleetModel
import FleetSupport
import Foundation
import Support
import Testing

@Suite(
    "A fleet of processes, on a real Engine and a real ZooKeeper", .needsEngine, .serialized, .timeLimit(.minutes(10)))
struct LiveFleetTests {
    @Test("what is deployed to named hosts runs there; a container that is killed is known in a second, and is back")
    func killed() async throws {
        try await LiveFleet.run { fleet in
            try await fleet.idleJob("1")
            let said = try await fleet.fleet("deploy", "idle:1", "h1", "h2", "--name", "idle", "--wait")
            #expect(said.contains("ACTIVE"))
            let table = try await fleet.fleet("status")
            #expect(table.split(separator: "\n").count == 3)
            #expect(table.contains("idle:1:") && table.contains("START") && table.contains("RUNNING"))
            let first = try await fleet.runs("h1")
            let other = try await fleet.runs("h2")

            let start = ContinuousClock.now
            try await fleet.engine.kill(first, signal: "KILL")
            try await eventually("its end is known") {
                try await fleet.row("h1").map { $0.state != "RUNNING" || $0.detail.container != first } ?? false
            }
            try measure("the end of a container is in the status", since: start, bar: .seconds(1))
            let second = try await fleet.runs("h1")
            #expect(second != first)
            #expect(try await fleet.runs("h2") == other)
            let history = try await fleet.read([TaskEvent].self, "history", "idle:1")
            #expect(history.contains { $0.host == "h1" && $0.exit == 137 })
        }
    }

    @Test("an agent that ends leaves its containers, and takes them over when it comes back (AC17)")
    func adoption() async throws {
        try await LiveFleet.run(hosts: ["h1"]) { fleet in
            try await fleet.idleJob("1")
            try await fleet.fleet("deploy", "idle:1", "h1", "--name", "idle", "--wait")
            let container = try await fleet.runs("h1")
            #expect(try await fleet.child("h1").terminate() == 0)
            try await eventually("the host is down") { try await fleet.hosts().contains { !$0.up } }
            #expect(try await fleet.running("h1").map { String($0.id.prefix(12)) } == [container])
            try fleet.startAgent("h1")
            #expect(try await fleet.runs("h1") == container)
            #expect(try await fleet.containers("h1").count == 1)

            // Killed, not ended: the same.
            try await fleet.child("h1").kill()
            try fleet.startAgent("h1")
            try await eventually(within: .seconds(40), "it is taken over") {
                try await fleet.row("h1").map { $0.state == "RUNNING" && $0.detail.container == container } ?? false
            }
            #expect(try await fleet.containers("h1").count == 1)
        }
    }

    @Test("what was stopped or undeployed while the agent was away is so when it is back (AC18, AC20, AC21, AC22)")
    func changesWhileAway() async throws {
        try await LiveFleet.run(hosts: ["h1"]) { fleet in
            try await fleet.idleJob("1")
            try await fleet.fleet("deploy", "idle:1", "h1", "--name", "idle", "--wait")
            let first = try await fleet.runs("h1")

            // Killed while nobody looks: there is another one.
            _ = try await fleet.child("h1").terminate()
            try await fleet.engine.kill(first, signal: "KILL")
            try fleet.startAgent("h1")
            #expect(try await fleet.runs("h1") != first)

            _ = try await fleet.child("h1").terminate()
            try await fleet.fleet("stop", "idle")
            try fleet.startAgent("h1")
            try await eventually(within: .seconds(40), "it is stopped") { try await fleet.running("h1").isEmpty }
            #expect(try await !fleet.containers("h1").isEmpty)

            _ = try await fleet.child("h1").terminate()
            try await fleet.fleet("start", "idle")
            try fleet.startAgent("h1")
            try await fleet.runs("h1")

            _ = try await fleet.child("h1").terminate()
            try await fleet.fleet("undeploy", "idle", "--all")
            try fleet.startAgent("h1")
            try await eventually(within: .seconds(40), "nothing is left") { try await fleet.containers("h1").isEmpty }
            try await eventually("the task is gone") { try await fleet.rows().isEmpty }
            try await fleet.fleet("job", "remove", "idle:1", "--yes")
        }
    }

    @Test("with ZooKeeper away a killed container is back, also after a restart of the agent, and is known afterwards")
    func storeAway() async throws {
        try await LiveFleet.run(hosts: ["h1"]) { fleet in
            try await fleet.idleJob("1")
            try await fleet.fleet("deploy", "idle:1", "h1", "--name", "idle", "--wait")
            let first = try await fleet.runs("h1")
            try await fleet.child("zookeeper").kill()
            try await fleet.engine.kill(first, signal: "KILL")
            try await eventually("it is back") { try await fleet.running("h1").count == 1 }
            let second = try await fleet.running("h1")[0].id
            #expect(!second.hasPrefix(first))

            try await fleet.child("h1").kill()
            try await fleet.engine.kill(second, signal: "KILL")
            try fleet.startAgent("h1")
            try await eventually("it is back with nothing but the disk") {
                try await fleet.running("h1").contains { $0.id != second }
            }
            let third = try await fleet.running("h1")[0].id
            try fleet.startZooKeeper()
            #expect(try await fleet.runs("h1", within: .seconds(60)) == String(third.prefix(12)))
        }
    }

    @Test(
        "an empty store, and another fleet's, end no container (AC24); in one from before it joined the host joins (AC26)"
    )
    func emptyStore() async throws {
        try await LiveFleet.run(hosts: ["h1"], isEmpty: true) { fleet in
            try await eventually(within: .seconds(60), "the master answers") {
                try await fleet.ask(["masters"]).output.contains("LEADS")
            }
            try await fleet.idleJob("1")
            // A backup from before the host was known.
            try await fleet.child("zookeeper").kill()
            let backup = fleet.directory.appending(path: "backup")
            try FileManager.default.copyItem(at: fleet.store(), to: backup)
            try fleet.startZooKeeper()
            try fleet.startAgent("h1")
            try await eventually(within: .seconds(60), "the host is up") { try await fleet.hosts().contains { $0.up } }
            try await fleet.fleet("deploy", "idle:1", "h1", "--name", "idle", "--wait")
            let container = try await fleet.runs("h1")
            try await fleet.child("zookeeper").kill()
            try fleet.emptyStore()
            try fleet.startZooKeeper()
            // The master makes a fleet of its own there, which is not the agent's. The agent's session cannot go on there
            // either: it has seen more than that store has.
            try await fleet.child("m1").kill()
            try fleet.startMaster()
            try await eventually(within: .seconds(60), "the master answers") {
                try await fleet.ask(["masters"]).output.contains("LEADS")
            }
            #expect(try await fleet.running("h1").map { String($0.id.prefix(12)) } == [container])
            try await fleet.child("h1").kill()
            try fleet.startAgent("h1")
            try await eventually(within: .seconds(60), "the restarted agent says so") {
                try fleet.child("h1").output.contains("belongs to the cluster")
            }
            #expect(try await fleet.running("h1").map { String($0.id.prefix(12)) } == [container])
            try await fleet.engine.kill(container, signal: "KILL")
            try await eventually("it is kept up all the same") {
                try await fleet.running("h1").contains { !$0.id.hasPrefix(container) }
            }

            let kept = try await fleet.running("h1").map(\.id)
            for process in ["h1", "m1", "zookeeper"] { try await fleet.child(process).kill() }
            try fleet.emptyStore()
            try FileManager.default.copyItem(at: backup, to: fleet.store())
            try fleet.startZooKeeper()
            try fleet.startMaster()
            try fleet.startAgent("h1")
            try await eventually(within: .seconds(60), "the host is known again, and up") {
                try await fleet.hosts().contains { $0.up }
            }
            #expect(try await fleet.running("h1").map(\.id) == kept)
        }
    }

    @Test("a new version takes the place of the old one; a bad one is rolled back by itself (B3)")
    func rollouts() async throws {
        try await LiveFleet.run { fleet in
            try await fleet.idleJob("1")
            try await fleet.fleet("deploy", "idle:1", "h1", "h2", "--name", "idle", "--wait")
            try await fleet.idleJob("2")
            let plan = try await fleet.fleet("plan", "rollout", "idle:2", "idle")
            #expect(plan.contains("replace") && plan.contains("index"))
            let said = try await fleet.fleet("rollout", "start", "idle:2", "idle")
            #expect(said.contains("2/2") && said.contains("ACTIVE"))
            let h1 = try await fleet.runs("h1")
            let h2 = try await fleet.runs("h2")
            #expect(try await fleet.rows().allSatisfy { $0.job.hasPrefix("idle:2:") })

            // A gate that never opens.
            try await fleet.idleJob("3", "--exec-check", "false")
            let (status, output) = try await fleet.ask(["rollout", "start", "idle:3", "idle", "--deadline", "4s"])
            #expect(status == 1, "\(output)")
            try await eventually(within: .seconds(60), "version 2 runs everywhere") {
                let rows = try await fleet.rows()
                return rows.count == 2 && rows.allSatisfy { $0.job.hasPrefix("idle:2:") && $0.state == "RUNNING" }
            }
            // The second host was never touched.
            #expect(try await [fleet.runs("h1") == h1, fleet.runs("h2") == h2].contains(true))
        }
    }

    @Test("logs go on over a restart; a command in a container ends with its exit code (B10)")
    func logsAndExec() async throws {
        try await LiveFleet.run(hosts: ["h1"]) { fleet in
            try await fleet.idleJob("1")
            try await fleet.fleet("deploy", "idle:1", "h1", "--name", "idle", "--wait")
            let first = try await fleet.runs("h1")
            let address = ["--agent-token", LiveFleet.token]
            #expect(try await fleet.ask(["logs", "idle"] + address).output == "1\n")
            let (status, output) = try await fleet.ask(
                ["exec", "idle"] + address + ["--", "sh", "-c", "echo hi; exit 7"])
            #expect(status == 7)
            #expect(output == "hi\n")
            let refused = try await fleet.ask(["exec", "idle", "--agent-token", "wrong", "--", "true"])
            #expect(refused.status == 1 && refused.output.contains("token"))

            async let followed = fleet.ask(["logs", "idle", "-f"] + address)
            try await eventually("somebody follows") { try await fleet.row("h1") != nil }
            try await fleet.engine.kill(first, signal: "KILL")
            try await fleet.runs("h1")
            try await fleet.fleet("stop", "idle")
            let text = try await followed.output
            #expect(text.hasPrefix("1\n[fleet: container "))
            #expect(text.hasSuffix("]\n1\n"))

            try await fleet.fleet("start", "idle")
            try await fleet.runs("h1")
            let follower = try fleet.begin("logs", "idle", "-f", "--agent-token", LiveFleet.token)
            try await eventually("somebody follows") { follower.output == "1\n" }
            #expect(try await fleet.child("h1").terminate() == 0)
            #expect(try await fleet.running("h1").count == 1)
        }
    }

    @Test(
        "what runs once is waited for, with its exit code; a secret is a file of the container alone (AC81, B11, B13)")
    func onceWithSecret() async throws {
        try await LiveFleet.run(hosts: ["h1"], hasDigests: true) { fleet in
            let file = fleet.directory.appending(path: "secret.txt")
            try "tell nobody".write(to: file, atomically: true, encoding: .utf8)
            try await fleet.fleet("secret", "put", "password", "--file", file.path)
            let create = [
                "job", "create", "once:1", PrivateEngine.image, "--run-once", "--secret", "password=store:password",
            ]
            let script = "test $(head -c 4 /run/secrets/password) = tell"
            #expect(try await fleet.ask(create + ["--", "sh", "-c", script]).status == 0)
            try await fleet.fleet("deploy", "once:1", "h1", "--name", "once")
            #expect(try await fleet.ask(["wait", "once", "--timeout", "60"]).status == 0)
            #expect(try await fleet.row("h1")?.state == "COMPLETED")
            let known = try await fleet.fleet("job", "inspect", "once:1") + fleet.fleet("status", "--full")
            #expect(!known.contains("tell nobody"))
            let paths = FleetPaths(cluster: fleet.cluster)
            try await fleet.withStore { session in
                let jobs = try await session.children(paths.jobs)
                #expect(jobs.count == 1)
                for path in jobs.map({ "\(paths.jobs)/\($0)" }) {
                    await Self.expectNoAccess { try await session.set(path, []) }
                    await Self.expectNoAccess { try await session.delete(path) }
                }
                await Self.expectNoAccess { _ = try await session.get(paths.secret("password")) }
            }

            let bad = ["job", "create", "bad:1", PrivateEngine.image, "--run-once", "--restart", "never"]
            #expect(try await fleet.ask(bad + ["--", "sh", "-c", "exit 3"]).status == 0)
            try await fleet.fleet("deploy", "bad:1", "h1", "--name", "bad")
            #expect(try await fleet.ask(["wait", "bad", "--timeout", "60"]).status == 3)
        }
    }

    private static func expectNoAccess(_ body: () async throws -> Void) async {
        do {
            try await body()
            Issue.record("somebody without the masters' digest was let in")
        } catch {
            #expect((error as? CoordinationError)?.code == .notAuthorized, "\(error)")
        }
    }

    @Test("a host that was away during a rollout comes to the new version when it is back (B1)")
    func hostAwayInRollout() async throws {
        try await LiveFleet.run { fleet in
            try await fleet.idleJob("1")
            try await fleet.fleet("deploy", "idle:1", "h1", "h2", "--name", "idle", "--wait")
            _ = try await fleet.child("h2").terminate()
            try await fleet.idleJob("2")
            try await fleet.fleet("rollout", "start", "idle:2", "idle", "--detach")
            try await eventually(within: .seconds(40), "the host that is there has it") {
                try await fleet.row("h1").map { $0.job.hasPrefix("idle:2:") && $0.state == "RUNNING" } ?? false
            }
            #expect(try await fleet.running("h2").count == 1)
            try fleet.startAgent("h2")
            try await eventually(within: .seconds(60), "the other has it, and nothing else") {
                let rows = try await fleet.rows()
                return rows.count == 2 && rows.allSatisfy { $0.job.hasPrefix("idle:2:") && $0.state == "RUNNING" }
            }
            try await eventually("and no container of the former") { try await fleet.containers("h2").count == 1 }
        }
    }

    @Test("what has a token is left alone without it (AC16, AC72); a host that is gone can be forgotten (AC54)")
    func tokens() async throws {
        try await LiveFleet.run(hosts: ["h1"]) { fleet in
            try await fleet.idleJob("1", "--token", "open sesame")
            let token = ["--token", "open sesame"]
            let deploy = ["deploy", "idle:1", "h1", "--name", "idle", "--wait"]
            let refused = try await fleet.ask(deploy)
            #expect(refused.status == 1 && refused.output.contains("FORBIDDEN"), "\(refused.output)")
            #expect(try await fleet.ask(deploy + token).status == 0)
            try await fleet.runs("h1")
            for command in [["undeploy", "idle", "--all"], ["stop", "idle"], ["job", "remove", "idle:1", "--yes"]] {
                let (status, output) = try await fleet.ask(command)
                #expect(status == 1 && output.contains("FORBIDDEN"), "\(command): \(output)")
            }
            let used = try await fleet.ask(["job", "remove", "idle:1", "--yes"] + token)
            #expect(used.status == 1 && used.output.contains("STILL_IN_USE"))

            let alive = try await fleet.ask(["hosts", "deregister", "h1", "--yes"])
            #expect(alive.status == 1 && alive.output.contains("HOST_IN_USE"))
            _ = try await fleet.child("h1").terminate()
            try await eventually("the host is down") { try await fleet.hosts().contains { !$0.up } }
            try await fleet.fleet("hosts", "deregister", "h1", "--yes")
            try await eventually(within: .seconds(30), "the job is used no more") {
                try await fleet.ask(["job", "remove", "idle:1", "--yes"] + token).status == 0
            }
        }
    }

    @Test("a container that ends over and over is said to flap, and no longer than it does (AC32)")
    func flapping() async throws {
        try await LiveFleet.run(hosts: ["h1"]) { fleet in
            let create = ["job", "create", "short:1", PrivateEngine.image]
            #expect(try await fleet.ask(create + ["--", "sh", "-c", "exit 5"]).status == 0)
            try await fleet.fleet("deploy", "short:1", "h1", "--name", "short")
            try await eventually(within: .seconds(90), "it flaps") {
                try await fleet.row("h1")?.detail.throttle == "FLAPPING"
            }
            #expect(try await fleet.fleet("status").contains("(FLAPPING)"))
            let row = try #require(try await fleet.row("h1"))
            #expect(row.detail.exit == 5 && row.detail.restarts ?? 0 > 1)
            try await fleet.fleet("stop", "short")
            try await eventually(within: .seconds(30), "it is stopped") {
                try await fleet.row("h1").map { $0.state == "STOPPED" && $0.detail.throttle == nil } ?? false
            }
        }
    }
}
