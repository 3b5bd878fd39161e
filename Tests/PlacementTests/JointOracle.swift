import Placement

/// The fewest moves to a placement of several resources that is even for each and for all, by a flow over all of them at
/// once: every partition to instances, in each fault zone to one at most; every instance of a resource at most its base
/// and an extra, and all extras of an instance at most what an even total leaves it.
/// - Returns: `nil` when there is no such placement.
func leastJointMoves(_ problems: [PlacementProblem]) -> Int? {
    let instances = problems[0].instanceCount
    let sums = problems.map { $0.partitionCount * $0.replicas }
    let extras = sums.reduce(0) { $0 + $1 % instances }
    let rows = problems.reduce(0) { $0 + $1.partitionCount }
    let zones = problems[0].zones.map(Int.init)
    let zoneCount = (zones.max() ?? -1) + 1
    let (source, sink, more, firstRow) = (0, 1, 2, 3)
    let firstZone = firstRow + rows
    let firstBin = firstZone + rows * zoneCount
    let firstInstance = firstBin + problems.count * instances
    var graph = MinimumCostFlow(nodes: firstInstance + instances)
    var row = 0
    for (number, problem) in problems.enumerated() {
        for partition in 0..<problem.partitionCount {
            graph.connect(source, firstRow + row, capacity: problem.replicas)
            for zone in Set(zones) {
                graph.connect(firstRow + row, firstZone + row * zoneCount + zone, capacity: 1)
            }
            for instance in 0..<instances {
                let isThere = problem.present[partition].contains(Int32(instance))
                let start = zones.isEmpty ? firstRow + row : firstZone + row * zoneCount + zones[instance]
                graph.connect(start, firstBin + number * instances + instance, capacity: 1, cost: isThere ? 0 : 1)
            }
            row += 1
        }
        for instance in 0..<instances {
            let bin = firstBin + number * instances + instance
            graph.connect(bin, sink, capacity: sums[number] / instances)
            graph.connect(bin, firstInstance + instance, capacity: 1)
        }
    }
    for instance in 0..<instances {
        graph.connect(firstInstance + instance, sink, capacity: extras / instances)
        graph.connect(firstInstance + instance, more, capacity: 1)
    }
    graph.connect(more, sink, capacity: extras % instances)
    let (flow, cost) = graph.solve(from: source, to: sink)
    return flow == sums.reduce(0, +) ? cost : nil
}
