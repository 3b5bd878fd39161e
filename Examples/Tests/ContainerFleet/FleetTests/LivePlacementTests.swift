import Coordination
import FleetEngine
import FleetJobs
import FleetMaster
import FleetModel
import FleetSupport
import Foundation
import Support
import Testing

extension LiveFleetTests {
    @Test("replicas of a host that dies move, and there are no more of them when it is back (B5)")
    func hostDies() async throws {
        try await LiveFleet.run { fleet in
            try await fleet.idleJob("1")
            try await fleet.fleet("deploy", "idle:1", "--replicas", "4", "--name", "idle", "--wait")
            func count() async throws -> (Int, Int) {
                (try await fleet.running("h1").count, try await fleet.running("h2").count)
            }
            #expect(try await count() == (2, 2))
            try await fleet.child("h1").kill()
            // What runs there nobody can stop: the host may be dead.
            try await eventually(within: .seconds(40), "all four run on the other host") { try await count().1 == 4 }
            try fleet.startAgent("h1")
            try await eventually(within: .seconds(60), "there are four again") {
                let (first, second) = try await count()
                return first + second == 4
            }
            try await eventually(within: .seconds(60), "and all are known") {
                let rows = try await fleet.rows()
                return rows.count == 4 && rows.allSatisfy { $0.state == "RUNNING" && $0.goal == "START" }
            }
        }
    }

    @Test("a host that is drained loses its replicas to others, and gets some again when it is told so (B6)")
    func draining() async throws {
        try await LiveFleet.run { fleet in
            try await fleet.idleJob("1")
            try await fleet.fleet("deploy", "idle:1", "--replicas", "4", "--name", "idle", "--wait")
            try await fleet.fleet("hosts", "drain", "h1")
            try await eventually(within: .seconds(60), "all four run on the other host") {
                let rows = try await fleet.rows()
                return rows.count == 4 && rows.allSatisfy { $0.state == "RUNNING" && $0.host == "h2" }
            }
            try await eventually("nothing is left") { try await fleet.containers("h1").isEmpty }
            #expect(try await fleet.fleet("hosts", "list").contains("UP,DRAINING"))
            try await fleet.fleet("hosts", "uncordon", "h1")
            try await fleet.fleet("scale", "idle", "6", "--wait")
            try await eventually(within: .seconds(60), "it is used again") { try await !fleet.running("h1").isEmpty }
        }
    }

