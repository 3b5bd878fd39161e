/// Replicas that stand in while a resource waits for an instance: as many as it takes to have MIN_ACTIVE_REPLICAS.
struct Substitutes {
    private let inputs: PlacementInputs
    private let former: [Int: [Int32]]
    /// By instance: where it is in `inputs.eligible`.
    private let position: [Int32: Int]
    /// The eligible ones that can serve, in order of name.
    private let usable: [Int32]
    private let isUsable: Set<Int32>
    private var load: [Int32: Int] = [:]

    /// Sets the preference lists to what was placed, and behind that the instances that stand in.
    static func update(
        _ decision: inout ResourceDecision, _ configuration: ResourceConfiguration,
        _ standing: ReadConfiguration.ClusterStanding
    ) {
        decision.preferenceLists = decision.placement?.lists ?? []
        guard let placement = decision.placement else { return }
        decision.placement?.substitutes = [:]
        guard placement.inputs.waitsUntil != nil else { return }
        var substitutes = Substitutes(placement, standing)
        for (row, partition) in placement.inputs.partitions.enumerated() {
            let partition = Int(partition)
            let chosen = substitutes.choose(
                row, for: placement.lists[partition], partition, atLeast: configuration.minActive)
            if chosen.isEmpty { continue }
            decision.placement?.substitutes[partition] = chosen
            decision.preferenceLists[partition] += chosen
        }
    }

    private init(_ placement: PlacedResource, _ standing: ReadConfiguration.ClusterStanding) {
        inputs = placement.inputs
        former = placement.substitutes
        position = Dictionary(uniqueKeysWithValues: inputs.eligible.enumerated().map { ($1, $0) })
        usable = inputs.eligible.filter { standing[$0].isEligible }
        isUsable = Set(usable)
        for list in placement.lists + former.values { for instance in list { load[instance, default: 0] += 1 } }
    }

    /// Those who stood in before first, then those who have the least; from other fault zones, where there are any.
    private mutating func choose(
        _ row: Int, for list: [Int32], _ partition: Int, atLeast minActive: Int
    ) -> [Int32] {
        let present = list.filter { isUsable.contains($0) && !isExcluded($0, row) }
        let missing = min(minActive, list.count) - present.count
        guard missing > 0 else { return [] }
        let kept = former[partition] ?? []
        let ranked = usable.filter { !list.contains($0) && !isExcluded($0, row) }.map { instance in
            (kept.contains(instance) ? -1 : load[instance] ?? 0, position[instance] ?? 0, instance)
        }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
        var chosen: [Int32] = []
        for mustBeApart in [true, false] {
            for instance in ranked where chosen.count < missing && !chosen.contains(instance) {
                if mustBeApart, (present + chosen).contains(where: { isTogether($0, instance) }) { continue }
                chosen.append(instance)
            }
        }
        for instance in chosen where !kept.contains(instance) { load[instance, default: 0] += 1 }
        return chosen
    }

    private func isExcluded(_ instance: Int32, _ row: Int) -> Bool {
        guard let excluded = inputs.excluded, let position = position[instance] else { return false }
        return excluded[row].contains(Int32(position))
    }

    private func isTogether(_ a: Int32, _ b: Int32) -> Bool {
        guard !inputs.zones.isEmpty, let a = position[a], let b = position[b] else { return false }
        return inputs.zones[a] == inputs.zones[b]
    }
}
