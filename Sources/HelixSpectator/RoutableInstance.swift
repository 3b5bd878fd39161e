public import HelixRecords

/// An instance that requests can be routed to: it has a configuration, and its effective operation is neither SWAP_IN
/// nor UNKNOWN (protocol reference 4.3).
public struct RoutableInstance: Sendable, Hashable, CustomStringConvertible {
    /// The instance's name in the cluster.
    public let name: String
    /// HELIX_HOST, or what the name says.
    public let host: String
    /// HELIX_PORT, or what the name says; `nil` when neither is a number from 0 to 65535.
    public let port: Int?
    /// TAG_LIST.
    public let tags: [String]
    /// Whether its process has a session with the cluster. An external view may show a dead instance until the
    /// controller has written the view again.
    public let isLive: Bool
    /// The whole configuration, for example for the instance's fault zone.
    public let config: InstanceConfig

    /// An instance as its configuration describes it.
    public init(config: InstanceConfig, isLive: Bool) {
        name = config.id
        host = config.host
        port = config.port.flatMap { UInt16($0) }.map { Int($0) }
        tags = config.tags
        self.isLive = isLive
        self.config = config
    }

    /// `name (host:port)`.
    public var description: String { "\(name) (\(host)\(port.map { ":\($0)" } ?? ""))" }
}

/// The instances by index, so that replicas can name theirs by a number and a change of one touches no resource.
struct InstanceRoster: Sendable {
    private var indices: [String: Int32] = [:]
    private var names: [String] = []
    private var configs: [InstanceConfig?] = []
    private var routable: [RoutableInstance?] = []
    private(set) var live: Set<String> = []

    /// The instance at an index, `nil` when it cannot be routed to.
    subscript(index: Int32) -> RoutableInstance? { routable[Int(index)] }

    func name(_ index: Int32) -> String { names[Int(index)] }

    func index(of name: String) -> Int32? { indices[name] }

    /// All that can be routed to, by name.
    var all: [RoutableInstance] { routable.compactMap { $0 }.sorted { $0.name < $1.name } }

    mutating func intern(_ name: String) -> Int32 {
        if let index = indices[name] { return index }
        let index = Int32(names.count)
        indices[name] = index
        names.append(name)
        configs.append(nil)
        routable.append(nil)
        return index
    }

    /// - Returns: whether the table looks different now.
    mutating func set(_ config: InstanceConfig?, of name: String) -> Bool {
        configs[Int(intern(name))] = config
        return refresh(name)
    }

    /// - Returns: whether the table looks different now.
    mutating func setLive(_ isLive: Bool, _ name: String) -> Bool {
        if isLive { live.insert(name) } else { live.remove(name) }
        return refresh(name)
    }

    private mutating func refresh(_ name: String) -> Bool {
        let index = Int(intern(name))
        let former = routable[index]
        routable[index] = configs[index].flatMap { config in
            // A record counts by its znode's name, whatever id is written in it.
            config.isRoutable
                ? RoutableInstance(
                    config: config.id == name ? config : config.renamed(name), isLive: live.contains(name))
                : nil
        }
        return routable[index] != former
    }
}

extension InstanceConfig {
    fileprivate func renamed(_ name: String) -> InstanceConfig {
        var copy = record
        copy.id = name
        return InstanceConfig(record: copy)
    }
}
