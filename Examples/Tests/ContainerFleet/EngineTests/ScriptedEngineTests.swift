import FleetSupport
import Support
import Synchronization
import Testing

@testable import FleetEngine

/// Plays a script to a client.
private func play(
    _ answer: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Answer,
    limits: DockerEngine.Limits = .init(),
    to body: @escaping @Sendable (DockerEngine, ScriptedServer) async throws -> Void
) async throws {
    try await ScriptedServer.play(answer) { server in
        try await DockerEngine.connected(to: server.address, limits: limits) { try await body($0, server) }
    }
}

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// What kind of error comes.
private func kind(_ body: () async throws -> Void) async -> EngineError.Kind? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? EngineError)?.kind
    }
}

@Suite("A client of an Engine that behaves as it likes", .timeLimit(.minutes(5)))
struct ScriptedEngineTests {
    @Test("agrees on a version first, and asks in it")
    func version() async throws {
        try await play { _ in
            .init(#"[{"Id":"c1","Names":["/a"],"Labels":null,"State":"running"}]"#)
        } to: { engine, server in
            let list = try await engine.list(.init(labels: ["app": "a b"], includesStopped: false))
            #expect(list.map(\.name) == ["a"])
            #expect(
                server.requests.map(\.path) == [
                    "/v1.43/containers/json?all=false&filters=%7B%22label%22%3A%5B%22app%3Da%20b%22%5D%7D"
                ])
            #expect(try await engine.ping() == .init(version: .init(1, 43), server: "Script/1", isPodman: false))
        }
    }

