import HelixRecords
import StateModels

/// Everything in a cluster that is not where it should be, with the causes.
public struct Convergence: Sendable, Hashable {
    /// What keeps replicas from being where they should be.
    public enum Cause: String, Sendable, Hashable, CaseIterable, Codable {
        /// The controller is paused.
        case paused
        /// The cluster is in maintenance.
        case maintenance
        /// A record makes no sense or cannot be read, so what depends on it stays as it is.
        case frozen
        /// Replicas are in ERROR until somebody resets them.
        case error
        /// More replicas are in the top state than may be.
        case tops
        /// An instance gave up on a message.
        case unprocessable
        /// A message takes longer than such transitions did before.
        case stuck
        /// Messages vanished without effect.
        case withoutEffect
        /// There are not enough instances for all replicas.
        case tooFewInstances
        /// The instance that should have the replica is not there.
        case instanceAway
        /// The state model has no way there.
        case noPath
        /// As much changes as the cluster allows.
        case limited
        /// A message is under way.
        case underWay
        /// Another replica of the partition has to move first.
        case turn
        /// It is about to be asked for.
        case due
    }

    /// A replica, a partition or a resource that is not as it should be.
    public struct Lag: Sendable, Hashable {
        /// The resource.
        public var resource: String
        /// The partition, `nil` where it is all of them.
        public var partition: String?
        /// The instance, `nil` where it is not about one.
        public var instance: String?
        /// The replica's present state, `nil` where there is none.
        public var current: String?
        /// The state that it should have in the end, `nil` where that is not known.
        public var wanted: String?
        /// What keeps it.
        public var cause: Cause
        /// The same in words.
        public var reason: String
        /// Since when, in milliseconds since 1970, where that is known.
        public var since: Int64?
    }

    /// What lags for one cause.
    public struct Group: Sendable, Hashable {
        /// The cause.
        public var cause: Cause
        /// The oldest first, then by name.
        public var lags: [Lag]
    }

    /// By cause: first those that last the longest, then those of which nobody knows since when, in order of weight.
    public var groups: [Group]
    /// Faults of the cluster as a whole.
    public var problems: [Problem]

    /// Whether everything is where it should be.
    public var isComplete: Bool { groups.isEmpty }

    init(_ lags: [Lag], problems: [Problem]) {
        self.problems = problems
        let order = Dictionary(uniqueKeysWithValues: Cause.allCases.enumerated().map { ($1, $0) })
        groups = Dictionary(grouping: lags, by: \.cause)
            .map { cause, lags in Group(cause: cause, lags: lags.sorted { $0.order < $1.order }) }
            .sorted { a, b in
                (a.lags[0].since ?? .max, order[a.cause] ?? 0) < (b.lags[0].since ?? .max, order[b.cause] ?? 0)
            }
    }
}

extension Convergence.Lag {
    fileprivate var order: (Int64, String, String, String) {
        (since ?? .max, resource, partition ?? "", instance ?? "")
    }
}

extension HoldReason {
    /// The cause that it belongs to.
    var cause: Convergence.Cause {
        switch self {
        case .messagePending: .underWay
        case .late: .stuck
        case .messageUnprocessable: .unprocessable
        case .stateBound, .replacementNotSettled, .extraReplicaLimit: .turn
        case .inError: .error
        case .topConflict: .tops
        case .throttled, .messageConstraint, .errorPartitions: .limited
        case .retryLater: .withoutEffect
        case .inMaintenance, .awayTooLong: .maintenance
        case .clusterPaused, .clusterFrozen, .thawing: .paused
        case .noPath: .noPath
        case .unreadable: .frozen
        }
    }
}

extension Rebalancer {
    /// Finds everything that is not where it should be.
    ///
    /// - Parameter former: a decision about an earlier state of this very snapshot. With it, it is known where resources
    ///   were placed and what has been asked for in vain; without it the cluster is seen as by a new leader.
    public func convergence(of snapshot: ClusterSnapshot, after former: Decision? = nil) -> Convergence {
        var decision = former ?? Decision()
        update(&decision, with: snapshot, changes: .everything)
        guard let standing = decision.standing else { return Convergence([], problems: decision.problems) }
        let waiting = decision.waitingByPartition(snapshot)
        var lags: [Convergence.Lag] = []
        for (name, resource) in snapshot.resources.sorted(by: { $0.key < $1.key }) {
            guard let own = decision.resources[name] else { continue }
            switch own.configuration {
            case .nothing?, nil: continue
            case .frozen(let problem)?:
                lags.append(.init(resource: name, cause: .frozen, reason: problem.text))
            case .ready(let configuration)?:
                for partition in 0..<resource.partitions.count {
                    let held = (own.held[partition] ?? []) + (waiting[name]?[partition] ?? [])
                    lags += PartitionLags(partition, resource, configuration, own, standing, snapshot).all(held: held)
                }
            }
        }
        return Convergence(lags, problems: decision.problems)
    }
}

