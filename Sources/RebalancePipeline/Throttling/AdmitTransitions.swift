import HelixRecords
import StateModels

/// The part of stage 5 that is about the whole cluster: as many transitions begin as its limits allow, the most urgent
/// first.
///
/// One that cannot begin does not keep others from it that count against other limits. What has to wait is kept, so that
/// a pass need not look at its partitions again to let it begin.
enum AdmitTransitions {
    static func admit(_ decision: inout Decision, _ snapshot: ClusterSnapshot) {
        guard !decision.waiting.isEmpty else { return }
        var waiting = decision.waiting
        decision.waiting = WaitingTransitions()
        var closed: Set<RebalanceKind> = []
        waiting.release { transition in
            if let kind = transition.kind {
                if closed.contains(kind) { return false }
                if decision.throttle.isClosed(to: kind, decision.traffic) {
                    closed.insert(kind)
                    return false
                }
            }
            guard decision.obstacle(to: transition) == nil else { return false }
            begin(transition, &decision, snapshot)
            return true
        }
        decision.waiting = waiting
    }

    private static func begin(
        _ transition: WaitingTransition, _ decision: inout Decision, _ snapshot: ClusterSnapshot
    ) {
        guard let resource = snapshot.resources[transition.resource],
            var own = decision.resources.removeValue(forKey: transition.resource)
        else { return }
        defer { decision.resources[transition.resource] = own }
        guard let configuration = own.configuration?.configuration else { return }
        let issue = IssueTransitions.issue(
            transition.candidate, partition: transition.partition, of: resource, configuration, &own, snapshot,
            isTopMissing: transition.isTopMissing, mayRelay: decision.mayRelay(own))
        decision.transitions.append(issue.planned)
        own.deadlines[transition.partition] = min(own.deadlines[transition.partition] ?? .max, issue.deadline)
        decision.deadlines[transition.resource] = min(decision.deadlines[transition.resource] ?? .max, issue.deadline)
        decision.begin(
            .init(
                instance: transition.candidate.instance, kind: transition.kind, constraints: transition.constraints),
            in: transition.partition, &own,
            of: transition.resource)
    }
}

extension Decision {
    /// What keeps a transition from beginning now.
    func obstacle(to transition: WaitingTransition) -> HoldReason? {
        if transition.kind == .load, transition.candidate.to < transition.candidate.from {
            let count = resources[transition.resource]?.errorPartitions.count ?? 0
            if count > throttle.errorPartitions {
                return .errorPartitions(count: count, limit: throttle.errorPartitions)
            }
        }
        if let path = unreadableConstraints { return .unreadable(path: path) }
        if let count = traffic.reached(transition.constraints) {
            return .messageConstraint(id: count.id, limit: count.limit)
        }
        return transition.kind.flatMap { kind in
            throttle.obstacle(
                kind, of: transition.resource, on: transition.candidate.instance, isWithdrawn: transition.isWithdrawn,
                traffic)
        }.map(HoldReason.throttled)
    }

    /// All transitions of a partition that are wanted and not asked for, with the reasons: those that its own state holds
    /// back, and those that wait for the limits of the cluster.
    public func held(in partition: Int, of resource: String, _ snapshot: ClusterSnapshot) -> [HeldTransition] {
        guard let own = resources[resource] else { return [] }
        let held = own.held[partition] ?? []
        guard let model = own.configuration?.configuration?.model else { return held }
        return held
            + waiting.all.filter { $0.resource == resource && $0.partition == partition }
            .compactMap { transition in
                obstacle(to: transition).map { transition.candidate.held($0).named(model, snapshot) }
            }
    }

    /// What RESOURCE_PRIORITY_FIELD says of a resource, in its configuration or else in its ideal state; less than anything
    /// where that is nothing.
    func priority(of configuration: ResourceConfiguration) -> Int {
        guard let field = priorityField else { return 0 }
        let text =
            configuration.config?.record.simpleFields[field] ?? configuration.idealState?.record.simpleFields[field]
        return text.flatMap(Int32.init).map(Int.init) ?? Int(Int32.min) - 1
    }

    // MARK: What is under way

    /// Begins to count anew, before everything is looked at.
    mutating func restartTraffic(_ snapshot: ClusterSnapshot) {
        throttle = TransitionThrottle(snapshot.clusterConfig.value)
        constraints = MessageConstraints(snapshot.constraints.value)
        unreadableConstraints = snapshot.constraints.error?.path
        problems += constraints.problems.map { Problem(text: $0) }
        if let error = snapshot.constraints.error {
            problems.append(Problem(text: "unreadable, so no transition begins until it is corrected: \(error)"))
        }
        priorityField = snapshot.clusterConfig.value?.resourcePriorityField
        traffic = TransitionTraffic()
        waiting = WaitingTransitions()
        for name in resources.keys { resources[name]?.charges = [:] }
    }

    /// Notes a transition under way, where that is limited.
    mutating func begin(
        _ charge: TransitionTraffic.Charge, in partition: Int, _ own: inout ResourceDecision, of resource: String
    ) {
        if throttle.isOpen && constraints.isEmpty { return }
        own.charges[partition, default: []].append(charge)
        traffic.begin(charge, of: resource)
    }

    /// Forgets what waits and what is under way in a partition, before it is looked at anew.
    mutating func withdraw(_ partition: Int, _ own: inout ResourceDecision, of resource: String) {
        waiting.withdraw(partition, of: resource)
        for charge in own.charges.removeValue(forKey: partition) ?? [] { traffic.end(charge, of: resource) }
    }

    /// Forgets what waits and what is under way in a resource.
    mutating func withdraw(_ own: inout ResourceDecision, of resource: String) {
        waiting.withdraw(resource)
        for charges in own.charges.values { for charge in charges { traffic.end(charge, of: resource) } }
        own.charges = [:]
    }
}
