import HelixRecords
import Placement
import StateModels

/// What preference lists depend on; they are computed again only when this changes.
struct PlacementInputs: Sendable, Hashable {
    var mode: IdealState.RebalanceMode
    var strategy: String
    /// Wanted partitions by index.
    var partitions: [Int32]
    /// Instances that may hold replicas, in order of name.
    var eligible: [Int32]
    var replicas: Int
    var topCount: Int
    var maximumPerInstance: Int?
    /// By position in `partitions`: positions in `eligible` that must not take it.
    var excluded: [Set<Int32>]?
}

/// How many replicas, and how many in the top state, a resource has placed on each instance.
struct PlacedLoad: Sendable, Hashable {
    var replicas: [Int32: Int] = [:]
    var tops: [Int32: Int] = [:]

    init() {}

    init(lists: [[Int32]], topCount: Int) {
        for list in lists {
            for (position, instance) in list.enumerated() {
                replicas[instance, default: 0] += 1
                if position < topCount { tops[instance, default: 0] += 1 }
            }
        }
    }
}

/// The part of stage 3 that places whole resources: preference lists for all partitions of a resource.
enum ComputePlacement {
    typealias Configuration = ReadConfiguration.ResourceConfiguration
    typealias Standing = ReadConfiguration.ClusterStanding

    /// Brings the preference lists of a resource up to date.
    static func update(
        _ decision: inout ResourceDecision, of resource: ClusterSnapshot.Resource, _ configuration: Configuration,
        _ standing: Standing, strategy: any PlacementStrategy, others: (replicas: [Int32: Int], tops: [Int32: Int])
    ) {
        switch configuration.mode {
        case .customized, .task:
            decision.preferenceLists = wantedLists(resource, configuration) { _ in [] }
        case .semiAuto:
            decision.preferenceLists = wantedLists(resource, configuration) { partition in
                userList(configuration.idealState?.preferenceLists[partition] ?? [], standing)
            }
        case .fullAuto, .userDefined:
            place(&decision, resource, configuration, standing, strategy, others)
        }
    }

    /// By partition index: the list of a partition that is wanted, an empty one otherwise.
    private static func wantedLists(
        _ resource: ClusterSnapshot.Resource, _ configuration: Configuration, _ list: (String) -> [Int32]
    ) -> [[Int32]] {
        var lists = [[Int32]](repeating: [], count: resource.partitions.count)
        for partition in configuration.idealState?.partitions ?? [] {
            if let index = resource.partitions.index(of: partition) { lists[index] = list(partition) }
        }
        return lists
    }

    /// A list that a user wrote: instances that were never heard of are left out.
    private static func userList(_ names: [String], _ standing: Standing) -> [Int32] {
        if names == ["ANY_LIVEINSTANCE"] { return eligible(standing, tag: nil) }
        var seen: Set<String> = []
        return names.compactMap { name in seen.insert(name).inserted ? standing.index(of: name) : nil }
    }

    private static func eligible(_ standing: Standing, tag: String?) -> [Int32] {
        standing.byName.filter { instance in
            let place = standing.instances[Int(instance)]
            return place.isEligible && (tag.map(place.tags.contains) ?? true)
        }
    }

