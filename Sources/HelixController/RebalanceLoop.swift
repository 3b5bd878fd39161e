import Coordination
import HelixRecords
import Logging
import MessageQueue
import RebalancePipeline

/// The leader's loop: read what changed, decide, order the steps that close the gap, and wait for the next change.
struct RebalanceLoop: Sendable {
    private let office: Office
    private let context: ControllerContext
    private let views: ViewPublisher
    private let histories: ParticipantHistories
    private let placements: PlacementRecorder
    private let deregistrar: Deregistrar
    private let reconnected: Flag
    private let rebalancer: Rebalancer
    private let sender: MessageSender

    private var cache: ClusterCache
    /// Whether the cache lacks nothing but what events tell.
    private var isComplete: Bool
    private var decision = Decision()
    private var problems = ProblemLog()
    /// Resources whose views have to be refreshed, once that has not been asked for yet.
    private var owedViews: Set<String> = []
    private var hasPublished = false

    init(
        office: Office, context: ControllerContext, cache: ClusterCache?, views: ViewPublisher,
        histories: ParticipantHistories,
        placements: PlacementRecorder, deregistrar: Deregistrar, reconnected: Flag
    ) {
        self.office = office
        self.context = context
        self.views = views
        self.histories = histories
        self.placements = placements
        self.deregistrar = deregistrar
        self.reconnected = reconnected
        rebalancer = Rebalancer(strategies: context.configuration.strategies)
        sender = MessageSender(session: office.session, paths: context.paths, fences: office.fence)
        isComplete = cache != nil
        self.cache = cache ?? ClusterCache(session: office.session, paths: context.paths, logger: context.logger)
    }

    /// What makes the loop look up.
    var wake: Watcher { cache.events }

    /// - Throws: `Deposed` when the office is lost; `CoordinationError` when the session is over.
    mutating func run() async throws {
        // Those of all that happened before the session was synchronised at the beginning of the term are here.
        var events = wake.drain()
        while !Task.isCancelled {
            do {
                if reconnected.take() { isComplete = false }
                // Whoever is found to be gone went now.
                let time = context.environment.now()
                cache.edit { $0.time = time }
                if isComplete { try await cache.refresh(events) } else { try await cache.load() }
                isComplete = true
                try await pass()
            } catch let error as CoordinationError where error.isTransient {
                context.logger.info(
                    "The connection was lost; reading everything again", metadata: ["error": "\(error)"])
                isComplete = false
                try await office.session.untilConnected(context)
                continue
            }
            guard let next = await nextEvents() else { return }
            events = next
        }
    }

    /// What happens next; nothing, when it is time for what was put off.
    private func nextEvents() async -> [WatchEvent]? {
        let wake = wake
        let pause = decision.nextDeadline.map { Duration.milliseconds(max(1, $0 - context.environment.now())) }
        return await next(within: pause, on: context.clock, nudge: { wake.nudge() }) { await wake.next() }
    }

    // MARK: One pass

    private mutating func pass() async throws {
        let time = context.environment.now()
        var changes = ClusterSnapshot.Changes.none
        cache.edit { snapshot in
            snapshot.time = time
            snapshot.forgetVanishedResources()
            changes = snapshot.takeChanges()
        }
        if let due = rebalancer.maintenanceChange(in: cache.snapshot, after: decision, changes: changes) {
            changes = try await perform(due)
        }
        let duration = context.clock.measure { rebalancer.update(&decision, with: cache.snapshot, changes: changes) }
        context.metrics.passed(in: duration)
        if let due = rebalancer.maintenanceChange(dueTo: decision, in: cache.snapshot) {
            owedViews.formUnion(decision.viewsToRefresh)
            changes = try await perform(due)
            // What it would have placed is forgotten: where resources were placed before is recorded.
            decision = Decision()
            rebalancer.update(&decision, with: cache.snapshot, changes: changes)
        }
        if decision.transitions.isEmpty && decision.nextDeadline == nil {
            context.hasPlans.lower()
        } else {
            context.hasPlans.raise()
        }
        owedViews.formUnion(decision.viewsToRefresh)
        report()

        try await send(messages)
        try await delete(decision.obsoleteMessages)
        try await dismiss(cache.takeNotices())
        publish()
        for resource in decision.unrecorded.sorted() {
            guard let lists = decision.placement(of: resource, in: cache.snapshot) else { continue }
            placements.record(lists, of: resource)
        }
        histories.follow(cache.snapshot.instances)
        deregistrar.drop(decision.departed)
    }

