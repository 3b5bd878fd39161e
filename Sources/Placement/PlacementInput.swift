/// A problem made regular: flat, without repetitions and without numbers out of range.
struct PlacementInput: Sendable {
    /// Partitions.
    let rows: Int
    /// Replicas wanted of each partition.
    let replicas: Int
    /// Replicas of each partition that there can be: no two of them are on one instance.
    let width: Int
    let instanceCount: Int
    let topCount: Int
    /// The most replicas that an instance may have.
    let maximumLoad: Int
    let present: InstanceLists
    /// The lists of present holders as they were given.
    let given: [[Int32]]
    let excluded: InstanceLists?
    private let presentTops: [Int]?
    let zones: ZoneRule
    let otherReplicas: [Int]
    let otherTops: [Int]
    let keepsTops: Bool
    private let topless: Set<Int32>

    init(_ problem: PlacementProblem) {
        let rows = max(0, problem.partitionCount)
        let instanceCount = max(0, problem.instanceCount)
        self.rows = rows
        self.instanceCount = instanceCount
        replicas = max(0, problem.replicas)
        width = min(replicas, instanceCount)
        topCount = max(0, problem.topCount)
        zones = ZoneRule(zones: problem.zones.count == instanceCount ? problem.zones : [], width: width)
        maximumLoad = max(0, min(problem.maximumPerInstance ?? rows, rows))
        presentTops = problem.presentTops
        otherReplicas = problem.otherReplicas
        otherTops = problem.otherTops
        keepsTops = problem.keepsTops
        topless = problem.topless
        given = problem.present
        present = Self.distinct(problem.present, rows: rows, below: instanceCount)
        excluded = problem.excluded.map { sets in
            Self.distinct(sets.map { $0.sorted() }, rows: rows, below: instanceCount)
        }
    }

    private static func distinct(_ lists: [[Int32]], rows: Int, below bound: Int) -> InstanceLists {
        var result = InstanceLists(reservingRows: rows, instances: lists.reduce(0) { $0 + $1.count })
        var lastRow = [Int32](repeating: -1, count: bound)
        for row in 0..<rows {
            if row < lists.count {
                for instance in lists[row] where instance >= 0 && instance < bound {
                    if lastRow[Int(instance)] == row { continue }
                    lastRow[Int(instance)] = Int32(row)
                    result.append(instance)
                }
            }
            result.endRow()
        }
        return result
    }

    /// Whether there is a choice of tops at all: neither none nor all of the replicas are.
    var choosesTops: Bool { topCount > 0 && topCount < width }

    /// The instances that hold a partition, those in the top state first.
    func holders(_ row: Int) -> ArraySlice<Int32> { present.instances[present.range(row)] }

    /// The instances that have a partition in the top state.
    func tops(_ row: Int) -> ArraySlice<Int32> { present.instances[topRange(row)] }

    /// Where a partition's tops are in ``present``.
    func topRange(_ row: Int) -> Range<Int> {
        let range = present.range(row)
        let count = presentTops.map { max(0, min($0.at(row), topCount)) } ?? topCount
        return range.prefix(count)
    }

    /// Whether a partition is somewhere, and nowhere in the top state.
    func lacksTop(_ row: Int) -> Bool { topRange(row).isEmpty && present.count(row) > 0 }

    /// By instance: how many partitions it has in the top state.
    var topLoad: [Int32] {
        var load = [Int32](repeating: 0, count: instanceCount)
        for row in 0..<rows { for index in topRange(row) { load[Int(present.instances[index])] += 1 } }
        return load
    }

    /// Whether every instance can have tops.
    var choosesAmongAll: Bool { topless.isEmpty }

    /// Those of a partition's replicas among which tops are chosen.
    func candidates(_ row: Int, _ replicas: ArraySlice<Int32>) -> ArraySlice<Int32> {
        if topless.isEmpty { return replicas }
        let able = replicas.filter { instance in
            !topless.contains(instance) && !(keepsTops && excluded?.contains(instance, in: row) ?? false)
        }
        return able.count < min(topCount, replicas.count) ? replicas : able[...]
    }

    /// The partitions that have fewer replicas than wanted, and what stood in the way.
    func shortfalls(of table: AssignmentTable) -> [Shortfall] {
        (0..<rows).compactMap { row in
            let placed = table.count(row)
            if placed == replicas { return nil }
            return Shortfall(partition: row, wanted: replicas, placed: placed, reason: reason(row, table))
        }
    }

    private func reason(_ row: Int, _ table: AssignmentTable) -> Shortfall.Reason {
        if table.count(row) == instanceCount { return .tooFewInstances }
        let isAnotherAllowed = (0..<Int32(instanceCount)).contains { instance in
            !table.contains(instance, in: row) && !(excluded?.contains(instance, in: row) ?? false)
        }
        return isAnotherAllowed ? .maximumPerInstance : .excluded
    }
}
