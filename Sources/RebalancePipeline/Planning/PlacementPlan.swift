import HelixRecords
import StateModels

/// What would happen to a cluster if something were changed in it.
public struct PlacementPlan: Sendable, Hashable {
    /// A replica that comes, goes, or goes from one instance to another.
    public struct Move: Sendable, Hashable {
        /// The resource.
        public var resource: String
        /// The partition.
        public var partition: String
        /// The instance that has it now; `nil` when there is one replica more.
        public var from: String?
        /// The instance that will have it; `nil` when there is one replica less.
        public var to: String?
    }

    /// A top state that goes from one instance to another; those of state models whose top state has room for every
    /// replica do not count.
    public struct HandOff: Sendable, Hashable {
        /// The resource.
        public var resource: String
        /// The partition.
        public var partition: String
        /// The instance that has the top state now.
        public var from: String
        /// The instance that will have it.
        public var to: String
    }

    /// How the replicas of a cluster are spread.
    public struct Spreads: Sendable, Hashable {
        /// All resources together.
        public var overall: ReplicaSpread
        /// By resource.
        public var resources: [String: ReplicaSpread]
    }

    /// The replicas that come and go, by resource and partition.
    public var moves: [Move] = []
    /// The top states that are handed over, by resource and partition.
    public var handOffs: [HandOff] = []
    /// How even the cluster is without the change, when what is due anyway has been done.
    public var before: Spreads
    /// How even it is with it.
    public var after: Spreads
    /// What is wrong with it then and was not before.
    public var problems: [Problem] = []
    /// How many transitions the change takes, when none fails.
    public var transitions: Int
    /// How many times a partition has to wait for transitions before others can be asked for, at most.
    public var rounds: Int
    /// How many transitions are due without the change; they are not among ``transitions``.
    public var transitionsDue: Int
    /// Whether the cluster's controller is paused, so that nothing of all that happens before it is set free.
    public var isPaused: Bool
    /// Whether the cluster is in maintenance, so that nothing of all that is placed before it ends.
    public var isInMaintenance = false
    /// When a resource stops waiting for an instance that is away, in milliseconds since 1970; what is moved then is
    /// not part of the plan. `nil` when none waits.
    public var waitsUntil: Int64?
    /// Whether the cluster comes to rest at all; if it does not, the figures are those of a thousand rounds.
    public var isComplete: Bool

    /// How many replicas come to an instance that did not have them.
    public var coming: Int { moves.count { $0.to != nil } }
    /// How many replicas leave an instance.
    public var going: Int { moves.count { $0.from != nil } }
}

extension Rebalancer {
    /// Plans changes: the difference between what a cluster comes to by itself and what it comes to with them.
    ///
    /// It begins with what is there now: replicas, their states, and what is under way. Both times the pipeline decides
    /// and what it asks for succeeds, until nothing is left to do. The second time it remembers where it placed
    /// resources the first time, as a controller does that has been running. Time stands still: resources that wait for
    /// an instance go on waiting.
    /// - Throws: ``ClusterChangeError`` when a change makes no sense for this cluster.
    public func plan(
        _ changes: [ClusterChange], on snapshot: ClusterSnapshot
    ) throws(ClusterChangeError) -> PlacementPlan {
        var before = SettledCluster(snapshot)
        before.settle(self)
        var after = try before.changed(by: changes)
        after.settle(self)
        var plan = difference(before, after, snapshot)
        plan.problems += idle(changes, after)
        return plan
    }

    /// Plans whatever users changed, from a cluster as it is to one as it would be: records, resets that they asked for, and
    /// modes. Of a mode that begins or ends the difference is what it holds back; every other is taken to have ended.
    /// - Parameter changed: another snapshot of the cluster; who is live, and what replicas are where, is taken from the first.
    public func plan(from snapshot: ClusterSnapshot, to changed: ClusterSnapshot) -> PlacementPlan {
        var before = SettledCluster(snapshot, toBecome: changed)
        before.settle(self)
        var after = before.changed(from: snapshot, to: changed)
        after.settle(self)
        return difference(before, after, changed)
    }

