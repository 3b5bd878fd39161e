import Placement
import Testing

@Suite("CRUSH, evened out")
struct HelixCrushEdTests {
    /// Shares are rounded down, and may be exceeded by two where the partitions do not fit otherwise.
    @Test(
        "Instances are about within one of each other",
        arguments: [
            (48, 5, 0, 3), (100, 10, 0, 1), (64, 12, 4, 2), (90, 12, 6, 1), (120, 9, 3, 1), (500, 20, 5, 2),
        ] as [(Int, Int, Int32, Int)])
    func evenness(partitions: Int, instances: Int, zones: Int32, most: Int) {
        let problem = namedProblem(
            partitions: partitions, instances: instances, counts: [1, 2],
            zones: zones == 0 ? [] : (0..<Int32(instances)).map { $0 % zones })
        let result = CrushEdPlacement().place(problem)
        expectSound(result, for: problem)
        #expect(spread(load(result.preferenceLists, instances: instances)) <= most)
        #expect(spread(load(result.preferenceLists, instances: instances, first: 1)) <= 3)
        #expect(result.shortfalls.isEmpty)
    }

    @Test("Shares follow the weights about")
    func weights() {
        let weights = [1000, 2000, 1000, 2000, 0, 1000, 2000, 3000]
        let problem = namedProblem(partitions: 120, instances: 8, counts: [2], weights: weights)
        let loads = load(CrushEdPlacement().place(problem).preferenceLists, instances: 8)
        #expect(
            zip(loads, weights).allSatisfy { load, weight in abs(load - weight / 50) <= max(2, weight / 500) },
            "\(loads)")
    }

    @Test("When an instance is lost only its replicas move", arguments: [0, 5])
    func loss(zones: Int32) {
        let problem = namedProblem(
            partitions: 60, instances: 10, counts: [1, 2], zones: zones == 0 ? [] : (0..<10).map { $0 % zones })
        let before = CrushEdPlacement().place(problem).preferenceLists
        for lost in Int32(0)..<10 {
            var without = problem
            without.absent = [lost]
            let after = CrushEdPlacement().place(without).preferenceLists
            for (old, new) in zip(before, after) {
                #expect(Array(new.prefix(2)) == Array(old.filter { $0 != lost }.prefix(2)), "without \(lost)")
                #expect(new.count == 3 && !new.contains(lost), "without \(lost)")
            }
            #expect(moves(from: before, to: after) == load(before, instances: 10)[Int(lost)])
        }
    }

    @Test("With fewer zones than replicas the lists are those of CRUSH")
    func tooFewZones() {
        var problem = namedProblem(partitions: 20, instances: 6, counts: [1, 2], zones: [0, 0, 0, 1, 1, 1])
        problem.absent = [2]
        let result = CrushEdPlacement().place(problem)
        #expect(result == CrushPlacement().place(problem))
        #expect(result.shortfalls.count == 20 && result.shortfalls.allSatisfy { $0.reason == .tooFewInstances })
    }

    @Test("Resources are dealt in ways of their own")
    func resources() {
        let lists = (0..<2).map { number in
            CrushEdPlacement().place(
                namedProblem(partitions: 40, instances: 7, counts: [1, 1], resource: "R\(number)")
            ).preferenceLists
        }
        #expect(lists[0] != lists[1])
    }
}
