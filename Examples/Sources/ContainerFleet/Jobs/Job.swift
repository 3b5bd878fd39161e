/// What is to run: an image, and everything that its containers are given. A job never changes; what is different is
/// another version.
public struct Job: Sendable, Hashable {
    /// What it is called, with its version.
    public var name: String
    /// Which of that name.
    public var version: String
    /// The image, by name and tag or digest.
    public var image: String
    /// The command; the image's own if empty.
    public var command: [String] = []
    /// Environment variables.
    public var environment: [String: String] = [:]
    /// Ports, by names that health checks use, and environment variables (`FLEET_PORT_<name>`).
    public var ports: [String: Port] = [:]
    /// Directories that containers see, by where they see them.
    public var volumes: [String: Volume] = [:]
    /// Directories in memory and their sizes, by where containers see them.
    public var memoryDirectories: [String: ByteCount] = [:]
    /// What each container needs, and may not exceed.
    public var resources = Resources()
    /// What has to succeed before a container counts as running.
    public var gate: HealthCheck?
    /// What has to succeed while it runs.
    public var liveness: HealthCheck?
    /// What happens when a container ends by itself.
    public var restart = RestartPolicy.always
    /// Whether the job is done when its container ends with 0; else it is one that runs for ever.
    public var isRunOnce = false
    /// How long a container still runs when it is no longer announced.
    public var gracePeriod = TimeSpan.seconds(0)
    /// How long a container may take to end before it is killed.
    public var stopTimeout = TimeSpan.seconds(10)
    /// Labels of the containers.
    public var labels: [String: String] = [:]
    /// Which hosts are right for it: those on which all of these hold.
    public var hosts: [HostSelector] = []
    /// Capabilities beyond the usual ones.
    public var addedCapabilities: [String] = []
    /// Usual capabilities that containers do not get.
    public var droppedCapabilities: [String] = []
    /// For example `no-new-privileges`.
    public var securityOptions: [String] = []
    /// The network of the containers.
    public var network = NetworkMode.bridge
    /// The containers' name for themselves.
    public var hostname: String?
    /// When it is taken away from all hosts, and deleted.
    public var expires: Moment?
    /// What must be said to deploy, stop or delete it.
    public var token: TokenHash?
    /// Files with contents that are not in the job.
    public var secrets: [SecretFile] = []
    /// Where the credentials for the image's registry are: JSON with `username` and `password`.
    public var registryAuth: SecretSource?
    /// Anything; containers do not see it.
    public var metadata: [String: String] = [:]
    /// How one version takes the place of another.
    public var rollout = Rollout()
    /// When the master accepted it; not part of its identity.
    public var created: Moment?
    /// Who gave it to the master; not part of its identity.
    public var creator: String?

    /// A job with nothing but an image.
    public init(name: String, version: String, image: String) {
        self.name = name
        self.version = version
        self.image = image
    }
}

/// A port of a container.
public struct Port: Sendable, Hashable {
    /// What packets travel by.
    public enum Transport: String, Sendable, Hashable, CaseIterable { case tcp, udp }

    /// The port in the container.
    public var container: Int
    /// The host's port; one that is free unless set.
    public var host: Int?
    /// What packets travel by.
    public var transport: Transport

    /// A port.
    public init(_ container: Int, host: Int? = nil, transport: Transport = .tcp) {
        self.container = container
        self.host = host
        self.transport = transport
    }

    /// Whether every host has to have the same one free.
    public var isStatic: Bool { host != nil }
}

/// A directory that containers see.
public struct Volume: Sendable, Hashable {
    /// Where it comes from.
    public enum Source: Sendable, Hashable {
        /// A directory of the host.
        case host(path: String)
        /// A volume of the Engine on the host, which outlives containers.
        case named(String)
        /// A volume that goes with the container.
        case anonymous
    }

    /// Where it comes from.
    public var source: Source
    /// Whether containers may only read it.
    public var isReadOnly: Bool

    /// A directory.
    public init(_ source: Source, isReadOnly: Bool = false) {
        self.source = source
        self.isReadOnly = isReadOnly
    }
}

/// What a container needs and may use.
public struct Resources: Sendable, Hashable {
    /// Processors; none are set aside, and there is no limit, unless set.
    public var cpus: ProcessorShare?
    /// Memory.
    public var memory: ByteCount?

    /// Resources.
    public init(cpus: ProcessorShare? = nil, memory: ByteCount? = nil) {
        self.cpus = cpus
        self.memory = memory
    }
}

/// The network of containers.
public enum NetworkMode: Sendable, Hashable {
    /// One of their own, with ports that are passed on.
    case bridge
    /// The host's.
    case host
    /// That of another container on the host.
    case container(String)

