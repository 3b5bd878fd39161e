public import FleetEngine

/// All that an agent has to know of a job in order to run one task of it. What a job says beyond that, who may change
/// it and where it runs, is not the agent's business.
public struct TaskSpec: Sendable, Hashable, Codable {
    /// The image, by name and tag or digest.
    public var image: String
    /// When the image is asked for from its registry.
    public var pull = PullPolicy.ifMissing
    /// The command; the image's own unless set.
    public var command: [String]?
    /// Environment variables. They go before those of the agent and those that tell ports.
    public var environment: [String: String] = [:]
    /// Ports that are reached from outside, by name.
    public var ports: [String: Port] = [:]
    /// Directories of the host and volumes.
    public var volumes: [Volume] = []
    /// File systems in memory: the path in the container, and how many bytes at most.
    public var memoryFiles: [String: Int64] = [:]
    /// Files with contents that nobody but the container sees, by their paths in it.
    public var secrets: [String: Secret] = [:]
    /// The most bytes of memory; no limit unless set.
    public var memory: Int64?
    /// The most thousandths of a processor; no limit unless set.
    public var processor: Int64?
    /// The most processes; no limit unless set.
    public var processes: Int64?
    /// What has to hold before the task counts as running. Without one it does when its container runs.
    public var gate: HealthGate?
    /// What has to hold as long as it runs.
    public var liveness: Liveness?
    /// Whether the container is started again when it has ended.
    public var restart = RestartPolicy.always
    /// Whether the task is over when its container has ended with 0.
    public var isRunOnce = false
    /// How long the container runs on, no longer announced, before it is asked to end.
    public var gracePeriod: Duration = .zero
    /// How long it may take to end before it is killed, in whole seconds.
    public var stopTimeout: Duration = .seconds(120)
    /// Labels beside those by which the agent knows its containers.
    public var labels: [String: String] = [:]
    /// Capabilities beyond the usual ones.
    public var addedCapabilities: [String] = []
    /// Usual capabilities that it does not get.
    public var droppedCapabilities: [String] = []
    /// For example `no-new-privileges`.
    public var securityOptions: [String] = []
    /// The network: `bridge`, `host`, `none`, `container:<id>` or a network's name; the Engine's choice unless set.
    public var networkMode: String?
    /// The container's name for itself.
    public var hostname: String?
    /// The user, and after a colon the group.
    public var user: String?

    /// A task that runs an image.
    public init(image: String, command: [String]? = nil) {
        self.image = image
        self.command = command
    }
}

/// When an image is asked for from its registry.
public enum PullPolicy: String, Sendable, Hashable, Codable {
    /// Only when it is not here, so that nothing is restarted later because a registry is away.
    case ifMissing
    /// Before every start; if the registry is away, what is here will do.
    case always
}

/// A port of a container that is reached from outside.
public struct Port: Sendable, Hashable, Codable {
    /// The port in the container.
    public var inside: Int
    /// The port of the host; one of the agent's range unless set.
    public var outside: Int?
    /// The host's address that it is bound to; all of them unless set.
    public var address: String?
    /// What packets travel by.
    public var transport: TransportProtocol

    /// A port.
    public init(
        _ inside: Int, outside: Int? = nil, address: String? = nil, transport: TransportProtocol = .tcp
    ) {
        self.inside = inside
        self.outside = outside
        self.address = address
        self.transport = transport
    }
}

/// A directory that a container sees.
public struct Volume: Sendable, Hashable, Codable {
    /// A path of the host if it begins with a slash, else the name of a volume; a volume of the container's own unless
    /// set.
    public var source: String?
    /// The path in the container.
    public var target: String
    /// Whether the container may not write to it.
    public var isReadOnly: Bool

    /// A volume.
    public init(_ source: String?, at target: String, isReadOnly: Bool = false) {
        self.source = source
        self.target = target
        self.isReadOnly = isReadOnly
    }
}

/// A file whose content is asked for when a container is made, and kept nowhere else.
public struct Secret: Sendable, Hashable, Codable {
    /// What it is asked for by.
    public var name: String
    /// File mode bits.
    public var mode: Int
    /// The number of the user who owns it.
    public var user: Int

    /// A secret.
    public init(_ name: String, mode: Int = 0o400, user: Int = 0) {
        self.name = name
        self.mode = mode
        self.user = user
    }
}

/// What tells whether a container does what it is there for.
public enum Check: Sendable, Hashable, Codable {
    /// A request with `GET` to a port, by its name, is answered with a status from 200 to 399.
    case http(port: String, path: String)
    /// A connection to a port, by its name, is accepted.
    case tcp(port: String)
    /// A command in the container ends with 0.
    case exec([String])
    /// The image's own health check, which the Engine makes.
    case image
}

/// What has to hold before a task counts as running.
public struct HealthGate: Sendable, Hashable, Codable {
    /// What is tried.
    public var check: Check
    /// The time from the end of one try to the next.
    public var interval: Duration
    /// How long a try may take.
    public var timeout: Duration
    /// The time from the start of the container after which it is given up, and another one started.
    public var deadline: Duration

    /// A gate.
    public init(
        _ check: Check, interval: Duration = .seconds(1), timeout: Duration = .seconds(5),
        deadline: Duration = .seconds(300)
    ) {
        self.check = check
        self.interval = interval
        self.timeout = timeout
        self.deadline = deadline
    }
}

/// What has to hold as long as a task runs.
public struct Liveness: Sendable, Hashable, Codable {
    /// What is tried.
    public var check: Check
    /// The time from the end of one try to the next.
    public var interval: Duration
    /// How long a try may take.
    public var timeout: Duration
    /// How many tries have to fail in a row until the container is restarted.
    public var retries: Int

    /// A check.
    public init(
        _ check: Check, interval: Duration = .seconds(10), timeout: Duration = .seconds(5), retries: Int = 3
    ) {
        self.check = check
        self.interval = interval
        self.timeout = timeout
        self.retries = retries
    }
}

/// Whether a container that has ended is started again.
public enum RestartPolicy: Sendable, Hashable, Codable {
    /// Whatever its exit code.
    case always
    /// When it ended with another exit code than 0, so many times.
    case onFailure(attempts: Int)
    /// Not at all.
    case never
}
