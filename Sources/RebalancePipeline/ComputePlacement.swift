import HelixRecords
import Placement
import StateModels

/// The part of stage 3 that places whole resources: preference lists for all partitions of a resource.
enum ComputePlacement {
    /// Prepares the placement of a resource: finds out on what it depends, or that it is not for the controller to decide.
    static func prepare(
        _ decision: inout ResourceDecision, of resource: ClusterSnapshot.Resource,
        _ configuration: ResourceConfiguration, _ standing: ClusterStanding, strategy: any PlacementStrategy,
        at time: Int64
    ) {
        decision.inputs = nil
        if configuration.isPlacedByController {
            decision.inputs = PlacementInputs(resource, configuration, standing, strategy, at: time)
        }
    }

    /// Brings the preference lists up to date with where the resource was placed.
    static func apply(
        _ decision: inout ResourceDecision, _ resource: ClusterSnapshot.Resource,
        _ configuration: ResourceConfiguration, _ standing: ClusterStanding
    ) {
        decision.userLists = []
        switch configuration.mode {
        case .customized, .task:
            decision.preferenceLists = [[Int32]](repeating: [], count: resource.partitions.count)
        case .semiAuto:
            decision.preferenceLists = [[Int32]](repeating: [], count: resource.partitions.count)
            let lists = configuration.idealState?.preferenceLists ?? [:]
            for partition in resource.wanted.map(Int.init) {
                let names = lists[resource.partitions[partition]] ?? []
                decision.preferenceLists[partition] = userList(names, configuration, standing)
                decision.userLists.insert(partition)
            }
        case .fullAuto, .userDefined:
            if decision.maintenance == nil {
                Substitutes.update(&decision, of: resource, configuration, standing)
            } else {
                decision.keepPlacement(of: resource, configuration, standing)
            }
            applyUserLists(&decision, resource, configuration, standing)
        }
    }

    // MARK: Lists that users write

    /// Instances that were never heard of are left out. The text ANY_LIVEINSTANCE stands for all that are live and may
    /// have replicas, even if they are disabled at the moment.
    private static func userList(
        _ names: [String], _ configuration: ResourceConfiguration, _ standing: ClusterStanding
    ) -> [Int32] {
        if names == [IdealState.anyLiveInstance] {
            return standing.byName.filter { instance in
                let place = standing[instance]
                return place.isLive && (place.duty == .serving || place.duty == .disabled)
                    && (configuration.tag.map(place.tags.contains) ?? true)
            }
        }
        var seen: Set<String> = []
        return names.compactMap { name in seen.insert(name).inserted ? standing.index(of: name) : nil }
    }

    /// Preference lists in the resource's configuration override those that were computed (protocol reference 4.5).
    private static func applyUserLists(
        _ decision: inout ResourceDecision, _ resource: ClusterSnapshot.Resource,
        _ configuration: ResourceConfiguration, _ standing: ClusterStanding
    ) {
        for (partition, names) in configuration.config?.preferenceLists ?? [:] where !names.isEmpty {
            guard let index = resource.partitions.index(of: partition), index < decision.preferenceLists.count
            else { continue }
            decision.preferenceLists[index] = userList(names, configuration, standing)
            decision.userLists.insert(index)
        }
    }

    // MARK: Lists that a strategy makes

    /// What a strategy is to solve for a resource.
    /// - Parameter elsewhere: what other resources have placed.
    static func problem(
        for resource: ClusterSnapshot.Resource, _ decision: ResourceDecision, _ inputs: PlacementInputs,
        _ configuration: ResourceConfiguration, _ standing: ClusterStanding, elsewhere: PlacedLoad
    ) -> PlacementProblem {
        let position = Dictionary(uniqueKeysWithValues: inputs.eligible.enumerated().map { ($1, Int32($0)) })
        let present = inputs.partitions.map { partition in
            presentList(Int(partition), inputs, decision, resource, configuration, standing, position)
        }
        var problem = PlacementProblem(
            partitionCount: inputs.partitions.count, replicas: inputs.replicas, instanceCount: inputs.eligible.count,
            present: present.map(\.list), presentTops: present.map(\.tops),
            otherReplicas: inputs.eligible.map(elsewhere.replicas(of:)),
            otherTops: inputs.eligible.map(elsewhere.tops(of:)), excluded: inputs.excluded,
            maximumPerInstance: inputs.maximumPerInstance, topCount: inputs.topCount)
        problem.zones = inputs.zones
        if let failback = inputs.failback {
            let former = decision.placement?.basis.inputs?.failback
            problem.keepsTops = former == nil || former?.lastRebalance == failback.lastRebalance
            problem.topless = failback.away
        }
        inputs.weigh(&problem, beside: elsewhere)
        if inputs.isByName { inputs.name(&problem, resource, configuration, standing) }
        return problem
    }

    /// Where the resource is placed from now on.
    static func placed(
        _ result: PlacementResult, _ inputs: PlacementInputs, _ resource: ClusterSnapshot.Resource,
        _ standing: ClusterStanding
    ) -> PlacedResource {
        var lists = [[Int32]](repeating: [], count: resource.partitions.count)
        for (row, partition) in inputs.partitions.enumerated() where row < result.preferenceLists.count {
            lists[Int(partition)] = distinct(result.preferenceLists[row], inputs.eligible)
        }
        var load = PlacedLoad(lists: lists, topCount: inputs.topCount)
        load.weigh(lists, inputs)
        return PlacedResource(
            inputs: inputs, lists: lists, load: load,
            problems: problems(result.shortfalls, inputs, resource)
                + ViolationProblems(inputs, resource, standing).problems(of: result.violations),
            violations: result.violations)
    }

