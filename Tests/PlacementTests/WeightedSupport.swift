import Testing

@testable import Placement

/// What each instance carries, by dimension.
func weightedLoad(_ lists: [[Int32]], _ problem: PlacementProblem) -> [[Int]] {
    var load = problem.capacities.map { $0.map { _ in 0 } }
    for (partition, list) in lists.enumerated() {
        for instance in list {
            for (dimension, weight) in problem.weights[partition].enumerated() {
                load[Int(instance)][dimension] += weight
            }
        }
    }
    return load
}

/// The highest part of a capacity that is used.
func highestUtilisation(_ load: [[Int]], _ problem: PlacementProblem) -> Double {
    var highest = 0.0
    for (instance, carried) in load.enumerated() {
        for (dimension, amount) in carried.enumerated() where amount > 0 {
            highest = max(highest, Double(amount) / Double(problem.capacities[instance][dimension]))
        }
    }
    return highest
}

func highestUtilisation(_ lists: [[Int32]], _ problem: PlacementProblem) -> Double {
    highestUtilisation(weightedLoad(lists, problem), problem)
}

/// The lower bound of the linear relaxation: each dimension's demand through its capacity, over all instances and over
/// those outside every set of zones, which can have only one replica of a partition each. Instances to which nothing new
/// may come carry at most what they have.
func utilisationBound(_ problem: PlacementProblem) -> Double {
    let zones = problem.zones.isEmpty ? Array(0..<Int32(problem.instanceCount)) : problem.zones
    let names = Set(zones).sorted()
    let sets = problem.zones.isEmpty ? 0..<1 : 0..<1 << names.count
    let closed = problem.excluded.map { sets in sets.dropFirst().reduce(sets[0]) { $0.intersection($1) } } ?? []
    let held = weightedLoad(problem.present, problem)
    var bound = 0.0
    for dimension in problem.capacities.first?.indices ?? 0..<0 {
        let once = problem.weights.reduce(0) { $0 + $1[dimension] }
        for set in sets where set.nonzeroBitCount < problem.replicas {
            let left = zones.indices.filter { set >> (names.firstIndex(of: zones[$0]) ?? 0) & 1 == 0 }
            let demand = once * (problem.replicas - set.nonzeroBitCount)
            let kept = left.reduce(0) { $0 + (closed.contains(Int32($1)) ? held[$1][dimension] : 0) }
            let room = left.reduce(0) { $0 + problem.capacities[$1][dimension] }
            let open = left.reduce(0) { $0 + (closed.contains(Int32($1)) ? 0 : problem.capacities[$1][dimension]) }
            if room > 0 { bound = max(bound, Double(demand) / Double(room)) }
            if open > 0 { bound = max(bound, Double(demand - kept) / Double(open)) }
        }
    }
    return bound
}

/// A number of moves that no placement can do without that keeps all utilisation up to `target`: each missing replica has
/// to come, and an instance that carries too much must give what makes up for that in all dimensions. So must all
/// instances outside a zone together, which get at least those replicas that are too many for the zone.
func leastWeightedMoves(_ problem: PlacementProblem, target: Double) -> Int {
    let missing = problem.present.reduce(0) { $0 + max(0, problem.replicas - $1.count) }
    let instances = Array(0..<Int32(problem.instanceCount))
    let single = instances.reduce(0) { $0 + leastGiven([$1], problem, target) { _, _ in (0, 1) } }
    let apart = Set(problem.zones).sorted().map { zone in
        leastGiven(instances.filter { problem.zones[Int($0)] != zone }, problem, target) { partition, count in
            (max(0, problem.replicas - 1 - count), max(0, count - problem.replicas + 1))
        }
    }
    return missing + max(single, Set(problem.zones).count >= problem.replicas ? apart.max() ?? 0 : 0)
}

/// - Parameter change: for a partition of which some instances have so many replicas, how many they get at least, and
///   how many they can give.
private func leastGiven(
    _ group: [Int32], _ problem: PlacementProblem, _ target: Double,
    change: (_ partition: Int, _ count: Int) -> (taken: Int, given: Int)
) -> Int {
    let dimensions = problem.capacities[0].indices
    var excess = dimensions.map { dimension in
        group.reduce(0) { $0 - target * Double(problem.capacities[Int($1)][dimension]) }
    }
    var candidates: [[Int]] = []
    for (partition, list) in problem.present.enumerated() {
        let count = list.count(where: group.contains)
        let (taken, given) = change(partition, count)
        for dimension in dimensions {
            excess[dimension] += Double((count + taken) * problem.weights[partition][dimension])
        }
        if count > 0, given > 0 { candidates.append(problem.weights[partition]) }
    }
    return leastGiven(candidates, excess)
}

