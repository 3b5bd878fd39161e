import Placement
import Testing

@Suite("Weights under change")
struct WeightedChurnTests {
    /// What happens to a cluster.
    private enum Change: CaseIterable {
        case add, remove, replace, zoneLoss, weights, disable, enable
    }

    private func apply(
        _ change: Change, to cluster: inout WeightedCluster, fewest: Int, using generator: inout SeededGenerator
    ) {
        let victim = cluster.members.randomElement(using: &generator)
        switch change {
        case .add: if cluster.members.count < 2 * fewest { cluster.join(using: &generator) }
        case .remove: if cluster.members.count > fewest { cluster.leave(Set([victim?.name].compactMap { $0 })) }
        case .replace:
            cluster.leave(Set([victim?.name].compactMap { $0 }))
            cluster.join(using: &generator)
        case .zoneLoss:
            let lost = cluster.members.filter { $0.zone == victim?.zone }.map(\.name)
            if cluster.members.count - lost.count >= fewest { cluster.leave(Set(lost)) }
        case .weights: cluster.reweigh(using: &generator)
        case .disable: if cluster.disabled.isEmpty, let victim { cluster.disabled = [victim.name] }
        case .enable: cluster.disabled = []
        }
    }

    @Test(
        "Through 200 changes the utilisation stays low, little moves, and nothing without need",
        arguments: [(1, 0, 3, 200), (2, 4, 3, 300), (3, 5, 2, 300)])
    func churn(seed: Int, zones: Int, replicas: Int, partitions: Int) {
        var generator = SeededGenerator(seed: seed)
        var cluster = WeightedCluster(
            partitions: partitions, replicas: replicas, instances: 10, zones: zones, dimensions: 3,
            using: &generator)
        var (moved, bound) = (0, 0)
        for step in 0..<200 {
            let problem = cluster.problem
            let result = BalancedPlacement().place(problem)
            let place: Comment = "seed \(seed), step \(step), \(problem.instanceCount) instances"
            expectWeightedSound(result, for: problem, place)
            let lowest = utilisationBound(problem)
            let reached = highestUtilisation(result.preferenceLists, problem)
            #expect(reached <= 1.03 * lowest, place)
            if step > 0 {
                moved += moves(from: problem.present, to: result.preferenceLists)
                bound += leastWeightedMoves(problem, target: 1.025 * lowest)
            }
            cluster.accept(result)
            apply(Change.allCases.randomElement(using: &generator) ?? .add, to: &cluster, fewest: 8, using: &generator)
        }
        // Where zones decide who can take what, the bound does not see all.
        #expect(
            Double(moved) <= (zones == 0 ? 1.02 : 1.06) * Double(bound),
            "seed \(seed): \(moved) moves, at least \(bound)")
    }
}