    private static func place(
        _ decision: inout ResourceDecision, _ resource: ClusterSnapshot.Resource, _ configuration: Configuration,
        _ standing: Standing, _ strategy: any PlacementStrategy, _ others: (replicas: [Int32: Int], tops: [Int32: Int])
    ) {
        let inputs = inputs(resource, configuration, standing, strategy.name)
        guard inputs != decision.placementInputs || resource.partitions.count != decision.preferenceLists.count
        else { return applyUserLists(&decision, resource, configuration, standing) }
        let position = Dictionary(uniqueKeysWithValues: inputs.eligible.enumerated().map { ($1, Int32($0)) })
        let present = inputs.partitions.map { partition in
            presentList(Int(partition), inputs.topCount, decision, resource, configuration, standing)
        }
        let result = strategy.place(
            PlacementProblem(
                partitionCount: inputs.partitions.count, replicas: min(inputs.replicas, inputs.eligible.count),
                instanceCount: inputs.eligible.count,
                present: present.map { $0.list.compactMap { position[$0] } },
                presentTops: present.map { $0.list.prefix($0.tops).count { position[$0] != nil } },
                otherReplicas: inputs.eligible.map { others.replicas[$0] ?? 0 },
                otherTops: inputs.eligible.map { others.tops[$0] ?? 0 },
                excluded: inputs.excluded, maximumPerInstance: inputs.maximumPerInstance, topCount: inputs.topCount))
        var lists = [[Int32]](repeating: [], count: resource.partitions.count)
        for (row, partition) in inputs.partitions.enumerated() {
            lists[Int(partition)] = result.preferenceLists[row].map { inputs.eligible[Int($0)] }
        }
        decision.preferenceLists = lists
        decision.placementInputs = inputs
        decision.load = PlacedLoad(lists: lists, topCount: inputs.topCount)
        applyUserLists(&decision, resource, configuration, standing)
    }

    private static func inputs(
        _ resource: ClusterSnapshot.Resource, _ configuration: Configuration, _ standing: Standing, _ strategy: String
    ) -> PlacementInputs {
        let idealState = configuration.idealState
        let partitions = (idealState?.partitions ?? []).compactMap { name in
            resource.partitions.index(of: name).map { (name: name, index: Int32($0)) }
        }
        let eligible = eligible(standing, tag: idealState?.instanceGroupTag)
        var topCount = 0
        if case .atMost(let count) = configuration.model.states[0].bound { topCount = count }
        var excluded: [Set<Int32>]?
        if !configuration.disabled.isEmpty {
            excluded = partitions.map { partition in
                Set(
                    eligible.indices.filter { configuration.isDisabled(partition.name, on: eligible[$0]) }
                        .map(Int32.init))
            }
        }
        return PlacementInputs(
            mode: configuration.mode, strategy: strategy, partitions: partitions.map(\.index), eligible: eligible,
            replicas: configuration.replicas, topCount: topCount,
            maximumPerInstance: idealState?.maxPartitionsPerInstance, excluded: excluded)
    }

    /// Where a partition was placed before; at the start, where its replicas are or are coming up, the best state first.
    /// - Returns: the instances, and how many of the first of them have the top state.
    private static func presentList(
        _ partition: Int, _ topCount: Int, _ decision: ResourceDecision, _ resource: ClusterSnapshot.Resource,
        _ configuration: Configuration, _ standing: Standing
    ) -> (list: [Int32], tops: Int) {
        if decision.placementInputs != nil, partition < decision.preferenceLists.count,
            !decision.preferenceLists[partition].isEmpty
        {
            return (decision.preferenceLists[partition], topCount)
        }
        var best: [Int32: Int] = [:]
        func note(_ instance: Int32, _ id: UInt16) {
            let state = configuration.modelStates[Int(id)]
            guard state >= 0, state != configuration.model.droppedIndex else { return }
            best[instance] = min(best[instance] ?? .max, state)
        }
        resource.current.forEach(in: partition, note)
        for pending in resource.pending[partition] { note(pending.instance, pending.to) }
        let list = best.sorted { a, b in
            a.value != b.value ? a.value < b.value : standing.nameRank[Int(a.key)] < standing.nameRank[Int(b.key)]
        }
        return (list.map(\.key), list.count { $0.value == 0 })
    }

    /// Preference lists in the resource's configuration override those that were computed (protocol reference 4.5).
    private static func applyUserLists(
        _ decision: inout ResourceDecision, _ resource: ClusterSnapshot.Resource, _ configuration: Configuration,
        _ standing: Standing
    ) {
        for (partition, names) in configuration.config?.preferenceLists ?? [:] where !names.isEmpty {
            guard let index = resource.partitions.index(of: partition) else { continue }
            decision.preferenceLists[index] = userList(names, standing)
        }
    }
}
