import HelixRecords
import StateModels

/// The transitions of one partition that may begin as far as it is concerned: those that nothing else limits begin, the
/// others wait for ``AdmitTransitions``.
struct WantedTransitions {
    private let plan: PartitionPlan
    private let candidates: [ComputeTransitions.Candidate]
    private let partition: Int
    private let resource: ClusterSnapshot.Resource
    private let configuration: ResourceConfiguration
    private let standing: ClusterStanding
    private let isTopMissing: Bool

    init(
        _ plan: PartitionPlan, _ candidates: [ComputeTransitions.Candidate], partition: Int,
        of resource: ClusterSnapshot.Resource, _ configuration: ResourceConfiguration, _ standing: ClusterStanding
    ) {
        self.plan = plan
        self.candidates = candidates
        self.partition = partition
        self.resource = resource
        self.configuration = configuration
        self.standing = standing
        isTopMissing = !plan.state.replicas.contains { $0.state == 0 }
    }

    /// - Returns: when to look again at what begins.
    func take(_ own: inout ResourceDecision, _ decision: inout Decision, _ snapshot: ClusterSnapshot) -> Int64? {
        let isThrottled = configuration.isPlacedByController
        let isOpen = decision.isOpenToAll
        if isOpen && !isThrottled { return candidates.map { begin($0, &own, &decision, snapshot) }.min() }
        if candidates.isEmpty && (isOpen || plan.state.pending.isEmpty) { return nil }
        let name = resource.partitions[partition]
        var kinds = RebalanceKinds(
            plan.originals, wish: own.wish(for: partition, configuration, resource), configuration, standing,
            partition: name)
        // Nobody executes a message that its receiver gave up.
        for move in plan.state.pending where !move.isUnprocessable {
            let goal = plan.target.replicas.first { $0.instance == move.instance }.map { $0.goal ?? $0.state }
            let kind = kinds.next(move.instance, to: move.to, wanted: goal ?? move.to)
            let charge = TransitionTraffic.Charge(
                instance: move.instance, kind: isThrottled ? kind : nil,
                constraints: constraints(move.instance, to: move.to, decision))
            decision.begin(charge, in: partition, &own, of: resource.name)
        }
        var deadline: Int64?
        for (step, candidate) in candidates.enumerated() {
            // Two top states are worse than one transition more than there may be.
            if plan.conflict != nil, candidate.from == 0 {
                deadline = min(deadline ?? .max, begin(candidate, &own, &decision, snapshot))
                continue
            }
            let kind = kinds.next(
                candidate.instance, to: candidate.to, wanted: candidate.isLeaving ? candidate.to : candidate.wanted)
            if isOpen, kind == .recovery || !isThrottled {
                deadline = min(deadline ?? .max, begin(candidate, &own, &decision, snapshot))
                continue
            }
            decision.waiting.add(
                WaitingTransition(
                    resource: resource.name, partition: partition, candidate: candidate,
                    kind: isThrottled ? kind : nil,
                    constraints: constraints(candidate.instance, to: candidate.to, decision),
                    urgency: kinds.urgency(of: kind), priority: decision.priority(of: configuration),
                    turn: own.turn(of: partition, resource), step: step,
                    isWithdrawn: standing[candidate.instance].duty == .disabled
                        || configuration.isDisabled(name, on: candidate.instance),
                    isTopMissing: isTopMissing))
        }
        return deadline
    }

    private func constraints(_ instance: Int32, to: Int, _ decision: Decision) -> [MessageConstraints.Count] {
        if decision.constraints.isEmpty || to < 0 { return [] }
        let states = configuration.model.states
        return decision.constraints.counts(of: [
            .messageType: MessageType.stateTransition.rawValue,
            .transition: "\(states[plan.state.state(of: instance)].name)-\(states[to].name)",
            .resource: resource.name, .partition: resource.partitions[partition],
            .instance: standing.name(of: instance),
            .state: states[to].name,
        ])
    }

    private func begin(
        _ candidate: ComputeTransitions.Candidate, _ own: inout ResourceDecision, _ decision: inout Decision,
        _ snapshot: ClusterSnapshot
    ) -> Int64 {
        let issue = IssueTransitions.issue(
            candidate, partition: partition, of: resource, configuration, &own, snapshot, isTopMissing: isTopMissing,
            mayRelay: decision.mayRelay(own))
        decision.transitions.append(issue.planned)
        return issue.deadline
    }
}

extension Decision {
    /// Whether neither throttles nor constraints limit anything.
    fileprivate var isOpenToAll: Bool { throttle.isOpen && constraints.isEmpty && unreadableConstraints == nil }

    /// Whether promotions may be left to others. Not where transitions are limited: nobody would know when they begin.
    func mayRelay(_ own: ResourceDecision) -> Bool {
        isOpenToAll && own.errorPartitions.count <= throttle.errorPartitions
    }
}

extension ResourceDecision {
    /// The place of a partition in the order of partitions.
    fileprivate mutating func turn(of partition: Int, _ resource: ClusterSnapshot.Resource) -> Int {
        if turns.count != resource.partitions.count {
            turns = [Int](repeating: resource.wanted.count, count: resource.partitions.count)
            for (turn, partition) in resource.wanted.enumerated() { turns[Int(partition)] = turn }
        }
        return turns[partition]
    }

    /// Notes whether a partition has a replica in ERROR.
    mutating func note(isInError: Bool, _ partition: Int) {
        if isInError {
            errorPartitions.insert(partition)
        } else if !errorPartitions.isEmpty {
            errorPartitions.remove(partition)
        }
    }
}
