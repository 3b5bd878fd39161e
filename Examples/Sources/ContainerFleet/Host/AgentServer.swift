public import FleetAgent
public import FleetEngine
import HTTPTypes
public import Hummingbird
public import Logging
import NIOCore
import ServiceLifecycle

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What an agent answers to those who have its token: what a task's containers wrote, and commands in them.
///
/// The masters know states; what containers write never leaves their host unless somebody asks for it here.
///
/// | | |
/// |---|---|
/// | `GET /v1/tasks/{task}/logs` | what its container wrote; `tail=100`, `timestamps=true`; `follow=true` goes on with the next container |
/// | `POST /v1/tasks/{task}/exec` | runs `{"command": ["ls", "/"]}` in it; answers `{"exitCode": 0, "output": "…"}` |
public struct AgentServer: Sendable {
    private let tasks: HostSupervisor
    private let engine: any ContainerEngine
    private let token: String
    private let logger: Logger

    /// A server for the tasks of a host.
    /// - Parameter token: what callers have to say.
    public init(_ tasks: HostSupervisor, engine: any ContainerEngine, token: String, logger: Logger) {
        self.tasks = tasks
        self.engine = engine
        self.token = token
        self.logger = logger
    }

    /// The server, as a service.
    /// - Parameter onRunning: is told the port when it listens.
    public func application(
        at address: BindAddress, onRunning: @escaping @Sendable (_ port: Int?) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        Application(
            router: router, configuration: ApplicationConfiguration(address: address, serverName: "fleet-agent"),
            onServerRunning: { await onRunning($0.localAddress?.port) }, logger: logger)
    }

    var router: Router<BasicRequestContext> {
        let router = Router()
        router.get("/v1/tasks/{task}/logs") { request, context in
            try admit(request)
            let task = try context.parameters.require("task")
            let query = request.uri.queryParameters
            var options = LogOptions(tail: query["tail"].flatMap { Int($0) })
            options.hasTimestamps = query["timestamps"] == "true"
            options.follows = query["follow"] == "true"
            return try await logs(of: task, options)
        }
        router.post("/v1/tasks/{task}/exec") { request, context in
            try admit(request)
            var request = request
            let body = try await request.collectBody(upTo: 1 << 16)
            guard let order = try? JSONDecoder().decode(ExecOrder.self, from: Data(body.readableBytesView)),
                !order.command.isEmpty
            else { throw HTTPError(.badRequest, message: "expected {\"command\": [\"program\", \"argument\"]}") }
            let container = try await container(of: try context.parameters.require("task"))
            do {
                let result = try await engine.run(ExecSpec(order.command), in: container)
                return try Self.json(ExecAnswer(exitCode: result.exitCode, output: result.output))
            } catch let error as EngineError {
                throw HTTPError(.conflict, message: error.description)
            }
        }
        return router
    }

    /// In a time that does not tell how much of the token is right.
    private func admit(_ request: Request) throws {
        let said = Array((request.headers[.authorization] ?? "").utf8)
        let wanted = Array("Bearer \(token)".utf8)
        let isSame = said.count == wanted.count && zip(said, wanted).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
        if !isSame { throw HTTPError(.unauthorized, message: "this is not the agent's token; see --agent-token") }
    }

    private func container(of task: String) async throws -> String {
        guard let report = await tasks.currentReports().first(where: { $0.task == task }) else {
            throw HTTPError(.notFound, message: "this host has no task \(task)")
        }
        guard let container = report.container else {
            throw HTTPError(.conflict, message: "\(task) has no container: it is \(report.phase.rawValue)")
        }
        return container
    }

    /// Whoever follows does not keep the agent from ending.
    private func logs(of task: String, _ options: LogOptions) async throws -> Response {
        let output = output(of: task, from: try await container(of: task), options).cancelOnGracefulShutdown()
        return Response(
            status: .ok, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(asyncSequence: output))
    }

    /// What a container wrote; if that is to be followed also what those write that come after it.
    private func output(of task: String, from first: String, _ options: LogOptions) -> EngineStream<ByteBuffer> {
        EngineStream {
            var (container, options) = (first, options)
            var chunks: EngineStream<OutputChunk>.Iterator? = engine.logs(of: container, options).makeAsyncIterator()
            return {
                do {
                    if let chunk = try await chunks?.next() { return ByteBuffer(bytes: chunk.bytes) }
                } catch let error as EngineError {
                    chunks = nil
                    return ByteBuffer(string: "[fleet: \(error)]\n")
                }
                guard options.follows, let next = try await next(after: container, of: task) else { return nil }
                container = next
                options.tail = nil
                chunks = engine.logs(of: container, options).makeAsyncIterator()
                return ByteBuffer(string: "[fleet: container \(next.prefix(12))]\n")
            }
        }
    }

    /// Waits for the container that takes another's place.
    /// - Returns: `nil` when the task is gone, or is not to run.
    private func next(after container: String, of task: String) async throws -> String? {
        while let report = await tasks.currentReports().first(where: { $0.task == task }) {
            if let next = report.container, next != container { return next }
            if report.goal != .running || report.phase == .completed { return nil }
            try await Task.sleep(for: .milliseconds(200))
        }
        return nil
    }

    private static func json(_ value: some Encodable) throws -> Response {
        let data = try JSONEncoder().encode(value)
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }
}

/// A command that is to run in a container.
public struct ExecOrder: Sendable, Hashable, Codable {
    /// The program and its arguments.
    public var command: [String]

    /// A command.
    public init(_ command: [String]) { self.command = command }
}

/// How it ended.
public struct ExecAnswer: Sendable, Hashable, Codable {
    /// 0 for success.
    public var exitCode: Int
    /// The first 64 KiB of what it wrote.
    public var output: String
}
