public import HelixRecords

/// Tells what happens in a cluster and why, pass by pass, from what is seen and what is decided.
///
/// It remembers what it has told. What a leader finds when it begins has not happened before its eyes, so of that it only
/// tells how it is, and what is wrong. A pass costs what changed: instances are looked at when the set of them may have changed, problems when
/// there are any, and messages under way every five seconds.
public struct Chronicle: Sendable {
    /// How often messages under way are looked at, in milliseconds.
    static let interval: Int64 = 5_000
    /// How many events of one kind are told in one pass; of more only the number.
    static let limit = 20

    private let controller: String
    private var instances: [String: Member] = [:]
    private var resources: Set<String> = []
    private var clusterConfig: Found<ClusterConfig> = .absent
    private var maintenance: Found<MaintenanceSignal> = .absent
    private var isPaused = false
    private var problems: Set<Problem> = []
    private var late: [LateTransition.Key: LateTransition] = [:]
    /// Since when transitions wait for the limits of the cluster, and how many did at most.
    private var limited: (since: Int64, most: Int)?
    private var isBegun = false
    /// The cluster's configuration has changed in this pass.
    private var hasNewConfig = false

    /// When messages under way are to be looked at again, in milliseconds since 1970; `nil` while nothing is under way.
    public private(set) var nextLook: Int64?

    /// A chronicle of a cluster of which nothing has been told yet.
    /// - Parameter controller: who tells.
    public init(controller: String) { self.controller = controller }

    /// An instance as it was told of last.
    private struct Member: Sendable, Hashable {
        var session: String?
        var isConfigured: Bool
        var operation: InstanceOperation?
    }

    /// Tells what has happened since the last call.
    /// - Parameters:
    ///   - snapshot: the cluster as it is now.
    ///   - decision: what was decided about it.
    ///   - changes: what changed in the snapshot since the last call.
    /// - Returns: what happened, causes before their effects.
    public mutating func follow(
        _ snapshot: ClusterSnapshot, _ decision: Decision, _ changes: ClusterSnapshot.Changes
    ) -> [JournalEvent] {
        var events: [JournalEvent] = []
        let isFirst = !isBegun
        if changes.isEverything || isFirst {
            events += followInstances(snapshot)
            events += followCluster(snapshot)
        }
        events += followResources(snapshot, changes, isFirst: isFirst)
        events += moves(decision, snapshot, because: events)
        events += failures(changes, snapshot)
        events += decision.cancellations.map { cancellation in
            JournalEvent(
                at: snapshot.time, .cancelled, resource: cancellation.resource, partition: cancellation.partition,
                instance: cancellation.instance,
                "the transition from \(cancellation.from) to \(cancellation.to) was called off: the replica is to go "
                    + "elsewhere now")
        }
        let found = followProblems(decision, snapshot)
        events += found
        events += followLimits(decision, snapshot)
        events += followMessages(decision, snapshot, changes)
        if isFirst {
            isBegun = true
            return Self.limited([JournalEvent(at: snapshot.time, .leader, state(of: snapshot, decision))] + found)
        }
        return Self.limited(events)
    }

    /// What a leader finds when it begins.
    private func state(of snapshot: ClusterSnapshot, _ decision: Decision) -> String {
        let live = snapshot.instances.count { $0.live != nil }
        let configured = snapshot.instances.count { !$0.config.isAbsent }
        let inError = decision.resources.values.reduce(0) { $0 + $1.errorPartitions.count }
        let remarks = [
            isPaused ? "it is paused" : nil, maintenance.isAbsent ? nil : "it is in maintenance",
            inError == 0 ? nil : "\(inError) partitions have replicas in ERROR",
            problems.isEmpty ? nil : "there are \(problems.count) problems",
        ].compactMap(\.self)
        let head = "\(controller) leads; \(live) of \(configured) instances are alive; resources: \(resources.count)"
        return ([head] + remarks).joined(separator: "; ")
    }

    /// Of many events of one kind the first, and how many more there were.
    private static func limited(_ events: [JournalEvent]) -> [JournalEvent] {
        guard events.count > limit else { return events }
        var counts: [JournalEvent.Kind: Int] = [:]
        var kept: [JournalEvent] = []
        for event in events {
            counts[event.kind, default: 0] += 1
            if counts[event.kind, default: 0] <= limit { kept.append(event) }
        }
        let time = events[0].time
        return kept
            + JournalEvent.Kind.allCases.compactMap { kind in
                let more = (counts[kind] ?? 0) - limit
                return more > 0 ? JournalEvent(at: time, kind, "and \(more) more of the kind at once") : nil
            }
    }

    // MARK: Instances