    @Test("forty containers of one host that are killed at once are back within fifteen seconds (AC6)")
    func forty() async throws {
        try await LiveFleet.run(hosts: ["h1"]) { fleet in
            try await fleet.idleJob("1")
            try await fleet.fleet(
                "deploy", "idle:1", "--replicas", "40", "--parallelism", "40", "--name", "idle", "--wait")
            let before = Set(try await fleet.running("h1").map(\.id))
            #expect(before.count == 40)
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for container in before { group.addTask { try await fleet.engine.kill(container, signal: "KILL") } }
                try await group.waitForAll()
            }
            try await eventually(within: .seconds(60), "forty others run") {
                let containers = try await fleet.running("h1").map(\.id)
                return containers.count == 40 && before.isDisjoint(with: containers)
            }
            try measure("forty containers are back", since: start, bar: .seconds(15))
            try await eventually(within: .seconds(60), "and are known") {
                let containers = try await fleet.running("h1").map(\.id)
                return try await fleet.rows().allSatisfy { row in
                    row.state == "RUNNING" && containers.contains { $0.hasPrefix(row.detail.container ?? "-") }
                }
            }
        }
    }

    @Test("when the master that acts is killed another one does, and who asks notices nothing")
    func masterDies() async throws {
        try await LiveFleet.run(hosts: ["h1"], masters: ["m1", "m2"]) { fleet in
            try await fleet.idleJob("1")
            let table = try await fleet.fleet("masters").split(separator: "\n").first { $0.contains("LEADS") } ?? ""
            let leader = table.contains(" m1 ") ? "m1" : "m2"
            try await fleet.child(leader).kill()
            let start = ContinuousClock.now
            try await fleet.fleet("deploy", "idle:1", "h1", "--name", "idle", "--wait", "--timeout", "60")
            try await fleet.runs("h1")
            // The session timeout, and what two programs need.
            try measure("another master has deployed", since: start, bar: .seconds(20))
            #expect(try await fleet.fleet("masters").contains("DOWN"))
        }
    }

    @Test("records that are deleted are no reason to end anything (AC24, AC25)")
    func recordsGone() async throws {
        try await LiveFleet.run(hosts: ["h1"]) { fleet in
            try await fleet.idleJob("1")
            try await fleet.fleet("deploy", "idle:1", "h1", "--name", "idle", "--wait")
            let container = try await fleet.runs("h1")
            let resource = FleetResource(
                deployment: "idle", job: try #require(try await fleet.row("h1").flatMap { JobID($0.job) })
            ).name
            _ = try await fleet.child("m1").terminate()

            // An ideal state that vanishes, with no word that anybody wanted that. A controller alone would drop the task.
            let paths = (cluster: "/\(fleet.cluster)", idealState: "/\(fleet.cluster)/IDEALSTATES/\(resource)")
            let deployments = FleetPaths(cluster: fleet.cluster).deployments
            try await fleet.withStore { session in
                try await session.deleteRecursively("\(deployments)/idle")
                try await session.deleteRecursively(paths.idealState)
            }
            try fleet.startMaster("m1")
            try await eventually(within: .seconds(60), "the task is in ERROR, which tells why") {
                let session = try await fleet.currentState(of: resource, on: "h1")
                return session.contains("ERROR") && session.contains("left alone")
            }
            #expect(try await fleet.running("h1").map { String($0.id.prefix(12)) } == [container])

            // All of it.
            _ = try await fleet.child("m1").terminate()
            try await fleet.withStore { try await $0.deleteRecursively(paths.cluster) }
            try fleet.startMaster("m1")
            try await eventually(within: .seconds(60), "the agent does not join") {
                try fleet.child("h1").output.contains("Not joining; containers run on")
            }
            #expect(try await fleet.running("h1").map { String($0.id.prefix(12)) } == [container])
            try await fleet.engine.kill(container, signal: "KILL")
            try await eventually("it is kept up all the same") {
                try await fleet.running("h1").contains { !$0.id.hasPrefix(container) }
            }
        }
    }

    @Test("a second agent with the same state is refused (AC30); an image that is nowhere is told (AC33)")
    func refusals() async throws {
        try await LiveFleet.run(hosts: ["h1"]) { fleet in
            let first = try fleet.child("h1")
            try fleet.startAgent("h1")
            let second = try fleet.child("h1")
            #expect(try await second.ended() != 0)
            #expect(second.output.contains("in use by another agent"))
            #expect(first.isRunning)

            let (status, output) = try await fleet.ask(["job", "create", "no:1", "127.0.0.1:1/nowhere:1"])
            #expect(status == 0, "\(output)")
            try await fleet.fleet("deploy", "no:1", "h1", "--name", "no")
            try await eventually("it is told") {
                try await fleet.row("h1").map { $0.detail.throttle?.hasPrefix("IMAGE_") ?? false } ?? false
            }
            // What waits for an image can be undeployed all the same.
            try await fleet.fleet("undeploy", "no", "--all")
            try await eventually("it is gone") { try await fleet.rows().isEmpty }
            try await first.kill()
        }
    }

    @Test("what matches a label goes to the hosts that have it, also to those that get it later")
    func labels() async throws {
        try await LiveFleet.run { fleet in
            try await fleet.idleJob("1")
            try await fleet.fleet(
                "deploy", "idle:1", "--every-host", "--selector", "name = h1", "--name", "idle", "--wait")
            try await fleet.runs("h1")
            #expect(try await fleet.running("h2").isEmpty)
            try await fleet.fleet("hosts", "label", "h2", "name=h1")
            try await fleet.runs("h2")
            try await fleet.fleet("hosts", "label", "h1", "name-")
            try await eventually(within: .seconds(40), "it leaves the other") {
                try await fleet.containers("h1").isEmpty
            }
        }
    }

    @Test("an agent that stood still for longer than its session takes its containers over when it goes on")
    func frozenAgent() async throws {
        try await LiveFleet.run(hosts: ["h1"]) { fleet in
            try await fleet.idleJob("1")
            try await fleet.fleet("deploy", "idle:1", "h1", "--name", "idle", "--wait")
            let container = try await fleet.runs("h1")
            let agent = try fleet.child("h1")
            agent.signal(SIGSTOP)
            try await eventually(within: .seconds(40), "the host is down") {
                try await fleet.hosts().contains { !$0.up }
            }
            agent.signal(SIGCONT)
            try await eventually(within: .seconds(40), "it is taken over") {
                try await fleet.row("h1").map { $0.state == "RUNNING" && $0.detail.container == container } ?? false
            }
            #expect(try await fleet.containers("h1").count == 1)
        }
    }

    @Test("who watches events goes on after a master was away, and misses nothing (B10)")
    func events() async throws {
        try await LiveFleet.run(hosts: ["h1"]) { fleet in
            let watch = try fleet.begin("events", "--watch", "--json")
            try await fleet.idleJob("1")
            try await fleet.fleet("deploy", "idle:1", "h1", "--name", "idle", "--wait")
            try await eventually("the deployment is told") { watch.output.contains("is rolled out") }
            try await fleet.child("m1").kill()
            try fleet.startMaster("m1")
            try await fleet.fleet("undeploy", "idle", "--all")
            try await eventually(within: .seconds(40), "its end is told") { watch.output.contains("it is gone") }
            struct Event: Decodable { var index: Int64 }
            let told = watch.output.split(separator: "\n").compactMap {
                try? JSONDecoder().decode(Event.self, from: Data($0.utf8)).index
            }
            #expect(told == told.sorted() && Set(told).count == told.count)
            let all = try await fleet.read([Event].self, "events").map(\.index)
            #expect(told.suffix(5).allSatisfy(all.contains) && Set(all.filter { $0 <= told.last ?? 0 }) == Set(told))
            let later = try await fleet.read([Event].self, "events", "--after", "\(told[1])").map(\.index)
            #expect(later == all.filter { $0 > told[1] })
        }
    }

    @Test("an image comes from a registry with the credentials that the store has for it")
    func registry() async throws {
        let shared = try await PrivateEngine.shared()
        let hash = "$2b$05$kc8XRBd5gp6sv1sEj9nOouK5VzMF9Ii7GpBxiLzJfVGOE68Ss7RmW"
        let registry = try await shared.startRegistry(password: hash)
        let image = "\(registry)/team/busybox:9"
        let credentials = RegistryCredentials(username: "fleet", password: "sesame", server: registry)
        try await shared.docker.tag(PrivateEngine.image, as: image)
        try await shared.docker.push(image, credentials: credentials)
        try await shared.docker.removeImage(image)
        try await LiveFleet.run(hosts: ["h1"]) { fleet in
            let account = fleet.directory.appending(path: "account.json")
            try #"{"username": "fleet", "password": "sesame"}"#.write(to: account, atomically: true, encoding: .utf8)
            try await fleet.fleet("secret", "put", "registry", "--file", account.path)
            let create = [
                "job", "create", "pulled:1", image, "--registry-auth", "store:registry", "--stop-timeout", "1s",
            ]
            #expect(try await fleet.ask(create + ["--", "sleep", "100000"]).status == 0)
            try await fleet.fleet("deploy", "pulled:1", "h1", "--name", "pulled", "--wait")
            try await fleet.runs("h1")
        }
        try? await shared.docker.removeImage(image)
    }
}
