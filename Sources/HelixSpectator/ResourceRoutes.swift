/// One replica: an instance, by its index in the roster, and a state.
struct Replica: Sendable, Hashable {
    let instance: Int32
    let state: String
}

/// The replicas of a resource, ready for lookups.
struct ResourceRoutes: Sendable {
    /// The replicas by partition, sorted by the instances' names.
    let partitions: [String: [Replica]]
    /// The instances that have a replica in a state, sorted by name.
    let instancesByState: [String: [Int32]]

    /// Joins what several records say of a resource: the buckets of a view, or the current states of the instances.
    init(_ pieces: some Collection<[String: [Replica]]>, roster: InstanceRoster) {
        if pieces.count == 1, let only = pieces.first {
            partitions = only
        } else {
            var joined: [String: [Replica]] = [:]
            for piece in pieces { joined.merge(piece) { $0 + $1 } }
            partitions = joined.mapValues { roster.sorted($0) }
        }
        var instances: [String: Set<Int32>] = [:]
        for replicas in partitions.values {
            for replica in replicas { instances[replica.state, default: []].insert(replica.instance) }
        }
        instancesByState = instances.mapValues { $0.sorted { roster.name($0) < roster.name($1) } }
    }
}

extension InstanceRoster {
    func sorted(_ replicas: [Replica]) -> [Replica] {
        replicas.count < 2 ? replicas : replicas.sorted { name($0.instance) < name($1.instance) }
    }
}
