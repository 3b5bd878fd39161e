import Testing

@testable import FleetJobs

@Suite("A job")
struct JobRuleTests {
    private static func job(_ change: (inout Job) -> Void) -> Job {
        var job = Job(name: "web", version: "1", image: "web:1")
        job.ports = ["http": Port(80), "dns": Port(53, transport: .udp)]
        change(&job)
        return job
    }

    @Test(
        "with sensible fields has no problems",
        arguments: [
            everythingRead, job { _ in },
            job { $0.ports = ["a": Port(53, host: 53), "b": Port(53, host: 53, transport: .udp)] },
            job {
                $0.network = .host
                $0.ports = ["a": Port(80, host: 80), "b": Port(81)]
            },
            job {
                $0.network = .container("x")
                $0.ports = [:]
            },
            job {
                $0.isRunOnce = true
                $0.restart = .onFailure(attempts: 2)
            },
        ])
    func fine(job: Job) {
        #expect(job.problems(now: Moment(seconds: 0)).isEmpty)
    }

    @Test(
        "is refused where its fields make no sense",
        arguments: [
            (job { $0.name = "" }, "name"), (job { $0.name = "a:b" }, "name"), (job { $0.version = "ä" }, "version"),
            (job { $0.image = "Web" }, "image"), (job { $0.ports["a b"] = Port(1) }, "ports.a b"),
            (job { $0.ports["a"] = Port(80) }, "ports.http"),
            (job { $0.ports = ["a": Port(1, host: 9), "b": Port(2, host: 9)] }, "ports.b"),
            (
                job {
                    $0.network = .host; $0.ports = ["a": Port(1, host: 9)]
                }, "ports.a"
            ),
            (
                job {
                    $0.network = .container("x"); $0.ports = ["a": Port(1)]
                }, "ports.a"
            ),
            (job { $0.volumes = ["data": Volume(.anonymous)] }, "volumes.data"),
            (job { $0.volumes = ["/": Volume(.anonymous)] }, "volumes./"),
            (job { $0.volumes = ["/a/../b": Volume(.anonymous)] }, "volumes./a/../b"),
            (job { $0.volumes = ["/a": Volume(.host(path: "/b/"))] }, "volumes./a"),
            (job { $0.volumes = ["/a": Volume(.named("rel/path"))] }, "volumes./a"),
            (
                job {
                    $0.volumes = ["/a": Volume(.anonymous)]
                    $0.memoryDirectories = ["/a": ByteCount(bytes: 4_096)]
                }, "tmpfs./a"
            ),
            (job { $0.memoryDirectories = ["/a": ByteCount(bytes: 1)] }, "tmpfs./a"),
            (job { $0.resources.cpus = ProcessorShare(thousandths: 0) }, "resources.cpus"),
            (job { $0.resources.memory = ByteCount(bytes: 6 << 20 - 1) }, "resources.memory"),
            (job { $0.gate = .gate(.tcp(port: "nope")) }, "health.gate.tcp.port"),
            (job { $0.gate = .gate(.tcp(port: "dns")) }, "health.gate.tcp.port"),
            (job { $0.liveness = .liveness(.http(port: "http", path: "x")) }, "health.liveness.http.path"),
            (job { $0.liveness = .liveness(.command([])) }, "health.liveness.command"),
            (
                job {
                    $0.gate = .gate(.tcp(port: "http")); $0.gate?.interval = .seconds(0)
                }, "health.gate.interval"
            ),
            (job { $0.isRunOnce = true }, "restart"), (job { $0.hostname = "Web" }, "hostname"),
            (job { $0.hostname = "-a" }, "hostname"), (job { $0.expires = Moment(seconds: 100) }, "expires"),
            (job { $0.stopTimeout = .minutes(61) }, "stopTimeout"), (job { $0.environment = ["A=B": ""] }, "env.A=B"),
            (job { $0.labels = ["fleet.host": ""] }, "labels.fleet.host"),
            (job { $0.addedCapabilities = ["CAP_KILL"] }, "capabilities.add[0]"),
            (
                job {
                    $0.addedCapabilities = ["KILL"]; $0.droppedCapabilities = ["KILL"]
                }, "capabilities.add"
            ),
            (job { $0.secrets = [SecretFile(name: "", target: "/a", source: .store("x"))] }, "secrets[0].name"),
            (
                job { $0.secrets = [1, 2].map { SecretFile(name: "s\($0)", target: "/a", source: .store("x")) } },
                "secrets[1].target"
            ),
            (job { $0.rollout.minHealthyTime = .minutes(5) }, "rollout.deadline"),
        ])
    func nonsense(job: Job, path: String) {
        #expect(job.problems(now: Moment(seconds: 100)).map(\.path) == [path])
    }

