import Placement
import Testing

@Suite("CRUSH")
struct HelixCrushTests {
    /// Five instances on one host, as in the published fixtures of Helix.
    private func localhosts(_ ports: ClosedRange<Int>, partitions: [String], replicas: Int) -> PlacementProblem {
        var problem = namedProblem(partitions: partitions.count, instances: ports.count, counts: [1, replicas - 1])
        problem.names.partitions = partitions
        problem.names.instances = ports.map { "localhost_\($0)" }
        return problem
    }

    @Test(
        "Four partitions on five instances, all there and one absent",
        arguments: [
            ([], [[2, 0, 1], [2, 3, 4], [1, 4, 3], [2, 4, 3]]),
            ([2], [[1, 0, 4], [3, 1, 4], [1, 4, 3], [0, 4, 3]]),
        ] as [(Set<Int32>, [[Int32]])])
    func reference(absent: Set<Int32>, lists: [[Int32]]) {
        var problem = localhosts(12918...12922, partitions: (0..<4).map { "TestDB_\($0)" }, replicas: 3)
        problem.absent = absent
        #expect(CrushPlacement().place(problem).preferenceLists == lists)
    }

    /// `TestIdealStateAssignment`: the first one is the master.
    @Test(
        "The published fixture of nine partitions",
        arguments: [
            (5, 2, [[1, 3], [0, 3], [3, 0], [4, 3]]),
            (3, 3, [[1, 0, 2], [0, 1, 2], [2, 0, 1], [0, 1, 2], [2, 0, 1]]),
        ] as [(Int, Int, [[Int32]])])
    func fixture(instances: Int, replicas: Int, expected: [[Int32]]) {
        let problem = localhosts(1...instances, partitions: expected.indices.map(String.init), replicas: replicas)
        let lists = CrushPlacement().place(problem).preferenceLists
        #expect(lists.map(\.first) == expected.map(\.first))
        #expect(lists.map(Set.init) == expected.map(Set.init))
    }

    @Test("Replicas are in different zones as long as there are enough", arguments: 0..<40)
    func zones(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        var problem = randomNamedProblem(using: &generator)
        let count = Int32.random(in: 1...5, using: &generator)
        problem.zones = (0..<problem.instanceCount).map { _ in .random(in: 0..<count, using: &generator) }
        problem.names.zones = (0..<count).map { "z\($0)" }
        let can = (0..<problem.instanceCount).filter {
            !problem.absent.contains(Int32($0)) && problem.drawingWeights.dropFirst($0).first != 0
        }
        let reachable = min(problem.replicas, Set(can.map { problem.zones[$0] }).count)
        for strategy in [CrushPlacement(), CrushEdPlacement(), MultiRoundCrushPlacement()] as [any PlacementStrategy] {
            for list in strategy.place(problem).preferenceLists {
                let zones = Set(list.map { problem.zones[Int($0)] })
                #expect(zones.count == list.count && list.count == reachable, "seed \(seed), \(strategy.name)")
            }
        }
    }

    @Test("An instance of weight 0 gets nothing, a heavier one more than a lighter one")
    func weights() {
        let problem = namedProblem(partitions: 200, instances: 6, counts: [1], weights: [0, 1000, 3000, 1000, -1])
        let loads = load(CrushPlacement().place(problem).preferenceLists, instances: 6)
        #expect(loads[0] == 0)
        #expect(loads[2] == loads.max() && loads[1...].allSatisfy { $0 > 0 })
        var unset = problem
        unset.drawingWeights = [0, 1000, 3000, 1000, 1000, 1000]
        #expect(CrushPlacement().place(problem) == CrushPlacement().place(unset))
    }

    @Test("Every instance is found when all are needed, also those that hardly ever win")
    func shortStraws() {
        let weights = (0..<40).map { $0 == 7 || $0 == 21 ? 1 : 1_000_000 * ($0 + 1) }
        let problem = namedProblem(partitions: 2, instances: 40, counts: [1, 39], weights: weights)
        for list in CrushPlacement().place(problem).preferenceLists { #expect(Set(list).count == 40) }
    }

    @Test("What an absent instance had goes elsewhere, and nearly nothing else moves")
    func loss() {
        let problem = namedProblem(partitions: 100, instances: 10, counts: [1, 2])
        let before = CrushPlacement().place(problem).preferenceLists
        var without = problem
        without.absent = [3]
        let after = CrushPlacement().place(without).preferenceLists
        let lost = load(before, instances: 10)[3]
        #expect(load(after, instances: 10)[3] == 0)
        #expect((lost / 2...lost * 2).contains(moves(from: before, to: after)))
        for (old, new) in zip(before, after) where !old.contains(3) { #expect(old == new) }
    }

    @Test("Where the holders are now does not matter", arguments: [false, true])
    func presence(zoned: Bool) {
        var generator = SeededGenerator(seed: 7)
        let zones: [Int32] = zoned ? [0, 1, 2, 0, 1, 2, 3, 3] : []
        var problem = namedProblem(partitions: 20, instances: 8, counts: [1, 1], zones: zones)
        for strategy in [CrushPlacement(), CrushEdPlacement(), MultiRoundCrushPlacement()] as [any PlacementStrategy] {
            problem.present = []
            let result = strategy.place(problem)
            problem.present = randomLists(20, of: 8, lengths: 0...3, using: &generator)
            #expect(strategy.place(problem) == result)
        }
    }
}
