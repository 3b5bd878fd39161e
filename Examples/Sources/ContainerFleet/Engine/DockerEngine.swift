import AsyncHTTPClient
import NIOHTTP1

/// The Engine of a host, over its HTTP interface: Docker from 20.10 on, or Podman from 4 on.
///
/// To be ended with ``shutdown()``, or used within ``connected(to:limits:_:)``, which does that.
public struct DockerEngine: ContainerEngine {
    /// How long calls may take. Those for which the Engine is silent as long as nothing happens (events, logs, waiting)
    /// have no limit: cancel them.
    public struct Limits: Sendable, Hashable {
        /// Questions, and changes that are quick.
        public var call: Duration = .seconds(30)
        /// Creating and starting, where storage and network take part.
        public var start: Duration = .seconds(120)
        /// How long the Engine may take beyond the time that a container has for ending.
        public var stop: Duration = .seconds(30)
        /// The silence in a pull that is too long.
        public var pullSilence: Duration = .seconds(300)
        /// How long an exec may be listed as running after its output has ended.
        public var execution: Duration = .seconds(10)

        /// The usual limits.
        public init() {}
    }

    let connection: Connection

    /// The Engine at an address. Nothing is sent yet.
    public init(at address: EngineAddress, limits: Limits = Limits()) {
        connection = Connection(address: address, limits: limits)
    }

    /// Uses an Engine, and closes all connections to it afterwards.
    public static func connected<Result>(
        to address: EngineAddress, limits: Limits = Limits(), _ body: (DockerEngine) async throws -> Result
    ) async throws -> Result {
        let engine = DockerEngine(at: address, limits: limits)
        do {
            let result = try await body(engine)
            try await engine.shutdown()
            return result
        } catch {
            try? await engine.shutdown()
            throw error
        }
    }

    /// Closes all connections; what is under way fails.
    public func shutdown() async throws { try await connection.client.shutdown() }

    /// See ``ContainerEngine/ping()``.
    public func ping() async throws -> EngineInformation { try await connection.ping() }

    /// See ``ContainerEngine/networks()``.
    public func networks() async throws -> [String] {
        struct Network: Decodable { var name: String? }
        let networks: [Network]? = try await connection.call("list networks", .GET, "/networks").decoded()
        return (networks ?? []).compactMap(\.name).sorted()
    }

    /// See ``ContainerEngine/createNetwork(_:labels:)``.
    public func createNetwork(_ name: String, labels: [String: String]) async throws {
        struct Body: Encodable {
            var name: String
            var checkDuplicate = true
            var labels: [String: String]
        }
        let body = try Payload.json(Body(name: name, labels: labels))
        _ = try await connection.call("create network \(name)", .POST, "/networks/create", body: body)
    }

    /// See ``ContainerEngine/removeNetwork(_:)``.
    public func removeNetwork(_ name: String) async throws {
        _ = try await connection.call("remove network \(name)", .DELETE, "/networks/\(name.inPath)")
    }

    /// See ``ContainerEngine/events(since:_:)``.
    public func events(since time: Int64?, _ filter: EventFilter) async throws -> EngineStream<EngineEvent> {
        var filters: [String: [String]] = [:]
        if !filter.types.isEmpty { filters["type"] = filter.types }
        if !filter.labels.isEmpty { filters["label"] = filter.labels.filterValues }
        let stream = try await connection.open(
            "watch events", .GET, "/events",
            [("since", time.map(Self.seconds)), ("filters", try Payload.json(filters).text)], limit: nil)
        return stream.objects(EventBody.self, endsWithError: true) { $0.event }
    }

    /// Nanoseconds as the Engine reads times: seconds, a dot, nine digits.
    private static func seconds(_ time: Int64) -> String {
        let fraction = String(time % 1_000_000_000)
        return "\(time / 1_000_000_000)." + String(repeating: "0", count: 9 - fraction.count) + fraction
    }
}

extension [String: String] {
    /// As labels are named in filters.
    var filterValues: [String] { sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } }
}
