import FleetEngine
import FleetSupport
import Foundation
import Support
import Testing

/// What kind of error comes.
private func kind(_ body: () async throws -> Void) async -> EngineError.Kind? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? EngineError)?.kind
    }
}

/// Makes a container and starts it; it is gone afterwards.
private func withContainer(
    _ engine: DockerEngine, _ spec: ContainerSpec, isStarted: Bool = true, _ body: (String) async throws -> Void
) async throws {
    let id = try await engine.create(spec, name: nil).id
    do {
        if isStarted { try await engine.start(id) }
        try await body(id)
    } catch {
        try? await engine.remove(id, force: true, volumes: true)
        throw error
    }
    try await engine.remove(id, force: true, volumes: true)
}

private func shell(_ script: String) -> ContainerSpec {
    ContainerSpec(image: PrivateEngine.image, command: ["sh", "-c", script])
}

@Suite("A real Engine", .needsEngine, .timeLimit(.minutes(5)))
struct RealEngineTests {
    @Test("says what it is")
    func ping() async throws {
        let information = try await PrivateEngine.shared().docker.ping()
        #expect(information.version >= .lowest)
        #expect(information.server.hasPrefix("Docker/"))
        #expect(!information.isPodman)
    }

    @Test("runs a container as it was described (AC49)")
    func describe() async throws {
        let engine = try await PrivateEngine.shared().docker
        var spec = shell("trap 'exit 7' TERM; while :; do sleep 1; done")
        spec.environment = ["COLOUR": "blue green"]
        spec.labels = ["fleet.test": "describe"]
        spec.hostname = "web-1"
        spec.user = "0:0"
        spec.workingDirectory = "/tmp"
        spec.limits = Limits(memory: 32 << 20, nanoCPUs: 500_000_000, processes: 50)
        spec.mounts = [Mount(.memory(size: 1 << 20, mode: 0o700), at: "/scratch"), Mount(.volume(name: nil), at: "/v")]
        spec.extraHosts = ["database": "10.1.2.3"]
        spec.nameServers = ["10.1.2.4"]
        spec.droppedCapabilities = ["CHOWN"]
        spec.addedCapabilities = ["NET_ADMIN"]
        spec.securityOptions = ["no-new-privileges"]
        spec.ports = [PortMapping(80), PortMapping(53, hostAddress: "127.0.0.1", transport: .udp)]
        spec.log = LogConfiguration(driver: "json-file", options: ["max-size": "1m"])
        let container = try await engine.create(spec, name: "describe")
        #expect(await kind { _ = try await engine.create(spec, name: "describe") } == .nameConflict)
        #expect(try await engine.inspect(container.id).state.status == .created)
        try await engine.start(container.id)
        try await engine.start(container.id)

        let details = try await engine.inspect("describe")
        #expect(details.id == container.id)
        #expect((details.name, details.image, details.hostname) == ("describe", PrivateEngine.image, "web-1"))
        #expect(details.environment["COLOUR"] == "blue green")
        #expect(details.state.isRunning && details.state.process != nil && details.state.exitCode == nil)
        #expect(details.addresses["bridge"] != nil)
        #expect(details.ports.contains { $0.containerPort == 80 && $0.hostPort ?? 0 > 0 })
        #expect(details.ports.contains { $0.transport == .udp && $0.hostAddress == "127.0.0.1" })
        let seen = try await engine.run(
            .init(["sh", "-c", "id -u; env | grep COLOUR; hostname; cat /etc/hosts /etc/resolv.conf; ls -ld /scratch"]),
            in: container.id)
        #expect(seen.exitCode == 0)
        for text in ["0\n", "COLOUR=blue green", "web-1", "10.1.2.3\tdatabase", "10.1.2.4", "drwx------"] {
            #expect(seen.output.contains(text), "\(seen.output)")
        }
        let listed = try await engine.list(.init(labels: ["fleet.test": "describe"]))
        #expect(listed.map(\.id) == [container.id])
        #expect(listed.first?.status == .running)

        try await engine.stop(container.id, within: .seconds(10))
        try await engine.stop(container.id, within: nil)
        #expect(try await engine.inspect(container.id).state.exitCode == 7)
        #expect(try await engine.list(.init(labels: ["fleet.test": "describe"], includesStopped: false)).isEmpty)
        #expect(await kind { try await engine.kill(container.id, signal: "HUP") } == .notRunning)
        #expect(await kind { _ = try await engine.execute(.init(["true"]), in: container.id) } == .notRunning)
        try await engine.remove(container.id, force: false, volumes: true)
        #expect(await kind { _ = try await engine.inspect(container.id) } == .notFound)
        #expect(await kind { try await engine.remove(container.id, force: true, volumes: true) } == .notFound)
    }

