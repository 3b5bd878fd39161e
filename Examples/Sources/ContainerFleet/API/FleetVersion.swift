import FleetMaster
import HTTPTypes
import Hummingbird

/// A version of the API, as clients and masters tell each other which they speak.
public struct FleetVersion: Sendable, Hashable, CustomStringConvertible {
    /// Counts up when clients have to be changed.
    public var major: Int
    /// Counts up when something is added that older masters do not know.
    public var minor: Int
    /// Counts up when nothing of that changes.
    public var patch: Int

    /// A version.
    public init(_ major: Int, _ minor: Int, _ patch: Int) {
        (self.major, self.minor, self.patch) = (major, minor, patch)
    }

    /// Reads `1.2.3`.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
        guard parts.count == 3, parts.allSatisfy({ $0 >= 0 }) else { return nil }
        self.init(parts[0], parts[1], parts[2])
    }

    /// As it is on the wire.
    public var description: String { "\(major).\(minor).\(patch)" }

    /// The one that is spoken here.
    public static let current = FleetVersion(1, 0, 0)

    /// How a client's version goes with a master's.
    public enum Standing: String, Sendable, Hashable {
        /// It is the same.
        case equal = "EQUAL"
        /// Neither knows more than the other.
        case compatible = "COMPATIBLE"
        /// One knows more than the other, which may matter or not.
        case maybe = "MAYBE"
        /// They do not understand each other.
        case incompatible = "INCOMPATIBLE"
        /// It is no version.
        case invalid = "INVALID"
        /// The client does not say.
        case missing = "MISSING"
    }

    /// How what a client says goes with this version.
    public func standing(of client: String?) -> Standing {
        guard let client else { return .missing }
        guard let theirs = FleetVersion(client) else { return .invalid }
        if theirs == self { return .equal }
        guard theirs.major == major else { return .incompatible }
        return theirs.minor == minor ? .compatible : .maybe
    }

    /// Where clients say theirs.
    public static let clientHeader = "Fleet-Version"
}

/// Says in every answer which version the master speaks, and answers nobody who speaks another.
struct VersionCheck: RouterMiddleware {
    typealias Context = BasicRequestContext

    private static let client = HTTPField.Name(FleetVersion.clientHeader)!
    private static let server = HTTPField.Name("Fleet-Server-Version")!
    private static let standing = HTTPField.Name("Fleet-Version-Status")!

    @concurrent func handle(
        _ request: Request, context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        let said = request.headers[Self.client]
        let standing = FleetVersion.current.standing(of: said)
        var response: Response
        switch standing {
        case .incompatible, .invalid:
            response = Answer.error(
                FleetError(
                    standing == .invalid ? .invalidRequest : .versionNotSupported,
                    "the client speaks version “\(said ?? "")”, this master \(FleetVersion.current)",
                    cure: "use a fleet command of the masters' version"))
        case .equal, .compatible, .maybe, .missing: response = try await next(request, context)
        }
        response.headers[Self.server] = "\(FleetVersion.current)"
        response.headers[Self.standing] = standing.rawValue
        return response
    }
}
