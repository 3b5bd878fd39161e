public import Placement
import HelixRecords
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
    private let strategies: [String: any PlacementStrategy]
    private let standard: any PlacementStrategy

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

    /// Brings a decision up to date with a snapshot in which `changes` happened.
    public func update(_ decision: inout Decision, with snapshot: ClusterSnapshot, changes: ClusterSnapshot.Changes) {
        decision.transitions = []
        decision.obsoleteMessages = []
        decision.nextDeadline = nil
        decision.viewsToRefresh = changes.resources.union(changes.partitions.keys)
        if changes.isEverything || decision.standing == nil {
            decision.standing = ReadConfiguration.standing(of: snapshot)
            decision.viewsToRefresh.formUnion(snapshot.resources.keys)
            decision.viewsToRefresh.formUnion(decision.resources.keys)
        }
        for name in decision.resources.keys where snapshot.resources[name] == nil { decision.resources[name] = nil }
        for name in snapshot.resources.keys.sorted() {
            let isWhole = changes.isEverything || changes.resources.contains(name) || decision.resources[name] == nil
            update(&decision, resource: name, isWhole: isWhole, touched: changes.partitions[name] ?? [], snapshot)
        }
        decision.problems = clusterProblems(snapshot)
        if !snapshot.isPaused { IssueTransitions.obsoleteMessages(&decision, snapshot) }
        decision.transitions.sort {
            ($0.urgency, $0.resource, $0.instance, $0.partition) < ($1.urgency, $1.resource, $1.instance, $1.partition)
        }
    }

    // MARK: One resource

    private func update(
        _ decision: inout Decision, resource name: String, isWhole: Bool, touched: Set<Int>,
        _ snapshot: ClusterSnapshot
    ) {
        let resource = snapshot.resources[name]!
        // Taken out while it is worked on, so that its columns are changed in place.
        var own = decision.resources.removeValue(forKey: name) ?? ResourceDecision()
        defer { decision.resources[name] = own }
        let standing = decision.standing!
        if isWhole || own.isOutdated(snapshot) {
            own.configuration = ReadConfiguration.resource(resource, in: snapshot)
            own.problems = []
            if isWhole { place(&own, resource, standing, decision) }
        }
        switch own.configuration! {
        case .frozen(let problem, _):
            own.freeze(problem)
        case .ready(let configuration):
            for partition in partitions(isWhole, touched, own, resource, snapshot.time) {
                update(&own, &decision, partition, resource, configuration, standing, snapshot)
            }
            own.problems = own.problems.filter { $0.partition == nil } + own.sortedPartitionProblems()
            for deadline in own.deadlines.values { decision.note(deadline: deadline) }
        }
    }

    /// The partitions to look at: what was touched, and what is due.
    private func partitions(
        _ isWhole: Bool, _ touched: Set<Int>, _ own: ResourceDecision, _ resource: ClusterSnapshot.Resource,
        _ time: Int64
    ) -> [Int] {
        if isWhole { return Array(0..<resource.partitions.count) }
        let due = own.deadlines.filter { $0.value <= time }.keys
        return touched.union(due).sorted()
    }

    private func place(
        _ own: inout ResourceDecision, _ resource: ClusterSnapshot.Resource,
        _ standing: ReadConfiguration.ClusterStanding, _ decision: Decision
    ) {
        guard case .ready(let configuration)? = own.configuration else { return }
        switch strategy(for: configuration) {
        case .failure(let problem):
            own.configuration = .frozen(problem, path: resource.name)
        case .success(let strategy):
            var others: (replicas: [Int32: Int], tops: [Int32: Int]) = ([:], [:])
            for other in decision.resources.values {
                others.replicas.merge(other.load.replicas, uniquingKeysWith: +)
                others.tops.merge(other.load.tops, uniquingKeysWith: +)
            }
            ComputePlacement.update(&own, of: resource, configuration, standing, strategy: strategy, others: others)
        }
    }

    private func strategy(
        for configuration: ReadConfiguration.ResourceConfiguration
    ) -> Result<any PlacementStrategy, Problem> {
        let idealState = configuration.idealState
        switch configuration.mode {
        case .userDefined:
            let name = idealState?.rebalancerClass ?? ""
            return strategies[name].map { .success($0) }
                ?? .failure(unknownStrategy(configuration.name, "REBALANCER_CLASS_NAME", name))
        case .fullAuto:
            guard let name = idealState?.rebalanceStrategy, name != "DEFAULT",
                !name.hasPrefix("org.apache.helix.controller.rebalancer.")
            else { return .success(standard) }
            return strategies[name].map { .success($0) }
                ?? .failure(unknownStrategy(configuration.name, "REBALANCE_STRATEGY", name))
        case .semiAuto, .customized, .task:
            return .success(standard)
        }
    }

    private func unknownStrategy(_ resource: String, _ field: String, _ name: String) -> Problem {
        Problem(
            resource: resource,
            text: "\(field) names the unknown strategy '\(name)', so the resource stays as it is; "
                + "known here: \(strategies.keys.sorted().joined(separator: ", "))")
    }

    private func clusterProblems(_ snapshot: ClusterSnapshot) -> [Problem] {
        let unreadable = [snapshot.clusterConfig.error].compactMap { $0 } + snapshot.instances.compactMap(\.config.error)
        return unreadable.map { Problem(text: "unreadable, so what depends on it stays as it is: \($0)") }
            .sorted { $0.text < $1.text }
    }

    // MARK: One partition

    private func update(
        _ own: inout ResourceDecision, _ decision: inout Decision, _ partition: Int,
        _ resource: ClusterSnapshot.Resource, _ configuration: ReadConfiguration.ResourceConfiguration,
        _ standing: ReadConfiguration.ClusterStanding, _ snapshot: ClusterSnapshot
    ) {
        let state = ReadCurrentState.partition(partition, of: resource, configuration, standing, snapshot)
        IssueTransitions.noteStale(state, &decision, snapshot)
        own.held[partition] = nil
        own.partitionProblems[partition] = nil
        own.deadlines[partition] = nil
        let plan = PartitionPlan(
            partition: partition, list: own.list(of: partition, configuration, resource), state: state, resource,
            configuration, standing, snapshot)
        own.partitionProblems[partition] = plan.problem
        var held = plan.held
        var deadline = plan.deadline
        if snapshot.isPaused {
            held += plan.passed.map { $0.held(.clusterPaused) }
        } else {
            let issued = IssueTransitions.plan(
                plan.passed, partition: partition, state, configuration, &own, snapshot)
            decision.transitions += issued.planned
            held += issued.held
        }
        for case .retryLater(_, let at) in held.map(\.reason) { deadline = min(deadline ?? .max, at) }
        own.deadlines[partition] = deadline
        if !held.isEmpty {
            own.held[partition] = held.map { $0.named(configuration.model, snapshot) }
        }
    }
}

extension ResourceDecision {
    /// A state that was never seen before may be one of the model's.
    fileprivate func isOutdated(_ snapshot: ClusterSnapshot) -> Bool {
        switch configuration {
        case nil: true
        case .frozen: false
        case .ready(let configuration): configuration.modelStates.count != snapshot.stateIDs.count
        }
    }

    /// The preference list of a partition; `nil` when the partition is not wanted any more.
    func list(
        of partition: Int, _ configuration: ReadConfiguration.ResourceConfiguration,
        _ resource: ClusterSnapshot.Resource
    ) -> [Int32]? {
        guard configuration.wanted.contains(resource.partitions[partition]), partition < preferenceLists.count else {
            return nil
        }
        return preferenceLists[partition]
    }

    fileprivate mutating func freeze(_ problem: Problem) {
        problems = [problem]
        held = [:]
        partitionProblems = [:]
        deadlines = [:]
    }

    fileprivate func sortedPartitionProblems() -> [Problem] {
        partitionProblems.sorted { $0.key < $1.key }.map(\.value)
    }
}
