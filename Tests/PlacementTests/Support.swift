import Placement
import Testing

/// A generator whose numbers follow from its seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: Int) { state = UInt64(bitPattern: Int64(seed)) }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}

/// The difference between the greatest and the least.
func spread(_ values: [Int]) -> Int { (values.max() ?? 0) - (values.min() ?? 0) }

/// How many replicas each instance has, or how many among the first `count` of each list.
func load(_ lists: [[Int32]], instances: Int, first count: Int = .max) -> [Int] {
    var load = [Int](repeating: 0, count: instances)
    for list in lists { for instance in list.prefix(count) { load[Int(instance)] += 1 } }
    return load
}

/// The same for several resources together.
func totals(_ results: [PlacementResult], _ instances: Int, first count: Int = .max) -> [Int] {
    results.map { load($0.preferenceLists, instances: instances, first: count) }
        .reduce([Int](repeating: 0, count: instances)) { zip($0, $1).map(+) }
}

/// How many replicas are where none was.
func moves(from present: [[Int32]], to lists: [[Int32]]) -> Int {
    zip(present, lists).reduce(0) { sum, pair in sum + pair.1.count { !pair.0.contains($0) } }
}

/// The bound of the reference (section 4): what instances below their quota lack, with the quotas that keep most.
func leastMoves(holding load: [Int], total: Int) -> Int {
    let (base, extras) = (total / load.count, total % load.count)
    return load.sorted(by: >).enumerated().reduce(0) { sum, held in
        sum + max(0, base + (held.offset < extras ? 1 : 0) - held.element)
    }
}

/// Random lists of distinct instances, of the given lengths.
func randomLists(
    _ count: Int, of instances: Int, lengths: ClosedRange<Int>, using generator: inout SeededGenerator
) -> [[Int32]] {
    (0..<count).map { _ in
        Array((0..<Int32(instances)).shuffled(using: &generator).prefix(.random(in: lengths, using: &generator)))
    }
}

/// What holds of every result: distinct instances that exist, nothing new where it is excluded, and a shortfall for
/// each partition that has fewer than wanted, and for no other.
func expectSound(
    _ result: PlacementResult, for problem: PlacementProblem, _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(result.preferenceLists.count == problem.partitionCount, comment, sourceLocation: sourceLocation)
    for (partition, list) in result.preferenceLists.enumerated() {
        let held = partition < problem.present.count ? problem.present[partition] : []
        let isSound =
            Set(list).count == list.count && list.count <= problem.replicas
            && list.allSatisfy { instance in
                (0..<Int32(problem.instanceCount)).contains(instance)
                    && (held.contains(instance) || !(problem.excluded?[partition].contains(instance) ?? false))
            }
        #expect(isSound, "partition \(partition) is on \(list)", sourceLocation: sourceLocation)
    }
    let short = result.preferenceLists.enumerated().filter { $0.element.count < problem.replicas }
    #expect(result.shortfalls.map(\.partition) == short.map(\.offset), comment, sourceLocation: sourceLocation)
    #expect(result.shortfalls.map(\.placed) == short.map(\.element.count), comment, sourceLocation: sourceLocation)
    if let maximum = problem.maximumPerInstance {
        let most = load(result.preferenceLists, instances: problem.instanceCount).max() ?? 0
        #expect(most <= maximum, comment, sourceLocation: sourceLocation)
    }
}

/// That replicas, and tops where there is one a partition, are within one of each other.
func expectEven(
    _ result: PlacementResult, instances: Int, tops: Int = 1, _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let replicas = load(result.preferenceLists, instances: instances)
    #expect(spread(replicas) <= 1, comment, sourceLocation: sourceLocation)
    let topLoad = load(result.preferenceLists, instances: instances, first: tops)
    #expect(spread(topLoad) <= 1, comment, sourceLocation: sourceLocation)
}
