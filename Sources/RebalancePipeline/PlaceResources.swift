import Placement

/// The part of stage 3 that decides where all resources are placed: each by itself, or several together.
///
/// A resource is placed again only when something changed on which its placement depends. With it are placed those that
/// share its instances, if the strategy evens them out together; but first it is tried without them, since what is even
/// needs no others to move.
struct PlaceResources {
    private let rebalancer: Rebalancer
    private let snapshot: ClusterSnapshot
    private let standing: ReadConfiguration.ClusterStanding

    init(_ rebalancer: Rebalancer, _ snapshot: ClusterSnapshot, _ standing: ReadConfiguration.ClusterStanding) {
        self.rebalancer = rebalancer
        self.snapshot = snapshot
        self.standing = standing
    }

    /// What resources have in common that are placed together.
    private struct Group: Hashable {
        var strategy: String
        var eligible: [Int32]
        var zones: [Int32]
        var isWeighed: Bool

        init(_ inputs: PlacementInputs) {
            strategy = inputs.strategy
            eligible = inputs.eligible
            zones = inputs.zones
            isWeighed = inputs.capacityRules != nil
        }
    }

    /// A resource that is to be placed.
    private struct Member {
        var resource: ClusterSnapshot.Resource
        var configuration: ResourceConfiguration
        var inputs: PlacementInputs
        var strategy: any PlacementStrategy
    }

    /// Places those of the named resources for which that is due.
    /// - Parameter left: what resources depended on that are gone.
    /// - Returns: the resources that were placed anew, the named ones among them.
    func update(_ decision: inout Decision, _ names: [String], left: [PlacementInputs]) -> Set<String> {
        var due: [Member] = []
        var groups = Set(left.map(Group.init))
        for name in names {
            guard let own = decision.resources[name], let resource = snapshot.resources[name] else { continue }
            guard own.configuration?.configuration != nil else { continue }
            let isDue = own.mustBePlaced(resource, isStill: standing.standstill != nil)
            if let former = own.placement, isDue || own.inputs == nil {
                groups.insert(Group(former.inputs))
                decision.load -= former.load
                if own.inputs == nil { decision.resources[name]?.placement = nil }
            }
            if isDue, let member = member(name, decision) { due.append(member) }
        }
        if snapshot.isInMaintenance {
            remember(groups, &decision)
            return []
        }
        var placed = Set(due.map(\.resource.name))
        for member in due where !member.strategy.placesTogether { place([member], &decision, isTogether: false) }
        let together = due.filter(\.strategy.placesTogether)
        groups.formUnion(together.map { Group($0.inputs) })
        placeTogether(together, groups, &decision, &placed)
        return placed
    }

    /// Those that are placed together with something that is gone are looked at again when maintenance ends.
    private func remember(_ groups: Set<Group>, _ decision: inout Decision) {
        guard !groups.isEmpty else { return }
        for name in decision.resources.keys {
            guard let inputs = decision.resources[name]?.placement?.inputs, groups.contains(Group(inputs)) else {
                continue
            }
            decision.resources[name]?.placement?.wasFrozen = true
        }
    }

    private func member(_ name: String, _ decision: Decision) -> Member? {
        guard let own = decision.resources[name], let inputs = own.inputs, let resource = snapshot.resources[name],
            let configuration = own.configuration?.configuration,
            case .success(let strategy) = rebalancer.strategy(for: configuration)
        else { return nil }
        return Member(resource: resource, configuration: configuration, inputs: inputs, strategy: strategy)
    }

    private func placeTogether(
        _ due: [Member], _ groups: Set<Group>, _ decision: inout Decision, _ placed: inout Set<String>
    ) {
        guard !groups.isEmpty else { return }
        var members: [Group: [Member]] = [:]
        for name in decision.resources.keys.sorted() {
            guard let member = member(name, decision), member.strategy.placesTogether else { continue }
            let group = Group(member.inputs)
            if groups.contains(group) { members[group, default: []].append(member) }
        }
        // In an order that every process finds.
        let ordered = members.values.sorted { $0[0].resource.name < $1[0].resource.name }
        for group in ordered {
            let due = group.filter { placed.contains($0.resource.name) }
            if group[0].inputs.capacityRules == nil {
                place(due, &decision, isTogether: true)
                if due.count == group.count || isEven(group, decision) { continue }
            }
            for member in group where group[0].inputs.capacityRules == nil || !placed.contains(member.resource.name) {
                if let former = decision.resources[member.resource.name]?.placement { decision.load -= former.load }
            }
            place(group, &decision, isTogether: true)
            placed.formUnion(group.map(\.resource.name))
        }
    }

    /// Whether the resources of a group are even as a whole.
    private func isEven(_ group: [Member], _ decision: Decision) -> Bool {
        var load = PlacedLoad()
        for member in group {
            if let placement = decision.resources[member.resource.name]?.placement { load += placement.load }
        }
        let eligible = group[0].inputs.eligible
        return [eligible.map(load.replicas(of:)), eligible.map(load.tops(of:))]
            .allSatisfy { Evenness($0).difference <= 1 }
    }

    /// Places resources whose load has been taken off the decision's.
    private func place(_ members: [Member], _ decision: inout Decision, isTogether: Bool) {
        guard let strategy = members.first?.strategy else { return }
        let problems = members.map { member in
            ComputePlacement.problem(
                for: member.resource, decision.resources[member.resource.name] ?? ResourceDecision(), member.inputs,
                member.configuration, standing, elsewhere: decision.load)
        }
        let results = isTogether ? strategy.place(problems) : problems.map { strategy.place($0) }
        for (member, result) in zip(members, results) {
            var placed = ComputePlacement.placed(result, member.inputs, member.resource, standing)
            if standing.standstill != nil {
                let former = decision.resources[member.resource.name]?.placement
                placed.former = former?.basis ?? PlacedResource.Basis(lists: [], inputs: nil)
            }
            decision.load += placed.load
            decision.resources[member.resource.name]?.placement = placed
        }
    }
}
