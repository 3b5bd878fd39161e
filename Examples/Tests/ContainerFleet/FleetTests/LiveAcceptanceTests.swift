import AsyncHTTPClient
import FleetEngine
import FleetMaster
import FleetModel
import FleetSupport
import Foundation
import NIOCore
import NIOHTTP1
import Support
import Testing

/// Cases that are about processes, the Engine and ZooKeeper together. Those that need the same share a fleet.
extension LiveFleetTests {
    private static let address = ["--agent-token", LiveFleet.token]

    /// The rows of a deployment.
    private func rows(_ deployment: String, _ fleet: LiveFleet) async throws -> [StatusRow] {
        try await fleet.rows().filter { $0.deployment == deployment }
    }

    /// Runs a command in the container of a deployment.
    private func exec(
        _ fleet: LiveFleet, _ deployment: String, _ script: String, options: [String] = []
    ) async throws -> String {
        let (status, output) = try await fleet.ask(
            ["exec", deployment] + options + Self.address + ["--", "sh", "-c", script])
        guard status == 0 else { throw TestFailure("“\(script)” ended with \(status): \(output)") }
        return output
    }

    @Test("two replicas of a job share a host, each with its port (B12, AC37); a stranger's port is waited for (B17)")
    func portsOfOneHost() async throws {
        try await LiveFleet.run(hosts: ["h1"]) { fleet in
            try await fleet.job(
                """
                {name: site, version: 1, image: "\(PrivateEngine.image)", command: [httpd, -f, -p, "80", -h, /],
                ports: {bar: 80}, stopTimeout: 1s, health: {gate: {http: {port: bar, path: /etc/passwd}}}}
                """)
            try await fleet.fleet("deploy", "site:1", "--replicas", "2", "--parallelism", "2", "--wait")
            let found = try await rows("site", fleet)
            let ports = found.compactMap { $0.detail.ports?["bar"] }
            #expect(found.map(\.host) == ["h1", "h1"] && Set(ports).count == 2 && ports.count == 2)
            for (row, port) in zip(found, ports) {
                let said = try await exec(
                    fleet, "site", "echo $FLEET_PORT_bar on $FLEET_HOST", options: ["--place", row.place])
                #expect(said == "127.0.0.1:\(port) on h1\n")
                let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/etc/passwd")
                #expect(try await HTTPClient.shared.execute(request, timeout: .seconds(10)).status == .ok)
            }
            try await ForeignPort.hold { port in
                try await fleet.idleJob("1", "--port", "fixed=\(port):80")
                try await fleet.fleet("deploy", "idle:1", "h1", "--name", "idle")
                try await eventually(within: .seconds(30), "it is told") {
                    try await rows("idle", fleet).first?.detail.throttle == "PORT_CONFLICT"
                }
            }
            try await eventually(within: .seconds(40), "it runs when the port is free") {
                try await rows("idle", fleet).first?.state == "RUNNING"
            }
            // It was tried every ten seconds, not over and over.
            #expect(try await rows("idle", fleet).first?.detail.restarts ?? 0 <= 2)
        }
    }