    /// Begins or ends maintenance, in the cluster and in the snapshot.
    /// - Returns: what that touches, together with what was touched before.
    private mutating func perform(_ due: MaintenanceChange) async throws -> ClusterSnapshot.Changes {
        let desk = MaintenanceDesk(office: office, context: context)
        let signal = try await desk.perform(due, over: cache.snapshot.maintenance)
        cache.edit { snapshot in
            snapshot.setMaintenance(signal)
            _ = snapshot.takeChanges()
        }
        return .everything
    }

    private mutating func report() {
        let found = decision.allProblems
        context.metrics.found(problems: found.count)
        context.metrics.isInMaintenance(cache.snapshot.isInMaintenance)
        problems.report(found, to: context.logger)
    }

    private mutating func publish() {
        // The first time also without a reason: there may be views of resources that went while nobody led.
        guard !owedViews.isEmpty || !hasPublished else { return }
        views.publish(owedViews, of: cache.snapshot)
        owedViews = []
        hasPublished = true
    }

    // MARK: Messages

    /// What the decision asks for, what it calls off first.
    private var messages: [Message] {
        let session = office.session.id.description
        return TransitionMessages.make(
            decision.cancellations, source: context.name, session: session, environment: context.environment)
            + TransitionMessages.make(
                decision.transitions, source: context.name, session: session,
                partitionsPerMessage: context.configuration.partitionsPerMessage, environment: context.environment)
    }

    private mutating func send(_ messages: [Message]) async throws {
        guard !messages.isEmpty else { return }
        let results: [SendResult]
        do {
            results = try await sender.send(messages)
        } catch {
            if office.isLost(error) { throw Deposed() }
            throw error
        }
        var refused: [String: (count: Int, reason: SendResult)] = [:]
        var loss: CoordinationError?
        for (message, result) in zip(messages, results) {
            if case .sent = result {
                cache.didSend(message)
                if message.messageType == .stateTransition { context.metrics.sent(message.partitions.count) }
                continue
            }
            // The decision counts it as asked for, and asks again when that has had no effect for a while.
            if case .failed(.refused(let error)) = result, error.isTransient {
                loss = error
            } else {
                refused[message.target ?? "", default: (0, result)].count += 1
            }
        }
        if let loss { throw loss }
        note(refused)
    }

    private func note(_ refused: [String: (count: Int, reason: SendResult)]) {
        guard !refused.isEmpty else { return }
        for (instance, (count, reason)) in refused.sorted(by: { $0.key < $1.key }) {
            context.metrics.refused(count)
            context.logger.warning(
                "Messages could not be sent; they will be tried again after a pause",
                metadata: ["helix.instance": "\(instance)", "count": "\(count)", "result": "\(reason)"])
        }
    }

    private func delete(_ messages: [ObsoleteMessage]) async throws {
        guard !messages.isEmpty else { return }
        try await deleteAll(messages.map { context.paths.message($0.instance, $0.id) })
        context.logger.notice("Deleted messages that had lost their meaning", metadata: ["count": "\(messages.count)"])
    }

    private func dismiss(_ notices: [String]) async throws {
        guard !notices.isEmpty else { return }
        try await deleteAll(notices.map(context.paths.controllerMessage))
    }

    private func deleteAll(_ paths: [String]) async throws {
        for case .failure(let error) in try await office.write(paths.map { .delete($0) })
        where error.code != .noNode {
            if error.isTransient { throw error }
            context.logger.warning("A message could not be deleted", metadata: ["error": "\(error)"])
        }
    }
}
