/// What the Engine knows about a container.
public struct ContainerDetails: Sendable, Hashable {
    /// What it is called by.
    public var id: String
    /// Its name, without the slash that the Engine puts before it.
    public var name: String
    /// The image that it was made from, as it was asked for.
    public var image: String
    /// Its labels.
    public var labels: [String: String]
    /// Its environment, the image's included.
    public var environment: [String: String]
    /// Its name for itself.
    public var hostname: String
    /// Whether its command has a terminal, so that its output has no frames.
    public var hasTerminal: Bool
    /// What it does.
    public var state: ContainerState
    /// Its addresses, by the names of its networks.
    public var addresses: [String: String]
    /// Its ports that can be reached from outside, as they are bound now.
    public var ports: [PortMapping]

    /// A container.
    public init(
        id: String, name: String, image: String, labels: [String: String] = [:], environment: [String: String] = [:],
        hostname: String = "", hasTerminal: Bool = false, state: ContainerState,
        addresses: [String: String] = [:], ports: [PortMapping] = []
    ) {
        self.id = id
        self.name = name
        self.image = image
        self.labels = labels
        self.environment = environment
        self.hostname = hostname
        self.hasTerminal = hasTerminal
        self.state = state
        self.addresses = addresses
        self.ports = ports
    }
}

/// What a container does.
public struct ContainerState: Sendable, Hashable {
    /// Where it is in its life. New ones may be added.
    public struct Status: RawRepresentable, Sendable, Hashable {
        /// As the Engine says it.
        public var rawValue: String
        /// Any status.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Made, and never started.
        public static let created = Status(rawValue: "created")
        /// Under way.
        public static let running = Status(rawValue: "running")
        /// Frozen.
        public static let paused = Status(rawValue: "paused")
        /// On its way out.
        public static let removing = Status(rawValue: "removing")
        /// Ended.
        public static let exited = Status(rawValue: "exited")
        /// Not to be used any more; only removal is left.
        public static let dead = Status(rawValue: "dead")
    }

    /// What the Engine's own health check of the image says.
    public enum Health: String, Sendable, Hashable {
        case starting, healthy, unhealthy
    }

    /// Where it is in its life.
    public var status: Status
    /// The process on the host; `nil` when there is none.
    public var process: Int?
    /// How it ended, 128 and the signal's number if by a signal; `nil` unless it has.
    public var exitCode: Int?
    /// Whether the kernel killed it since it used too much memory.
    public var ranOutOfMemory: Bool
    /// Why it could not be started.
    public var error: String?
    /// When it was started, as the Engine writes it (RFC 3339).
    public var startedAt: String?
    /// When it ended.
    public var finishedAt: String?
    /// `nil` without a health check.
    public var health: Health?

    /// A state.
    public init(
        _ status: Status, process: Int? = nil, exitCode: Int? = nil, ranOutOfMemory: Bool = false,
        error: String? = nil, startedAt: String? = nil, finishedAt: String? = nil, health: Health? = nil
    ) {
        self.status = status
        self.process = process
        self.exitCode = exitCode
        self.ranOutOfMemory = ranOutOfMemory
        self.error = error
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.health = health
    }

    /// Whether its command is under way, frozen or not.
    public var isRunning: Bool { status == .running || status == .paused }
}

/// A container in a list.
public struct ContainerSummary: Sendable, Hashable {
    /// What it is called by.
    public var id: String
    /// Its name, without the slash.
    public var name: String
    /// The image that it was made from.
    public var image: String
    /// Its labels.
    public var labels: [String: String]
    /// Where it is in its life.
    public var status: ContainerState.Status

    /// A container.
    public init(id: String, name: String, image: String, labels: [String: String], status: ContainerState.Status) {
        self.id = id
        self.name = name
        self.image = image
        self.labels = labels
        self.status = status
    }
}

/// Which containers are listed: those for which everything holds.
public struct ContainerFilter: Sendable, Hashable {
    /// Labels that it has, with these values.
    public var labels: [String: String]
    /// Whether those that do not run count too.
    public var includesStopped: Bool

    /// A filter.
    public init(labels: [String: String] = [:], includesStopped: Bool = true) {
        self.labels = labels
        self.includesStopped = includesStopped
    }
}

/// An image that is here.
public struct ImageDetails: Sendable, Hashable {
    /// The digest of its configuration.
    public var id: String
    /// Its names with tags.
    public var tags: [String]
    /// Its names with the digests that registries know.
    public var digests: [String]

    /// An image.
    public init(id: String, tags: [String] = [], digests: [String] = []) {
        self.id = id
        self.tags = tags
        self.digests = digests
    }
}