    @Test(
        "names its image as registries do",
        arguments: [
            ("web", true), ("team/web:1.2-rc_3", true), ("localhost/web", true), ("host:5000/web", true),
            ("registry.example/a/b/c", true), ("web@sha256:" + String(repeating: "a", count: 64), true),
            ("web:1@sha256:" + String(repeating: "a", count: 64), true), ("a__b/c--d", true),
            ("", false), ("web:", false), ("Web", false), ("web@sha256:a", false), ("/web", false), ("web//a", false),
            ("host:x/web", false), ("-host.example/web", false), ("web:-1", false), ("a___b", false), ("web_", false),
            (String(repeating: "a", count: 256), false), ("we b", false),
        ])
    func images(text: String, isValid: Bool) {
        #expect(ImageReference.isValid(text) == isValid)
    }
}

@Suite("A job's identity")
struct IdentityTests {
    @Test("stays what it is when fields are added to jobs: these have been given away")
    func pinned() {
        let plain = Job(name: "web", version: "1", image: "web:1")
        #expect(plain.identityText == #"{"image":"web:1","name":"web","version":"1"}"#)
        #expect(plain.id.description == "web:1:8936af9137f7cb7b80a18ec51efed2d62acd00e6")
        #expect(everythingRead.id.description == "web:1.10:a5bf46be09e878df93ecb77671795d73793da2b0")
    }

    @Test("is that of what runs, not of who made it when")
    func covers() {
        var job = everythingRead
        job.created = Moment(seconds: 5)
        job.creator = "bob"
        job.token = nil
        #expect(job.id == everythingRead.id)
        job.environment["COLOUR"] = "red"
        #expect(job.id != everythingRead.id)
    }

    @Test("is accepted in a file when it is right")
    func given() throws {
        let text = #"{"name":"web","version":"1","image":"web:1"}"#
        let id = try Job(file: text).id
        #expect(try Job(file: #"{"id":"\#(id)","name":"web","version":"1","image":"web:1"}"#).id == id)
        #expect(JobID(id.description) == id)
        #expect(JobID("web:1") == nil)
        #expect(JobID("web:1:xyz") == nil)
        #expect(id.short == "web:1:\(id.hash.prefix(7))")
    }

    private static let ids = [("web", "1"), ("web", "2"), ("webcam", "1"), ("db", "7"), ("mydb", "7")]
        .map { Job(name: $0.0, version: $0.1, image: "i").id }

    @Test("is found by what people write of it")
    func references() throws {
        let ids = Self.ids
        #expect(ids.matching("web").map(\.nameAndVersion) == ["web:1", "web:2"])
        #expect(ids.matching("we").map(\.nameAndVersion) == ["web:1", "web:2", "webcam:1"])
        #expect(ids.matching("db").map(\.nameAndVersion) == ["db:7"])
        #expect(ids.matching("b:7").count == 2)
        #expect(ids.matching("").isEmpty)
        for id in ids {
            #expect(try ids.resolve(id.description) == id)
            #expect(try ids.resolve(id.nameAndVersion) == id)
            #expect(try ids.resolve(id.short) == id)
            #expect(try ids.resolve(String(id.hash.prefix(12))) == id)
        }
    }

    @Test("is asked for more exactly, or for another, where none or many are meant")
    func unclear() {
        #expect { try Self.ids.resolve("web") } throws: {
            ($0 as? JobError)?.kind == .ambiguous && "\($0)".hasPrefix("“web” may be web:1:")
        }
        #expect { try Self.ids.resolve("wbe:1") } throws: {
            "\($0)" == "there is no job “wbe:1”; is it “web:1”?" && ($0 as? JobError)?.kind == .unknown
        }
        #expect { try Self.ids.resolve("queue") } throws: { "\($0)".hasSuffix("list the jobs to see which there are") }
    }
}
