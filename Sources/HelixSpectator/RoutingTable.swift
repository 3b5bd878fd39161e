import HelixRecords

/// Where the replicas of a cluster are, as one immutable value.
///
/// Tables share what has not changed, so keeping one costs little. All lookups answer from memory.
///
/// ```swift
/// let leader = routes.instances(serving: "orders", partition: "orders_7", in: "LEADER").first
/// ```
///
/// Instances come sorted by name. Those that have no configuration, and those whose effective operation is SWAP_IN or
/// UNKNOWN, are left out everywhere.
public struct RoutingTable: Sendable {
    /// The cluster's name.
    public let cluster: String
    /// What the table was made of.
    public let source: RoutingSource
    /// The newest transaction of the coordination service that was seen. Of two tables of a spectator the later one
    /// never has the smaller number.
    public let zxid: Int64
    /// When the newest record in the table was written, in milliseconds since 1970 by the coordination service's
    /// clock; `nil` when there is none.
    public let modifiedAt: Int64?
    /// When the table was made, in milliseconds since 1970 by this machine's clock.
    public let publishedAt: Int64
    /// Since when the table may be out of date because the coordination service cannot be reached, in milliseconds
    /// since 1970; `nil` while the spectator is connected.
    public let staleSince: Int64?
    /// What could not be read, by path. The table shows what was known of it before.
    public let problems: [RoutingProblem]

    let routes: [String: ResourceRoutes]
    let roster: InstanceRoster

    /// Whether the coordination service could not be reached when the table was made, so that it may be out of date.
    public var isStale: Bool { staleSince != nil }

    /// How long ago the table was made, `now` being milliseconds since 1970 by this machine's clock.
    public func age(at now: Int64) -> Duration { .milliseconds(max(0, now - publishedAt)) }

    // MARK: Resources and partitions

    /// The resources in natural order: `orders_2` before `orders_10`.
    public var resources: [String] { routes.keys.naturallySorted() }

    /// A number that is the same in two tables of a spectator only if both know the same of a resource's replicas, so that
    /// who follows many need not look at all of them each time; `nil` when there is no such resource. Which instances can be
    /// routed to, and are alive, it does not tell.
    public func edition(of resource: String) -> Int? { routes[resource]?.edition }

    /// The partitions of a resource that have replicas, in natural order; none when there is no such resource.
    public func partitions(of resource: String) -> [String] {
        routes[resource]?.partitions.keys.naturallySorted() ?? []
    }

    /// The states of a resource's replicas by partition and instance, also those on instances that are not routed to.
    package func placement(of resource: String) -> [String: [String: String]] {
        (routes[resource]?.partitions ?? [:]).mapValues { replicas in
            Dictionary(uniqueKeysWithValues: replicas.map { (roster.name($0.instance), $0.state) })
        }
    }

    // MARK: Who serves what

    /// The instances whose replica of a partition is in a state, by name.
    public func instances(
        serving resource: String, partition: String, in state: String
    ) -> [RoutableInstance] {
        routes[resource]?.partitions[partition]?.compactMap { $0.state == state ? roster[$0.instance] : nil } ?? []
    }

    /// The instances that have a replica of any partition of a resource in a state, each once, by name.
    public func instances(serving resource: String, in state: String) -> [RoutableInstance] {
        routes[resource]?.instancesByState[state]?.compactMap { roster[$0] } ?? []
    }

    /// The replicas of a partition with their states, by the instances' names.
    public func replicas(
        of resource: String, partition: String
    ) -> [(instance: RoutableInstance, state: String)] {
        routes[resource]?.partitions[partition]?.compactMap { replica in
            roster[replica.instance].map { ($0, replica.state) }
        } ?? []
    }

    /// The state of a partition's replica on an instance; `nil` when it has none there.
    public func state(of resource: String, partition: String, on instance: String) -> String? {
        guard let index = roster.index(of: instance), roster[index] != nil else { return nil }
        return routes[resource]?.partitions[partition]?.first { $0.instance == index }?.state
    }

    /// What an instance says of a partition's replica beside its state. Only tables made of current states know; `nil` when
    /// it says nothing.
    public func remark(on resource: String, partition: String, by instance: String) -> ReplicaRemark? {
        guard let index = roster.index(of: instance), roster[index] != nil else { return nil }
        return routes[resource]?.partitions[partition]?.first { $0.instance == index }?.remark
    }

    // MARK: Instances

    /// All instances that can be routed to, by name, whether they serve something or not.
    public var instances: [RoutableInstance] { roster.all }

    /// An instance by its name; `nil` when it cannot be routed to.
    public func instance(named name: String) -> RoutableInstance? { roster.index(of: name).flatMap { roster[$0] } }
}

/// Something that a spectator could not read.
public struct RoutingProblem: Sendable, Hashable, CustomStringConvertible {
    /// The znode.
    public let path: String
    /// What was found, what was expected, and what to do.
    public let reason: String

    /// One line: path and reason.
    public var description: String { "\(path): \(reason)" }
}