    @Test(
        "what is not alive is restarted, what is adopted is tried anew, what never gets healthy failed (B7, B8, AC40)")
    func health() async throws {
        try await LiveFleet.run(hosts: ["h1"]) { fleet in
            func job(_ name: String, _ health: String) async throws {
                try await fleet.job(
                    """
                    {name: \(name), version: 1, image: "\(PrivateEngine.image)", stopTimeout: 1s,
                    command: [sh, -c, "touch /tmp/alive; exec sleep 100000"], health: {\(health)}}
                    """)
                try await fleet.fleet("deploy", "\(name):1", "h1", "--name", name)
            }
            func row(_ name: String) async throws -> StatusRow? { try await rows(name, fleet).first }
            func runs(_ name: String) async throws -> String {
                try await eventually(within: .seconds(40), "\(name) runs") { try await row(name)?.state == "RUNNING" }
                return try await row(name)?.detail.container ?? ""
            }
            try await job("never", "gate: {command: [sh, -c, 'false'], interval: 200ms, deadline: 2s}")
            try await job("alive", "liveness: {command: [test, -e, /tmp/alive], interval: 300ms, retries: 2}")
            try await job("gated", "gate: {command: [test, -e, /tmp/ready], interval: 200ms, deadline: 5m}")

            let first = try await runs("alive")
            _ = try await exec(fleet, "alive", "/bin/busybox rm /tmp/alive")
            try await eventually(within: .seconds(30), "it is restarted") {
                try await row("alive").map {
                    $0.state == "RUNNING" && $0.detail.container != first && $0.detail.restarts == 1
                } ?? false
            }
            try await eventually(within: .seconds(30), "the other is given up, and why is told") {
                let history = try await fleet.read([TaskEvent].self, "history", "never:1")
                return history.contains {
                    $0.phase == "FAILED" && $0.reason?.hasPrefix("not healthy after 2.0 seconds") ?? false
                }
            }

            try await eventually("the third waits") { try await row("gated")?.state == "HEALTHCHECKING" }
            _ = try await exec(fleet, "gated", "touch /tmp/ready")
            let gated = try await runs("gated")
            _ = try await exec(fleet, "gated", "/bin/busybox rm /tmp/ready")
            try await fleet.child("h1").kill()
            try fleet.startAgent("h1")
            try await eventually(within: .seconds(40), "it is adopted, and waits again") {
                try await row("gated").map { $0.state == "HEALTHCHECKING" && $0.detail.container == gated } ?? false
            }
            _ = try await exec(fleet, "gated", "touch /tmp/ready")
            #expect(try await runs("gated") == gated)

            try await fleet.fleet("undeploy", "gated", "--all")
            try await eventually(within: .seconds(30), "it is gone") { try await rows("gated", fleet).isEmpty }
            let told = try await fleet.read([TaskEvent].self, "history", "gated:1")
            let order = ["PULLING_IMAGE", "CREATING", "STARTING", "HEALTHCHECKING", "RUNNING", "STOPPING", "STOPPED"]
            let running = try #require(told.firstIndex { $0.phase == "RUNNING" })
            let ranks = told[...running].compactMap { $0.phase.flatMap(order.firstIndex) }
            #expect(ranks == ranks.sorted() && told[running].container == gated && told.last?.state == "GONE")
            #expect(told.allSatisfy { !["PULLING_IMAGE", "CREATING"].contains($0.phase) || $0.container == nil })
        }
    }