extension Decision {
    /// What waits for the limits of the cluster.
    fileprivate func waitingByPartition(_ snapshot: ClusterSnapshot) -> [String: [Int: [HeldTransition]]] {
        var result: [String: [Int: [HeldTransition]]] = [:]
        for transition in waiting.all {
            guard let model = resources[transition.resource]?.configuration?.configuration?.model,
                let reason = obstacle(to: transition)
            else { continue }
            result[transition.resource, default: [:]][transition.partition, default: []]
                .append(transition.candidate.held(reason).named(model, snapshot))
        }
        return result
    }
}

/// What lags in one partition.
private struct PartitionLags {
    private let partition: String
    private let index: Int
    private let resource: ClusterSnapshot.Resource
    private let configuration: ResourceConfiguration
    private let standing: ClusterStanding
    private let snapshot: ClusterSnapshot
    private let wish: Wish?
    private let plan: PartitionPlan
    private let maintenance: HoldReason?

    init(
        _ index: Int, _ resource: ClusterSnapshot.Resource, _ configuration: ResourceConfiguration,
        _ own: ResourceDecision, _ standing: ClusterStanding, _ snapshot: ClusterSnapshot
    ) {
        partition = resource.partitions[index]
        self.index = index
        self.resource = resource
        self.configuration = configuration
        self.standing = standing
        self.snapshot = snapshot
        wish = own.wish(for: index, configuration, resource)
        maintenance = own.maintenance
        plan = PartitionPlan(partition: index, of: resource, configuration, own, standing, snapshot)
    }

    func all(held: [HeldTransition]) -> [Convergence.Lag] {
        if let problem = plan.problem { return [lag(nil, .frozen, problem.text)] }
        return missing
            + plan.target.replicas.compactMap { target in
                lag(of: target, reason: held.first { $0.instance == standing.name(of: target.instance) }?.reason)
            }
    }

    private func lag(of target: ComputeIdealState.Target, reason: HoldReason?) -> Convergence.Lag? {
        let (model, state) = (configuration.model, plan.state)
        let current = state.state(of: target.instance)
        let goal = target.goal ?? target.state
        let pending = state.pending(on: target.instance)
        let isThere = state.holds(target.instance)
        if let reason = reason?.judged(index, of: resource, on: standing.name(of: target.instance), snapshot) {
            return lag(
                target.instance, reason.cause, reason.description, wanted: goal, since: pending?.createdAt)
        }
        if current == goal || (!isThere && (goal == model.initialIndex || goal == model.droppedIndex)) { return nil }
        return lag(target.instance, .due, "the transition is about to be asked for", wanted: goal)
    }

    /// Replicas that are nowhere to be had.
    private var missing: [Convergence.Lag] {
        guard let wish, configuration.isEnabled else { return [] }
        if let maintenance {
            let count = plan.target.unplaced
            if count == 0 { return [] }
            return [
                lag(
                    nil, .maintenance,
                    "\(count == 1 ? "1 replica has" : "\(count) replicas have") no place: \(maintenance)")
            ]
        }
        var lags = wish.list.filter { !standing[$0].isLive }.map { instance in
            lag(
                instance, .instanceAway, "the instance is not alive",
                since: snapshot.instances[Int(instance)].offlineSince)
        }
        if wish.count > wish.list.count, configuration.mode != .customized {
            lags.append(
                lag(
                    nil, .tooFewInstances,
                    "\(wish.list.count) of \(wish.count) replicas: no more instances may have one"))
        }
        return lags
    }

    private func lag(
        _ instance: Int32?, _ cause: Convergence.Cause, _ reason: String, wanted: Int? = nil, since: Int64? = nil
    ) -> Convergence.Lag {
        let states = configuration.model.states
        let current = instance.flatMap { plan.state.holds($0) ? states[plan.state.state(of: $0)].name : nil }
        return Convergence.Lag(
            resource: resource.name, partition: partition, instance: instance.map(standing.name),
            current: current, wanted: wanted.map { states[$0].name }, cause: cause, reason: reason, since: since)
    }
}
