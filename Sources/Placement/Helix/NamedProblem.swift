/// A problem made regular for strategies that place by name.
struct NamedProblem: Sendable {
    /// More replicas than that are not asked for one by one, unless there are more instances.
    private static let mostReplicas = 1000

    let problem: PlacementProblem
    let partitions: [JavaString]
    let instances: [JavaString]
    /// By instance: whether it may get replicas.
    let isThere: [Bool]
    /// By instance: INSTANCE_WEIGHT, 1000 where none is set.
    let weights: [Int64]
    /// The states that have replicas, as counts, the highest first.
    let stateCounts: [Int]
    /// How many replicas a partition has: those of all states together.
    let replicas: Int
    private let input: PlacementInput

    init(_ problem: PlacementProblem) {
        let input = PlacementInput(problem)
        self.problem = problem
        self.input = input
        partitions = Self.names(problem.names.partitions, count: input.rows)
        instances = Self.names(problem.names.instances, count: input.instanceCount)
        isThere = (0..<input.instanceCount).map { !problem.absent.contains(Int32($0)) }
        weights = (0..<input.instanceCount).map { Self.weight(problem.drawingWeights, $0) }
        stateCounts = Self.stateCounts(problem, most: max(Self.mostReplicas, input.instanceCount))
        replicas = stateCounts.reduce(0, +)
    }

    /// Whether replicas of a partition are to be in different zones, rather than only on different instances.
    var isZoned: Bool { !problem.zones.isEmpty }

    /// The instances that hold a partition, known ones only, those in the top state first.
    func holders(_ partition: Int) -> ArraySlice<Int32> { input.holders(partition) }

    /// The number of an instance's zone. An instance without one is a zone of its own.
    func zone(_ instance: Int) -> Int {
        let zones = problem.zones
        return instance < zones.count && zones[instance] >= 0 ? Int(zones[instance]) : -1 - instance
    }

    /// The name of a zone by its number.
    func zoneName(_ zone: Int) -> JavaString {
        if zone < 0 { return instances[-1 - zone] }
        return JavaString(zone < problem.names.zones.count ? problem.names.zones[zone] : "\(zone)")
    }

    /// The result, with what is missing in the lists.
    ///
    /// - Parameter limited: Whether the strategy minds ``PlacementProblem/maximumPerInstance``.
    func result(_ lists: [[Int32]], limited: Bool = false) -> PlacementResult {
        let there = isThere.count { $0 }
        let shortfalls = lists.enumerated().compactMap { partition, list -> Shortfall? in
            if list.count >= problem.replicas { return nil }
            return Shortfall(
                partition: partition, wanted: problem.replicas, placed: list.count,
                reason: limited && list.count < there ? .maximumPerInstance : .tooFewInstances)
        }
        return PlacementResult(preferenceLists: lists, shortfalls: shortfalls)
    }

    /// The result when nothing can be placed.
    func nothing(limited: Bool = false) -> PlacementResult {
        result(Array(repeating: [], count: partitions.count), limited: limited)
    }

    private static func names(_ names: [String], count: Int) -> [JavaString] {
        (0..<count).map { JavaString($0 < names.count ? names[$0] : "\($0)") }
    }

    /// The weight is an `int` in Java.
    private static func weight(_ weights: [Int], _ instance: Int) -> Int64 {
        guard instance < weights.count, weights[instance] >= 0 else { return 1000 }
        return Int64(min(weights[instance], Int(Int32.max)))
    }

    /// The counts, or the top ones and the rest when the problem has none.
    private static func stateCounts(_ problem: PlacementProblem, most: Int) -> [Int] {
        let replicas = max(0, problem.replicas)
        let tops = max(0, min(problem.topCount, replicas))
        let counts = problem.stateCounts.isEmpty ? [tops, replicas - tops] : problem.stateCounts
        var left = most
        return counts.map { count in
            let kept = max(0, min(count, left))
            left -= kept
            return kept
        }
    }
}
