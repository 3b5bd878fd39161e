#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How far a pull has come.
public struct PullProgress: Sendable, Hashable {
    /// What happens, in the Engine's words, for example `Downloading`.
    public var status: String
    /// The layer that it happens to.
    public var layer: String?
    /// Bytes that are done.
    public var current: Int64?
    /// Bytes that there are.
    public var total: Int64?

    /// A step of a pull.
    public init(status: String, layer: String? = nil, current: Int64? = nil, total: Int64? = nil) {
        self.status = status
        self.layer = layer
        self.current = current
        self.total = total
    }
}

/// A step as the Engine writes it. The status code was sent before anything was known: errors come here (Engine facts
/// 12.5).
struct PullStep: Decodable {
    struct Detail: Decodable {
        var current: Int64?
        var total: Int64?
    }

    struct Failure: Decodable {
        var message: String?
    }

    var status: String?
    var id: String?
    var progressDetail: Detail?
    var errorDetail: Failure?
    var error: String?

    func progress(of image: String) throws(EngineError) -> PullProgress {
        if let message = errorDetail?.message ?? error { throw EngineError(pulling: image, message: message) }
        return PullProgress(
            status: status ?? "", layer: id, current: progressDetail?.current, total: progressDetail?.total)
    }
}

/// Who one is to a registry.
public struct RegistryCredentials: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The name.
    public var username: String
    /// The password, or a token in its place.
    public var password: String
    /// The registry, for example `registry.example:5000`.
    public var server: String

    /// Credentials for a registry.
    public init(username: String, password: String, server: String) {
        self.username = username
        self.password = password
        self.server = server
    }

    /// Without the password, so that it does not get into logs.
    public var description: String { "\(username) at \(server)" }
    /// Without the password.
    public var debugDescription: String { description }

    /// What the header `X-Registry-Auth` carries: JSON in base64 with the alphabet for URLs.
    var header: String {
        let fields = ["username": username, "password": password, "serveraddress": server]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = (try? encoder.encode(fields)) ?? Data()
        return json.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
    }
}

/// The name of an image, apart from its tag or digest. Without a tag the Engine would fetch every tag there is.
struct ImageName: Hashable {
    var repository: String
    var tag: String

    init(_ text: String) {
        if let at = text.lastIndex(of: "@") {
            repository = String(text[..<at])
            tag = String(text[text.index(after: at)...])
        } else if let colon = text.lastIndex(of: ":"), !text[colon...].contains("/") {
            repository = String(text[..<colon])
            tag = String(text[text.index(after: colon)...])
        } else {
            repository = text
            tag = "latest"
        }
    }
}
