import Placement

/// Looks at every placement there is: only for a handful of partitions and instances.
struct WeightedOracle {
    private let problem: PlacementProblem
    private let options: [[[Int32]]]

    init(_ problem: PlacementProblem) {
        self.problem = problem
        let instances = problem.instanceCount
        options = (0..<problem.partitionCount).map { partition in
            (0..<1 << instances).map { set in (0..<Int32(instances)).filter { set >> $0 & 1 == 1 } }.filter { list in
                list.count == problem.replicas && Self.isAllowed(list, partition, problem)
            }
        }
    }

    private static func isAllowed(_ list: [Int32], _ partition: Int, _ problem: PlacementProblem) -> Bool {
        if !problem.zones.isEmpty, Set(list.map { problem.zones[Int($0)] }).count < list.count { return false }
        let excluded = problem.excluded?[partition] ?? []
        return list.allSatisfy { !excluded.contains($0) || problem.present[partition].contains($0) }
    }

    /// The least that the highest utilisation can be; `nil` when there is no complete placement.
    func leastUtilisation() -> Double? {
        var best: Double?
        search { load, _, isComplete in
            let highest = highestUtilisation(load, problem)
            if let found = best, highest >= found { return false }
            if isComplete { best = highest }
            return true
        }
        return best
    }

    /// The fewest moves to a complete placement with no utilisation above a limit.
    func leastMoves(upTo limit: Double) -> Int? {
        var best: Int?
        search { load, moved, isComplete in
            if let found = best, moved >= found { return false }
            if highestUtilisation(load, problem) > limit + 1e-9 { return false }
            if isComplete { best = moved }
            return true
        }
        return best
    }

    /// Visits partial placements; `visit` says whether it is worth going on from one.
    private func search(_ visit: (_ load: [[Int]], _ moved: Int, _ isComplete: Bool) -> Bool) {
        var load = problem.capacities.map { $0.map { _ in 0 } }
        var counts = [Int](repeating: 0, count: problem.instanceCount)
        func change(_ list: [Int32], _ partition: Int, _ sign: Int) {
            for instance in list.map(Int.init) {
                counts[instance] += sign
                for (dimension, weight) in problem.weights[partition].enumerated() {
                    load[instance][dimension] += sign * weight
                }
            }
        }
        func place(_ partition: Int, _ moved: Int) {
            guard partition < problem.partitionCount else { return }
            for list in options[partition] {
                change(list, partition, 1)
                let more = moved + list.count { !problem.present[partition].contains($0) }
                let isWithin = counts.allSatisfy { $0 <= problem.maximumPerInstance ?? .max }
                if isWithin, visit(load, more, partition + 1 == problem.partitionCount) { place(partition + 1, more) }
                change(list, partition, -1)
            }
        }
        if problem.partitionCount > 0 { place(0, 0) }
    }
}