    private mutating func followInstances(_ snapshot: ClusterSnapshot) -> [JournalEvent] {
        var events: [JournalEvent] = []
        for instance in snapshot.instances {
            let now = Member(
                session: instance.live?.id, isConfigured: !instance.config.isAbsent,
                operation: instance.config.value?.effectiveOperation)
            let former = instances[instance.name] ?? Member(session: nil, isConfigured: false, operation: nil)
            if now == former { continue }
            instances[instance.name] = now
            events += Self.events(instance, from: former, to: now, at: snapshot.time)
        }
        return events.sorted { ($0.instance ?? "") < ($1.instance ?? "") }
    }

    private static func events(
        _ instance: ClusterSnapshot.Instance, from former: Member, to now: Member, at time: Int64
    ) -> [JournalEvent] {
        func event(_ kind: JournalEvent.Kind, _ text: String) -> JournalEvent {
            JournalEvent(at: time, kind, instance: instance.name, text)
        }
        var events: [JournalEvent] = []
        if let session = now.session, session != former.session {
            events.append(
                event(
                    .came, former.session == nil ? "it joined" : "it is back with another session; what it had is gone")
            )
        }
        if now.session == nil, former.session != nil {
            events.append(event(.went, "its session ended; what it had is gone"))
        }
        if former.isConfigured, !now.isConfigured {
            events.append(event(.dropped, "its configuration is gone"))
        }
        if let operation = now.operation, operation != former.operation, former.operation != nil || operation != .enable
        {
            let reason = instance.config.value?.effectiveOperationEntry.reason ?? ""
            events.append(
                event(.operation, "it is \(operation.rawValue) now" + (reason.isEmpty ? "" : " (\(reason))")))
        }
        return events
    }

    // MARK: The cluster

    private mutating func followCluster(_ snapshot: ClusterSnapshot) -> [JournalEvent] {
        var events: [JournalEvent] = []
        if snapshot.isPaused != isPaused {
            isPaused = snapshot.isPaused
            events.append(
                JournalEvent(
                    at: snapshot.time, .paused, isPaused ? "the controller is paused" : "the controller goes on"))
        }
        if snapshot.maintenance != maintenance {
            events.append(maintenanceEvent(snapshot))
            maintenance = snapshot.maintenance
        }
        if snapshot.clusterConfig != clusterConfig {
            clusterConfig = snapshot.clusterConfig
            hasNewConfig = isBegun
        }
        return events
    }

    private func maintenanceEvent(_ snapshot: ClusterSnapshot) -> JournalEvent {
        guard !snapshot.maintenance.isAbsent else {
            return JournalEvent(at: snapshot.time, .maintenance, "maintenance has ended")
        }
        let signal = snapshot.maintenance.value
        let reason = (signal?.reason).flatMap { $0.isEmpty ? nil : " (\($0))" } ?? ""
        let origin = signal?.trigger == .controller ? " by the controller" : ""
        return JournalEvent(at: snapshot.time, .maintenance, "maintenance was begun\(origin)\(reason)")
    }

    // MARK: Resources

    private mutating func followResources(
        _ snapshot: ClusterSnapshot, _ changes: ClusterSnapshot.Changes, isFirst: Bool
    ) -> [JournalEvent] {
        var events: [JournalEvent] = []
        let names = isFirst ? Set(snapshot.resources.keys) : changes.resources
        for name in names.sorted() {
            let isThere = snapshot.resources[name].map { !$0.idealState.isAbsent } ?? false
            guard isThere != resources.contains(name) else { continue }
            if isThere { resources.insert(name) } else { resources.remove(name) }
            events.append(
                JournalEvent(at: snapshot.time, .resource, resource: name, isThere ? "it was added" : "it was dropped"))
        }
        return events
    }

    /// What was placed anew, and because of what.
    private mutating func moves(
        _ decision: Decision, _ snapshot: ClusterSnapshot, because causes: [JournalEvent]
    ) -> [JournalEvent] {
        defer { hasNewConfig = false }
        let counts = decision.relocated.filter { $0.value > 0 }
        guard !counts.isEmpty else { return [] }
        var reasons = causes.prefix(3).map { event in
            [event.instance ?? event.resource, event.text].compactMap(\.self).joined(separator: ": ")
        }
        if causes.count > 3 { reasons.append("and \(causes.count - 3) things more") }
        if hasNewConfig { reasons.append("the cluster's configuration was changed") }
        if reasons.isEmpty { reasons.append("configurations were changed, or the time to wait for somebody is over") }
        let total = counts.values.reduce(0, +)
        let names = counts.keys.sorted()
        let list = names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
        return [
            JournalEvent(
                at: snapshot.time, .moved, resource: names.count == 1 ? names[0] : nil,
                "\(total == 1 ? "1 replica gets" : "\(total) replicas get") another place (\(list)), because "
                    + reasons.joined(separator: "; "))
        ]
    }

