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
    private let targets: ReadyViewPublisher
    private let journal: JournalKeeper
    private let reconnected: Flag
    private let rebalancer: Rebalancer
    private let sender: MessageSender

    private var cache: ClusterCache
    private var decision = Decision()
    private var problems = ProblemLog()
    private var chronicle: Chronicle
    /// The views that have to be refreshed, once that has not been asked for yet.
    private var owedViews = ViewWork()
    private var hasPublished = false
    /// The resources whose targets have to be published; `nil` while the cluster does not ask for that.
    private var owedTargets: Set<String>?
    private var management: ManagementDesk

    init(
        office: Office, context: ControllerContext, cache: ClusterCache?, views: ViewPublisher,
        histories: ParticipantHistories, placements: PlacementRecorder, deregistrar: Deregistrar,
        targets: ReadyViewPublisher, journal: JournalKeeper, reconnected: Flag
    ) {
        self.office = office
        self.context = context
        self.views = views
        self.histories = histories
        self.placements = placements
        self.deregistrar = deregistrar
        self.targets = targets
        self.journal = journal
        self.reconnected = reconnected
        management = ManagementDesk(office: office, context: context)
        chronicle = Chronicle(controller: context.name)
        rebalancer = Rebalancer(strategies: context.configuration.strategies)
        sender = MessageSender(session: office.session, paths: context.paths, fences: office.fence)
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
                if reconnected.take() { cache.noteGap() }
                // Whoever is found to be gone went now.
                let time = context.environment.now()
                cache.edit { $0.time = time }
                let mayMissRelays = cache.snapshot.hasRelays
                try await cache.follow(events)
                if mayMissRelays || cache.snapshot.hasRelays { try await catchUp() }
                try await pass()
            } catch let error as CoordinationError where error.isTransient {
                context.logger.info(
                    "The connection was lost; reading everything again", metadata: ["error": "\(error)"])
                cache.noteGap()
                try await office.session.untilConnected(context)
                continue
            }
            guard let next = await nextEvents() else { return }
            events = next
        }
    }

    /// Takes in what became known while the cache was read: one may see in what was read that a message which carried a
    /// promotion is gone, before one has looked where the promotion went.
    private mutating func catchUp() async throws {
        for _ in 0..<16 {
            let events = wake.drain()
            if events.isEmpty && !cache.isBehind { return }
            try await cache.refresh(events)
        }
    }

    /// What happens next; nothing, when it is time for what was put off.
    private func nextEvents() async -> [WatchEvent]? {
        let wake = wake
        let deadline = [decision.nextDeadline, chronicle.nextLook].compactMap(\.self).min()
        let pause = deadline.map { Duration.milliseconds(max(1, $0 - context.environment.now())) }
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
        var seen = changes
        if let due = rebalancer.maintenanceChange(in: cache.snapshot, after: decision, changes: changes) {
            changes = try await perform(due)
            seen.isEverything = true
        }
        let duration = context.clock.measure { rebalancer.update(&decision, with: cache.snapshot, changes: changes) }
        context.metrics.passed(in: duration)
        if let due = rebalancer.maintenanceChange(dueTo: decision, in: cache.snapshot) {
            owedViews.add(decision.viewsToRefresh, changes)
            changes = try await perform(due)
            seen.isEverything = true
            // What it would have placed is forgotten: where resources were placed before is recorded.
            decision = Decision()
            rebalancer.update(&decision, with: cache.snapshot, changes: changes)
        }
        if decision.transitions.isEmpty && decision.nextDeadline == nil {
            context.hasPlans.lower()
        } else {
            context.hasPlans.raise()
        }
        owedViews.add(decision.viewsToRefresh, changes)
        owe(targetsOf: decision.viewsToRefresh)
        report()
        journal.note(chronicle.follow(cache.snapshot, decision, seen))

        try await send(messages)
        try await management.follow(decision.management, signal: cache.snapshot.pause.value)
        try await delete(decision.obsoleteMessages)
        try await dismiss(cache.takeNotices())
        publish()
        publishTargets()
        for resource in decision.unrecorded.sorted() {
            placements.record(decision.unrecordedPlacement(of: resource, in: cache.snapshot), of: resource)
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
        owedViews = ViewWork()
        hasPublished = true
    }

    /// Notes whose target may have changed: of what was looked at, and of everything when something was placed anew.
    private mutating func owe(targetsOf resources: Set<String>) {
        guard cache.snapshot.clusterConfig.value?.publishesTargetExternalView == true else {
            // What is no longer kept up to date misleads.
            if owedTargets != nil {
                let none = cache.snapshot.resources.keys.map { ($0, ExternalView?.none) }
                targets.publish(Dictionary(uniqueKeysWithValues: none))
            }
            owedTargets = nil
            return
        }
        let isNew = owedTargets == nil
        owedTargets = (owedTargets ?? []).union(resources)
        if isNew || decision.hasPlacedAnew { owedTargets?.formUnion(cache.snapshot.resources.keys) }
    }

    private mutating func publishTargets() {
        guard let owed = owedTargets, !owed.isEmpty else { return }
        owedTargets = []
        var views: [String: ExternalView?] = [:]
        for resource in owed {
            switch decision.targetView(of: resource, in: cache.snapshot) {
            case .absent: views[resource] = .some(nil)
            case .present(let view): views[resource] = view
            case .unreadable: continue
            }
        }
        targets.publish(views)
    }

    // MARK: Messages

    /// What the decision asks for, what it calls off first.
    private var messages: [Message] {
        let session = office.session.id.description
        return TransitionMessages.make(
            decision.management?.changes ?? [], source: context.name, session: session,
            environment: context.environment)
            + TransitionMessages.make(
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
