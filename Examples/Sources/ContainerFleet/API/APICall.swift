import FleetMaster
import HTTPTypes
import Hummingbird
import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A request to an endpoint, by somebody who may make it.
struct APICall: Sendable {
    let fleet: Fleet
    let request: Request
    let context: BasicRequestContext
    /// Who asks.
    let user: String

    static let jobToken = HTTPField.Name("Fleet-Job-Token")!
    static let user = HTTPField.Name("Fleet-User")!
    /// The largest body that is read.
    static let bodyLimit = 1 << 20

    /// A part of the path.
    func part(_ name: String) throws -> String { try context.parameters.require(name) }

    /// A parameter of the query.
    func query(_ name: String) -> String? {
        request.uri.queryParameters[Substring(name)].map { String($0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// All parameters of the query of that name; `nil` when there is none.
    func queries(_ name: String) -> [String]? {
        let values = request.uri.queryParameters[values: Substring(name)].map { String($0) }.filter { !$0.isEmpty }
        return values.isEmpty ? nil : values
    }

    /// A number in the query.
    func number(_ name: String) throws -> Int64? {
        guard let text = query(name) else { return nil }
        if let number = Int64(text) { return number }
        throw FleetError(
            .invalidRequest, "\(name) is “\(text)”, expected a number", cure: "write a number, or leave it out")
    }

    /// The token of the job that it is about.
    var token: String? { request.headers[Self.jobToken] }

    /// The body.
    func bytes() async throws -> ByteBuffer {
        var request = request
        do {
            return try await request.collectBody(upTo: Self.bodyLimit)
        } catch {
            throw FleetError(
                .invalidRequest, "the body cannot be read: \(error)", cure: "send at most \(Self.bodyLimit) bytes")
        }
    }

    /// The body, as JSON.
    func body<Value: Decodable>(_: Value.Type) async throws -> Value {
        let bytes = try await bytes()
        do {
            return try JSONDecoder().decode(Value.self, from: Data(bytes.readableBytesView))
        } catch {
            throw FleetError(
                .invalidRequest, "the body is not what is expected: \(Self.plain(error))",
                cure: "send the JSON that GET /v1/openapi.yaml describes")
        }
    }

    private static func plain(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "there is no “\(key.stringValue)”"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")): \(context.debugDescription)"
        default: "it is no JSON"
        }
    }
}

/// Answers.
enum Answer {
    /// A value as JSON.
    static func json(_ value: some Encodable, _ status: HTTPResponse.Status = .ok) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return text(String(decoding: try encoder.encode(value), as: UTF8.self), "application/json", status)
    }

    /// A text.
    static func text(
        _ text: String, _ type: String = "text/plain; charset=utf-8", _ status: HTTPResponse.Status = .ok
    ) -> Response {
        bytes(ByteBuffer(string: text), type, status)
    }

    /// What is a text already.
    static func bytes(_ bytes: ByteBuffer, _ type: String, _ status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: bytes))
    }

    /// Nothing but that it is done.
    static var done: Response { Response(status: .noContent) }

    /// An error.
    static func error(_ error: FleetError) -> Response {
        (try? json(ErrorBody(error), status(of: error.code))) ?? Response(status: .internalServerError)
    }

    /// The HTTP status of a kind of errors.
    static func status(of code: FleetError.Code) -> HTTPResponse.Status {
        switch code {
        case .invalidJobDefinition, .invalidRequest: .badRequest
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .jobNotFound, .hostNotFound, .deploymentNotFound, .jobNotDeployed, .notFound: .notFound
        case .timedOut: .requestTimeout
        case .versionNotSupported: .upgradeRequired
        case .storeNotUsable: .internalServerError
        case .storeUnavailable: .serviceUnavailable
        default: .conflict
        }
    }
}