    @Test("sends credentials in a header, and reads progress wherever it is split", arguments: [1, 3, 7, 1_000])
    func pull(piece: Int) async throws {
        let lines = [
            "{\"status\":\"Pulling\",\"id\":\"1\"}\r\n{\"status\":\"Down", "loading\",\"id\":\"a\",\"progressDetail\":",
            "{\"current\":5,\"total\":10}}\r\n", "{\"status\":\"Done\",\"progressDetail\":{}}",
        ]
        try await play { _ in
            .init(chunks: lines.map(bytes), piece: piece)
        } to: { engine, server in
            let credentials = RegistryCredentials(username: "u", password: "p", server: "r")
            let steps = try await engine.pull("r/web:1", credentials: credentials).collect()
            #expect(
                steps == [
                    .init(status: "Pulling", layer: "1"),
                    .init(status: "Downloading", layer: "a", current: 5, total: 10), .init(status: "Done"),
                ])
            #expect(server.requests[0].path == "/v1.43/images/create?fromImage=r%2Fweb&tag=1")
            #expect(
                server.requests[0].headers.contains {
                    $0.lowercased() == "x-registry-auth: \(credentials.header)".lowercased()
                })
        }
    }

    @Test("finds the error in a body whose status was success")
    func lateError() async throws {
        let body =
            "{\"status\":\"Pulling\"}\r\n{\"errorDetail\":{\"message\":\"manifest unknown\"},\"error\":\"x\"}\r\n"
        try await play { _ in
            .init(chunks: [bytes(body)])
        } to: { engine, _ in
            #expect(await kind { try await engine.fetch("web:1") } == .imageMissing)
        }
    }

    @Test("finds the error of a pull that failed before it began")
    func earlyError() async throws {
        try await play { _ in
            .init(status: 500, #"{"message":"Get \"r\": no basic auth credentials"}"#)
        } to: { engine, _ in
            #expect(await kind { try await engine.fetch("web:1") } == .unauthorised)
        }
    }

    @Test("does not take a stream that was cut off for one that ended", arguments: [true, false])
    func cutOff(isWithinObject: Bool) async throws {
        let body = isWithinObject ? "{\"status\":\"Pulling\"}{\"status" : "{\"status\":\"Pulling\"}"
        try await play { _ in
            .init(chunks: [bytes(body)], then: .close, isComplete: false)
        } to: { engine, _ in
            #expect(await kind { try await engine.fetch("web:1") } == .connectionLost)
        }
    }

    @Test("gives a pull up that is silent for too long")
    func silentPull() async throws {
        var limits = DockerEngine.Limits()
        limits.pullSilence = .milliseconds(200)
        let answer = ScriptedServer.Answer(chunks: [bytes("{\"status\":\"Pulling\"}")], isComplete: false)
        try await play({ _ in answer }, limits: limits) { engine, _ in
            #expect(await kind { try await engine.fetch("web:1") } == .timedOut)
        }
    }

    @Test("tells an Engine that hangs up from one that says nothing and from one that is not there")
    func gone() async throws {
        try await play { _ in
            .hangUp
        } to: { engine, _ in
            #expect(await kind { _ = try await engine.inspect("a") } == .connectionLost)
            #expect(await kind { try await engine.kill("a", signal: "KILL") } == .connectionLost)
        }
        var limits = DockerEngine.Limits()
        limits.call = .milliseconds(500)
        try await play({ _ in .silence }, limits: limits) { engine, _ in
            #expect(await kind { _ = try await engine.inspect("a") } == .timedOut)
        }
        try await DockerEngine.connected(to: .socket(path: "/nowhere/engine.sock")) { engine in
            #expect(await kind { _ = try await engine.ping() } == .unreachable)
        }
    }

    @Test("says what it makes of answers that are none")
    func nonsense() async throws {
        try await play {
            switch $0.path {
            case "/v1.43/containers/a/json": .init("<html>")
            case "/v1.43/containers/b/json": .init(raw: [bytes("SSH-2.0-OpenSSH\r\n\r\n")], then: .close)
            default: .init(status: 502, "bad gateway")
            }
        } to: { engine, _ in
            #expect(await kind { _ = try await engine.inspect("a") } == .malformedAnswer)
            #expect(await kind { _ = try await engine.inspect("b") } == .malformedAnswer)
            await #expect(
                performing: { _ = try await engine.inspect("c") }, throws: { "\($0)".contains("bad gateway (failed)") })
        }
    }

    @Test("takes it that there was nothing to do for success")
    func notModified() async throws {
        try await play { _ in
            .init(raw: [bytes("HTTP/1.1 304 Not Modified\r\n\r\n")])
        } to: { engine, server in
            try await engine.start("a")
            try await engine.stop("a", within: .milliseconds(1_200))
            #expect(server.requests.map(\.path) == ["/v1.43/containers/a/start", "/v1.43/containers/a/stop?t=2"])
        }
    }

    @Test("closes the connection when nobody reads the events any more", arguments: [true, false])
    func closes(byCancelling: Bool) async throws {
        let event = bytes(#"{"Type":"container","Action":"start","Actor":{"ID":"c1"},"timeNano":7}"#)
        try await play { _ in
            .init(chunks: [event], isComplete: false)
        } to: { engine, server in
            let stream = try await engine.events(since: 1_500_000_007, .init(labels: ["a": "b"]))
            if byCancelling {
                let reader = Task { try await stream.collect() }
                reader.cancel()
                await #expect(throws: CancellationError.self) { try await reader.value }
            } else {
                for try await event in stream {
                    #expect(event.time == 7)
                    break
                }
            }
            try await eventually("the end of the connection") { server.closedConnections > 0 }
            #expect(server.requests[0].path.hasPrefix("/v1.43/events?since=1.500000007&filters="))
        }
    }

    @Test("ends the events with an error when the Engine goes away")
    func lostEvents() async throws {
        try await play { _ in
            .init(chunks: [bytes("{\"Action\":\"start\"}\n")], then: .close)
        } to: { engine, _ in
            #expect(await kind { _ = try await engine.events(since: nil, .init()).collect() } == .connectionLost)
        }
    }

    @Test("reads output until the connection is closed, framed or from a terminal", arguments: [false, true])
    func output(hasTerminal: Bool) async throws {
        let output: [UInt8] = hasTerminal ? bytes("hello") : [1, 0, 0, 0, 0, 0, 0, 5] + bytes("hello")
        try await play { request in
            if request.path.hasSuffix("/json") { return .init("{\"Id\":\"c1\",\"Config\":{\"Tty\":\(hasTerminal)}}") }
            let head = bytes("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n")
            return .init(raw: [head] + output.map { [$0] }, then: .close)
        } to: { engine, server in
            let chunks = try await engine.logs(of: "a", .init(follows: true, tail: 5, since: 1.5)).collect()
            #expect(chunks.map(\.text).joined() == "hello")
            #expect(
                server.requests[1].path
                    == "/v1.43/containers/c1/logs?stdout=true&stderr=true&follow=true&tail=5&since=1.5&timestamps=false"
            )
        }
    }

    @Test("asks again for the end of a command that still seems to run")
    func lateExit() async throws {
        let asked = Counter()
        try await play { request in
            if request.path.hasSuffix("/exec") { return .init(status: 201, #"{"Id":"e1"}"#) }
            if request.path.hasSuffix("/start") {
                return .init(
                    raw: [bytes("HTTP/1.1 200 OK\r\n\r\n"), [2, 0, 0, 0, 0, 0, 0, 1], bytes("x")], then: .close)
            }
            return .init(asked.next() < 3 ? #"{"Running":true,"ExitCode":null}"# : #"{"Running":false,"ExitCode":4}"#)
        } to: { engine, server in
            let result = try await engine.run(.init(["sh"], environment: ["A": "1"]), in: "a")
            #expect(result == ExecResult(exitCode: 4, output: "x"))
            #expect(
                server.requests[0].body
                    == #"{"AttachStderr":true,"AttachStdout":true,"Cmd":["sh"],"Env":["A=1"]}"#)
        }
    }
}

/// Counts from 1.
private final class Counter: Sendable {
    private let value = Mutex(0)

    func next() -> Int {
        value.withLock { value in
            value += 1
            return value
        }
    }
}
