import HelixRecords
import StateModels

// Maintenance mode (protocol reference 6.8): nothing is placed anew. Where a resource was placed before stays its
// preference list, and whoever holds a partition without being on that keeps it. What users place themselves goes on as
// they say: SEMI_AUTO, CUSTOMIZED, and lists in the configurations of resources.

extension ClusterSnapshot {
    /// Why nothing is placed, while the cluster is in maintenance.
    var maintenanceReason: HoldReason? {
        guard isInMaintenance else { return nil }
        let reason = maintenance.value?.reason ?? maintenance.error?.description
        return .inMaintenance(reason: reason)
    }
}

extension ResourceDecision {
    /// Takes note of maintenance, or of its end.
    mutating func hold(for maintenance: HoldReason?) {
        self.maintenance = inputs == nil ? nil : maintenance
        // Nobody is given up meanwhile.
        if self.maintenance != nil { inputs?.waitsUntil = nil }
    }

    /// Sets the preference lists to where the resource was placed, by this leader or by the one before it; empty where
    /// nobody knows that.
    mutating func keepPlacement(
        of resource: ClusterSnapshot.Resource, _ configuration: ResourceConfiguration, _ standing: ClusterStanding
    ) {
        if let basis = placement?.basis, basis.inputs != nil {
            preferenceLists = basis.lists
        } else {
            preferenceLists = recordedLists(of: resource, configuration, standing)
        }
        let missing = resource.partitions.count - preferenceLists.count
        if missing > 0 { preferenceLists += [[Int32]](repeating: [], count: missing) }
        if configuration.idealState?.failback == .never { handOverTops(standing) }
    }

    private func recordedLists(
        of resource: ClusterSnapshot.Resource, _ configuration: ResourceConfiguration, _ standing: ClusterStanding
    ) -> [[Int32]] {
        // What strategies place that go by name is not recorded.
        let lists = inputs?.isByName == false ? configuration.idealState?.preferenceLists ?? [:] : [:]
        return resource.partitions.names.map { name in (lists[name] ?? []).compactMap(standing.index(of:)) }
    }

    /// Where tops do not go back by themselves (FAILBACK), who takes one over from an instance that is away keeps it, also
    /// after maintenance: it is as if the resource had been placed like that.
    private mutating func handOverTops(_ standing: ClusterStanding) {
        guard let inputs else { return }
        var isChanged = false
        for (partition, list) in preferenceLists.enumerated() {
            let (present, away) = (list.filter { standing[$0].isEligible }, list.filter { !standing[$0].isEligible })
            guard !present.isEmpty, list.prefix(inputs.topCount).contains(where: away.contains) else { continue }
            isChanged = isChanged || preferenceLists[partition] != present + away
            preferenceLists[partition] = present + away
        }
        guard isChanged else { return }
        // Of a load that was never counted nothing is taken off.
        var kept =
            placement ?? PlacedResource(inputs: inputs, lists: [], load: PlacedLoad(), problems: [], violations: [])
        (kept.lists, kept.former) = (preferenceLists, nil)
        kept.wasFrozen = true
        placement = kept
    }
}

extension Wish {
    /// In maintenance whoever holds the partition without having been placed there stays in the running behind the
    /// others: the best states first, then by name. Those that do not serve it are needed only where nobody was placed.
    mutating func keepHolders(
        _ state: ReadCurrentState.PartitionState, _ model: StateModel, _ standing: ClusterStanding
    ) {
        guard maintenance != nil else { return }
        let wasPlaced = !list.isEmpty
        let others = state.replicas.filter { replica in
            let isServing = replica.state != model.initialIndex && replica.state != model.errorIndex
            return !list.contains(replica.instance) && (isServing || !wasPlaced)
        }
        let sorted = others.sorted {
            $0.state != $1.state ? $0.state < $1.state : standing.precedes($0.instance, $1.instance)
        }
        list += sorted.map(\.instance)
        placed = wasPlaced ? list.count - others.count : list.count
    }
}

extension StateAssignment {
    /// Replicas that are too many stay, and say why; so do those that are missing, on the instances where they were.
    /// - Parameter serving: who is given a state to serve in.
    /// - Returns: how many replicas are missing beyond those.
    func keepPlacement(
        _ targets: inout [Target], serving: [Int32], _ surplus: [ReadCurrentState.Replica],
        because reason: HoldReason
    ) -> Int {
        let placed = wish.list.prefix(wish.placed)
        let isComplete = placed.count { serving.contains($0) } >= wish.count
        for index in targets.indices where targets[index].note == nil {
            let instance = targets[index].instance
            let isExtra = isComplete && !placed.contains(instance)
            guard isExtra || !isUsable(instance), targets[index].state != model.droppedIndex else { continue }
            targets[index].goal = model.droppedIndex
            targets[index].note = reason
        }
        var missing = missingStates(serving, targets)
        for instance in placed where !standing[instance].isLive {
            guard let state = missing.firstIndex(where: { $0 > 0 }) else { break }
            missing[state] -= 1
            targets.append(Target(instance: instance, state: model.initialIndex, goal: state, note: reason))
        }
        targets += surplus.map { replica in
            if standing[replica.instance].duty == .excluded {
                return Target(instance: replica.instance, state: model.droppedIndex, isLeaving: true)
            }
            return Target(instance: replica.instance, state: replica.state, goal: model.droppedIndex, note: reason)
        }
        return missing.reduce(0, +)
    }

    /// By state: how many replicas are missing there, in all no more than are missing.
    private func missingStates(_ serving: [Int32], _ targets: [Target]) -> [Int] {
        var left = max(0, wish.count - serving.count)
        var counts = model.stateCounts(candidates: wish.count, replicas: wish.count)
        for target in targets where serving.contains(target.instance) { counts[target.state] -= 1 }
        for state in counts.indices {
            counts[state] = model.isActive(state) ? min(max(0, counts[state]), left) : 0
            left -= counts[state]
        }
        return counts
    }
}
