/// Places weighed resources that share the capacities of their instances.
enum WeightedPlacement {
    /// How often at most a placement that does not keep to all limits is looked at again.
    private static let rounds = 20

    /// Places several resources at once.
    ///
    /// All problems are about the same instances, zones and capacities; those of the first that has some count. A problem
    /// without weights takes part with nothing to carry.
    static func place(_ problems: [PlacementProblem]) -> [PlacementResult] {
        problems.isEmpty ? [] : problems.settled(rounds: rounds, attempt)
    }

    /// - Returns: also whether there is nothing more to be found: all limits are kept, or all effort is spent.
    private static func attempt(_ problems: [PlacementProblem]) -> (results: [PlacementResult], isFinal: Bool) {
        let input = WeightedInput(problems)
        var selection = WeightedSelection(input)
        selection.select()
        let isMissing = (0..<input.rowCount).contains(where: selection.isMissing)
        let isFinal = selection.effort <= 0 || (!isMissing && !selection.isAnybodyOver)
        let violations = selection.capacityViolations
        var results = input.inputs.results(of: input.inputs.indices.map(selection.table))
        for problem in results.indices { results[problem].violations += violations[problem] }
        return (results, isFinal)
    }
}

extension WeightedSelection {
    /// By problem: the dimensions in which there is not enough for all, and the instances with more than their capacity
    /// on which the problem has a share.
    fileprivate var capacityViolations: [[Violation]] {
        let short = (0..<input.dimensionCount).compactMap { dimension -> Violation? in
            let (demand, room) = (demand(dimension), room(dimension))
            return demand > room ? Violation(.demand, dimension: dimension, wanted: demand, found: room) : nil
        }
        var found = input.inputs.indices.map { problem in short.filter { weighs(problem, in: $0.dimension ?? 0) } }
        for instance in 0..<Int32(input.instanceCount) {
            for dimension in 0..<input.dimensionCount {
                let capacity = input.capacity(Int(instance), dimension)
                let load = loads.loads[Int(instance) * input.dimensionCount + dimension]
                if load <= capacity { continue }
                let rows = held[Int(instance)].filter { input.weight(Int($0), dimension) > 0 }
                for problem in Set(rows.map { input.owner[Int($0)] }) {
                    found[Int(problem)].append(
                        Violation(.capacity, instance: instance, dimension: dimension, wanted: capacity, found: load))
                }
            }
        }
        return found
    }

    private func demand(_ dimension: Int) -> Int {
        (0..<input.rowCount).reduce(0) { sum, row in
            sum + input.weight(row, dimension) * input.inputs[Int(input.owner[row])].width
        }
    }

    private func room(_ dimension: Int) -> Int {
        (0..<input.instanceCount).reduce(0) { $0 + input.capacity($1, dimension) }
    }

    private func weighs(_ problem: Int, in dimension: Int) -> Bool {
        (input.firstRows[problem]..<input.firstRows[problem + 1]).contains { input.weight($0, dimension) > 0 }
    }
}

extension PlacementProblem {
    /// Whether weights and capacities count.
    var isWeighed: Bool { !weights.isEmpty && !capacities.isEmpty }
}
