import AsyncHTTPClient
import FleetAPI
import FleetMaster
import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// Asks the masters of a cluster: one that does not answer, or has lost the store, makes way for the next.
///
/// A request whose answer was lost is made again. All of them say what is to be rather than what is to change, so that
/// this does no harm; only of a job that was created nobody knows by whom (`JOB_ALREADY_EXISTS`).
struct MasterClient: Sendable {
    let target: Target
    let jobToken: String?
    let user: String
    let retryTimeout: Duration
    let isJSON: Bool
    let http: HTTPClient

    init(_ target: Target, jobToken: String?, user: String, caFile: String?, retryTimeout: Duration, isJSON: Bool) {
        self.target = target
        self.jobToken = jobToken
        self.user = user
        self.retryTimeout = retryTimeout
        self.isJSON = isJSON
        http = Self.client(trusting: caFile)
    }

    /// A client that lives as long as the process. A master that is not there is found out at once, so that the next is
    /// asked.
    private static func client(trusting file: String?) -> HTTPClient {
        clients.withLock { clients in
            if let known = clients[file ?? ""] { return known }
            var configuration = HTTPClient.Configuration()
            configuration.connectionPool.retryConnectionEstablishment = false
            configuration.timeout.connect = .seconds(3)
            if let file {
                var tls = TLSConfiguration.makeClientConfiguration()
                tls.trustRoots = .file(file)
                configuration.tlsConfiguration = tls
            }
            let client = HTTPClient(eventLoopGroup: .singletonMultiThreadedEventLoopGroup, configuration: configuration)
            clients[file ?? ""] = client
            return client
        }
    }

    private static let clients = Mutex<[String: HTTPClient]>([:])

    // MARK: Requests

    func get(_ path: String, _ query: [(String, String?)] = []) async throws -> String {
        try await send(.GET, path, query)
    }

    func send(
        _ method: HTTPMethod, _ path: String, _ query: [(String, String?)] = [], body: some Encodable
    ) async throws -> String {
        try await send(method, path, query, text: try JSONText.of(body))
    }

    /// Asks until somebody answers.
    /// - Parameter limit: how long an answer may take.
    /// - Throws: `FleetError`: what a master says, or `STORE_UNAVAILABLE` when nobody answered in time.
    func send(
        _ method: HTTPMethod, _ path: String, _ query: [(String, String?)] = [], text: String? = nil,
        limit: Duration = .seconds(30)
    ) async throws -> String {
        let clock = ContinuousClock()
        let end = clock.now + retryTimeout
        var (last, pause) = ("", Duration.milliseconds(200))
        while true {
            for master in target.masters {
                do {
                    let answer = try await http.execute(
                        request(method, master + path, query, text),
                        timeout: .milliseconds(limit.milliseconds), logger: nil)
                    let body = String(buffer: try await answer.body.collect(upTo: 256 << 20))
                    if (200..<300).contains(answer.status.code) { return body }
                    let error = Self.error(answer.status, body)
                    guard error.code == .storeUnavailable || answer.status == .badGateway else { throw error }
                    last = "\(master): \(error.reason)"
                } catch let error as FleetError {
                    throw error
                } catch {
                    if Task.isCancelled { throw CancellationError() }
                    last = "\(master): \(error)"
                }
            }
            guard clock.now + pause < end else { break }
            try await clock.sleep(for: pause)
            pause = min(pause * 2, .seconds(2))
        }
        throw FleetError(
            .storeUnavailable, "no master answered within \(retryTimeout) (\(last))",
            cure: "look whether masters run at \(target.masters.joined(separator: ", ")), or give others with --master")
    }

    func request(
        _ method: HTTPMethod, _ url: String, _ query: [(String, String?)], _ text: String? = nil
    ) -> HTTPClientRequest {
        let pairs = query.compactMap { name, value in value.map { "\(name)=\(Self.escaped($0))" } }
        var request = HTTPClientRequest(url: url + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")))
        request.method = method
        request.headers.add(name: "Fleet-User", value: user)
        request.headers.add(name: FleetVersion.clientHeader, value: "\(FleetVersion.current)")
        if let token = target.token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let jobToken { request.headers.add(name: "Fleet-Job-Token", value: jobToken) }
        if let text {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: text))
        }
        return request
    }

    static func error(_ status: HTTPResponseStatus, _ body: String) -> FleetError {
        if let found = try? JSONDecoder().decode(ErrorBody.self, from: Data(body.utf8)) { return found.error }
        return FleetError(
            .invalidRequest, "the answer was \(status.code): \(body.prefix(300))",
            cure: "look whether that is a master of a fleet")
    }

    /// A part of a path or of a query.
    static func escaped(_ text: String) -> String {
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:".utf8)
        return text.utf8.map { plain.contains($0) ? String(UnicodeScalar($0)) : String(format: "%%%02X", $0) }.joined()
    }

    static func decode<Value: Decodable>(_: Value.Type, _ text: String) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw FleetError(
                .invalidRequest, "the answer is not what is expected: \(text.prefix(200))",
                cure: "use a fleet command of the masters' version")
        }
    }

    /// Asks, and reads the answer.
    func read<Value: Decodable>(
        _ type: Value.Type, _ path: String, _ query: [(String, String?)] = []
    ) async throws -> (value: Value, json: String) {
        let json = try await get(path, query)
        return (try Self.decode(type, json), json)
    }
}

extension Duration {
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }
}
