import Placement
import Testing

@Suite("Limits of a placement")
struct LimitTests {
    @Test("Without instances every partition is empty, and says why")
    func noInstances() {
        let problem = PlacementProblem(partitionCount: 3, replicas: 2, instanceCount: 0, present: [[0], [], [1]])
        let result = BalancedPlacement().place(problem)
        #expect(result.preferenceLists == [[], [], []])
        #expect(
            result.shortfalls
                == (0..<3).map { Shortfall(partition: $0, wanted: 2, placed: 0, reason: .tooFewInstances) })
    }

    @Test("With fewer instances than replicas every instance has every partition, and the tops are even")
    func fewInstances() {
        let problem = PlacementProblem(
            partitionCount: 10, replicas: 5, instanceCount: 3, present: [[2, 0], [1]])
        let result = BalancedPlacement().place(problem)
        expectSound(result, for: problem)
        expectEven(result, instances: 3)
        #expect(result.preferenceLists.allSatisfy { $0.count == 3 })
        #expect(result.preferenceLists[0][0] == 2 && result.preferenceLists[1][0] == 1)
        #expect(Set(result.shortfalls.map(\.reason)) == [.tooFewInstances])
    }

    @Test("No partitions, no replicas, no harm", arguments: [(0, 3, 4), (4, 0, 4), (0, 0, 0), (-1, -1, -1)])
    func nothing(partitions: Int, replicas: Int, instances: Int) {
        let result = BalancedPlacement().place(
            PlacementProblem(partitionCount: partitions, replicas: replicas, instanceCount: instances))
        #expect(result.preferenceLists == Array(repeating: [], count: max(0, partitions)))
        #expect(result.shortfalls.isEmpty)
    }

    @Test("Repetitions and unknown instances in what is present are passed over")
    func untidyPresent() {
        let problem = PlacementProblem(
            partitionCount: 4, replicas: 2, instanceCount: 4,
            present: [[0, 0, 1], [7, 2, -1, 3], [1, 1, 1], [3, 2], [0, 1]])
        let result = BalancedPlacement().place(problem)
        expectSound(result, for: problem)
        expectEven(result, instances: 4)
        #expect(result.preferenceLists[0] == [0, 1])
        #expect(Set(result.preferenceLists[1]) == [2, 3])
    }

    @Test("The limit per instance holds, and the partitions share what there is")
    func maximum() {
        let problem = PlacementProblem(
            partitionCount: 10, replicas: 3, instanceCount: 4, maximumPerInstance: 5)
        let result = BalancedPlacement().place(problem)
        expectSound(result, for: problem)
        #expect(load(result.preferenceLists, instances: 4) == [5, 5, 5, 5])
        #expect(result.preferenceLists.allSatisfy { $0.count == 2 })
        #expect(Set(result.shortfalls.map(\.reason)) == [.maximumPerInstance])
    }

    @Test("A limit of nothing places nothing", arguments: [0, -3])
    func maximumZero(limit: Int) {
        let problem = PlacementProblem(
            partitionCount: 2, replicas: 1, instanceCount: 2, present: [[0], [1]], maximumPerInstance: limit)
        #expect(BalancedPlacement().place(problem).preferenceLists == [[], []])
    }

    @Test("A limit that was lowered takes replicas from the partitions, but no partition disappears")
    func loweredMaximum() {
        var problem = PlacementProblem(partitionCount: 12, replicas: 3, instanceCount: 4)
        problem.present = BalancedPlacement().place(problem).preferenceLists
        problem.maximumPerInstance = 6
        let result = BalancedPlacement().place(problem)
        expectSound(result, for: problem)
        #expect(moves(from: problem.present, to: result.preferenceLists) == 0)
        #expect(result.preferenceLists.allSatisfy { !$0.isEmpty })
    }

    @Test("An excluded instance takes nothing new, and keeps what it has")
    func excluded() {
        let problem = PlacementProblem(
            partitionCount: 8, replicas: 2, instanceCount: 4, present: [[0, 1]],
            excluded: Array(repeating: [0], count: 8))
        let result = BalancedPlacement().place(problem)
        expectSound(result, for: problem)
        #expect(result.preferenceLists[0] == [0, 1])
        #expect(load(result.preferenceLists, instances: 4) == [1, 5, 5, 5])
        #expect(result.shortfalls.isEmpty)
    }

    @Test("A partition that is excluded nearly everywhere says why it is short")
    func excludedEverywhere() {
        let problem = PlacementProblem(
            partitionCount: 2, replicas: 2, instanceCount: 3, excluded: [[0, 1], [0, 1, 2]])
        let result = BalancedPlacement().place(problem)
        #expect(result.preferenceLists == [[2], []])
        #expect(
            result.shortfalls == [
                Shortfall(partition: 0, wanted: 2, placed: 1, reason: .excluded),
                Shortfall(partition: 1, wanted: 2, placed: 0, reason: .excluded),
            ])
    }

    @Test(
        "With exclusions as many as possible are placed, evenly where that is possible, and at rest", arguments: 0..<150
    )
    func randomExclusions(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let instances = Int.random(in: 2...6, using: &generator)
        let replicas = Int.random(in: 1...min(3, instances), using: &generator)
        let partitions = Int.random(in: 1...12, using: &generator)
        var problem = PlacementProblem(
            partitionCount: partitions, replicas: replicas, instanceCount: instances,
            present: randomLists(partitions, of: instances, lengths: 0...replicas, using: &generator))
        problem.excluded = randomLists(partitions, of: instances, lengths: 0...instances, using: &generator)
            .map { Set($0) }
        let result = BalancedPlacement().place(problem)
        expectSound(result, for: problem, "seed \(seed)")
        let demand = Demand(rows: partitions, instances: instances, wanted: replicas) { row, instance in
            if problem.present[row].contains(Int32(instance)) { return 0 }
            return problem.excluded?[row].contains(Int32(instance)) ?? false ? nil : 1
        }
        let placed = result.preferenceLists.reduce(0) { $0 + $1.count }
        #expect(placed == demand.mostPlaces(maximum: partitions), "seed \(seed)")
        if let least = demand.leastEvenCost() {
            #expect(spread(load(result.preferenceLists, instances: instances)) <= 1, "seed \(seed)")
            #expect(moves(from: problem.present, to: result.preferenceLists) == least, "seed \(seed)")
        }
        var again = problem
        again.present = result.preferenceLists
        #expect(BalancedPlacement().place(again) == result, "seed \(seed)")
    }

    @Test("With a limit as many as possible are placed, and at rest", arguments: 0..<100)
    func randomMaximum(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let instances = Int.random(in: 1...6, using: &generator)
        let partitions = Int.random(in: 1...12, using: &generator)
        var problem = PlacementProblem(
            partitionCount: partitions, replicas: 3, instanceCount: instances,
            present: randomLists(partitions, of: instances, lengths: 0...min(3, instances), using: &generator),
            maximumPerInstance: Int.random(in: 0...8, using: &generator))
        let result = BalancedPlacement().place(problem)
        expectSound(result, for: problem, "seed \(seed)")
        let width = min(3, instances)
        let most = min(partitions * width, instances * min(partitions, problem.maximumPerInstance ?? 0))
        #expect(result.preferenceLists.reduce(0) { $0 + $1.count } == most, "seed \(seed)")
        problem.present = result.preferenceLists
        #expect(BalancedPlacement().place(problem) == result, "seed \(seed)")
    }
}
