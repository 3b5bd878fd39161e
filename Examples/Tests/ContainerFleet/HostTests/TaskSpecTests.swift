import FleetAgent
import FleetEngine
import FleetHost
import FleetJobs
import FleetModel
import Testing

@Suite("What an agent makes of a job")
struct TaskSpecTests {
    @Test("everything that a job says of its containers comes to the agent (AC49)")
    func everything() {
        var job = Job(name: "web", version: "1", image: "web:1")
        job.command = ["serve", "all"]
        job.environment = ["A": "b"]
        job.ports = ["http": FleetJobs.Port(80, host: 8080), "dns": FleetJobs.Port(53, transport: .udp)]
        job.volumes = [
            "/a": FleetJobs.Volume(.host(path: "/srv/a"), isReadOnly: true), "/b": FleetJobs.Volume(.named("data")),
            "/c": FleetJobs.Volume(.anonymous),
        ]
        job.memoryDirectories = ["/tmp": ByteCount(bytes: 4_096)]
        job.resources = Resources(cpus: ProcessorShare(thousandths: 500), memory: ByteCount(bytes: 1 << 20))
        job.restart = .onFailure(attempts: 2)
        job.isRunOnce = true
        job.gracePeriod = .seconds(3)
        job.stopTimeout = .seconds(7)
        job.network = .host
        job.hostname = "web-1"
        job.addedCapabilities = ["NET_ADMIN"]
        job.droppedCapabilities = ["CHOWN"]
        job.securityOptions = ["no-new-privileges"]
        job.secrets = [SecretFile(name: "key", target: "/run/key", source: .store("k"))]
        let spec = TaskSpec(job, labels: ["fleet.job": "x"])
        #expect(spec.image == "web:1")
        #expect(spec.command == ["serve", "all"])
        #expect(spec.environment == ["A": "b"])
        #expect(spec.ports["http"] == FleetAgent.Port(80, outside: 8080))
        #expect(spec.ports["dns"] == FleetAgent.Port(53, transport: .udp))
        #expect(
            spec.volumes == [
                FleetAgent.Volume("/srv/a", at: "/a", isReadOnly: true), FleetAgent.Volume("data", at: "/b"),
                FleetAgent.Volume(nil, at: "/c"),
            ])
        #expect(spec.memoryFiles == ["/tmp": 4_096])
        #expect(spec.processor == 500)
        #expect(spec.memory == 1 << 20)
        #expect(spec.restart == .onFailure(attempts: 2))
        #expect(spec.isRunOnce)
        #expect(spec.gracePeriod == .seconds(3))
        #expect(spec.stopTimeout == .seconds(7))
        #expect(spec.networkMode == "host")
        #expect(spec.hostname == "web-1")
        #expect(spec.addedCapabilities == ["NET_ADMIN"] && spec.droppedCapabilities == ["CHOWN"])
        #expect(spec.securityOptions == ["no-new-privileges"])
        #expect(spec.secrets == ["/run/key": Secret("store:k")])
        #expect(spec.labels == ["fleet.job": "x"])
    }

    @Test("a job with nothing but an image leaves all else to the image and the Engine")
    func nothing() {
        let spec = TaskSpec(Job(name: "web", version: "1", image: "web:1"))
        #expect(spec.command == nil)
        #expect(spec.networkMode == nil)
        #expect(spec.gate == nil)
        #expect(spec.liveness == nil)
        #expect(spec.restart == .always)
    }

    @Test("a gate has a deadline, however the job says how long it may take")
    func gates() {
        var check = HealthCheck(.tcp(port: "http"), interval: .seconds(1), timeout: .seconds(2))
        var job = Job(name: "web", version: "1", image: "web:1")
        func deadline() -> Duration? {
            job.gate = check
            return TaskSpec(job).gate?.deadline
        }
        #expect(deadline() == .seconds(300))
        check.retries = 4
        #expect(deadline() == .seconds(12))
        check.deadline = .seconds(60)
        #expect(deadline() == .seconds(60))
    }

    @Test("a liveness check has a number of tries, however the job says how long it may fail")
    func liveness() {
        var check = HealthCheck(.tcp(port: "http"), interval: .seconds(10), timeout: .seconds(2))
        var job = Job(name: "web", version: "1", image: "web:1")
        func retries() -> Int? {
            job.liveness = check
            return TaskSpec(job).liveness?.retries
        }
        #expect(retries() == 3)
        check.deadline = .seconds(60)
        #expect(retries() == 6)
        check.retries = 2
        #expect(retries() == 2)
        check.deadline = .seconds(1)
        #expect(retries() == 1)
    }

    @Test(
        "a task's name tells its resource, whatever the names of host and deployment",
        arguments: [
            ("web.web.1.abcdef0_h1", "h1", "web.web.1.abcdef0"),
            ("my_web.web.1.abcdef0_12", "h1", "my_web.web.1.abcdef0"),
            ("web.web.1.abcdef0_rack_7", "rack_7", "web.web.1.abcdef0"),
        ])
    func names(task: String, host: String, resource: String) {
        #expect(TaskName.resource(of: task, on: host) == resource)
    }

    @Test("what is no task's name has no resource", arguments: ["", "web", "web_other", "_"])
    func noNames(task: String) { #expect(TaskName.resource(of: task, on: "h1") == nil) }
}
