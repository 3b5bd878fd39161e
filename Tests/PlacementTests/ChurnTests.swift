import Placement
import Testing

/// A resource that lives through changes of its instances.
private struct Churn {
    var names: [Int]
    var lists: [[Int]]
    let replicas: Int

    func problem(_ partitions: Int) -> PlacementProblem {
        let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
        return PlacementProblem(
            partitionCount: partitions, replicas: replicas, instanceCount: names.count,
            present: lists.map { $0.compactMap { numbers[$0] } },
            presentTops: lists.map { $0.first.map { numbers[$0] == nil ? 0 : 1 } ?? 0 })
    }

    mutating func accept(_ result: PlacementResult) {
        lists = result.preferenceLists.map { $0.map { names[Int($0)] } }
    }

    /// One to three instances come, go, or are replaced.
    mutating func change(_ step: Int, using generator: inout SeededGenerator) {
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let isGrowing = names.count <= 3 || (names.count < 14 && Bool.random(using: &generator))
            if isGrowing {
                // Names of those that left come up again.
                let name = Int.random(in: 0..<20, using: &generator)
                if !names.contains(name) { names = (names + [name]).sorted() }
            } else if let name = names.randomElement(using: &generator) {
                names.removeAll { $0 == name }
            }
        }
    }
}

@Suite("Churn")
struct ChurnTests {
    @Test(
        "Through 200 changes a placement stays even, minimal and at rest",
        arguments: [(1, 24, 3), (2, 60, 2), (3, 97, 3), (4, 40, 1), (5, 12, 3), (6, 150, 3)])
    func even(seed: Int, partitions: Int, replicas: Int) {
        var generator = SeededGenerator(seed: seed)
        var churn = Churn(
            names: [2, 5, 11, 17], lists: Array(repeating: [], count: partitions), replicas: replicas)
        var (moved, bound, handOffs, handOffBound) = (0, 0, 0, 0)
        for step in 0..<200 {
            let problem = churn.problem(partitions)
            let result = BalancedPlacement().place(problem)
            let place: Comment = "seed \(seed), step \(step), \(problem.instanceCount) instances"
            expectSound(result, for: problem, place)
            expectEven(result, instances: problem.instanceCount, place)
            expectRest(result, problem, place)
            if step > 0 {
                moved += moves(from: problem.present, to: result.preferenceLists)
                let total = partitions * replicas
                bound += leastMoves(holding: load(problem.present, instances: problem.instanceCount), total: total)
                handOffs += newTops(problem, result, churn)
                handOffBound += leastMoves(
                    holding: load(leaders(problem, churn), instances: problem.instanceCount), total: partitions)
            }
            churn.accept(result)
            churn.change(step, using: &generator)
        }
        #expect(moved >= bound)
        #expect(Double(moved) <= 1.001 * Double(bound), "seed \(seed): \(moved) moves, at least \(bound)")
        #expect(
            Double(handOffs) <= 1.02 * Double(handOffBound), "seed \(seed): \(handOffs) hand-offs, \(handOffBound)")
    }

    /// Where each leader is, in lists of one, empty where it is gone.
    private func leaders(_ problem: PlacementProblem, _ churn: Churn) -> [[Int32]] {
        churn.lists.map { list in
            list.first.flatMap { churn.names.firstIndex(of: $0) }.map { [Int32($0)] } ?? []
        }
    }

    private func newTops(_ problem: PlacementProblem, _ result: PlacementResult, _ churn: Churn) -> Int {
        moves(from: leaders(problem, churn), to: result.preferenceLists.map { [$0[0]] })
    }

    private func expectRest(_ result: PlacementResult, _ problem: PlacementProblem, _ place: Comment) {
        var next = problem
        next.present = result.preferenceLists
        next.presentTops = nil
        #expect(BalancedPlacement().place(next) == result, place)
    }

    @Test("Nothing moves when nothing has changed, whatever the other resources do", arguments: 0..<20)
    func rest(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        var problem = PlacementProblem(partitionCount: 50, replicas: 3, instanceCount: 7)
        problem.present = BalancedPlacement().place(problem).preferenceLists
        problem.otherReplicas = (0..<7).map { _ in Int.random(in: 0..<100, using: &generator) }
        problem.otherTops = (0..<7).map { _ in Int.random(in: 0..<100, using: &generator) }
        #expect(BalancedPlacement().place(problem).preferenceLists == problem.present, "seed \(seed)")
    }
}
