import HelixRecords

/// What a cluster says of how many transitions of all kinds may be under way at once, now and a moment ago: a leader may
/// still act on what was allowed then.
struct ThrottleRule: Sendable {
    /// Limits for the whole cluster and for each resource; `nil` for any number.
    struct Limits: Sendable, Hashable {
        var cluster: Int?
        var resource: Int?

        var isEmpty: Bool { cluster == nil && resource == nil }
    }

    private var present = Limits()
    private var former: [(limits: Limits, until: Duration)] = []

    /// The cluster's configuration was written.
    mutating func take(_ record: ZNRecord?, at time: Duration) {
        let throttles = record.map { ClusterConfig(record: $0).throttles.filter { $0.type == .any } } ?? []
        former.append((present, time))
        present = Limits(
            cluster: throttles.last { $0.scope == .cluster }?.limit,
            resource: throttles.last { $0.scope == .resource }?.limit)
    }

    /// What nobody can have missed.
    mutating func limits(at time: Duration) -> Limits {
        former.removeAll { $0.until < time - .seconds(15) }
        let all = former.map(\.limits) + [present]
        func loosest(_ limit: (Limits) -> Int?) -> Int? {
            let limits = all.map(limit)
            return limits.contains(nil) ? nil : limits.compactMap { $0 }.max()
        }
        return Limits(cluster: loosest(\.cluster), resource: loosest(\.resource))
    }
}