    @Test("of five hosts one may fail and three may not (B4); plans grow stale (B9); all answer in JSON (AC77)")
    func fiveHosts() async throws {
        let hosts = (1...5).map { "h\($0)" }
        try await LiveFleet.run(hosts: hosts) { fleet in
            func job(_ version: Int, badOn hosts: [String]) async throws {
                let test = (["true"] + hosts.map { "test $FLEET_HOST != \($0)" }).joined(separator: " && ")
                try await fleet.job(
                    """
                    {name: idle, version: \(version), image: "\(PrivateEngine.image)", command: [sleep, "100000"],
                    stopTimeout: 1s, health: {gate: {command: [sh, -c, "\(test)"], interval: 200ms}},
                    rollout: {parallelism: 5, failureRatio: 0.2, deadline: 6s}}
                    """)
            }
            func running() async throws -> [String: [String]] {
                let found = try await fleet.rows().filter { $0.state == "RUNNING" }
                return Dictionary(grouping: found) { String($0.job.prefix(6)) }
                    .mapValues { $0.compactMap(\.host).sorted() }
            }
            try await job(1, badOn: [])
            try await fleet.fleet("deploy", "idle:1", "--every-host", "--name", "idle", "--wait")
            #expect(try await running() == ["idle:1": hosts])

            try await job(2, badOn: ["h3"])
            let plan = try await fleet.read(FleetPlan.self, "plan", "rollout", "idle:2", "idle")
            #expect(plan.changes.map(\.host) == hosts)
            #expect(try await running() == ["idle:1": hosts])
            let index = "\(plan.index)"
            let well = try await fleet.ask(["rollout", "start", "idle:2", "idle", "--index", index])
            #expect(well.status == 0 && well.output.contains("ACTIVE, 4 of 5 run idle:2"), "\(well.output)")
            #expect(try await running() == ["idle:2": ["h1", "h2", "h4", "h5"]])
            let stale = try await fleet.ask(["rollout", "start", "idle:1", "idle", "--index", index])
            #expect(stale.status == 1 && stale.output.contains("STALE_PLAN"), "\(stale.output)")

            try await job(3, badOn: ["h1", "h2", "h5"])
            let badly = try await fleet.ask(["rollout", "start", "idle:3", "idle"])
            #expect(badly.status == 1, "\(badly.output)")
            try await eventually(within: .seconds(40), "the version before is back") {
                try await running() == ["idle:2": ["h1", "h2", "h4", "h5"]]
            }

            let commands = [
                ["job", "list"], ["job", "inspect", "idle:1"], ["status"], ["deployments"], ["deployments", "idle"],
                ["history", "idle:1"], ["events"], ["masters"], ["hosts", "list"], ["secret", "list"],
                ["access", "list"], ["access", "audit"], ["rollout", "status", "idle"],
                ["plan", "rollout", "idle:1", "idle"], ["hosts", "cordon", "h1"], ["rollout", "pause", "idle"],
                ["stop", "idle"], ["undeploy", "idle", "--all"], ["job", "remove", "none", "--yes"],
            ]
            for command in commands {
                let (_, output) = try await fleet.ask(command + ["--json"])
                let line = output.split(separator: "\n").first { $0.hasPrefix("{") || $0.hasPrefix("[") }
                #expect(throws: Never.self, "\(command): \(output)") {
                    try JSONSerialization.jsonObject(with: Data((line ?? "none").utf8))
                }
            }
        }
    }

    @Test(
        "a group takes containers over (AC66), lets them go (AC73), and who watches sees only what was asked for (AC78)"
    )
    func migration() async throws {
        try await LiveFleet.run { fleet in
            try await fleet.idleJob("1")
            try await fleet.fleet("deploy", "idle:1", "h1", "--wait")
            let first = try await fleet.runs("h1")
            let watch = try fleet.begin("status", "--host", "h2", "--exact", "--watch")
            let made = try await fleet.fleet(
                "deploy", "idle:1", "--every-host", "--name", "group", "--migrate", "--wait")
            #expect(made.contains("2 of 2 run"))
            let second = try await fleet.runs("h2")
            #expect(try await fleet.runs("h1") == first)
            #expect(try await fleet.rows().map(\.deployment) == ["group", "group"])
            #expect(try await exec(fleet, "group", "echo here", options: ["--host", "h1"]) == "here\n")
            try await eventually("it is seen") { watch.output.contains(second.prefix(7)) }
            #expect(!watch.output.contains(" h1 "))

            // It is the group's for an agent that was away, too.
            try await fleet.child("h1").kill()
            try fleet.startAgent("h1")
            try await eventually(within: .seconds(40), "it is adopted") {
                try await fleet.row("h1").map { $0.state == "RUNNING" && $0.detail.container == first } ?? false
            }
            let said = try await fleet.fleet("undeploy", "group", "--keep")
            #expect(said.contains("idle-1 has the containers on h1, h2"))
            try await eventually(within: .seconds(30), "they are the other's") {
                try await fleet.rows().map(\.deployment) == ["idle-1", "idle-1"]
            }
            #expect(try await [fleet.runs("h1"), fleet.runs("h2")] == [first, second])
            try await fleet.fleet("undeploy", "idle-1", "--all")
            try await eventually(within: .seconds(30), "nothing is left") {
                let (first, second) = (try await fleet.containers("h1"), try await fleet.containers("h2"))
                return first.isEmpty && second.isEmpty
            }
        }
    }

    @Test("with one of three ZooKeepers dead, and one emptied, jobs are deployed (AC28); one has no address (AC29)")
    func ensemble() async throws {
        try await LiveFleet.run(hosts: ["h1"], zookeepers: 3) { fleet in
            try await fleet.idleJob("1")
            try await fleet.child("zookeeper2").kill()
            try await fleet.fleet("deploy", "idle:1", "h1", "--name", "one", "--wait", "--timeout", "60")
            try fleet.emptyStore(2)
            try fleet.startZooKeeper(2)
            try await eventually(within: .seconds(60), "the emptied one has learnt what the others know") {
                try await fleet.isInStep(2)
            }
            try await fleet.child("zookeeper3").kill()
            try await fleet.fleet("deploy", "idle:1", "h1", "--name", "two", "--wait", "--timeout", "90")
            #expect(try await fleet.running("h1").count == 2)
        }
    }

    @Test(
        "an agent killed between create and start leaves no orphan and no twin (B15); one without its disk takes over (AC56)"
    )
    func killedInBetween() async throws {
        try await LiveFleet.run(hosts: ["h1"], isEmpty: true) { fleet in
            let engine = try await PrivateEngine.shared().address
            let proxy = try await EngineProxy.started(
                at: fleet.directory.appending(path: "p").path, to: engine, holding: "/start HTTP")
            try fleet.startAgent("h1", engine: proxy.address.description)
            try await fleet.idleJob("1")
            try await eventually(within: .seconds(40), "the host is up") { try await fleet.hosts().contains { $0.up } }
            try await fleet.fleet("deploy", "idle:1", "h1", "--name", "idle")
            try await eventually(within: .seconds(40), "a start is on its way") { proxy.hasHeld }
            #expect(try await fleet.containers("h1").map(\.status) == [.created])
            try await fleet.child("h1").kill()
            try fleet.startAgent("h1")
            try await fleet.runs("h1")
            try await eventually("there is one") { try await fleet.containers("h1").count == 1 }
            try await proxy.close()

            try await fleet.child("h1").kill()
            try fleet.startAgent("h1", state: "another-disk", labels: ["disk=new"])
            try await eventually(within: .seconds(60), "the newcomer is known") {
                try await fleet.hosts().contains { $0.up && $0.labels["disk"] == "new" }
            }
            try await fleet.runs("h1", within: .seconds(60))
        }
    }
}