    private func failures(_ changes: ClusterSnapshot.Changes, _ snapshot: ClusterSnapshot) -> [JournalEvent] {
        changes.failures.map { failure in
            let step = [failure.from.map { " from \($0)" }, failure.to.map { " to \($0)" }].compactMap(\.self).joined()
            let info = failure.info.flatMap { $0.isEmpty ? nil : ": \($0)" } ?? "; see the instance's log"
            return JournalEvent(
                at: snapshot.time, .failed, resource: failure.resource, partition: failure.partition,
                instance: failure.instance, "the transition\(step) failed\(info)")
        }
    }

    // MARK: What lasts

    private mutating func followProblems(_ decision: Decision, _ snapshot: ClusterSnapshot) -> [JournalEvent] {
        if decision.problemCount == 0 && problems.isEmpty { return [] }
        let found = decision.allProblems
        let now = Set(found)
        if now == problems { return [] }
        func event(_ kind: JournalEvent.Kind, _ problem: Problem) -> JournalEvent {
            JournalEvent(
                at: snapshot.time, problem.isAboutTops ? .tops : kind, resource: problem.resource,
                partition: problem.partition,
                problem.isAboutTops && kind == .solved ? "that is settled: \(problem.text)" : problem.text)
        }
        let solved = problems.subtracting(now).sorted { $0.description < $1.description }
        let events =
            found.filter { !problems.contains($0) }.map { event(.problem, $0) } + solved.map { event(.solved, $0) }
        problems = now
        return events
    }

    private mutating func followLimits(_ decision: Decision, _ snapshot: ClusterSnapshot) -> [JournalEvent] {
        let count = decision.waiting.all.count
        guard count > 0 else {
            guard let (since, most) = limited else { return [] }
            limited = nil
            return [
                JournalEvent(
                    at: snapshot.time, .limited,
                    "nothing waits for the limits of the cluster any more; up to \(most) transitions did, for "
                        + "\(TimeText(snapshot.time - since))")
            ]
        }
        if let (since, most) = limited {
            limited = (since, max(most, count))
            return []
        }
        limited = (snapshot.time, count)
        let reason = decision.waiting.all.first.flatMap(decision.obstacle).map { ": \($0)" } ?? ""
        return [
            JournalEvent(
                at: snapshot.time, .limited,
                "\(count == 1 ? "1 transition waits" : "\(count) transitions wait") for the limits of the cluster\(reason)"
            )
        ]
    }

    private mutating func followMessages(
        _ decision: Decision, _ snapshot: ClusterSnapshot, _ changes: ClusterSnapshot.Changes
    ) -> [JournalEvent] {
        if nextLook == nil, !changes.partitions.isEmpty || !decision.transitions.isEmpty || !isBegun {
            nextLook = snapshot.time + Self.interval
        }
        // A clock that was set back is no reason to wait.
        guard let due = nextLook, snapshot.time >= due || due > snapshot.time + Self.interval else { return [] }
        nextLook = snapshot.instances.contains { !$0.messages.isEmpty } ? snapshot.time + Self.interval : nil
        let found = LateTransitions.all(in: snapshot)
        let now = Dictionary(found.map { ($0.key, $0) }) { first, _ in first }
        let events =
            found.filter { late[$0.key] == nil }.map { Self.event($0, $0.text, at: snapshot.time) }
            + late.values.filter { now[$0.key] == nil }.sorted { ($0.instance, $0.message) < ($1.instance, $1.message) }
            .map { Self.event($0, "the transition from \($0.from) to \($0.to) is late no more", at: snapshot.time) }
        late = now
        return events
    }

    private static func event(_ late: LateTransition, _ text: String, at time: Int64) -> JournalEvent {
        JournalEvent(
            at: time, .late, resource: late.resource, partition: late.partition, instance: late.instance, text)
    }
}

extension LateTransition {
    /// What it is about.
    fileprivate struct Key: Sendable, Hashable {
        var message: String
        var instance: String
        var resource: String
        var partition: String
    }

    fileprivate var key: Key { Key(message: message, instance: instance, resource: resource, partition: partition) }
}

extension ResourceDecision {
    /// How many replicas have another place than before. What had no list had no place.
    func relocated(since former: [[Int32]]) -> Int {
        var count = 0
        for (list, before) in zip(preferenceLists, former) where list != before && !before.isEmpty {
            count += list.count { !before.contains($0) }
        }
        return count
    }
}
