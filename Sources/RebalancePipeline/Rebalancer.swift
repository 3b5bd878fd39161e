public import Placement
import StateModels

/// The rebalance pipeline: compares what is with what should be, and orders the few steps that close the gap.
///
/// Six stages, named as in the description of Helix: **read configuration**, **read current state**,
/// **compute ideal state**, **compute transitions**, **apply constraints**, **issue transitions**. All of them are
/// functions on values: a ``ClusterSnapshot`` in, a ``Decision`` out, no clock and no I/O. Explaining, planning and
/// simulating are this same function on another snapshot.
///
/// A pass costs what changed: given the former decision it looks only at the partitions, resources or, when the set of
/// live and enabled instances changed, at everything that ``ClusterSnapshot/Changes`` names.
public struct Rebalancer: Sendable {
    let strategies: [String: any PlacementStrategy]
    let standard: any PlacementStrategy

    /// - Parameters:
    ///   - standard: what places FULL_AUTO resources.
    ///   - strategies: further strategies; USER_DEFINED resources name them by REBALANCER_CLASS_NAME, FULL_AUTO ones by
    ///     REBALANCE_STRATEGY.
    public init(standard: any PlacementStrategy = BalancedPlacement(), strategies: [any PlacementStrategy] = []) {
        self.standard = standard
        self.strategies = Dictionary((strategies + [standard]).map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
    }

    /// Decides about a whole cluster, from nothing.
    public func decide(_ snapshot: ClusterSnapshot) -> Decision {
        var decision = Decision()
        update(&decision, with: snapshot, changes: .everything)
        return decision
    }

    /// Brings a decision up to date with a snapshot in which `changes` happened since then.
    ///
    /// A decision belongs to one snapshot as it changes over time: it remembers where resources were placed, and what
    /// has been asked for in vain, by the numbers that this snapshot gives to names.
    public func update(_ decision: inout Decision, with snapshot: ClusterSnapshot, changes: ClusterSnapshot.Changes) {
        decision.transitions = []
        decision.obsoleteMessages = []
        decision.nextDeadline = nil
        decision.viewsToRefresh = changes.resources.union(changes.partitions.keys)
        let isEverything = changes.isEverything || decision.standing == nil
        if isEverything {
            let standing = ReadConfiguration.standing(of: snapshot)
            decision.standing = standing
            decision.problems = ReadConfiguration.clusterProblems(of: snapshot, standing)
            decision.viewsToRefresh.formUnion(snapshot.resources.keys)
            decision.viewsToRefresh.formUnion(decision.resources.keys)
        }
        let due = decision.deadlines.filter { $0.value <= snapshot.time }.keys
        for name in decision.viewsToRefresh.union(due).sorted() {
            guard let resource = snapshot.resources[name] else {
                decision.forget(name)
                continue
            }
            let isWhole =
                isEverything || changes.resources.contains(name) || decision.resources[name] == nil
                || decision.resources[name]?.placement?.inputs.waitsUntil ?? .max <= snapshot.time
            update(&decision, resource, isWhole: isWhole, touched: changes.partitions[name] ?? [], snapshot)
        }
        for deadline in decision.deadlines.values { decision.note(deadline: deadline) }
        if !snapshot.isPaused { ObsoleteMessages.decide(&decision, snapshot) }
        decision.transitions.sort {
            ($0.urgency, $0.resource, $0.instance, $0.partition) < ($1.urgency, $1.resource, $1.instance, $1.partition)
        }
    }

    // MARK: One resource

    private func update(
        _ decision: inout Decision, _ resource: ClusterSnapshot.Resource, isWhole: Bool, touched: Set<Int>,
        _ snapshot: ClusterSnapshot
    ) {
        guard let standing = decision.standing else { return }
        // Taken out while it is worked on, so that its columns are changed in place.
        var own = decision.resources.removeValue(forKey: resource.name) ?? ResourceDecision()
        let formerProblems = own.problems.count
        defer {
            decision.resourceProblemCount += own.problems.count - formerProblems
            decision.resources[resource.name] = own
        }
        if isWhole { read(resource, into: &own, standing, snapshot, total: &decision.load) }
        guard case .ready(let configuration)? = own.configuration else {
            decision.deadlines[resource.name] = nil
            return
        }
        let due = own.deadlines.isEmpty ? [] : own.deadlines.filter { $0.value <= snapshot.time }.map(\.key)
        let partitions = isWhole ? Array(0..<resource.partitions.count) : touched.union(due).sorted()
        for partition in partitions {
            update(&own, &decision, partition, resource, configuration, standing, snapshot)
        }
        decision.deadlines[resource.name] = [own.deadlines.values.min(), own.placement?.inputs.waitsUntil]
            .compactMap { $0 }.min()
        own.problems = own.ownProblems
        if !own.partitionProblems.isEmpty {
            own.problems += own.partitionProblems.values.sorted { ($0.partition ?? "") < ($1.partition ?? "") }
        }
    }

    /// Stages 1 and 3 for a resource as a whole.
    private func read(
        _ resource: ClusterSnapshot.Resource, into own: inout ResourceDecision, _ standing: ClusterStanding,
        _ snapshot: ClusterSnapshot, total: inout PlacedLoad
    ) {
        let former = own.configuration?.configuration?.model
        var outcome = ReadConfiguration.resource(resource, standing, in: snapshot)
        own.ownProblems = []
        if case .ready(let configuration) = outcome {
            // What was asked for is noted by the model's numbers.
            if configuration.model != former { own.asked = [:] }
            switch strategy(for: configuration) {
            case .failure(let problem): outcome = .frozen(problem)
            case .success(let strategy):
                ComputePlacement.update(
                    &own, of: resource, configuration, standing, strategy: strategy, total: &total, at: snapshot.time)
                own.ownProblems = problems(of: resource, configuration, own)
            }
        }
        own.configuration = outcome
        guard outcome.configuration == nil else { return }
        own.stop()
        if case .frozen(let problem) = outcome { own.ownProblems = [problem] }
        own.problems = own.ownProblems
    }

    private func problems(
        of resource: ClusterSnapshot.Resource, _ configuration: ResourceConfiguration, _ own: ResourceDecision
    ) -> [Problem] {
        let faults =
            resource.idealStateFaults
            + configuration.model.faults.map { "the state model \(configuration.model.name) has a fault: \($0)" }
        return faults.map { Problem(resource: resource.name, text: $0) } + (own.placement?.problems ?? [])
    }

    // MARK: One partition

    private func update(
        _ own: inout ResourceDecision, _ decision: inout Decision, _ partition: Int,
        _ resource: ClusterSnapshot.Resource, _ configuration: ResourceConfiguration, _ standing: ClusterStanding,
        _ snapshot: ClusterSnapshot
    ) {
        let plan = PartitionPlan(
            partition: partition, of: resource, configuration, own, standing, snapshot)
        ObsoleteMessages.note(plan.state.stale, &decision, snapshot)
        var held = plan.held
        var deadlines = [plan.target.deadline]
        if snapshot.isPaused {
            held += plan.passed.map { $0.held(.clusterPaused) }
        } else {
            let issue = IssueTransitions.issue(plan, partition: partition, of: resource, configuration, &own, snapshot)
            decision.transitions += issue.planned
            held += issue.held
            deadlines.append(issue.deadline)
        }
        own.deadlines[partition] = deadlines.compactMap { $0 }.min()
        own.partitionProblems[partition] =
            plan.problem ?? own.complaint(about: partition, of: resource, configuration.model, snapshot)
        own.held[partition] = held.isEmpty ? nil : held.map { $0.named(configuration.model, snapshot) }
    }
}

extension Decision {
    /// Nothing is left of a resource.
    fileprivate mutating func forget(_ resource: String) {
        guard var own = resources.removeValue(forKey: resource) else { return }
        own.forgetPlacement(total: &load)
        resourceProblemCount -= own.problems.count
        deadlines[resource] = nil
    }
}

extension ResourceDecision {
    /// The resource is left as it is.
    fileprivate mutating func stop() {
        held = [:]
        partitionProblems = [:]
        deadlines = [:]
    }
}
