import Coordination
import HelixRecords
import Synchronization

/// One session of a spectator: reads everything, then what the watches name, until the session is over.
struct RoutingReader: Sendable {
    let session: any CoordinationSession
    let board: RoutingBoard
    let refreshInterval: Duration?
    let clock: any Clock<Duration>

    /// - Throws: `CoordinationError` when the session is over or reading is not possible at all.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let watcher = session.makeWatcher()
            let mustLoad = Flag()
            group.addTask { await followConnection(watcher, mustLoad) }
            group.addTask {
                await board.requests.follow {
                    mustLoad.raise()
                    watcher.nudge()
                }
            }
            if let refreshInterval {
                group.addTask { try await refresh(every: refreshInterval, watcher, mustLoad) }
            }
            group.addTask { try await follow(watcher, mustLoad) }
            defer { group.cancelAll() }
            // The connection's task ends by itself, with the session; so does the one that follows the watches.
            try await group.next()
        }
    }

    private func follow(_ watcher: Watcher, _ mustLoad: Flag) async throws {
        mustLoad.raise()
        var events: [WatchEvent]? = []
        while let batch = events {
            do {
                try await takeOver(batch, watcher, mustLoad)
                events = await watcher.next()
            } catch let error as CoordinationError where error.isTransient {
                mustLoad.raise()
                try await connection()
            }
        }
    }

    /// Reads what events name, or everything, and publishes it.
    private func takeOver(_ events: [WatchEvent], _ watcher: Watcher, _ mustLoad: Flag) async throws {
        // Requests that come later are answered by another round.
        let request = mustLoad.take() ? board.requests.latest : nil
        if request != nil {
            // Another server may be behind the one that was read before: it has to catch up first.
            try await session.sync(board.places.paths.root)
            try await read(board.places.roots, watcher, readingAll: true)
        } else {
            try await read(places(of: events), watcher)
        }
        // What came before a lost connection is published with what is read after it.
        guard session.state == .connected else { return }
        board.publish()
        if let request { board.requests.answer(request) }
    }

    private func places(of events: [WatchEvent]) -> [RoutingPlace] {
        Set(events.compactMap(board.places.place))
            .map { (board.places.path($0), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// Reads places and whatever is found to be new below them, level by level, pipelined.
    private func read(
        _ places: [RoutingPlace], _ watcher: Watcher, readingAll: Bool = false
    ) async throws(CoordinationError) {
        var level = places
        while !level.isEmpty {
            let results = await session.read(level.map { operation($0, watcher) })
            level = try board.take(results, at: level, readingAll: readingAll)
        }
    }

    private func operation(_ place: RoutingPlace, _ watcher: Watcher) -> ReadOperation {
        let path = board.places.path(place)
        if case .creation = place { return .exists(path, watcher: watcher) }
        return place.isList ? .children(path, watcher: watcher) : .get(path, watcher: watcher)
    }

    // MARK: The connection

    private func followConnection(_ watcher: Watcher, _ mustLoad: Flag) async {
        var wasSuspended = false
        for await state in session.states() {
            switch state {
            case .suspended:
                wasSuspended = true
                board.markStale()
            case .connected:
                if wasSuspended {
                    mustLoad.raise()
                    watcher.nudge()
                }
                wasSuspended = false
            case .expired, .closed: return
            }
        }
    }

    /// Waits until the session is connected, after an operation failed for want of a connection, and a moment longer,
    /// so that a service that keeps failing is not asked without end.
    private func connection() async throws {
        for await state in session.states() where state == .connected {
            return try await clock.sleep(for: .milliseconds(20))
        }
        throw CoordinationError(.closed, operation: "follow the cluster", path: board.places.paths.root)
    }

    private func refresh(every interval: Duration, _ watcher: Watcher, _ mustLoad: Flag) async throws {
        while true {
            try await clock.sleep(for: interval)
            mustLoad.raise()
            watcher.nudge()
        }
    }
}

/// Something that is to be done, until somebody takes it on.
private final class Flag: Sendable {
    private let isRaised = Atomic(false)

    func raise() { isRaised.store(true, ordering: .releasing) }

    func take() -> Bool { isRaised.exchange(false, ordering: .acquiringAndReleasing) }
}