    @Test("tells how containers end")
    func ends() async throws {
        let engine = try await PrivateEngine.shared().docker
        try await withContainer(engine, shell("exit 3")) { id in
            let code = try await engine.wait(for: id)
            #expect(code == 3)
        }
        try await withContainer(engine, shell("sleep 60")) { id in
            #expect(await kind { try await engine.remove(id, force: false, volumes: false) } == .conflict)
            async let code = engine.wait(for: id)
            try await engine.kill(id, signal: "KILL")
            #expect(try await code == 137)
        }
        var spec = shell("dd if=/dev/zero of=/t/x bs=1M count=64")
        spec.mounts = [Mount(.memory(size: nil, mode: nil), at: "/t")]
        spec.limits.memory = 8 << 20
        try await withContainer(engine, spec, isStarted: false) { id in
            // Now and then, on a busy host, Docker hears of the end before it hears of its reason.
            try await eventually("a reason for the end") {
                try await engine.start(id)
                let code = try await engine.wait(for: id)
                #expect(code == 137)
                return try await engine.inspect(id).state.ranOutOfMemory
            }
        }
    }

    @Test("refuses what cannot be, each with an error of its kind")
    func refusals() async throws {
        let shared = try await PrivateEngine.shared()
        let engine = shared.docker
        #expect(await kind { _ = try await engine.create(.init(image: "nope:1"), name: nil) } == .imageMissing)
        #expect(await kind { _ = try await engine.create(.init(image: PrivateEngine.image), name: nil) } == .badRequest)
        #expect(await kind { _ = try await engine.image("nope:1") } == .imageMissing)
        #expect(await kind { _ = try await engine.sample("nope") } == .notFound)
        #expect(await kind { _ = try await engine.logs(of: "nope", .init()).collect() } == .notFound)
        var spec = ContainerSpec(image: PrivateEngine.image, command: ["/nope"])
        try await withContainer(engine, spec) { id in
            let code = try await engine.wait(for: id)
            #expect(code == 127)
        }
        spec.hasInit = false
        try await withContainer(engine, spec, isStarted: false) { id in
            #expect(await kind { try await engine.start(id) } == .commandNotFound)
        }
        spec = shell("sleep 60")
        spec.ports = [PortMapping(80, hostPort: Int(try freePort()))]
        try await withContainer(engine, spec) { _ in
            try await withContainer(engine, spec, isStarted: false) { other in
                #expect(await kind { try await engine.start(other) } == .portInUse)
            }
        }
    }

    @Test("finds a port in use that somebody outside has")
    func foreignPort() async throws {
        let engine = try await PrivateEngine.shared().docker
        try await ForeignPort.hold { port in
            var spec = shell("sleep 60")
            spec.ports = [PortMapping(80, hostPort: port)]
            try await withContainer(engine, spec, isStarted: false) { id in
                #expect(await kind { try await engine.start(id) } == .portInUse)
            }
        }
    }

    @Test("gives what was written, from the end, with times, and as it comes")
    func logs() async throws {
        let engine = try await PrivateEngine.shared().docker
        try await withContainer(engine, shell("echo one; echo two; echo oops >&2; sleep 1; echo three")) { id in
            var text = ""
            for try await chunk in engine.logs(of: id, .init(follows: true)) { text += chunk.text }
            #expect(text.split(separator: "\n").sorted() == ["one", "oops", "three", "two"])
            let all = try await engine.logs(of: id, .init()).collect()
            #expect(all.filter { $0.source == .error }.map(\.text) == ["oops\n"])
            let last = try await engine.logs(of: id, .init(tail: 1, hasTimestamps: true)).collect()
            #expect(last.map(\.text).joined().wholeMatch(of: /\d{4}-\d\d-\d\dT[\d:.]+Z three\n/) != nil)
            #expect(try await engine.logs(of: id, .init(since: Date().timeIntervalSince1970 + 60)).collect().isEmpty)
        }
        var spec = shell("echo raw; [ -t 1 ] && echo terminal")
        spec.hasTerminal = true
        try await withContainer(engine, spec) { id in
            _ = try await engine.wait(for: id)
            #expect(try await engine.logs(of: id, .init()).collect().map(\.text).joined() == "raw\r\nterminal\r\n")
        }
    }

