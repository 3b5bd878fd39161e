import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Connections to an Engine, and the version that is spoken on them.
final class Connection: Sendable {
    let client: HTTPClient
    let limits: DockerEngine.Limits
    private let address: EngineAddress
    private let known = Mutex<EngineInformation?>(nil)

    init(address: EngineAddress, limits: DockerEngine.Limits) {
        self.address = address
        self.limits = limits
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(5))
        configuration.httpVersion = .http1Only
        // Each container whose logs are followed has a connection.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1024
        configuration.connectionPool.idleTimeout = .seconds(3)
        // Who tries again, and when, is the caller's business: an Engine that is away should be noticed at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroup: .singletonMultiThreadedEventLoopGroup, configuration: configuration)
    }

    func ping() async throws -> EngineInformation {
        let answer = try await send("ping", .GET, "/_ping", limit: limits.call)
        let headers = answer.headers
        _ = try await collect(answer, "ping")
        let information = EngineInformation(
            version: try EngineVersion.agreed(offered: headers.first(name: "Api-Version")),
            server: headers.first(name: "Server") ?? "unknown", isPodman: headers.contains(name: "Libpod-Api-Version"))
        known.withLock { $0 = information }
        return information
    }

    /// Asks, and reads the whole answer.
    /// - Parameters:
    ///   - call: what it is called in errors.
    ///   - limit: for all of it; the usual one unless given, `nil` for none.
    func call(
        _ call: String, _ method: HTTPMethod, _ path: String, _ query: [(String, String?)] = [], body: Payload? = nil,
        limit: Duration?
    ) async throws -> Answer {
        try await within(limit, call) {
            let response = try await self.ask(call, method, path, query, body: body)
            return Answer(call: call, bytes: try await self.collect(response, call))
        }
    }

    func call(
        _ call: String, _ method: HTTPMethod, _ path: String, _ query: [(String, String?)] = [], body: Payload? = nil
    ) async throws -> Answer {
        try await self.call(call, method, path, query, body: body, limit: limits.call)
    }

    /// Asks, and leaves the answer's body to be read.
    /// - Parameter limit: until the answer begins.
    func open(
        _ call: String, _ method: HTTPMethod, _ path: String, _ query: [(String, String?)] = [],
        headers: [(String, String)] = [], body: Payload? = nil, limit: Duration?
    ) async throws -> ByteStream {
        let response = try await within(limit, call) {
            try await self.ask(call, method, path, query, headers: headers, body: body)
        }
        return ByteStream(call: call, body: response.body)
    }

    /// Asks in the agreed version.
    /// - Throws: ``EngineError`` when the answer is not one of success.
    private func ask(
        _ call: String, _ method: HTTPMethod, _ path: String, _ query: [(String, String?)],
        headers: [(String, String)] = [], body: Payload?
    ) async throws -> HTTPClientResponse {
        let information = if let known = known.withLock({ $0 }) { known } else { try await ping() }
        let response = try await send(
            call, method, "/v\(information.version)\(path)\(Self.text(query))", headers: headers, body: body, limit: nil
        )
        // 304 says that there was nothing to do.
        if (200..<300).contains(response.status.code) || response.status == .notModified { return response }
        let bytes = try await collect(response, call)
        let error = EngineError(call: call, status: Int(response.status.code), message: Self.message(bytes))
        // Another Engine may listen there since.
        if error.kind == .versionRefused { known.withLock { $0 = nil } }
        throw error
    }

    private func send(
        _ call: String, _ method: HTTPMethod, _ path: String, headers: [(String, String)] = [], body: Payload? = nil,
        limit: Duration?
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: address.url + path)
        request.method = method
        request.headers.add(contentsOf: headers)
        request.headers.add(name: "Host", value: "engine")
        if let body {
            request.headers.add(name: "Content-Type", value: body.type)
            request.body = .bytes(ByteBuffer(bytes: body.bytes))
        }
        let (sent, client) = (request, client)
        return try await within(limit, call) {
            try await translated(call) {
                do {
                    return try await client.execute(sent, deadline: .distantFuture)
                } catch let error as HTTPClientError where error == .remoteConnectionClosed && method == .GET {
                    // A connection that was kept, and that the Engine had closed; a fresh one tells what is the matter.
                    return try await client.execute(sent, deadline: .distantFuture)
                }
            }
        }
    }

    private func collect(_ response: HTTPClientResponse, _ call: String) async throws -> [UInt8] {
        try await translated(call) { Array(buffer: try await response.body.collect(upTo: 256 << 20)) }
    }

    private static func text(_ query: [(String, String?)]) -> String {
        let pairs = query.compactMap { name, value in value.map { "\(name)=\($0.inQuery)" } }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }

    private static func message(_ bytes: [UInt8]) -> String {
        struct Body: Decodable { var message: String? }
        let text = String(decoding: bytes.prefix(4_096), as: UTF8.self)
        return (try? Payload.decode(Body.self, bytes))?.message ?? String(text.drop(while: \.isWhitespace))
    }
}

extension EngineAddress {
    fileprivate var url: String {
        switch self {
        case .socket(let path): "http+unix://\(path.escaped(except: ""))"
        case .port(let host, let port): "http://\(host):\(port)"
        }
    }
}

/// Says what became of the connection as an ``EngineError``.
func translated<Result>(_ call: String, _ body: () async throws -> Result) async throws -> Result {
    do {
        return try await body()
    } catch let error as HTTPClientError {
        if error == .cancelled { throw CancellationError() }
        let isEarly = [.connectTimeout, .getConnectionFromPoolTimeout].contains(error)
        throw EngineError(isEarly ? .unreachable : .connectionLost, call: call, message: error.description)
    } catch let error as NIOConnectionError {
        throw EngineError(.unreachable, call: call, message: "\(error)")
    } catch let error as IOError {
        let isEarly = [ENOENT, ECONNREFUSED, EACCES].contains(error.errnoCode)
        throw EngineError(isEarly ? .unreachable : .connectionLost, call: call, message: error.description)
    } catch let error as NIOTooManyBytesError {
        throw EngineError(.malformedAnswer, call: call, message: "the answer is too long (\(error))")
    } catch is ChannelError {
        throw EngineError(.connectionLost, call: call, message: "the connection was closed")
    } catch let error as HTTPParserError where error == .invalidEOFState {
        throw EngineError(.connectionLost, call: call, message: "the answer was cut off")
    } catch let error as HTTPParserError {
        throw EngineError(.malformedAnswer, call: call, message: "what was answered is not HTTP: \(error)")
    }
}

/// Calls off what takes too long.
/// - Parameter limit: `nil` for none.
func within<Result: Sendable>(
    _ limit: Duration?, _ call: String, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    guard let limit else { return try await body() }
    return try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw EngineError(.timedOut, call: call, message: "no answer within \(limit)")
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw CancellationError() }
        return result
    }
}