    /// - Parameter snapshot: the cluster with the change, and with its modes.
    private func difference(
        _ before: SettledCluster, _ after: SettledCluster, _ snapshot: ClusterSnapshot
    ) -> PlacementPlan {
        var plan = PlacementPlan(
            before: before.spreads, after: after.spreads, transitions: after.transitions, rounds: after.rounds,
            transitionsDue: before.transitions, isPaused: snapshot.isPaused, waitsUntil: after.waitsUntil,
            isComplete: before.isSettled && after.isSettled)
        plan.isInMaintenance = snapshot.isInMaintenance
        for name in Set(before.snapshot.resources.keys).union(after.snapshot.resources.keys).sorted() {
            plan.compare(name, before, after)
        }
        plan.problems = Shortcomings.new(before, after)
        return plan
    }

    /// Weights of resources that are not placed by weight.
    private func idle(_ changes: [ClusterChange], _ after: SettledCluster) -> [Problem] {
        let weighed = changes.compactMap { change in
            if case .setWeights(let resource, _, _) = change { resource } else { nil }
        }
        return Set(weighed).sorted().filter { resource in
            after.decision.resources[resource]?.configuration?.configuration?.weights.isEmpty == true
        }.map { resource in
            Problem(
                resource: resource,
                text: "the weights of \(resource) do not count; set its REBALANCER_CLASS_NAME to \(Self.waged)")
        }
    }
}

extension PlacementPlan {
    /// The replicas of a partition: states by instance.
    private typealias Replicas = [String: String]

    fileprivate mutating func compare(_ resource: String, _ before: SettledCluster, _ after: SettledCluster) {
        let partitions = [before, after].flatMap { $0.snapshot.resources[resource]?.partitions.names ?? [] }
        let top = after.scarceTop(of: resource) ?? before.scarceTop(of: resource)
        for partition in Set(partitions).naturallySorted() {
            let (old, new) = (before.replicas(resource, partition), after.replicas(resource, partition))
            if old == new { continue }
            for (from, to) in Self.pairs(Set(old.keys), Set(new.keys)) {
                moves.append(Move(resource: resource, partition: partition, from: from, to: to))
            }
            guard let top else { continue }
            for (from, to) in Self.pairs(Self.holders(old, of: top), Self.holders(new, of: top)) {
                guard let from, let to else { continue }
                handOffs.append(HandOff(resource: resource, partition: partition, from: from, to: to))
            }
        }
    }

    private static func holders(_ replicas: Replicas, of state: String) -> Set<String> {
        Set(replicas.filter { $0.value == state }.keys)
    }

    /// Who is gone with who is new, in order of name; `nil` where one side has more.
    private static func pairs(_ old: Set<String>, _ new: Set<String>) -> [(from: String?, to: String?)] {
        let gone = old.subtracting(new).naturallySorted()
        let come = new.subtracting(old).naturallySorted()
        return (0..<max(gone.count, come.count)).map { index in
            (index < gone.count ? gone[index] : nil, index < come.count ? come[index] : nil)
        }
    }
}

extension SettledCluster {
    fileprivate var spreads: PlacementPlan.Spreads {
        let standing = ReadConfiguration.standing(of: snapshot)
        return PlacementPlan.Spreads(
            overall: snapshot.spread(standing),
            resources: snapshot.resources.mapValues { ReplicaSpread([$0], standing, snapshot) })
    }

    fileprivate func scarceTop(of resource: String) -> String? {
        decision.resources[resource]?.configuration?.configuration?.model.scarceTop
    }

    fileprivate func replicas(_ resource: String, _ partition: String) -> [String: String] {
        guard let known = snapshot.resources[resource], let index = known.partitions.index(of: partition)
        else { return [:] }
        var replicas: [String: String] = [:]
        known.current.forEach(in: index) { replicas[snapshot.instances[Int($0)].name] = snapshot.stateName($1) }
        return replicas
    }

    /// When the first instance is given up that a resource waits for.
    fileprivate var waitsUntil: Int64? {
        guard let standing = decision.standing else { return nil }
        return decision.resources.values.compactMap { $0.configuration?.configuration }.flatMap { configuration in
            standing.instances.compactMap { DelayWindow.end(of: $0, configuration, at: snapshot.time) }
        }.min()
    }
}
