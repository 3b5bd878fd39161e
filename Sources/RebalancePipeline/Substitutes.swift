import StateModels

/// Replicas that stand in while a resource waits for an instance: as many as it takes to have MIN_ACTIVE_REPLICAS.
struct Substitutes {
    private let inputs: PlacementInputs
    private let resource: ClusterSnapshot.Resource
    private let configuration: ResourceConfiguration
    /// By instance: where it is in `inputs.eligible`.
    private let position: [Int32: Int]
    /// The eligible ones that can serve, in order of name.
    private let usable: [Int32]
    private let isUsable: Set<Int32>
    private var load: [Int32: Int] = [:]

    /// Sets the preference lists to what was placed, and behind that the instances that stand in.
    static func update(
        _ decision: inout ResourceDecision, of resource: ClusterSnapshot.Resource,
        _ configuration: ResourceConfiguration, _ standing: ReadConfiguration.ClusterStanding
    ) {
        decision.preferenceLists = decision.placement?.lists ?? []
        guard let placement = decision.placement else { return }
        guard placement.inputs.waitsUntil != nil else { return }
        var substitutes = Substitutes(placement, resource, configuration, standing)
        for (row, partition) in placement.inputs.partitions.enumerated() {
            let partition = Int(partition)
            decision.preferenceLists[partition] += substitutes.choose(
                row, for: placement.lists[partition], partition, atLeast: configuration.minActive)
        }
    }

    private init(
        _ placement: PlacedResource, _ resource: ClusterSnapshot.Resource, _ configuration: ResourceConfiguration,
        _ standing: ReadConfiguration.ClusterStanding
    ) {
        self.resource = resource
        self.configuration = configuration
        inputs = placement.inputs
        position = Dictionary(uniqueKeysWithValues: inputs.eligible.enumerated().map { ($1, $0) })
        usable = inputs.eligible.filter { standing[$0].isEligible }
        isUsable = Set(usable)
        for list in placement.lists { for instance in list { load[instance, default: 0] += 1 } }
        for (row, partition) in inputs.partitions.enumerated() {
            for instance in holders(Int(partition), beside: placement.lists[Int(partition)], row) {
                load[instance, default: 0] += 1
            }
        }
    }

    /// Who has the partition, or is about to, without being on its list: who stands in stays, whoever leads the cluster.
    private func holders(_ partition: Int, beside list: [Int32], _ row: Int) -> [Int32] {
        var found: Set<Int32> = []
        resource.current.forEach(in: partition) { instance, id in
            let state = configuration.modelState(id)
            if state != configuration.model.errorIndex, state != configuration.model.droppedIndex {
                found.insert(instance)
            }
        }
        found.formUnion(resource.pending[partition].map(\.instance))
        return found.filter { isUsable.contains($0) && !list.contains($0) && !isExcluded($0, row) }.sorted()
    }

    /// Those who have the partition first, then those who have the least; from other fault zones, where there are any.
    private mutating func choose(
        _ row: Int, for list: [Int32], _ partition: Int, atLeast minActive: Int
    ) -> [Int32] {
        let present = list.filter { isUsable.contains($0) && !isExcluded($0, row) }
        let missing = min(minActive, list.count) - present.count
        guard missing > 0 else { return [] }
        let kept = holders(partition, beside: list, row)
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
