internal import Metrics

/// What the client counts, in swift-metrics:
///
/// | name | kind | dimension | what |
/// |---|---|---|---|
/// | `zookeeper_requests_total` | counter | `operation` | requests sent: `read`, `write`, `commit`, `sync` |
/// | `zookeeper_request_seconds` | timer | `operation` | from the first request of a batch to its last answer |
/// | `zookeeper_session_expirations_total` | counter | | sessions that have expired |
struct ClientMetrics: Sendable {
    enum Operation: String {
        case read, write, commit, sync
    }

    /// Created with the first session, after the program had the time to choose a metrics system.
    static let shared = ClientMetrics()

    private let expirations = Counter(label: "zookeeper_session_expirations_total")
    private let reads = Pair(.read)
    private let writes = Pair(.write)
    private let commits = Pair(.commit)
    private let syncs = Pair(.sync)

    private struct Pair: Sendable {
        let requests: Counter
        let duration: Timer

        init(_ operation: Operation) {
            let dimensions = [("operation", operation.rawValue)]
            requests = Counter(label: "zookeeper_requests_total", dimensions: dimensions)
            duration = Timer(label: "zookeeper_request_seconds", dimensions: dimensions)
        }
    }

    func countExpiration() { expirations.increment() }

    /// Counts requests and measures how long `body` takes to perform them.
    func measure<Value>(_ operation: Operation, _ count: Int, _ body: () async -> Value) async -> Value {
        let start = ContinuousClock.now
        let value = await body()
        let pair =
            switch operation {
            case .read: reads
            case .write: writes
            case .commit: commits
            case .sync: syncs
            }
        pair.requests.increment(by: count)
        pair.duration.record(duration: ContinuousClock.now - start)
        return value
    }
}
