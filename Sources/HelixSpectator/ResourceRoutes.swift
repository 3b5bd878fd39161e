import HelixRecords

/// One replica: an instance, by its index in the roster, and a state.
struct Replica: Sendable, Hashable {
    let instance: Int32
    let state: String
    /// What the instance says beside it; only read from current states.
    var remark: ReplicaRemark?
}

/// What an instance says of a replica beside its state, as it stands in its current state (protocol reference 4.7).
public final class ReplicaRemark: Sendable, Hashable {
    /// What its handler reported last; `nil` when it said nothing.
    public let detail: String?
    /// When it came into its state, in milliseconds since 1970; `nil` when that is not told.
    public let since: Int64?

    init?(_ state: ReplicaState) {
        guard state.info != nil || state.endTime != nil else { return nil }
        detail = state.info
        since = state.endTime
    }

    /// Whether both say the same.
    public static func == (left: ReplicaRemark, right: ReplicaRemark) -> Bool {
        left.detail == right.detail && left.since == right.since
    }

    /// Its detail and time.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(detail)
        hasher.combine(since)
    }
}

/// The replicas of a resource, ready for lookups.
struct ResourceRoutes: Sendable {
    /// The replicas by partition, sorted by the instances' names.
    let partitions: [String: [Replica]]
    /// The instances that have a replica in a state, sorted by name.
    let instancesByState: [String: [Int32]]
    /// Another number whenever they were made again.
    let edition: Int

    /// Joins what several records say of a resource: the buckets of a view, or the current states of the instances.
    init(_ pieces: some Collection<[String: [Replica]]>, roster: InstanceRoster, edition: Int) {
        self.edition = edition
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
