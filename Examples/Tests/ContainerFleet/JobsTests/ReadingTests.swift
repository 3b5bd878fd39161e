import Testing

@testable import FleetJobs

@Suite("A job's file")
struct ReadingTests {
    @Test("is read in full")
    func everythingThereIs() throws {
        #expect(try Job(file: everything, now: Moment(seconds: 0), salt: salt) == everythingRead)
    }

    @Test("may be JSON")
    func json() throws {
        let text = #" {"name":"web","version":"1","image":"web","ports":{"http":80},"env":{"A":1.5,"Ü":"\u00fc\n"}}"#
        var job = Job(name: "web", version: "1", image: "web")
        job.ports = ["http": Port(80)]
        job.environment = ["A": "1.5", "Ü": "ü\n"]
        #expect(try Job(file: text) == job)
    }

    private static var withPorts: Job {
        var job = Job(name: "a", version: "b", image: "c")
        job.ports = [
            "http": Port(80), "admin": Port(81, host: 8081), "tcp": Port(1_900, host: 2_900),
            "udp": Port(1_900, host: 2_900, transport: .udp),
        ]
        job.environment = ["A": "1"]
        return job
    }

    @Test(
        "is stored, and read again as the same job (AC10)",
        arguments: [everythingRead, Job(name: "a", version: "b", image: "c"), withPorts])
    func stored(job: Job) throws {
        var job = job
        job.created = Moment(seconds: 1_800_000_000)
        #expect(job.problems().isEmpty)
        let stored = job.stored
        #expect(try Job(stored: stored) == job)
        #expect(try Job(stored: stored).stored == stored)
    }