    @Test("runs commands in a container, and says how they end")
    func execute() async throws {
        let engine = try await PrivateEngine.shared().docker
        try await withContainer(engine, shell("sleep 60")) { id in
            let result = try await engine.run(
                .init(["sh", "-c", "echo $A; pwd; exit 5"], environment: ["A": "x"], workingDirectory: "/tmp"), in: id)
            #expect(result == ExecResult(exitCode: 5, output: "x\n/tmp\n"))
            let long = try await engine.execute(.init(["sh", "-c", "seq 20000; echo end >&2"]), in: id)
            let chunks = try await long.output.collect()
            #expect(chunks.filter { $0.source == .output }.flatMap(\.bytes).count == 108_894)
            #expect(chunks.filter { $0.source == .error }.map(\.text) == ["end\n"])
            #expect(try await engine.exitCode(of: long) == 0)
            #expect(try await engine.run(.init(["/nope"]), in: id).exitCode != 0)
        }
    }

    @Test("takes files in and gives them out, with owner and mode, before the container runs")
    func files() async throws {
        let engine = try await PrivateEngine.shared().docker
        let secret = Archive([
            .init(path: "secrets", content: nil, mode: 0o750, user: 7),
            .init(path: "secrets/password", content: Array("sesame".utf8), mode: 0o400, user: 7, group: 8),
        ])
        let spec = shell("cat /run/secrets/password; stat -c ' %a %u %g' /run/secrets/password")
        try await withContainer(engine, spec, isStarted: false) { id in
            try await engine.put(secret, into: id, at: "/run")
            try await engine.start(id)
            #expect(try await engine.wait(for: id) == 0)
            #expect(try await engine.logs(of: id, .init()).collect().map(\.text).joined() == "sesame 400 7 8\n")
            let back = try await engine.archive("/run/secrets", of: id)
            #expect(back.entries.map(\.path) == ["secrets", "secrets/password"])
            #expect(back.entries.last?.content == Array("sesame".utf8))
            #expect(await kind { _ = try await engine.archive("/nope", of: id) } == .notFound)
            #expect(await kind { try await engine.put(secret, into: id, at: "/nope") } == .notFound)
        }
    }

    @Test("measures what a container uses")
    func sample() async throws {
        let engine = try await PrivateEngine.shared().docker
        var spec = shell("while :; do :; done")
        spec.limits = Limits(memory: 32 << 20, nanoCPUs: 500_000_000)
        try await withContainer(engine, spec) { id in
            let first = try await engine.sample(id)
            var percent: Double?
            // A busy machine gives it less than the half of a processor that it may have.
            try await eventually("a processor in use") {
                percent = try await engine.sample(id).processorPercent(since: first)
                return percent ?? 0 > 2
            }
            #expect(percent ?? 0 < 80)
            let sample = try await engine.sample(id)
            #expect(sample.memoryLimit == 32 << 20)
            #expect(sample.memory > 0 && sample.memory < 32 << 20)
            #expect(sample.processes >= 1)
        }
    }

