import Coordination
import HelixRecords
import Logging
import MessageQueue
import RebalancePipeline
import Synchronization

/// A leader's term of office: the loop from what is to what should be, until the office or the session is lost.
struct LeaderTerm: Sendable {
    let session: any CoordinationSession
    let office: Office
    let context: ControllerContext

    /// - Throws: `Deposed` when the office is lost.
    func run() async throws {
        do {
            try await ControllerHistories(session: session, fence: office.fence, context: context).recordTerm()
            try await ClusterSetup.addStateModels(session, context.paths, fence: office.fence)
            let views = ViewPublisher(session: session, office: office, context: context)
            let histories = ParticipantHistories(session: session, fence: office.fence, context: context)
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                let cache = ClusterCache(session: session, paths: context.paths, logger: context.logger)
                let reconnected = Flag()
                group.addTask { try await views.run() }
                group.addTask { try await histories.run() }
                group.addTask { try await guardOffice() }
                group.addTask { await followConnection(cache.events, reconnected) }
                group.addTask { try await loop(cache, views, histories, reconnected) }
                // Only the connection's task ends by itself, with the session.
                while try await group.next() != nil {}
            }
        } catch let error as CoordinationError where error.path == office.path && !error.endsSession {
            throw Deposed()
        }
    }

    // MARK: The loop

    private func loop(
        _ cache: ClusterCache, _ views: ViewPublisher, _ histories: ParticipantHistories, _ reconnected: Flag
    ) async throws {
        var cache = cache
        let rebalancer = Rebalancer(strategies: context.configuration.strategies)
        let sender = MessageSender(session: session, paths: context.paths, fence: office.fence)
        var decision = Decision()
        var events: [WatchEvent]? = nil
        var mustLoad = true
        while !Task.isCancelled {
            do throws(CoordinationError) {
                if reconnected.take() { mustLoad = true }
                if mustLoad {
                    try await session.untilConnected()
                    try await cache.load()
                    mustLoad = false
                } else {
                    try await cache.refresh(events ?? [])
                }
                try await pass(rebalancer, &decision, &cache, sender, views)
                histories.follow(cache.snapshot.instances)
            } catch {
                guard error.isTransient else { throw error }
                context.logger.info("The connection was lost; reading everything again", metadata: ["error": "\(error)"])
                mustLoad = true
                try await session.untilConnected()
                continue
            }
            events = await nextEvents(cache.events, deadline: decision.nextDeadline)
            if events == nil { break }
        }
    }

    private func pass(
        _ rebalancer: Rebalancer, _ decision: inout Decision, _ cache: inout ClusterCache, _ sender: MessageSender,
        _ publisher: ViewPublisher
    ) async throws(CoordinationError) {
        let time = context.environment.now()
        var changes = ClusterSnapshot.Changes.none
        var views = Set<String>()
        cache.edit { snapshot in
            snapshot.time = time
            views.formUnion(snapshot.forgetVanishedResources())
            changes = snapshot.takeChanges()
        }
        let duration = context.clock.measure {
            rebalancer.update(&decision, with: cache.snapshot, changes: changes)
        }
        views.formUnion(decision.viewsToRefresh)
        context.metrics.passed(in: duration)
        context.metrics.found(problems: decision.allProblems.count)

        let failed = try await send(decision.transitions, &cache, sender)
        if failed { decision.retry(at: time + 1_000) }
        try await deleteObsolete(decision.obsoleteMessages)
        if !views.isEmpty { publisher.publish(views, of: cache.snapshot) }
    }

    /// - Returns: whether something should be tried again.
    private func send(
        _ transitions: [PlannedTransition], _ cache: inout ClusterCache, _ sender: MessageSender
    ) async throws(CoordinationError) -> Bool {
        guard !transitions.isEmpty else { return false }
        let messages = TransitionMessages.make(
            transitions, source: context.name, session: session.id.description,
            partitionsPerMessage: context.configuration.partitionsPerMessage, environment: context.environment)
        var mustRetry = false
        for (message, result) in zip(messages, try await sender.send(messages)) {
            guard let instance = message.target else { continue }
            switch result {
            case .sent:
                cache.didSend(message, to: instance)
                context.metrics.sent(message.partitions.count)
            case .failed(.refused(let error)) where error.isTransient:
                throw error
            default:
                mustRetry = true
                context.metrics.refused(1)
                context.logger.warning(
                    "A message could not be sent",
                    metadata: ["helix.instance": "\(instance)", "result": "\(result)"])
            }
        }
        return mustRetry
    }

    private func deleteObsolete(_ messages: [ObsoleteMessage]) async throws(CoordinationError) {
        guard !messages.isEmpty else { return }
        let deletions = messages.map { WriteOperation.delete(context.paths.message($0.instance, $0.id)) }
        for case .failure(let error) in try await session.writeBatched(deletions, fence: office.fence)
        where error.code != .noNode {
            throw error
        }
        context.logger.notice("Deleted messages that had lost their meaning", metadata: ["count": "\(messages.count)"])
    }

    // MARK: What wakes the loop

    /// Waits for events, or until the deadline; `nil` when the session is over.
    private func nextEvents(_ watcher: Watcher, deadline: Int64?) async -> [WatchEvent]? {
        guard let deadline else { return await watcher.next() }
        let pause = Duration.milliseconds(max(1, deadline - context.environment.now()))
        return await withTaskGroup(of: [WatchEvent]?.self) { group in
            group.addTask {
                do {
                    try await context.clock.sleep(for: pause)
                    watcher.nudge()
                } catch {}  // cancelled: an event came first
                return []
            }
            let events = await watcher.next()
            group.cancelAll()
            return events
        }
    }

    private func followConnection(_ watcher: Watcher, _ reconnected: Flag) async {
        var wasSuspended = false
        for await state in session.states() {
            if state == .connected && wasSuspended {
                reconnected.raise()
                watcher.nudge()
            }
            wasSuspended = state == .suspended
        }
    }

    /// Watches the LEADER znode: whoever deletes or replaces it ends this term.
    private func guardOffice() async throws {
        let watcher = session.makeWatcher()
        while true {
            do throws(CoordinationError) {
                let found = try await session.getIfPresent(office.path, watcher: watcher)
                guard found?.stat.ephemeralOwner == session.id, found?.stat.version == office.version else {
                    throw CoordinationError(.badVersion, operation: "lead", path: office.path)
                }
            } catch {
                guard error.isTransient else { throw error }
                try await session.untilConnected()
                continue
            }
            guard await watcher.next() != nil else { return }
        }
    }
}

/// Something that happened, until somebody takes notice.
final class Flag: Sendable {
    private let isRaised = Atomic(false)

    func raise() { isRaised.store(true, ordering: .releasing) }

    func take() -> Bool { isRaised.exchange(false, ordering: .acquiringAndReleasing) }
}
