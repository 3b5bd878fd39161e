/// CRUSH evened out: about as many replicas on every instance as its weight says, and little movement.
///
/// 1. Every partition draws its instances, as if all were there.
/// 2. ``CardDealing`` evens them out. Both depend on names and weights only.
/// 3. The order in the lists spreads the top states.
/// 4. What instances have that are not there goes to others by consistent hashing, so that only it moves.
///
/// When a step fails, as with fewer zones than replicas, the lists are those of ``CrushPlacement``. All of them are
/// those of Java's `CrushEdRebalanceStrategy`, including what depends on the order of its hash maps.
///
/// - Complexity: that of ``CrushPlacement``, twice when it comes to nothing.
public struct CrushEdPlacement: PlacementStrategy {
    /// `org.apache.helix.controller.rebalancer.strategy.CrushEdRebalanceStrategy`
    public let name = "org.apache.helix.controller.rebalancer.strategy.CrushEdRebalanceStrategy"

    /// `true`
    public let placesByName = true

    /// The strategy has nothing to set.
    public init() {}

    /// Places every partition; fewer replicas where there are too few zones.
    public func place(_ problem: PlacementProblem) -> PlacementResult {
        let named = NamedProblem(problem)
        let members = named.instances.indices.filter { named.weights[$0] != 0 }
        let everywhere = [Bool](repeating: true, count: named.instances.count)
        let drawn = CrushPlacement.lists(named, members: members, isLive: everywhere)
        if let lists = evenLists(named, members: members, isLive: everywhere, drawn) { return named.result(lists) }
        let areAllThere = members.allSatisfy { named.isThere[$0] }
        return named.result(
            areAllThere ? drawn : CrushPlacement.lists(named, members: members, isLive: named.isThere))
    }

    private func evenLists(
        _ problem: NamedProblem, members: [Int], isLive: [Bool], _ drawn: [[Int32]]
    ) -> [[Int32]]? {
        let seed = JavaString(problem.problem.names.resource).hashCode
        let tree = CrushTree(problem, members: members, isLive: isLive)
        var assignment = assignment(problem, drawn)
        var dealing = CardDealing(problem, tree: tree, seed: seed)
        guard dealing.deal(&assignment) else { return nil }
        let ordered = orderedLists(problem, assignment)
        if members.allSatisfy({ problem.isThere[$0] }) { return ordered.map { $0.map(Int32.init) } }
        var takeover = AbsenceTakeover(problem, tree: tree, seed: seed)
        guard takeover.replaceAbsent(&assignment) else { return nil }
        return adjusted(problem, ordered, assignment)
    }

    /// The lists the other way round, by instance.
    private func assignment(_ problem: NamedProblem, _ lists: [[Int32]]) -> NodeAssignment {
        var assignment = NodeAssignment(instances: problem.instances)
        for partition in JavaHashOrder.positions(of: problem.partitions.map(\.hashCode)) {
            for instance in lists[partition] { assignment.add(Int32(partition), to: Int(instance)) }
        }
        return assignment
    }

    /// Orders each list so that top states are spread: first who has the fewest places in the lists to come, and has
    /// been first the fewest times.
    private func orderedLists(_ problem: NamedProblem, _ assignment: NodeAssignment) -> [[Int]] {
        var (lists, order) = assignment.byPartition(names: problem.partitions)
        var scores = assignment.partitions.map(\.count)
        for partition in order {
            let name = problem.partitions[partition]
            let keyed = lists[partition].enumerated().map { position, instance in
                (scores[instance], name.hashCode(followedBy: problem.instances[instance]), position, instance)
            }
            lists[partition] = keyed.sorted { $0 < $1 }.map(\.3)
            for instance in lists[partition] { scores[instance] -= 1 }
            if let first = lists[partition].first { scores[first] += problem.replicas * problem.replicas }
        }
        return lists
    }

    /// The new lists: those who stay as they were ordered, then the others as a Java set of all of them is walked.
    private func adjusted(
        _ problem: NamedProblem, _ ordered: [[Int]], _ assignment: NodeAssignment
    ) -> [[Int32]] {
        let lists = assignment.byPartition(names: problem.partitions).lists
        return zip(ordered, lists).map { old, new in
            let walk = JavaHashOrder.positionsInCopy(of: new.map { problem.instances[$0].hashCode }).map { new[$0] }
            return (old.filter(new.contains) + walk.filter { !old.contains($0) }).map(Int32.init)
        }
    }
}
