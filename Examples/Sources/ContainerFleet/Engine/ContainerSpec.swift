/// What a container is made from. Everything but the image may be left as it is.
public struct ContainerSpec: Sendable, Hashable {
    /// The image, by name and tag or digest.
    public var image: String
    /// The command; the image's own unless set.
    public var command: [String]?
    /// What runs the command; the image's own unless set.
    public var entrypoint: [String]?
    /// Environment variables.
    public var environment: [String: String] = [:]
    /// Labels, by which containers are found again.
    public var labels: [String: String] = [:]
    /// Ports of the container that are to be reached from outside.
    public var ports: [PortMapping] = []
    /// Directories and files that the container sees.
    public var mounts: [Mount] = []
    /// What the container may use.
    public var limits = Limits()
    /// The network: `bridge`, `host`, `none`, `container:<id>` or a network's name; the Engine's choice unless set.
    public var networkMode: String?
    /// Capabilities beyond the usual ones, for example `NET_ADMIN`.
    public var addedCapabilities: [String] = []
    /// Usual capabilities that the container does not get; `ALL` for every one.
    public var droppedCapabilities: [String] = []
    /// For example `no-new-privileges`.
    public var securityOptions: [String] = []
    /// Names beside those of the name servers, with their addresses.
    public var extraHosts: [String: String] = [:]
    /// The addresses of name servers; those of the host unless set.
    public var nameServers: [String] = []
    /// The container's name for itself.
    public var hostname: String?
    /// The signal that asks it to end; the image's, or `SIGTERM`, unless set.
    public var stopSignal: String?
    /// How long it may take to end before it is killed, in whole seconds; 10 unless set.
    public var stopTimeout: Duration?
    /// Whether a small process reaps those that the command leaves behind, and passes signals on. With it a command
    /// that the image does not have is no error of starting: the container ends with 127 at once.
    public var hasInit = true
    /// Where its output goes; where the Engine's configuration says unless set.
    public var log: LogConfiguration?
    /// The user, and after a colon the group, by name or number.
    public var user: String?
    /// Where the command starts.
    public var workingDirectory: String?
    /// Whether the command gets a terminal.
    public var hasTerminal = false

    /// A container of an image.
    public init(image: String, command: [String]? = nil) {
        self.image = image
        self.command = command
    }
}

/// What packets travel by.
public enum TransportProtocol: String, Sendable, Hashable, Codable, CaseIterable {
    case tcp, udp
}

/// A port of a container, as the host sees it.
public struct PortMapping: Sendable, Hashable {
    /// The port in the container.
    public var containerPort: Int
    /// The port on the host; 0 or `nil` for one of the Engine's choice.
    public var hostPort: Int?
    /// The host's address that it is bound to; all of them unless set.
    public var hostAddress: String?
    /// What packets travel by.
    public var transport: TransportProtocol

    /// A port.
    public init(
        _ containerPort: Int, hostPort: Int? = nil, hostAddress: String? = nil, transport: TransportProtocol = .tcp
    ) {
        self.containerPort = containerPort
        self.hostPort = hostPort
        self.hostAddress = hostAddress
        self.transport = transport
    }

    var key: String { "\(containerPort)/\(transport.rawValue)" }
}

/// A directory or file that a container sees.
public struct Mount: Sendable, Hashable {
    /// Where it comes from.
    public enum Source: Sendable, Hashable {
        /// A path of the host, which has to be there.
        case host(path: String)
        /// A volume of the Engine's, made when it is not there; one without a name goes with the container.
        case volume(name: String?)
        /// Memory, of at most so many bytes and with file mode bits.
        case memory(size: Int64?, mode: Int?)
    }

    /// Where it comes from.
    public var source: Source
    /// Where the container sees it.
    public var target: String
    /// Whether the container may not write to it.
    public var isReadOnly: Bool

    /// A mount.
    public init(_ source: Source, at target: String, isReadOnly: Bool = false) {
        self.source = source
        self.target = target
        self.isReadOnly = isReadOnly
    }
}

/// What a container may use; everything there is unless set.
public struct Limits: Sendable, Hashable {
    /// Bytes of memory, without swap; the kernel kills what uses more.
    public var memory: Int64?
    /// Thousand-millionths of a processor.
    public var nanoCPUs: Int64?
    /// How many processes there may be.
    public var processes: Int64?

    /// Limits.
    public init(memory: Int64? = nil, nanoCPUs: Int64? = nil, processes: Int64? = nil) {
        self.memory = memory
        self.nanoCPUs = nanoCPUs
        self.processes = processes
    }
}

/// Where output goes. Only `json-file`, `local` and `journald` can be read back.
public struct LogConfiguration: Sendable, Hashable {
    /// The Engine's driver.
    public var driver: String
    /// The driver's options, for example `max-size`.
    public var options: [String: String]

    /// Where output goes.
    public init(driver: String, options: [String: String] = [:]) {
        self.driver = driver
        self.options = options
    }
}

/// A container that was made.
public struct CreatedContainer: Sendable, Hashable {
    /// What it is called by from now on.
    public var id: String
    /// What the Engine did not like, but did.
    public var warnings: [String]

    /// A container.
    public init(id: String, warnings: [String] = []) {
        self.id = id
        self.warnings = warnings
    }
}
