/// Nothing moves that need not: present holders stay as long as they are there and have room, and what is missing goes
/// round the instances.
///
/// An instance has room for ``PlacementProblem/maximumPerInstance`` replicas, which is
/// GLOBAL_MAX_PARTITIONS_ALLOWED_PER_INSTANCE; without that limit nothing is placed, as in Java. The instances are
/// those that Java's `StickyRebalanceStrategy` chooses. Java leaves the order in a list to a hash set; here present
/// holders come first, as their states rank them. And a partition with more holders than replicas keeps the first ones,
/// where Java keeps all.
///
/// - Complexity: for each replica that is missing, proportional to the number of instances at worst.
public struct StickyPlacement: PlacementStrategy {
    /// `org.apache.helix.controller.rebalancer.strategy.StickyRebalanceStrategy`
    public let name = "org.apache.helix.controller.rebalancer.strategy.StickyRebalanceStrategy"

    /// `true`
    public let placesByName = true

    /// The strategy has nothing to set.
    public init() {}

    /// Places every partition; fewer replicas where there is no room, or too few zones.
    public func place(_ problem: PlacementProblem) -> PlacementResult {
        let named = NamedProblem(problem)
        guard let capacity = problem.maximumPerInstance else { return named.nothing(limited: true) }
        var (loads, lists) = kept(named, capacity: capacity)
        let circle = circle(named)
        var next = 0
        for partition in lists.indices where !circle.isEmpty {
            var zones = Set(lists[partition].map { named.zone(Int($0)) })
            let end = next + circle.count
            while next < end && lists[partition].count < named.replicas {
                let (instance, zone) = circle[next % circle.count]
                next += 1
                guard loads[instance] < capacity, !zones.contains(zone) else { continue }
                loads[instance] += 1
                zones.insert(zone)
                lists[partition].append(Int32(instance))
            }
        }
        return named.result(lists, limited: true)
    }

    /// The present holders that stay, and how many replicas every instance has of them.
    private func kept(_ problem: NamedProblem, capacity: Int) -> (loads: [Int], lists: [[Int32]]) {
        var loads = [Int](repeating: 0, count: problem.instances.count)
        let lists = problem.partitions.indices.map { partition in
            var list: [Int32] = []
            for instance in problem.holders(partition) where list.count < problem.replicas {
                guard problem.isThere[Int(instance)], loads[Int(instance)] < capacity else { continue }
                loads[Int(instance)] += 1
                list.append(instance)
            }
            return list
        }
        return (loads, lists)
    }

    /// The instances that are there with their zones, by the name of the zone and then their own.
    private func circle(_ problem: NamedProblem) -> [(instance: Int, zone: Int)] {
        let there = problem.instances.indices.filter { problem.isThere[$0] }
        let keyed = there.map { (problem.zoneName(problem.zone($0)), problem.instances[$0], $0) }
        return keyed.sorted { $0 < $1 }.map { ($0.2, problem.zone($0.2)) }
    }
}
