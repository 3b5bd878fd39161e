/// Why the Engine did not do what it was asked.
///
/// Branch on ``kind``; the ``description`` is for people and says what was tried, what the Engine answered and what to
/// do about it.
public struct EngineError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure. New ones may be added.
    public struct Kind: Sendable, Hashable, CustomStringConvertible {
        private enum Name: Hashable {
            case notFound, imageMissing, nameConflict, conflict, notRunning, portInUse, commandNotFound, pullFailed
            case unauthorised, badRequest, versionRefused, failed, unreachable, connectionLost, timedOut
            case malformedAnswer
        }
        private let name: Name

        /// There is no such container, exec, network or file.
        public static let notFound = Kind(name: .notFound)
        /// There is no such image: neither here, nor in the registry that was asked.
        public static let imageMissing = Kind(name: .imageMissing)
        /// Another container has the name.
        public static let nameConflict = Kind(name: .nameConflict)
        /// What is there stands against it, for example an image that is in use.
        public static let conflict = Kind(name: .conflict)
        /// The container does not run, and would have to.
        public static let notRunning = Kind(name: .notRunning)
        /// Somebody else has a port of the host that the container wants.
        public static let portInUse = Kind(name: .portInUse)
        /// The image has no such program as the container is to run.
        public static let commandNotFound = Kind(name: .commandNotFound)
        /// The image could not be fetched.
        public static let pullFailed = Kind(name: .pullFailed)
        /// The registry wants other credentials.
        public static let unauthorised = Kind(name: .unauthorised)
        /// The Engine does not accept what was asked.
        public static let badRequest = Kind(name: .badRequest)
        /// The Engine does not speak any version of its interface that this client does.
        public static let versionRefused = Kind(name: .versionRefused)
        /// The Engine tried and failed.
        public static let failed = Kind(name: .failed)
        /// Nobody listens at the Engine's address.
        public static let unreachable = Kind(name: .unreachable)
        /// The Engine went away during the call, which may or may not have been carried out.
        public static let connectionLost = Kind(name: .connectionLost)
        /// The Engine did not answer in time; the call may or may not have been carried out.
        public static let timedOut = Kind(name: .timedOut)
        /// What came is not what an Engine says.
        public static let malformedAnswer = Kind(name: .malformedAnswer)

        /// The kind's name.
        public var description: String { "\(name)" }
    }

    /// What kind of failure it was.
    public var kind: Kind
    /// What was tried, for example `start web`.
    public var call: String
    /// What the Engine answered, or what was found instead of an answer.
    public var message: String

    /// A failure of a call.
    public init(_ kind: Kind, call: String, message: String) {
        self.kind = kind
        self.call = call
        self.message = message
    }

    /// Whether the same call may succeed later without anybody changing it.
    public var isTransient: Bool {
        [.failed, .unreachable, .connectionLost, .timedOut, .portInUse, .pullFailed].contains(kind)
    }

    /// One line: what was tried, what came of it, what to do.
    public var description: String {
        let advice = advice.map { ": \($0)" } ?? ""
        return "\(call): \(message) (\(kind))\(advice)"
    }

    private var advice: String? {
        switch kind {
        case .imageMissing: "check the image's name and tag, and whether its registry wants credentials"
        case .nameConflict: "remove the container that has the name, or choose another"
        case .notRunning: "start the container first, or look into its logs for why it ended"
        case .portInUse: "end who listens on the port, or choose another port or a dynamic one"
        case .commandNotFound: "check the command against the files of the image"
        case .pullFailed: "check whether this host reaches the registry; a pull can be tried again"
        case .unauthorised: "check the registry's credentials"
        case .versionRefused: "update the Engine: versions from \(EngineVersion.lowest) on are spoken here"
        case .unreachable: "check whether the Engine runs, DOCKER_HOST, and the socket's permissions"
        case .connectionLost, .timedOut: "ask for the container's state before trying again"
        default: nil
        }
    }
}

extension EngineError {
    /// Tells from an answer other than success what went wrong. Status codes alone do not: a port in use, for example,
    /// is a 500 (Engine facts 12.3).
    init(call: String, status: Int, message: String) {
        self.init(Self.kind(status: status, message: message.lowercased()), call: call, message: message)
    }

    private static func kind(status: Int, message: String) -> Kind {
        func says(_ words: String...) -> Bool { words.contains { message.contains($0) } }
        if says("port is already allocated", "address already in use", "ports are not available") { return .portInUse }
        switch status {
        case 400 where says("is too old", "is too new"): return .versionRefused
        case 400, 500, 404, 127, 126:
            if says("unable to start container process: exec", "executable file not found") { return .commandNotFound }
            if says("no such image", "image not known") { return .imageMissing }
            // Podman says 500 for names that Docker says 409 for.
            if says("is already in use by", "name is in use") { return .nameConflict }
            return status == 404 ? .notFound : status == 400 ? .badRequest : .failed
        case 401, 403: return .unauthorised
        case 409:
            if says("name", "already in use") && says("already in use", "is in use") { return .nameConflict }
            return says("is not running", "is paused", "not running") ? .notRunning : .conflict
        case 402..<500: return .badRequest
        default: return .failed
        }
    }

    /// Tells from what a registry said, through the Engine, why an image did not come.
    init(pulling image: String, message: String) {
        let words = message.lowercased()
        func says(_ some: String...) -> Bool { some.contains { words.contains($0) } }
        let kind: Kind =
            if says("manifest unknown", "repository does not exist", "not found", "name unknown") {
                .imageMissing
            } else if says("unauthorized", "authentication required", "no basic auth credentials", "denied") {
                .unauthorised
            } else {
                .pullFailed
            }
        self.init(kind, call: "pull \(image)", message: message)
    }
}