    /// A strategy may be a user's: what it says is checked.
    private static func distinct(_ list: [Int32], _ eligible: [Int32]) -> [Int32] {
        var result: [Int32] = []
        for position in list where position >= 0 && position < eligible.count {
            let instance = eligible[Int(position)]
            if !result.contains(instance) { result.append(instance) }
        }
        return result
    }

    /// Where a partition was placed before, by this leader or by the one before it; if nobody knows that, and for strategies
    /// that place by name, where its replicas are or are coming up, the best state first.
    private static func presentList(
        _ partition: Int, _ inputs: PlacementInputs, _ decision: ResourceDecision,
        _ resource: ClusterSnapshot.Resource, _ configuration: ResourceConfiguration, _ standing: ClusterStanding,
        _ position: [Int32: Int32]
    ) -> (list: [Int32], tops: Int) {
        let former = decision.placement?.basis
        if !inputs.isByName, let former, let topCount = former.inputs?.topCount, partition < former.lists.count,
            !former.lists[partition].isEmpty
        {
            let list = places(of: former.lists[partition], partition, resource, standing, position)
            return (list.compactMap(\.self), list.prefix(topCount).count { $0 != nil })
        }
        if !inputs.isByName, former?.inputs == nil,
            let recorded = configuration.idealState?.preferenceLists[resource.partitions[partition]], !recorded.isEmpty
        {
            let list = places(
                of: recorded.map { standing.index(of: $0) }, partition, resource, standing, position)
            return (list.compactMap(\.self), list.prefix(inputs.topCount).count { $0 != nil })
        }
        var best: [Int32: Int] = [:]
        func note(_ instance: Int32, _ id: UInt16) {
            let state = configuration.modelState(id)
            let heir = standing.swaps.successors[instance]
            let isReplaced =
                heir.map { resource.current.state(partition: partition, instance: $0) != nil } ?? false
            let instance = position[instance] == nil && isReplaced ? heir ?? instance : instance
            guard state >= 0, state != configuration.model.droppedIndex, position[instance] != nil else { return }
            best[instance] = min(best[instance] ?? .max, state)
        }
        resource.current.forEach(in: partition, note)
        for pending in resource.pending[partition] { note(pending.instance, pending.to) }
        let sorted = best.sorted { a, b in
            a.value != b.value ? a.value < b.value : standing.precedes(a.key, b.key)
        }
        return (sorted.compactMap { position[$0.key] }, min(inputs.topCount, sorted.count { $0.value == 0 }))
    }

    /// The positions of instances, each once. The place of one that was replaced is its successor's where that has the
    /// partition already, so that nothing moves but from the one to the other.
    private static func places(
        of list: [Int32?], _ partition: Int, _ resource: ClusterSnapshot.Resource, _ standing: ClusterStanding,
        _ position: [Int32: Int32]
    ) -> [Int32?] {
        var taken: Set<Int32> = []
        return list.map { instance in
            guard let instance else { return nil }
            let heir = standing.swaps.successors[instance].flatMap { heir in
                resource.current.state(partition: partition, instance: heir) == nil ? nil : position[heir]
            }
            return (position[instance] ?? heir).flatMap { taken.insert($0).inserted ? $0 : nil }
        }
    }

    // MARK: What could not be placed

    private static func problems(
        _ shortfalls: [Shortfall], _ inputs: PlacementInputs, _ resource: ClusterSnapshot.Resource
    ) -> [Problem] {
        Shortfall.Reason.allCases.compactMap { reason in
            let affected = shortfalls.filter { $0.reason == reason && inputs.partitions.indices.contains($0.partition) }
            guard let first = affected.first else { return nil }
            let name = resource.partitions[Int(inputs.partitions[first.partition])]
            let cause =
                switch reason {
                case .tooFewInstances:
                    "only \(inputs.eligible.count) instances are live, enabled and tagged for it; add instances"
                case .excluded: "it is disabled on the other instances; enable it there"
                case .maximumPerInstance: "the other instances have reached MAX_PARTITIONS_PER_INSTANCE; raise it"
                }
            return Problem(
                resource: resource.name,
                text:
                    "\(affected.count) of \(inputs.partitions.count) partitions get fewer replicas than wanted ("
                    + "\(name): \(first.placed) of \(first.wanted)), because \(cause)")
        }
    }
}

extension ResourceDecision {
    /// Whether the resource is to be placed, and not for the first time as it is.
    /// - Parameter isStill: whether nothing is asked for in the whole cluster.
    func mustBePlaced(_ resource: ClusterSnapshot.Resource, isStill: Bool) -> Bool {
        guard let inputs, maintenance == nil else { return false }
        guard let placement, !placement.wasFrozen, isStill || placement.former == nil else { return true }
        return placement.inputs != inputs || placement.lists.count != resource.partitions.count
    }

    /// Where the replicas of a partition should be; `nil` when the partition is not wanted any more.
    func wish(
        for partition: Int, _ configuration: ResourceConfiguration, _ resource: ClusterSnapshot.Resource
    ) -> Wish? {
        guard partition < resource.isWanted.count, resource.isWanted[partition], partition < preferenceLists.count
        else { return nil }
        let list = preferenceLists[partition]
        switch configuration.mode {
        case .customized:
            let map = configuration.idealState?.instanceStateMap[resource.partitions[partition]]
            return Wish(list: [], count: map?.count ?? 0)
        case _ where userLists.contains(partition): return Wish(list: list, count: list.count)
        default:
            return Wish(list: list, count: max(list.count, configuration.replicas), maintenance: maintenance)
        }
    }
}