/// How many of some weights there must be at least to make up for an excess. What covers it in every dimension covers
/// every weighted sum of the dimensions, and there the heaviest are the fewest.
private func leastGiven(_ weights: [[Int]], _ excess: [Double]) -> Int {
    let dimensions = excess.indices.filter { excess[$0] > 1e-6 }
    if dimensions.isEmpty { return 0 }
    let grid = 3
    var most = 0
    let codes = dimensions.reduce(1) { product, _ in product * grid }
    for code in 1..<codes {
        var (rest, factors) = (code, [(dimension: Int, factor: Double)]())
        for dimension in dimensions {
            factors.append((dimension, Double(rest % grid) / excess[dimension]))
            rest /= grid
        }
        var left = factors.reduce(0) { $0 + $1.factor * excess[$1.dimension] }
        let sums = weights.map { weight in factors.reduce(0) { $0 + $1.factor * Double(weight[$1.dimension]) } }
        var count = 0
        for sum in sums.sorted(by: >) {
            if left <= 1e-9 { break }
            left -= sum
            count += 1
        }
        most = max(most, count)
    }
    return most
}

/// That a placement of weighed partitions keeps its replicas apart, and that another look at it changes nothing.
func expectWeightedSound(
    _ result: PlacementResult, for problem: PlacementProblem, _ comment: Comment,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    expectSound(result, for: problem, comment, sourceLocation: sourceLocation)
    let zoneCount = Set(problem.zones).count
    if zoneCount >= problem.replicas {
        let areApart = result.preferenceLists.allSatisfy { list in
            Set(list.map { problem.zones[Int($0)] }).count == list.count
        }
        #expect(areApart, comment, sourceLocation: sourceLocation)
    }
    var again = problem
    again.present = result.preferenceLists
    again.presentTops = nil
    #expect(
        BalancedPlacement().place(again).preferenceLists == result.preferenceLists, comment,
        sourceLocation: sourceLocation)
    let over = weightedLoad(result.preferenceLists, problem).enumerated().flatMap { instance, load in
        load.indices.filter { load[$0] > problem.capacities[instance][$0] }.map { [instance, $0] }
    }
    let told = result.violations.filter { $0.rule == .capacity }.map { [Int($0.instance ?? -1), $0.dimension ?? -1] }
    #expect(told == over, comment, sourceLocation: sourceLocation)
}

/// A cluster of weighed partitions that lives through changes, with instances by name.
struct WeightedCluster {
    /// An instance, its zone and its capacities.
    struct Member {
        var name: Int
        var zone: Int32
        var capacity: [Int]
    }

    var members: [Member] = []
    /// Instances to which nothing new may come.
    var disabled: Set<Int> = []
    var weights: [[Int]]
    var lists: [[Int]]
    let replicas: Int
    private let hasZones: Bool
    private let zoneCount: Int
    private var nextName = 0

    /// Partitions that are small against what an instance carries, on instances that are not all alike.
    init(
        partitions: Int, replicas: Int, instances: Int, zones: Int, dimensions: Int,
        using generator: inout SeededGenerator
    ) {
        self.replicas = replicas
        hasZones = zones > 0
        zoneCount = max(1, zones)
        weights = (0..<partitions).map { _ in Self.weight(dimensions, &generator) }
        lists = Array(repeating: [], count: partitions)
        for _ in 0..<instances { join(using: &generator) }
    }

    private static func weight(_ dimensions: Int, _ generator: inout SeededGenerator) -> [Int] {
        (0..<dimensions).map { dimension in
            let drawn = Int.random(in: 0...99, using: &generator)
            return 40 + drawn + (dimension == 0 && drawn > 90 ? 100 : 0)
        }
    }

    /// How much room there is for what is to be placed: an instance carries a sixth of the demand.
    private var unit: [Int] {
        weights[0].indices.map { dimension in weights.reduce(0) { $0 + $1[dimension] } * replicas / 6 }
    }

    /// A new instance; some have more room than others.
    mutating func join(using generator: inout SeededGenerator) {
        let factor = Int.random(in: 4...6, using: &generator)
        members.append(
            Member(name: nextName, zone: Int32(nextName % zoneCount), capacity: unit.map { $0 * factor / 5 }))
        nextName += 1
    }

    mutating func leave(_ names: Set<Int>) { members.removeAll { names.contains($0.name) } }

    /// The weights of some partitions change.
    mutating func reweigh(using generator: inout SeededGenerator) {
        for _ in 0..<weights.count / 20 + 1 {
            let partition = Int.random(in: 0..<weights.count, using: &generator)
            weights[partition] = Self.weight(weights[partition].count, &generator)
        }
    }

    var problem: PlacementProblem {
        let numbers = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1.name, Int32($0)) })
        var problem = PlacementProblem(
            partitionCount: lists.count, replicas: replicas, instanceCount: members.count,
            present: lists.map { $0.compactMap { numbers[$0] } },
            presentTops: lists.map { $0.first.map { numbers[$0] == nil ? 0 : 1 } ?? 0 })
        if hasZones { problem.zones = members.map(\.zone) }
        problem.weights = weights
        problem.capacities = members.map(\.capacity)
        let closed = Set(disabled.compactMap { numbers[$0] })
        if !closed.isEmpty { problem.excluded = Array(repeating: closed, count: lists.count) }
        return problem
    }

    mutating func accept(_ result: PlacementResult) {
        lists = result.preferenceLists.map { $0.map { members[Int($0)].name } }
    }
}
