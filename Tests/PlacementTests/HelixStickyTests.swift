import Placement
import Testing

@Suite("The strategy that moves nothing")
struct HelixStickyTests {
    private func place(_ problem: PlacementProblem) -> PlacementResult { StickyPlacement().place(problem) }

    @Test("What is missing goes round the instances, and starts where it stopped")
    func round() {
        let problem = namedProblem(partitions: 4, instances: 3, counts: [1, 1], maximum: 10)
        #expect(place(problem).preferenceLists == [[0, 1], [2, 0], [1, 2], [0, 1]])
    }

    @Test("The round is along the zones and skips those that have the partition")
    func zones() {
        let problem = namedProblem(
            partitions: 3, instances: 4, counts: [1, 1], zones: [1, 0, 1, 0], maximum: 10)
        // By zone and name: 1, 3, 0, 2.
        #expect(place(problem).preferenceLists == [[1, 0], [2, 1], [3, 0]])
    }

    @Test("Without a limit, or with none left, nothing is placed", arguments: [nil, 0, -1])
    func noLimit(maximum: Int?) {
        let problem = namedProblem(
            partitions: 2, instances: 3, counts: [1, 1], present: [[0], [1]], maximum: maximum)
        let result = place(problem)
        #expect(result.preferenceLists == [[], []])
        #expect(result.shortfalls.map(\.reason) == [.maximumPerInstance, .maximumPerInstance])
    }

    @Test("Present holders stay in their order, also when loads are uneven and zones the same")
    func uneven() {
        let present: [[Int32]] = [[2, 0], [2, 0], [0, 2], [2]]
        let problem = namedProblem(
            partitions: 4, instances: 3, counts: [1, 1], present: present, zones: [0, 1, 0], maximum: 4)
        let lists = place(problem).preferenceLists
        #expect(Array(lists[0..<3]) == Array(present[0..<3]))
        #expect(lists[3] == [2, 1])
    }

    @Test("Nothing that is valid moves, and nothing more moves the second time", arguments: 0..<60)
    func sticks(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        var problem = randomNamedProblem(limited: true, using: &generator)
        let result = place(problem)
        expectSound(result, for: problem, "seed \(seed)")
        let maximum = problem.maximumPerInstance ?? 0
        let loads = load(problem.present, instances: problem.instanceCount)
        for (held, list) in zip(problem.present, result.preferenceLists) {
            let valid = held.filter { !problem.absent.contains($0) && loads[Int($0)] <= maximum }
            #expect(Array(list.filter(valid.contains)) == valid, "seed \(seed)")
        }
        problem.present = result.preferenceLists
        #expect(moves(from: result.preferenceLists, to: place(problem).preferenceLists) == 0, "seed \(seed)")
    }
}
