import HelixRecords
import Placement
import StateModels

/// The part of stage 3 that places whole resources: preference lists for all partitions of a resource.
enum ComputePlacement {
    /// Brings the preference lists of a resource up to date, and with them what all resources together have placed.
    static func update(
        _ decision: inout ResourceDecision, of resource: ClusterSnapshot.Resource,
        _ configuration: ResourceConfiguration, _ standing: ClusterStanding, strategy: any PlacementStrategy,
        total: inout PlacedLoad, at time: Int64
    ) {
        decision.userLists = []
        switch configuration.mode {
        case .customized, .task:
            decision.forgetPlacement(total: &total)
            decision.preferenceLists = [[Int32]](repeating: [], count: resource.partitions.count)
        case .semiAuto:
            decision.forgetPlacement(total: &total)
            decision.preferenceLists = [[Int32]](repeating: [], count: resource.partitions.count)
            let lists = configuration.idealState?.preferenceLists ?? [:]
            for partition in resource.wanted.map(Int.init) {
                let names = lists[resource.partitions[partition]] ?? []
                decision.preferenceLists[partition] = userList(names, configuration, standing)
                decision.userLists.insert(partition)
            }
        case .fullAuto, .userDefined:
            let inputs = PlacementInputs(resource, configuration, standing, strategy, at: time)
            place(&decision, inputs, resource, configuration, standing, strategy, &total)
            Substitutes.update(&decision, configuration, standing)
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

    private static func place(
        _ decision: inout ResourceDecision, _ inputs: PlacementInputs, _ resource: ClusterSnapshot.Resource,
        _ configuration: ResourceConfiguration, _ standing: ClusterStanding, _ strategy: any PlacementStrategy,
        _ total: inout PlacedLoad
    ) {
        if decision.placement?.inputs == inputs, decision.placement?.lists.count == resource.partitions.count { return }
        if let former = decision.placement { total -= former.load }
        let position = Dictionary(uniqueKeysWithValues: inputs.eligible.enumerated().map { ($1, Int32($0)) })
        let present = inputs.partitions.map { partition in
            presentList(Int(partition), inputs, decision, resource, configuration, standing, position)
        }
        var problem = PlacementProblem(
            partitionCount: inputs.partitions.count, replicas: inputs.replicas, instanceCount: inputs.eligible.count,
            present: present.map(\.list), presentTops: present.map(\.tops),
            otherReplicas: inputs.eligible.map(total.replicas(of:)),
            otherTops: inputs.eligible.map(total.tops(of:)), excluded: inputs.excluded,
            maximumPerInstance: inputs.maximumPerInstance, topCount: inputs.topCount)
        problem.zones = inputs.zones
        inputs.weigh(&problem, beside: total)
        if strategy.placesByName { inputs.name(&problem, resource, configuration, standing) }
        let result = strategy.place(problem)
        var lists = [[Int32]](repeating: [], count: resource.partitions.count)
        for (row, partition) in inputs.partitions.enumerated() where row < result.preferenceLists.count {
            lists[Int(partition)] = distinct(result.preferenceLists[row], inputs.eligible)
        }
        var load = PlacedLoad(lists: lists, topCount: inputs.topCount)
        load.weigh(lists, inputs)
        total += load
        decision.placement = PlacedResource(
            inputs: inputs, lists: lists, load: load,
            problems: problems(result.shortfalls, inputs, resource)
                + ViolationProblems(inputs, resource, standing).problems(of: result.violations))
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

    /// Where a partition was placed before; at the start, and for strategies that place by name, where its replicas are
    /// or are coming up, the best state first.
    private static func presentList(
        _ partition: Int, _ inputs: PlacementInputs, _ decision: ResourceDecision,
        _ resource: ClusterSnapshot.Resource, _ configuration: ResourceConfiguration, _ standing: ClusterStanding,
        _ position: [Int32: Int32]
    ) -> (list: [Int32], tops: Int) {
        if !inputs.isByName, let former = decision.placement, partition < former.lists.count,
            !former.lists[partition].isEmpty
        {
            let list = former.lists[partition]
            return (
                list.compactMap { position[$0] }, list.prefix(former.inputs.topCount).count { position[$0] != nil }
            )
        }
        var best: [Int32: Int] = [:]
        func note(_ instance: Int32, _ id: UInt16) {
            let state = configuration.modelState(id)
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
    /// The controller does not place the resource any more.
    mutating func forgetPlacement(total: inout PlacedLoad) {
        if let placement { total -= placement.load }
        placement = nil
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
        default: return Wish(list: list, count: max(list.count, configuration.replicas))
        }
    }
}
