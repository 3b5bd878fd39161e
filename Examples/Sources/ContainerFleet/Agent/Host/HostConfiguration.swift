/// What an agent has to know of the host that it works on.
public struct HostConfiguration: Sendable {
    /// The cluster's name, which its containers carry.
    public var cluster: String
    /// The host's name, which its containers carry.
    public var host: String
    /// Where clients reach the ports of its containers.
    public var address = "127.0.0.1"
    /// Environment variables that each container gets, unless its spec says something else.
    public var environment: [String: String] = [:]
    /// Name servers of containers; the host's unless set.
    public var nameServers: [String] = []
    /// Names that containers know, with their addresses.
    public var extraHosts: [String: String] = [:]
    /// The ports from which those are taken that a spec leaves open.
    public var ports = 20_000..<32_768
    /// How long a container that has ended is kept; the last one of a task stays.
    public var retention: Duration = .seconds(3_600)
    /// How many ended containers of a task are kept at most.
    public var keptContainers = 3
    /// The time from one list of the containers to the next, for what events may not have told.
    public var listInterval: Duration = .seconds(30)

    /// Whether health is tried at ports of the host, since the containers' own addresses are not reached from here. A
    /// proxy of the Engine may accept connections there before anybody in the container does.
    public var probesHostPorts = false

    /// A host of a cluster.
    public init(cluster: String, host: String) {
        self.cluster = cluster
        self.host = host
    }

    /// What all its containers carry.
    var labels: [String: String] { [FleetLabel.cluster: cluster, FleetLabel.host: host] }

    /// What the names of its containers begin with.
    var prefix: String { "fleet-\(Self.name(host))-" }

    /// A container's name.
    func containerName(of task: String, suffix: String) -> String { prefix + "\(Self.name(task))-\(suffix)" }

    /// Letters that the Engine allows in names.
    private static func name(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "_" })
    }
}
