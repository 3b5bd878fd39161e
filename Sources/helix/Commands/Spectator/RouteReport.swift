import HelixSpectator

/// The routes with addresses: what `helix spectator` shows.
struct RouteReport: Rendering {
    struct Route: Encodable, Sendable {
        let resource: String
        let partition: String
        let state: String
        let instance: String
        let host: String
        let port: Int?
        let isLive: Bool
    }

    private let zxid: Int64
    private let problems: [String]
    private let routes: [Route]

    init(_ table: RoutingTable, resource: String?) {
        zxid = table.zxid
        problems = table.problems.map(\.description)
        var routes: [Route] = []
        for resource in resource.map({ [$0] }) ?? table.resources {
            for partition in table.partitions(of: resource) {
                routes += table.replicas(of: resource, partition: partition).map { replica in
                    Route(
                        resource: resource, partition: partition, state: replica.state,
                        instance: replica.instance.name, host: replica.instance.host, port: replica.instance.port,
                        isLive: replica.instance.isLive)
                }
            }
        }
        self.routes = routes
    }

    var text: String {
        var table = TextTable("RESOURCE", "PARTITION", "STATE", "INSTANCE", "ADDRESS")
        for route in routes {
            table.add(
                route.resource, route.partition, route.state, route.instance + (route.isLive ? "" : " (not alive)"),
                route.host + (route.port.map { ":\($0)" } ?? ""))
        }
        return ([table.description] + problems.map { "problem: \($0)" }).joined(separator: "\n")
    }
}

/// One line of `helix spectator --watch`.
struct RouteChange: Rendering, Hashable {
    private var zxid: Int64
    private var resource: String?
    private var partition: String?
    private var instance: String?
    private var from: String?
    private var to: String?
    private var note: String?

    static func note(_ text: String, _ table: RoutingTable) -> RouteChange {
        RouteChange(zxid: table.zxid, note: text)
    }

    /// What differs between two tables, by resource, partition and instance. The first table is all new.
    static func changes(from former: RoutingTable?, to table: RoutingTable, resource: String?) -> [RouteChange] {
        var all = table.resources
        all += (former?.resources ?? []).filter { !all.contains($0) }
        return all.filter { resource == nil || resource == $0 }.flatMap { resource in
            changes(of: resource, from: former, to: table)
        }
    }

    private static func changes(
        of resource: String, from former: RoutingTable?, to table: RoutingTable
    ) -> [RouteChange] {
        let present = table.partitions(of: resource)
        let known = Set(present)
        let gone = former?.partitions(of: resource).filter { !known.contains($0) } ?? []
        return (present + gone).flatMap { partition -> [RouteChange] in
            let before = former.map { states(of: resource, partition, $0) } ?? [:]
            let after = states(of: resource, partition, table)
            return Set(before.keys).union(after.keys).sorted().filter { before[$0] != after[$0] }.map { instance in
                RouteChange(
                    zxid: table.zxid, resource: resource, partition: partition, instance: instance,
                    from: before[instance], to: after[instance])
            }
        }
    }

    private static func states(of resource: String, _ partition: String, _ table: RoutingTable) -> [String: String] {
        Dictionary(
            table.replicas(of: resource, partition: partition).map { ($0.instance.name, $0.state) },
            uniquingKeysWith: { $1 })
    }

    var text: String {
        if let note { return note }
        return "\(resource ?? "")  \(partition ?? "")  \(instance ?? "")  \(from ?? "none") → \(to ?? "none")"
    }
}