    @Test("does not give secrets away")
    func secrets() throws {
        let stored = try Job(file: everything).stored
        #expect(!stored.contains("sesame"))
        #expect(stored.contains("tokenHash"))
        let clear =
            "{name: a, version: b, image: c, token: short, secrets: [{name: p, source: hunter22}], registryAuth: pa55}"
        #expect {
            try Job(file: "# a comment, so that this is YAML\n" + clear)
        } throws: { error in
            let problems = (error as? JobError)?.problems ?? []
            return problems.map(\.path) == ["registryAuth", "secrets[0].source", "token"]
                && !["short", "hunter22", "pa55"].contains { "\(error)".contains($0) }
        }
    }

    @Test("has a token of which only the salted hash is kept")
    func token() throws {
        let (one, other) = (try Job(file: everything), try Job(file: everything))
        #expect(one.token?.matches("open sesame") == true)
        #expect(one.token?.matches("open sesam") == false)
        #expect(one.token != other.token)
        #expect(one.id == other.id)
    }

    @Test("has unknown fields refused, with the nearest that is known; from the store they are passed over")
    func unknown() throws {
        let text = """
            name: web
            version: 1
            image: web
            enviroment: {A: b}
            portS: {}
            helth: {}
            xyzzy: 1
            health: {gate: {tcp: {port: http}, intervall: 1s}}
            ports: {http: {container: 80, prtocol: tcp}}
            """
        let error = #expect(throws: JobError.self) { try Job(file: text) }
        let found = Dictionary(uniqueKeysWithValues: (error?.problems ?? []).map { ($0.path, $0.expected) })
        #expect(
            found.filter { $0.key != "xyzzy" } == [
                "enviroment": "“env”, perhaps",
                "portS": "“ports”, perhaps", "helth": "“health”, perhaps",
                "health.gate.intervall": "“interval”, perhaps", "ports.http.prtocol": "“protocol”, perhaps",
            ])
        #expect(found["xyzzy"]?.hasPrefix("one of capabilities, command, ") == true)
        let stored = #"{"name":"web","version":"1","image":"web","later":{"x":1},"rollout":{"later":true}}"#
        #expect(try Job(stored: stored) == Job(name: "web", version: "1", image: "web"))
    }

    @Test(
        "has each wrong value named, with where it is, what it is and what may be there",
        arguments: [
            ("command: serve", "command: found “serve”, expected a list"),
            ("env: {A: true}", "env.A: found true, expected text; put true and false in quotes"),
            ("ports: {a: {host: 1}}", "ports.a.container: found nothing, expected the port in the container"),
            ("ports: {a: {container: 0}}", "ports.a.container: found 0, expected a whole number from 1 to 65535"),
            ("ports: {a: {container: 1, protocol: sctp}}", "ports.a.protocol: found “sctp”, expected “tcp” or “udp”"),
            (
                "tmpfs: {/a: lots}",
                "tmpfs./a: found “lots”, expected a size such as “256MiB”, “1GiB”, “500MB” or a number of bytes"
            ),
            (
                "resources: {cpus: two}",
                "resources.cpus: found “two”, expected a number of processors such as 2 or 0.25"
            ),
            ("resources: 5", "resources: found 5, expected a map"),
            ("gracePeriod: 5", "gracePeriod: found 5, expected \(TimeSpan.expected)"),
            (
                "health: {gate: {interval: 1s}}",
                "health.gate.http: found no probe, expected one of “http”, “tcp” and “command”"
            ),
            (
                "restart: sometimes",
                "restart: found “sometimes”, expected “always”, “never” or a map “onFailure: attempts”"
            ),
            ("restart: {onFailure: 0}", "restart.onFailure: found 0, expected a whole number from 1 to 1000"),
            ("runOnce: maybe", "runOnce: found “maybe”, expected true or false"),
            ("hosts: [role]", "hosts[0]: found “role”, expected \(HostSelector.expected)"),
            ("network: mesh", "network: found “mesh”, expected “bridge”, “host” or “container:<name>”"),
            ("expires: soon", "expires: found “soon”, expected a moment such as “2027-01-31T12:00:00Z”"),
            (
                "rollout: {failureRatio: 1.5}",
                "rollout.failureRatio: found 1.5, expected a number from 0 to 1 of at most three places"
            ),
            ("rollout: {onFailure: cry}", "rollout.onFailure: found “cry”, expected “rollback” or “pause”"),
            (
                "volumes: {/a: {host: /b, name: cc}}",
                "volumes./a.name: found a name beside a path of the host, expected one of the two"
            ),
            (
                "secrets: [{name: a, source: 'env:A', mode: '0999'}]",
                "secrets[0].mode: found “0999”, expected file mode bits in octal digits, from “0000” to “0777”"
            ),
            (
                "secrets: [{name: a}]",
                "secrets[0].source: found nothing, expected “file:/path”, “env:NAME” or “store:name”: where the secret is, not the secret itself"
            ),
            (
                "id: 'web:1:0'",
                "id: found “web:1:0”, expected “\(Job(name: "web", version: "1", image: "web").id)”, which is that of these fields, or none"
            ),
        ])
    func wrong(line: String, problem: String) {
        let error = #expect(throws: JobError.self) { try Job(file: "name: web\nversion: 1\nimage: web\n\(line)\n") }
        #expect(error?.problems.map(\.description) == [problem])
    }

    @Test("has all its problems told at once, those of reading and those of sense")
    func all() {
        let text = """
            name: we b
            image: web
            gracePeriod: 5
            ports: {a: 80, b: {container: 81, host: 99999}}
            health: {liveness: {tcp: {port: c}}}
            runOnce: true
            restart: always
            """
        let error = #expect(throws: JobError.self) { try Job(file: text) }
        #expect(
            error?.problems.map(\.path) == [
                "gracePeriod", "health.liveness.tcp.port", "name", "ports.b.host", "restart", "version",
            ])
        #expect(error?.description.split(separator: "\n").first == "the job has 6 wrong fields")
    }

    @Test(
        "is refused with the place where it cannot be read",
        arguments: [
            ("name: [a", "this is no YAML"), ("{\"name\": }", "this is no JSON"),
            ("name: a\nname: b", "line 2: “name” is there twice"),
            ("a: &x 1\nb: *x", "this is no YAML"), ("? [a]\n: b", "the name of a field has to be text"),
        ])
    func unreadable(text: String, reason: String) {
        let error = #expect(throws: JobError.self) { try Job(file: text) }
        #expect(error?.kind == .unreadable || reason.contains("YAML"))
    }

    @Test("is overridden field by field; what is a map in both is joined (AC12)")
    func overridden() throws {
        let file = try Document(text: "name: a\nenv: {A: 1, B: 2}\ncommand: [x, y]\nhealth: {gate: {interval: 1s}}")
        let flags = try Document(text: "env: {B: 3, C: 4}\ncommand: [z]\nhealth: {gate: {timeout: 2s}}\nimage: i")
        #expect(
            file.overridden(by: flags).canonicalJSON
                == #"{"command":["z"],"env":{"A":1,"B":3,"C":4},"health":{"gate":{"interval":"1s","timeout":"2s"}},"#
                + #""image":"i","name":"a"}"#)
        #expect(flags.overridden(by: .null) == .null)
    }

    @Test("that is no map, or nothing at all, is refused", arguments: ["", "- a", "5"])
    func noMap(text: String) {
        #expect(throws: JobError.self) { try Job(file: text) }
    }
}
