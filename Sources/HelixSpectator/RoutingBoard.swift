import Coordination
import Logging
import Synchronization

/// Where the latest table hangs: what is known, beyond all sessions, and the tables made of it.
final class RoutingBoard: Sendable {
    private struct Content {
        var state: RoutingState
        var staleSince: Int64?
        var problems: [RoutingProblem] = []
    }

    let latest = LatestValue<RoutingTable>()
    let requests = TableRequests()
    let places: RoutingPlaces
    private let content: Mutex<Content>
    private let now: @Sendable () -> Int64
    private let logger: Logger
    private let metrics: SpectatorMetrics

    init(state: RoutingState, now: @escaping @Sendable () -> Int64, logger: Logger, metrics: SpectatorMetrics) {
        places = state.places
        content = Mutex(Content(state: state))
        self.now = now
        self.logger = logger
        self.metrics = metrics
    }

    /// Takes over what was read at places, in their order.
    /// - Returns: what is to be read because of it.
    /// - Throws: an error that concerns the connection and not one place.
    func take(
        _ results: [Result<ReadResult, CoordinationError>], at places: [RoutingPlace], readingAll: Bool
    ) throws(CoordinationError) -> [RoutingPlace] {
        metrics.read(places.count)
        return try content.withLock { content throws(CoordinationError) in
            try content.state.take(results, at: places, readingAll: readingAll)
        }
    }

    /// Publishes what is known now, if that is news: to be called when everything that was to be read has been.
    func publish() {
        let time = now()
        let table = content.withLock { content in
            let wasStale = content.staleSince != nil
            content.staleSince = nil
            return content.state.takeTable(at: time, staleSince: nil, force: wasStale)
        }
        if let table { hang(table) }
    }

    /// Publishes the last table once more, as stale: the coordination service cannot be reached. Before the first
    /// table, and when it is known to be stale, there is nothing to tell.
    func markStale() {
        let time = now()
        let table: RoutingTable? = content.withLock { content in
            guard content.staleSince == nil, let last = latest.value else { return nil }
            content.staleSince = time
            return last.stale(since: time)
        }
        if let table {
            logger.warning(
                "The coordination service cannot be reached; the last routing table stays",
                metadata: ["helix.zxid": "\(table.zxid)"])
            hang(table)
        }
    }

    private func hang(_ table: RoutingTable) {
        let known = Set(
            content.withLock { content in
                defer { content.problems = table.problems }
                return content.problems
            })
        for problem in table.problems where !known.contains(problem) {
            logger.warning(
                "A record cannot be used; what was known of it stays",
                metadata: ["helix.path": "\(problem.path)", "error": "\(problem.reason)"])
        }
        metrics.published(table)
        latest.publish(table)
    }
}

extension RoutingTable {
    /// The same table, out of reach of the coordination service.
    fileprivate func stale(since time: Int64) -> RoutingTable {
        RoutingTable(
            cluster: cluster, source: source, zxid: zxid, modifiedAt: modifiedAt, publishedAt: time, staleSince: time,
            problems: problems, routes: routes, roster: roster)
    }
}
