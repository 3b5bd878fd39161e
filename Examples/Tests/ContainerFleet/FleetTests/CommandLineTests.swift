import ArgumentParser
import FleetAPI
import FleetJobs
import FleetMaster
import FleetModel
import Foundation
import Testing

@testable import ContainerFleet

@Suite("The command line of a fleet")
struct CommandLineTests {
    private func job(_ arguments: String...) throws -> Job {
        let command = try #require(
            try FleetCommand.parseAsRoot(["job", "create"] + arguments) as? JobCommand.Create)
        return try Job(written: try command.options)
    }

    @Test("a job that options describe is the one that a file would describe")
    func options() throws {
        let job = try job(
            "web:1", "nginx:1", "--env", "A=b=c", "--port", "http=8080:80", "--port", "dns=53/udp", "--volume",
            "/srv:/data:ro", "--volume", "cache:/cache", "--volume", "/scratch", "--memory", "64MiB", "--cpus", "0.5",
            "--http-check", "http:/ready", "--restart", "on-failure:3", "--selector", "role = web", "--network",
            "bridge",
            "--grace-period", "2s", "--secret", "key=file:/etc/key", "--metadata", "team=a", "--", "serve", "--port=80")
        let file = try Job(
            file: """
                name: web
                version: "1"
                image: nginx:1
                command: [serve, "--port=80"]
                env: {A: b=c}
                ports: {http: {container: 80, host: 8080}, dns: {container: 53, protocol: udp}}
                volumes: {/data: {host: /srv, readOnly: true}, /cache: cache, /scratch: ""}
                resources: {memory: 64MiB, cpus: 0.5}
                health: {gate: {http: {port: http, path: /ready}}}
                restart: {onFailure: 3}
                hosts: ["role = web"]
                gracePeriod: 2s
                secrets: [{name: key, source: "file:/etc/key"}]
                metadata: {team: a}
                """)
        #expect(job == file)
        #expect(job.id == file.id)
    }

    @Test(
        "what cannot be is refused, and the message says what is expected",
        arguments: [
            (["job", "create", "web"], "expected name:version"),
            (["job", "create", "web:1", "i", "--port", "http=a"], "expected name=container"),
            (["job", "create", "web:1", "i", "--env", "A"], "expected name=value"),
            (["job", "create", "web:1", "i", "--tcp-check", "a", "--exec-check", "b"], "expected one"),
        ])
    func refused(arguments: [String], message: String) throws {
        let command = try #require(try FleetCommand.parseAsRoot(arguments) as? JobCommand.Create)
        let error = #expect(throws: ValidationError.self) { try command.options }
        #expect(error?.message.contains(message) == true, "\(String(describing: error))")
    }

    @Test("what options say goes before what a file says, and the rest of the file stays (AC12)")
    func optionsOverFile() throws {
        let command = try #require(
            try FleetCommand.parseAsRoot(
                ["job", "create", "web:2", "--env", "A=option", "--env", "C=3", "--port", "http=8080:80"])
                as? JobCommand.Create)
        let file = try Document(
            text: "name: web\nversion: 1\nimage: nginx\nenv: {A: file, B: 2}\nports: {dns: 53}\ngracePeriod: 5s\n")
        let job = try Job(written: file.overridden(by: try command.options))
        #expect(job.id.nameAndVersion == "web:2" && job.image == "nginx")
        #expect(job.environment == ["A": "option", "B": "2", "C": "3"])
        #expect(job.ports == ["http": Port(80, host: 8080), "dns": Port(53)])
        #expect(job.gracePeriod == .seconds(5))
    }

    @Test("how far a rollout is stands on one line, with pulls in hundredths")
    func progress() throws {
        let status = try MasterClient.decode(
            RolloutStatus.self,
            #"""
            {"deployment": "web", "phase": "ROLLING_OUT", "message": "", "done": ["h1"], "underWay": ["h2", "h3"],
            "waiting": ["h4"], "unreachable": ["h5"], "failed": {}, "index": 7,
            "generation": {"number": 2, "job": "web:2:a", "since": 0, "user": "ann", "reason": ""}}
            """#)
        func row(_ host: String, _ state: String, _ detail: String) throws -> StatusRow {
            try MasterClient.decode(
                StatusRow.self,
                #"""
                {"job": "web:2:a", "deployment": "web", "place": "\#(host)", "host": "\#(host)", "task": "", "goal": "START",
                "state": "\#(state)", "detail": {\#(detail)}}
                """#)
        }
        let rows = [
            try row("h1", "RUNNING", ""), try row("h2", "PULLING_IMAGE", #""pulled": 33"#),
            try row("h3", "FAILED", #""throttle": "FLAPPING""#),
        ]
        #expect(
            Watching.line(status, rows)
                == "web ROLLING_OUT [####................] 1/5, 1 unreachable, h2 PULLING_IMAGE 33%, h3 FAILED (FLAPPING)"
        )
    }

    @Test("a wish says exactly one of hosts, every host and a number of replicas")
    func places() throws {
        func wish(_ arguments: String...) throws -> WishOptions { try WishOptions.parse(["web"] + arguments) }
        #expect(try wish("h1", "h2").wish.hosts == ["h1", "h2"])
        #expect(try wish("--every-host").wish.everyHost == true)
        #expect(try wish("--replicas", "3", "--min-healthy-time", "5s").wish.policy?.minimumHealthyTime == 5_000)
        for arguments in [[], ["h1", "--replicas", "2"], ["--every-host", "--replicas", "2"]] {
            #expect(throws: ValidationError.self) { try WishOptions.parse(["web"] + arguments).wish }
        }
    }

    @Test("masters are taken from options, else from the configuration's clusters")
    func targets() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "config-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try
            #"{"default": "a", "clusters": {"a": {"masters": ["http://a:1"], "token": "t"}, "b": {"masters": ["http://b:1"]}}}"#
            .write(to: file, atomically: true, encoding: .utf8)
        func targets(_ arguments: String...) throws -> [[String]] {
            try ClientOptions.parse(["--config", file.path] + arguments).targets.map { [$0.name] + $0.masters }
        }
        #expect(try targets() == [["a", "http://a:1"]])
        #expect(try targets("--cluster", "b,a") == [["b", "http://b:1"], ["a", "http://a:1"]])
        #expect(try targets("--master", "http://x:1, http://y:1") == [["", "http://x:1", "http://y:1"]])
        #expect(try ClientOptions.parse(["--config", file.path]).targets[0].token == "t")
        #expect(throws: ValidationError.self) { try targets("--cluster", "c") }
    }

    @Test("every command has an abstract, and every one that asks masters answers in JSON if it is told to")
    func help() throws {
        func visit(_ command: any ParsableCommand.Type, _ path: String) {
            let configuration = command.configuration
            #expect(!configuration.abstract.isEmpty, "\(path)")
            let nested = configuration.subcommands + configuration.groupedSubcommands.flatMap(\.subcommands)
            for next in nested { visit(next, path + " " + (next.configuration.commandName ?? "\(next)")) }
            if command is any ClientCommand.Type {
                #expect(command.helpMessage().contains("--json"), "\(path)")
            }
        }
        visit(FleetCommand.self, "fleet")
    }

    @Test("a table's columns are as wide as their widest cells")
    func table() {
        #expect(Terminal.table(["A", "LONG", ""], [["abc", "x", "1"]]) == "A    LONG  \nabc  x     1")
    }

    @Test("lines are put together from pieces")
    func lines() {
        var splitter = LineSplitter()
        #expect(splitter.add(Array("one\ntw".utf8)) == ["one"])
        #expect(splitter.add(Array("o\n\nthree".utf8)) == ["two", ""])
    }
}
