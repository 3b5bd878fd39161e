import Testing

@testable import Placement

@Suite("Weights, judged by all placements there are")
struct WeightedOracleTests {
    /// A handful of partitions, half of the time where replicas are already.
    private func tinyProblem(_ seed: Int) -> PlacementProblem {
        var generator = SeededGenerator(seed: seed)
        let replicas = Int.random(in: 1...2, using: &generator)
        let instances = Int.random(in: replicas + 1...4, using: &generator)
        let partitions = Int.random(in: 1...(replicas == 1 ? 7 : 5), using: &generator)
        let dimensions = Int.random(in: 1...3, using: &generator)
        var problem = PlacementProblem(
            partitionCount: partitions, replicas: replicas, instanceCount: instances,
            present: randomLists(partitions, of: instances, lengths: 0...replicas, using: &generator))
        let zoneCount = Int.random(in: replicas...instances, using: &generator)
        if seed % 3 == 0 { problem.zones = (0..<Int32(instances)).map { $0 % Int32(zoneCount) } }
        if seed % 5 == 0 {
            problem.maximumPerInstance = (partitions * replicas + instances - 1) / instances + 1
        }
        problem.weights = (0..<partitions).map { _ in
            (0..<dimensions).map { _ in Int.random(in: 0...9, using: &generator) }
        }
        problem.capacities = (0..<instances).map { _ in
            (0..<dimensions).map { _ in Int.random(in: 20...50, using: &generator) }
        }
        return problem
    }

    /// Up to here the strategy is content.
    private func target(_ problem: PlacementProblem) -> Double {
        let loads = LoadTable(WeightedInput([problem]))
        let parts = loads.limits.indices.map { cell in
            let (instance, dimension) = cell.quotientAndRemainder(dividingBy: loads.dimensionCount)
            return Double(loads.limits[cell]) / Double(problem.capacities[instance][dimension])
        }
        return parts.max() ?? 0
    }

    @Test("A handful of partitions is placed about as evenly as can be, with about as few moves", arguments: 0..<4)
    func tiny(quarter: Int) throws {
        var (moved, least, missed) = (0, 0, 0)
        for seed in quarter * 150..<(quarter + 1) * 150 {
            let problem = tinyProblem(seed)
            let oracle = WeightedOracle(problem)
            let result = BalancedPlacement().place(problem)
            expectWeightedSound(result, for: problem, "seed \(seed)")
            guard let optimum = oracle.leastUtilisation() else { continue }
            let reached = highestUtilisation(result.preferenceLists, problem)
            let best = max(optimum, target(problem))
            #expect(reached <= 1.3 * best, "seed \(seed): \(reached) instead of \(best)")
            if reached > 1.03 * best { missed += 1 }
            if optimum <= 1 { #expect(result.violations.isEmpty, "seed \(seed)") }
            moved += moves(from: problem.present, to: result.preferenceLists)
            least += try #require(oracle.leastMoves(upTo: max(reached, best)), "seed \(seed)")
        }
        #expect(missed <= 150 / 6, "seeds from \(quarter * 150): \(missed) of 150 are less even than they could be")
        #expect(
            Double(moved) <= 1.08 * Double(least), "seeds from \(quarter * 150): \(moved) moves instead of \(least)")
    }
}