    /// As it is written.
    public var description: String {
        switch self {
        case .bridge: "bridge"
        case .host: "host"
        case .container(let name): "container:\(name)"
        }
    }

    /// Reads what is written.
    public init?(_ text: String) {
        switch text {
        case "bridge": self = .bridge
        case "host": self = .host
        case _ where text.hasPrefix("container:") && text.count > 10: self = .container(String(text.dropFirst(10)))
        default: return nil
        }
    }
}

/// What happens when a container ends by itself.
public enum RestartPolicy: Sendable, Hashable {
    /// It is started again, later and later if that goes on.
    case always
    /// It is started again if it ended with another code than 0, at most so many times.
    case onFailure(attempts: Int)
    /// Nothing.
    case never
}

/// What is asked of a container from time to time.
public struct HealthCheck: Sendable, Hashable {
    /// What is asked.
    public enum Probe: Sendable, Hashable {
        /// A page of a port answers with a status from 200 to 399.
        case http(port: String, path: String)
        /// A port accepts connections.
        case tcp(port: String)
        /// A command in the container ends with 0.
        case command([String])
    }

    /// What is asked.
    public var probe: Probe
    /// How long after one answer the next is asked for.
    public var interval: TimeSpan
    /// How long an answer may take.
    public var timeout: TimeSpan
    /// How long no answer may be good before the container counts as failed: since its start for a gate, else since
    /// the last good one.
    public var deadline: TimeSpan?
    /// How many answers in a row may be bad before the container counts as failed, if that is sooner.
    public var retries: Int?

    /// A check.
    public init(
        _ probe: Probe, interval: TimeSpan, timeout: TimeSpan, deadline: TimeSpan? = nil, retries: Int? = nil
    ) {
        self.probe = probe
        self.interval = interval
        self.timeout = timeout
        self.deadline = deadline
        self.retries = retries
    }

    /// A gate as it is unless said otherwise: often, and for two minutes.
    public static func gate(_ probe: Probe) -> HealthCheck {
        HealthCheck(probe, interval: .seconds(1), timeout: .seconds(2), deadline: .minutes(2))
    }

    /// A check while the container runs, as it is unless said otherwise: three bad answers are too many.
    public static func liveness(_ probe: Probe) -> HealthCheck {
        HealthCheck(probe, interval: .seconds(10), timeout: .seconds(2), retries: 3)
    }
}

/// A file with a content that is not in the job.
public struct SecretFile: Sendable, Hashable {
    /// What it is called in messages.
    public var name: String
    /// Where the container sees it.
    public var target: String
    /// File mode bits.
    public var mode: Int
    /// Where the content is.
    public var source: SecretSource

    /// A file.
    public init(name: String, target: String, mode: Int = 0o400, source: SecretSource) {
        self.name = name
        self.target = target
        self.mode = mode
        self.source = source
    }
}

/// Where a secret is.
public enum SecretSource: Sendable, Hashable, CustomStringConvertible {
    /// In a file of the host on which the container runs.
    case file(path: String)
    /// In an environment variable of the agent.
    case environment(String)
    /// Where the masters keep secrets, under a name.
    case store(String)

    /// As it is written.
    public var description: String {
        switch self {
        case .file(let path): "file:\(path)"
        case .environment(let name): "env:\(name)"
        case .store(let name): "store:\(name)"
        }
    }

    /// Reads what is written.
    public init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let rest = String(text[text.index(after: colon)...])
        switch text[..<colon] {
        case "file" where rest.hasPrefix("/"): self = .file(path: rest)
        case "env" where !rest.isEmpty: self = .environment(rest)
        case "store" where !rest.isEmpty: self = .store(rest)
        default: return nil
        }
    }
}

/// How one version of a job takes the place of another.
public struct Rollout: Sendable, Hashable {
    /// What happens when it fails.
    public enum FailureAction: String, Sendable, Hashable, CaseIterable { case rollback, pause }

    /// How many containers are replaced at a time.
    public var parallelism = 1
    /// Whether the new one is started before the old one is stopped.
    public var overlap = false
    /// How long a new container has to be healthy before it counts.
    public var minHealthyTime = TimeSpan.seconds(0)
    /// How long a new container may take until it counts.
    public var deadline = TimeSpan.minutes(5)
    /// How many containers are replaced first, before any other is touched.
    public var canary = 0
    /// Which share of new containers may fail, in thousandths.
    public var failureRatio = ProcessorShare(thousandths: 0)
    /// What happens when more do.
    public var onFailure = FailureAction.rollback

    /// The usual way: one after the other, and back at the first that fails.
    public init() {}
}
