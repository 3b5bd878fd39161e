import HelixSpectator

/// Where replicas are: what `helix view` shows.
struct MapReport: Rendering {
    private let cluster: String
    private let zxid: Int64
    private let isStale: Bool
    private let problems: [String]
    /// resource → partition → instance → state
    private let resources: [String: [String: [String: String]]]
    private let lines: TextTable

    private enum CodingKeys: String, CodingKey { case cluster, zxid, isStale, problems, resources }

    init(_ table: RoutingTable, resources names: [String], partition: String?) {
        cluster = table.cluster
        zxid = table.zxid
        isStale = table.isStale
        problems = table.problems.map(\.description)
        var resources: [String: [String: [String: String]]] = [:]
        var lines = TextTable("RESOURCE", "PARTITION", "REPLICAS")
        for resource in names {
            resources[resource] = [:]
            for name in table.partitions(of: resource) where partition == nil || partition == name {
                let replicas = table.replicas(of: resource, partition: name)
                resources[resource]?[name] = Dictionary(
                    replicas.map { ($0.instance.name, $0.state) }, uniquingKeysWith: { $1 })
                let texts = replicas.map { "\($0.instance.name):\($0.state)" }
                lines.add(resource, name, texts.isEmpty ? nil : texts.joined(separator: "  "))
            }
        }
        self.resources = resources
        self.lines = lines
    }

    var text: String {
        var notes = problems.map { "problem: \($0)" }
        if isStale { notes.append("stale: ZooKeeper cannot be reached; this is the last map that was seen") }
        return ([lines.description] + notes).joined(separator: "\n")
    }
}

/// Instances and how to reach them.
struct InstanceAddresses: Rendering {
    struct Address: Encodable, Sendable {
        let instance: String
        let host: String
        let port: Int?
        let tags: [String]
    }

    private let instances: [Address]

    init(_ instances: [RoutableInstance]) {
        self.instances = instances.map { Address(instance: $0.name, host: $0.host, port: $0.port, tags: $0.tags) }
    }

    var text: String {
        var table = TextTable()
        for address in instances {
            table.add(address.instance, address.host + (address.port.map { ":\($0)" } ?? ""))
        }
        return table.description
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(instances)
    }
}
