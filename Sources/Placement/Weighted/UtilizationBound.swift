/// The lowest that the highest utilisation can be, by dimension: a bound, not a promise.
///
/// Whatever is placed where, the instances carry the demand together; so the highest utilisation is at least the demand
/// divided by their capacity. The bound is the greatest of these, over
/// - all instances that are open to a resource, with the demand of all resources that can go nowhere else;
/// - those outside the largest fault zones, with what these cannot take because a partition has only so many replicas in
///   a zone;
/// - loads in whole multiples of the weights' common unit;
/// - the heaviest replica, which must be somewhere.
struct UtilizationBound {
    private(set) var byDimension: [Double]

    private let input: WeightedInput
    /// By problem: the instances that are open to it.
    private let open: [[Bool]]

    init(_ input: WeightedInput) {
        self.input = input
        byDimension = [Double](repeating: 0, count: input.dimensionCount)
        open = input.inputs.map(Self.openInstances)
        var known: Set<[Bool]> = []
        for scope in open + [[Bool](repeating: true, count: input.instanceCount)] where known.insert(scope).inserted {
            for dimension in byDimension.indices { raise(dimension, scope) }
        }
    }

    /// The instances that at least one partition may come to.
    private static func openInstances(_ input: PlacementInput) -> [Bool] {
        guard let excluded = input.excluded else { return [Bool](repeating: true, count: input.instanceCount) }
        var closed = [Int](repeating: 0, count: input.instanceCount)
        for instance in excluded.instances { closed[Int(instance)] += 1 }
        return closed.map { $0 < input.rows }
    }

    private mutating func raise(_ dimension: Int, _ scope: [Bool]) {
        let members = input.inputs.indices.filter { problem in
            open[problem] == scope || zip(open[problem], scope).allSatisfy { !$0 || $1 }
        }
        let weights = members.map { problem in
            (input.firstRows[problem]..<input.firstRows[problem + 1]).map { input.weight($0, dimension) }
        }
        let sums = weights.map { $0.reduce(0, +) }
        let unit = weights.joined().reduce(0, MixedOrder.greatestCommonDivisor)
        var held = heldOutside(scope, of: members, dimension)
        var instances = scope.indices.filter { scope[$0] }
        let groups = groups(of: instances, dimension)
        for taken in groups.indices {
            if taken > 0 {
                instances.removeAll { group($0) == groups[taken - 1] }
                for instance in held.indices where group(instance) == groups[taken - 1] { held[instance] = 0 }
            }
            let demand = members.indices.reduce(-held.reduce(0, +)) { sum, index in
                let input = input.inputs[members[index]]
                return sum + max(0, input.width - taken * input.zones.most) * sums[index]
            }
            if demand <= 0 { break }
            let capacities = instances.map { input.capacity($0, dimension) }
            byDimension[dimension] = max(byDimension[dimension], Self.level(demand, capacities, unit))
        }
        raise(dimension, byHeaviestOf: zip(members, weights), scope)
    }

    /// A replica of the heaviest partition is on the instance with the least capacity of as many as it has replicas.
    private mutating func raise(
        _ dimension: Int, byHeaviestOf weights: some Sequence<(Int, [Int])>, _ scope: [Bool]
    ) {
        let capacities = scope.indices.filter { scope[$0] }.map { input.capacity($0, dimension) }.sorted(by: >)
        for (problem, weights) in weights {
            let width = min(input.inputs[problem].width, capacities.count)
            guard width > 0, let heaviest = weights.max(), heaviest > 0 else { continue }
            byDimension[dimension] = max(
                byDimension[dimension], Double(heaviest) / Double(max(1, capacities[width - 1])))
        }
    }

    /// By instance: its zone, or itself where zones do not count.
    private func group(_ instance: Int) -> Int {
        let zones = input.inputs[0].zones
        return zones.isTrivial ? instance : Int(zones.zones[instance])
    }

    /// The zones of the instances, the largest first.
    private func groups(of instances: [Int], _ dimension: Int) -> [Int] {
        var capacities = [Int](repeating: 0, count: input.instanceCount)
        for instance in instances { capacities[group(instance)] += input.capacity(instance, dimension) }
        return Set(instances.map(group)).sorted { (capacities[$0], $0) > (capacities[$1], $1) }
    }

    /// By instance: what those outside a scope hold of some problems, and may keep.
    private func heldOutside(_ scope: [Bool], of problems: [Int], _ dimension: Int) -> [Int] {
        var held = [Int](repeating: 0, count: scope.count)
        if !scope.contains(false) { return held }
        for problem in problems {
            let own = input.inputs[problem]
            for partition in 0..<own.rows {
                let weight = input.weight(input.firstRows[problem] + partition, dimension)
                for instance in own.holders(partition) where !scope[Int(instance)] { held[Int(instance)] += weight }
            }
        }
        return held
    }

    /// The lowest level to which all can be filled so that the demand has room, in whole multiples of a unit.
    static func level(_ demand: Int, _ capacities: [Int], _ unit: Int) -> Double {
        let total = capacities.reduce(0, +)
        if total == 0 { return Double(demand) }
        let lowest = Double(demand) / Double(total)
        // What the unit could change is lost in the tolerance.
        if unit * capacities.count * 1_000 < demand { return lowest }
        var (below, above) = (lowest, lowest + Double(unit * capacities.count) / Double(total))
        for _ in 0..<40 {
            let middle = (below + above) / 2
            let room = capacities.reduce(0) { $0 + Self.floor(middle, of: $1) / unit * unit }
            if room >= demand { above = middle } else { below = middle }
        }
        return above
    }

    /// A part of a capacity, rounded down unless it is a whole number but for a rounding error.
    static func floor(_ level: Double, of capacity: Int) -> Int {
        Int(min(level * Double(capacity) * (1 + 1e-9), 0x1p61))
    }
}