    @Test("tells what happens, as it happens and again from any moment")
    func events() async throws {
        let engine = try await PrivateEngine.shared().docker
        let filter = EventFilter(labels: ["fleet.test": "events"])
        let stream = try await engine.events(since: nil, filter)
        var spec = shell("exit 9")
        spec.labels = ["fleet.test": "events"]
        let id = try await engine.create(spec, name: nil).id
        try await engine.start(id)
        _ = try await engine.wait(for: id)
        try await engine.remove(id, force: true, volumes: true)
        var seen: [EngineEvent] = []
        for try await event in stream where event.id == id {
            seen.append(event)
            if event.action == "destroy" { break }
        }
        #expect(seen.map(\.action) == ["create", "start", "die", "destroy"])
        #expect(seen.compactMap(\.exitCode) == [9])
        #expect(seen.map(\.time) == seen.map(\.time).sorted())
        let start = try #require(seen.first { $0.action == "start" })
        var again: [EngineEvent] = []
        for try await event in try await engine.events(since: start.time, filter) {
            again.append(event)
            if event.action == "destroy" { break }
        }
        #expect(again == Array(seen.dropFirst()))
    }

    @Test("makes networks for containers")
    func networks() async throws {
        let engine = try await PrivateEngine.shared().docker
        try await engine.createNetwork("blue", labels: [:])
        #expect(await kind { try await engine.createNetwork("blue", labels: [:]) } == .conflict)
        #expect(try await engine.networks().contains("blue"))
        var spec = shell("sleep 60")
        spec.networkMode = "blue"
        try await withContainer(engine, spec) { id in
            let details = try await engine.inspect(id)
            #expect(details.addresses["blue"] != nil)
        }
        try await engine.removeNetwork("blue")
        #expect(await kind { try await engine.removeNetwork("blue") } == .notFound)
    }

    /// `sesame`, as `htpasswd -B` writes it.
    private static let password = "$2b$05$kc8XRBd5gp6sv1sEj9nOouK5VzMF9Ii7GpBxiLzJfVGOE68Ss7RmW"

    @Test("fetches images, and says why it cannot", arguments: [nil, password])
    func pull(password: String?) async throws {
        let shared = try await PrivateEngine.shared()
        let engine = shared.docker
        let registry = try await shared.startRegistry(password: password)
        let image = "\(registry)/team/busybox:2"
        let credentials = password.map { _ in
            RegistryCredentials(username: "fleet", password: "sesame", server: registry)
        }
        try await engine.tag(PrivateEngine.image, as: image)
        try await engine.push(image, credentials: credentials)
        try await engine.removeImage(image)
        #expect(await kind { _ = try await engine.image(image) } == .imageMissing)

        let steps = try await engine.pull(image, credentials: credentials).collect()
        #expect(steps.contains { $0.status.contains("Status:") })
        #expect(try await engine.image(image).digests.contains { $0.hasPrefix("\(registry)/team/busybox@sha256:") })
        try await engine.removeImage(image)
        if password != nil {
            #expect(await kind { try await engine.fetch(image) } == .unauthorised)
            var wrong = credentials
            wrong?.password = "open"
            #expect(await kind { try await engine.fetch(image, credentials: wrong) } == .unauthorised)
        }
        #expect(
            await kind { try await engine.fetch("\(registry)/team/busybox:3", credentials: credentials) }
                == .imageMissing)
        #expect(await kind { try await engine.fetch("127.0.0.1:1/nope:1") } == .pullFailed)
    }

    @Test("stops waiting when the caller does")
    func cancelled() async throws {
        let engine = try await PrivateEngine.shared().docker
        try await withContainer(engine, shell("sleep 60")) { id in
            let waiting = Task { try await engine.wait(for: id) }
            let reading = Task { try await engine.logs(of: id, .init(follows: true)).collect() }
            waiting.cancel()
            reading.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            await #expect(throws: CancellationError.self) { try await reading.value }
        }
    }

    @Test("is known to be gone when it crashes, and has its containers still when it is back")
    func crash() async throws {
        let own = try await PrivateEngine.started()
        let engine = own.docker
        try await withContainer(engine, shell("sleep 60")) { id in
            let events = try await engine.events(since: nil, .init())
            let before = try await engine.inspect(id).state
            async let end = kind { _ = try await events.collect() }
            async let wait = kind { _ = try await engine.wait(for: id) }
            try await own.crash()
            #expect(await end == .connectionLost)
            #expect(await wait == .connectionLost)
            #expect(await kind { _ = try await engine.ping() } == .unreachable)
            try await own.recover()
            #expect(try await engine.inspect(id).state.process == before.process)
            #expect(try await engine.run(.init(["true"]), in: id).exitCode == 0)
        }
    }
}
