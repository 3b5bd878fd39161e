import Coordination

/// What happens in a fleet, in batches: what has happened since an index, and then what happens, as it happens. After a
/// pause without an event there is an empty batch, so that whoever listens is heard to be there.
///
/// It ends when the master's connection to the store does: ask again, from the last index on.
public struct EventBatches: AsyncSequence, Sendable {
    let fleet: Fleet
    let index: Int64
    let pause: Duration

    /// The batches, in order.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let batches: EventBatches
        private var following: (store: FleetStore, watcher: Watcher, last: Int64)?

        fileprivate init(batches: EventBatches) { self.batches = batches }

        /// The next batch; `nil` at the end, or when the task is cancelled.
        public mutating func next() async throws -> [FleetEvent]? {
            guard let (store, watcher, last) = following else {
                let store = try batches.fleet.store
                following = (store, store.session.makeWatcher(), batches.index)
                return try await read()
            }
            switch await Self.wait(for: watcher, batches.pause, batches.fleet.clock) {
            case .more:
                following = (store, watcher, last)
                return try await read()
            case .pause: return []
            case .end: return nil
            }
        }

        private mutating func read() async throws -> [FleetEvent]? {
            guard let (store, watcher, last) = following else { return nil }
            let events = try await store.events(after: last, watcher: watcher)
            following = (store, watcher, events.last?.index ?? last)
            return events
        }

        private enum Outcome: Sendable { case more, pause, end }

        private static func wait(
            for watcher: Watcher, _ pause: Duration, _ clock: any Clock<Duration>
        ) async -> Outcome {
            let outcome = await withTaskGroup(of: Outcome.self) { group in
                group.addTask { await watcher.next() == nil ? .end : .more }
                group.addTask {
                    try? await clock.sleep(for: pause)
                    return .pause
                }
                defer { group.cancelAll() }
                return await group.next() ?? .end
            }
            return Task.isCancelled ? .end : outcome
        }
    }

    /// The batches, in order.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(batches: self) }
}

extension Fleet {
    /// What happened after an index, and then what happens.
    /// - Parameter pause: after so long without an event there is an empty batch.
    public func events(after index: Int64, pause: Duration = .seconds(15)) -> EventBatches {
        EventBatches(fleet: self, index: index, pause: pause)
    }
}
