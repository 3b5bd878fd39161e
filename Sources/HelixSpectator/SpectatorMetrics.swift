import Metrics

/// What a spectator counts, labelled with the cluster.
struct SpectatorMetrics: Sendable {
    private let tables: Counter
    private let age: Timer
    private let isStale: Gauge
    private let problems: Gauge
    private let records: Counter

    init(cluster: String) {
        let labels = [("cluster", cluster)]
        tables = Counter(label: "helix_spectator_tables", dimensions: labels)
        age = Timer(label: "helix_spectator_table_age", dimensions: labels)
        isStale = Gauge(label: "helix_spectator_stale", dimensions: labels)
        problems = Gauge(label: "helix_spectator_problems", dimensions: labels)
        records = Counter(label: "helix_spectator_records_read", dimensions: labels)
    }

    /// A table was made: how many, how old its newest record is, whether it is stale, how many problems it has.
    func published(_ table: RoutingTable) {
        tables.increment()
        isStale.record(table.isStale ? 1 : 0)
        problems.record(table.problems.count)
        if !table.isStale, let modifiedAt = table.modifiedAt {
            age.recordMilliseconds(max(0, table.publishedAt - modifiedAt))
        }
    }

    /// Znodes that were read.
    func read(_ count: Int) { records.increment(by: count) }
}
