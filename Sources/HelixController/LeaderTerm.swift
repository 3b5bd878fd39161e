import Coordination
import HelixRecords
import Logging
import Synchronization

/// A leader's term of office, until the office or the session is lost.
struct LeaderTerm: Sendable {
    let office: Office
    let context: ControllerContext
    /// What was known of the cluster when the office was won; `nil` if that had gaps.
    let cache: ClusterCache?

    private var session: any CoordinationSession { office.session }

    /// - Throws: `Deposed` when the office is lost; `CoordinationError` when the session is over.
    func run() async throws {
        // From the very beginning: a reconnect must not go unnoticed.
        let states = session.states()
        // A server may lag behind the one that the former leader wrote to.
        try await session.persistently(context) { try await session.sync(context.paths.root) }
        try await ControllerHistories(office: office, context: context).recordTerm()
        try await ClusterSetup.addStateModels(office, context)
        let views = ViewPublisher(office: office, context: context)
        let histories = ParticipantHistories(office: office, context: context)
        let placements = PlacementRecorder(office: office, context: context)
        let journal = JournalKeeper(office: office, context: context)
        let deregistrar = Deregistrar(office: office, context: context, journal: journal)
        let targets = ReadyViewPublisher(office: office, context: context, folder: context.paths.targetExternalViews)
        let customized = ReadyViewPublisher(office: office, context: context, folder: context.paths.customizedViews)
        let aggregator = CustomizedViewAggregator(office: office, context: context, views: customized)
        let reconnected = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            let loop = RebalanceLoop(
                office: office, context: context, cache: cache, views: views, histories: histories,
                placements: placements, deregistrar: deregistrar, targets: targets, journal: journal,
                reconnected: reconnected)
            let wake = loop.wake
            group.addTask { try await views.run() }
            group.addTask { try await targets.run() }
            group.addTask { try await customized.run() }
            group.addTask { try await aggregator.run() }
            group.addTask { try await histories.run() }
            group.addTask { try await placements.run() }
            group.addTask { try await deregistrar.run() }
            group.addTask { try await journal.run() }
            group.addTask { try await guardOffice() }
            // After a reconnect everything is read again.
            group.addTask { await reconnected.follow(states) { wake.nudge() } }
            group.addTask {
                var loop = loop
                try await loop.run()
            }
            // They end when the session does; the first that fails ends the others.
            while try await group.next() != nil {}
        }
    }

    /// Watches the LEADER znode: whoever deletes or replaces it ends this term, even if there is nothing to write.
    private func guardOffice() async throws {
        let watcher = session.makeWatcher()
        repeat {
            let found = try await session.persistently(context) {
                try await session.getIfPresent(office.path, watcher: watcher)
            }
            guard found?.stat.ephemeralOwner == session.id, found?.stat.version == office.version else {
                throw Deposed()
            }
        } while await watcher.next() != nil
    }
}

/// Something that happened, until somebody takes notice.
final class Flag: Sendable {
    private let isRaised = Atomic(false)

    func raise() { isRaised.store(true, ordering: .releasing) }

    func lower() { isRaised.store(false, ordering: .releasing) }

    var isUp: Bool { isRaised.load(ordering: .acquiring) }

    func take() -> Bool { isRaised.exchange(false, ordering: .acquiringAndReleasing) }

    /// Is raised at every reconnect of a session.
    func follow(_ states: AsyncStream<SessionState>, _ onReconnect: () -> Void = {}) async {
        var wasSuspended = false
        for await state in states {
            if state == .connected && wasSuspended {
                raise()
                onReconnect()
            }
            wasSuspended = state == .suspended
        }
    }
}
