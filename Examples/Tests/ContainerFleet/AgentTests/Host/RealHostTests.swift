import FleetAgent
import FleetEngine
import FleetSupport
import Foundation
import Support
import Synchronization
import Testing

@Suite("The tasks of a host, over a real Engine", .needsEngine, .serialized, .timeLimit(.minutes(5)))
struct RealHostTests {
    /// Runs an agent as long as `body` does.
    private func withAgent(
        _ name: String, at directory: URL, ports: Range<Int> = 21_000..<22_000, clock: AgentClock = .system,
        _ body: (HostSupervisor, DockerEngine) async throws -> Void
    ) async throws {
        let engine = try await PrivateEngine.shared().docker
        var configuration = HostConfiguration(cluster: "tests", host: name)
        configuration.ports = ports
        let host = try HostSupervisor(
            engine, store: AgentDisk(at: directory.path), configuration, clock: clock,
            secret: { Array("the \($0)".utf8) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await host.run() }
            try await body(host, engine)
            group.cancelAll()
        }
    }

    /// A directory that ends with `body`, and with it the containers of a host.
    private func withDirectory(_ host: String, _ body: (URL) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "agent-\(UUID().uuidString)")
        let engine = try await PrivateEngine.shared().docker
        let result: (any Error)?
        do {
            try await body(directory)
            result = nil
        } catch {
            result = error
        }
        for container in try await engine.list(ContainerFilter(labels: [FleetLabel.host: host])) {
            try? await engine.remove(container.id, force: true, volumes: true)
        }
        try? FileManager.default.removeItem(at: directory)
        if let result { throw result }
    }

    private func idle() -> TaskSpec {
        var spec = TaskSpec(image: PrivateEngine.image, command: ["sleep", "100000"])
        spec.stopTimeout = .seconds(1)
        return spec
    }

    private func running(_ engine: DockerEngine, _ host: String) async throws -> [ContainerSummary] {
        try await engine.list(ContainerFilter(labels: [FleetLabel.host: host], includesStopped: false))
    }

    @Test("forty containers that are killed are back within fifteen seconds, and no more of them")
    func forty() async throws {
        try await withDirectory("forty") { directory in
            try await withAgent("forty", at: directory) { host, engine in
                let spec = idle()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<40 { group.addTask { try await host.start("idle_\(number)", spec) } }
                    try await group.waitForAll()
                }
                let before = Set(try await running(engine, "forty").map(\.id))
                #expect(before.count == 40)
                let start = ContinuousClock.now
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for container in before { group.addTask { try await engine.kill(container, signal: "KILL") } }
                    try await group.waitForAll()
                }
                try await eventually(within: .seconds(60), "forty other containers") {
                    let after = Set(try await running(engine, "forty").map(\.id))
                    return after.count == 40 && after.isDisjoint(with: before)
                }
                try measure("forty containers of an agent are back", since: start, bar: .seconds(15))
            }
        }
    }

    @Test("that a container was killed is told, and it is restarted (B14)")
    func noticed() async throws {
        try await withDirectory("noticed") { directory in
            try await withAgent("noticed", at: directory) { host, engine in
                try await host.start("idle_0", idle())
                let container = try await running(engine, "noticed")[0].id
                let start = ContinuousClock.now
                try await engine.kill(container, signal: "KILL")
                try await eventually("the restart is told") { await host.currentReports()[0].restarts == 1 }
                try measure("the end of a container is told", since: start, bar: .seconds(1))
                #expect(await host.currentReports()[0].restarts == 1)
            }
        }
    }

    @Test("a container that ends over and over flaps, and no longer once it runs on")
    func flapping() async throws {
        try await withDirectory("flapping") { directory in
            try await withAgent("flapping", at: directory, clock: AgentClock(FastClock()) { 0 }) { host, _ in
                try FileManager.default.createDirectory(
                    at: directory.appending(path: "data"), withIntermediateDirectories: true)
                // Each run leaves a line; the twelfth goes on.
                let script = "echo x >> /data/runs; test $(grep -c x /data/runs) -gt 11 && exec sleep 100000; exit 1"
                var spec = TaskSpec(image: PrivateEngine.image, command: ["sh", "-c", script])
                spec.volumes = [Volume(directory.appending(path: "data").path, at: "/data")]
                let flapping = spec
                async let running: Void = host.start("flap_0", flapping)
                try await eventually(within: .seconds(60), "it flaps") {
                    await host.currentReports().first?.throttle == .flapping
                }
                try await eventually(within: .seconds(60), "it does so no longer") {
                    await host.currentReports().first.map { $0.throttle == .none && $0.phase == .running } == true
                }
                try await running
            }
        }
    }

    @Test("an image that is nowhere is told (AC33)")
    func missing() async throws {
        let registry = try await PrivateEngine.shared().startRegistry()
        try await withDirectory("missing") { directory in
            try await withAgent("missing", at: directory) { host, _ in
                async let running: Void = host.start("none_0", TaskSpec(image: "\(registry)/none:1"))
                try await eventually("it is told") {
                    await host.currentReports().first.map { $0.phase == .failed && $0.throttle == .imageMissing }
                        == true
                }
                try await host.remove("none_0")
                do {
                    try await running
                    Issue.record("it does not run")
                } catch {
                    #expect(error is TaskFailure)
                }
            }
        }
    }

    @Test("ports stay the same when containers are killed, and when the agent was restarted (AC36)")
    func ports() async throws {
        try await withDirectory("ports") { directory in
            let fixed = [Int(try freePort()), Int(try freePort())]
            func spec(_ number: Int) -> TaskSpec {
                var spec = idle()
                spec.ports = ["open": Port(80), "fixed": Port(81, outside: fixed[number])]
                return spec
            }
            func found(_ engine: DockerEngine) async throws -> [String: Set<Int>] {
                var ports: [String: Set<Int>] = [:]
                for container in try await running(engine, "ports") {
                    let details = try? await engine.inspect(container.id)
                    ports[container.labels[FleetLabel.task] ?? ""] = Set(details?.ports.compactMap(\.hostPort) ?? [])
                }
                return ports
            }
            func kill(_ engine: DockerEngine, expecting ports: [String: Set<Int>]) async throws {
                let before = Set(try await running(engine, "ports").map(\.id))
                for container in before { try await engine.kill(container, signal: "KILL") }
                try await eventually("both are back") {
                    let after = Set(try await running(engine, "ports").map(\.id))
                    return after.count == 2 && after.isDisjoint(with: before)
                }
                #expect(try await found(engine) == ports)
            }
            let range = 23_000..<23_002
            let first = Mutex<[String: Set<Int>]>([:])
            try await withAgent("ports", at: directory, ports: range) { host, engine in
                try await host.start("a_0", spec(0))
                try await host.start("b_0", spec(1))
                let ports = try await found(engine)
                #expect(ports.values.reduce(into: Set()) { $0.formUnion($1) } == Set(fixed + range))
                #expect(ports["a_0"]?.contains(fixed[0]) == true && ports["b_0"]?.contains(fixed[1]) == true)
                first.withLock { $0 = ports }
                try await kill(engine, expecting: ports)
            }
            try await withAgent("ports", at: directory, ports: range) { host, engine in
                try await eventually("both are adopted") {
                    await host.currentReports().map(\.phase) == [.running, .running]
                }
                try await kill(engine, expecting: first.withLock { $0 })
            }
        }
    }

    @Test("a port at which somebody else listens is told, and waited for (B17)")
    func foreignPort() async throws {
        try await withDirectory("foreign") { directory in
            try await withAgent("foreign", at: directory, clock: AgentClock(FastClock()) { 0 }) { host, _ in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    try await ForeignPort.hold { port in
                        #expect(!NetworkProber().isFree(port, isTCP: true))
                        var spec = idle()
                        spec.ports = ["fixed": Port(80, outside: port)]
                        let fixed = spec
                        group.addTask { try await host.start("fixed_0", fixed) }
                        try await eventually("it is told") {
                            await host.currentReports().first?.throttle == .portConflict
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(await host.currentReports().map(\.throttle) == [TaskThrottle.none])
            }
        }
    }

    @Test("gates: a command that succeeds, a port at which somebody listens, an answer (AC42, AC44, AC45)")
    func gates() async throws {
        try await withDirectory("gates") { directory in
            try await withAgent("gates", at: directory) { host, engine in
                func gated(_ check: Check) -> TaskSpec {
                    let script = "while ! test -e /tmp/ready; do sleep 0.1; done; exec httpd -f -p 80 -h /"
                    var spec = TaskSpec(image: PrivateEngine.image, command: ["sh", "-c", script])
                    spec.stopTimeout = .seconds(1)
                    spec.ports = ["http": Port(80)]
                    spec.gate = HealthGate(check, interval: .milliseconds(100), deadline: .seconds(30))
                    return spec
                }
                let checks: [Check] = [
                    .exec(["test", "-e", "/tmp/ready"]), .tcp(port: "http"), .http(port: "http", path: "/etc/passwd"),
                ]
                func waits(_ restarts: Int) async throws {
                    try await eventually("a try fails") {
                        await host.currentReports().first.map {
                            $0.phase == .healthChecking && $0.reason != nil && $0.restarts == restarts
                        } == true
                    }
                }
                for (number, spec) in checks.map(gated).enumerated() {
                    async let running: Void = host.start("gated_0", spec)
                    try await waits(0)
                    if number == 0 {
                        // One that ends before it is healthy has failed, and the next is waited for like it.
                        try await engine.kill(try await self.running(engine, "gates")[0].id, signal: "KILL")
                        try await waits(1)
                    }
                    let container = try await self.running(engine, "gates")[0].id
                    _ = try await engine.run(ExecSpec(["touch", "/tmp/ready"]), in: container)
                    try await running
                    try await host.remove("gated_0")
                }
            }
        }
    }

    @Test("what bears the host's name and belongs to no task is killed, when the agent starts and later (AC34)")
    func reaping() async throws {
        try await withDirectory("reaping") { directory in
            let engine = try await PrivateEngine.shared().docker
            var spec = ContainerSpec(image: PrivateEngine.image, command: ["sleep", "100000"])
            spec.labels = [FleetLabel.cluster: "tests", FleetLabel.host: "reaping", FleetLabel.task: "nobody's"]
            let labelled = spec
            func intrude(_ spec: ContainerSpec, _ name: String) async throws -> String {
                let container = try await engine.create(spec, name: name).id
                try await engine.start(container)
                return container
            }
            func isKilled(_ container: String) async throws -> Bool {
                try await engine.inspect(container).state.exitCode == 137
            }
            let early = try await intrude(labelled, "some-name")
            try await withAgent("reaping", at: directory) { host, _ in
                try await eventually("the early one is killed") { try await isKilled(early) }
                try await host.start("idle_0", idle())
                let late = try await intrude(
                    ContainerSpec(image: PrivateEngine.image, command: ["sleep", "100000"]), "fleet-reaping-late")
                try await eventually("the late one is killed") { try await isKilled(late) }
                try await engine.remove(late, force: true, volumes: true)
                #expect(await host.currentReports().map(\.restarts) == [0])
            }
        }
    }

    @Test("what ended, or was made and not started, while the agent was away is replaced by one other (AC18, B15)")
    func away() async throws {
        try await withDirectory("away") { directory in
            try await withAgent("away", at: directory) { host, _ in try await host.start("idle_0", idle()) }
            let engine = try await PrivateEngine.shared().docker
            let before = try await running(engine, "away")[0]
            try await engine.kill(before.id, signal: "KILL")
            var spec = ContainerSpec(image: PrivateEngine.image, command: ["sleep", "100000"])
            spec.labels = before.labels
            let made = try await engine.create(spec, name: nil).id
            try await withAgent("away", at: directory) { host, _ in
                try await eventually("it runs") { await host.currentReports().map(\.phase) == [.running] }
                let now = try await running(engine, "away").map(\.id)
                #expect(now.count == 1 && !now.contains(before.id) && !now.contains(made))
                let all = try await engine.list(ContainerFilter(labels: [FleetLabel.host: "away"])).map(\.id)
                #expect(Set(all) == Set(now + [before.id]))
            }
        }
    }

    @Test("an agent that comes back adopts the same container, and keeps secrets to itself")
    func adoption() async throws {
        try await withDirectory("adoption") { directory in
            var spec = idle()
            spec.secrets = ["/run/secrets/key": Secret("password")]
            let secretive = spec
            let container = Mutex("")
            try await withAgent("adoption", at: directory) { host, engine in
                try await host.start("idle_0", secretive)
                let id = try await running(engine, "adoption")[0].id
                let result = try await engine.run(ExecSpec(["cat", "/run/secrets/key"]), in: id)
                #expect(result.output == "the password")
                container.withLock { $0 = id }
            }
            let files = try FileManager.default.subpathsOfDirectory(atPath: directory.path)
            for file in files where file.hasSuffix("json") {
                let text = try String(contentsOf: directory.appending(path: file), encoding: .utf8)
                #expect(!text.contains("the password"))
            }
            try await withAgent("adoption", at: directory) { host, engine in
                try await eventually("it is adopted") { await host.currentReports().map(\.phase) == [.running] }
                try await host.pull("idle_0", secretive)
                try await host.start("idle_0", secretive)
                #expect(try await running(engine, "adoption").map(\.id) == [container.withLock { $0 }])
                try await host.remove("idle_0")
                let left = try await engine.list(ContainerFilter(labels: [FleetLabel.host: "adoption"]))
                #expect(left.isEmpty)
            }
        }
    }
}

/// Ten times as fast as the world's.
private struct FastClock: Clock {
    struct Instant: InstantProtocol {
        var elapsed: Duration
        func advanced(by duration: Duration) -> Instant { Instant(elapsed: elapsed + duration) }
        func duration(to other: Instant) -> Duration { other.elapsed - elapsed }
        static func < (a: Instant, b: Instant) -> Bool { a.elapsed < b.elapsed }
    }

    private let start = ContinuousClock.now

    var now: Instant { Instant(elapsed: (ContinuousClock.now - start) * 10) }
    var minimumResolution: Duration { .nanoseconds(10) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try await ContinuousClock().sleep(for: (deadline.elapsed - now.elapsed) / 10)
    }
}
