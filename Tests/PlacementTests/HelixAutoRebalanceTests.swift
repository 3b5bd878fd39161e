import Placement
import Testing

/// Small cases that are worked out by hand. Instances are numbered as they are named; `p` is the number of a partition
/// and `r` that of a replica in it.
@Suite("The strategy that Helix takes unless another is named")
struct HelixAutoRebalanceTests {
    private func lists(_ problem: PlacementProblem) -> [[Int32]] {
        AutoRebalancePlacement().place(problem).preferenceLists
    }

    /// More instances than partitions prefer (p + r·P) mod N; as many, one further for every r; fewer, (p + r) mod N.
    @Test(
        "Preferred places when nothing is anywhere",
        arguments: [
            (4, 3, [[0, 1], [1, 2], [2, 0], [0, 1]]), (2, 5, [[0, 2], [1, 3]]), (3, 3, [[0, 1], [1, 2], [2, 0]]),
        ] as [(Int, Int, [[Int32]])])
    func preferred(partitions: Int, instances: Int, expected: [[Int32]]) {
        #expect(lists(namedProblem(partitions: partitions, instances: instances, counts: [1, 1])) == expected)
    }

    /// `p0|0` prefers 0, which is absent. Its hash 3386612 is 2 modulo 3: the third of 1, 2 and 3 is asked first.
    @Test("A replica whose preferred place is absent goes to the first with room from where its name says")
    func search() {
        var problem = namedProblem(partitions: 3, instances: 4, counts: [1], absent: [0])
        problem.names.partitions = ["p0", "p1", "p2"]
        #expect(lists(problem) == [[3], [1], [2]])
    }

    /// Shares of 4 among 3: 1 holds one and is first, so that it may have two. `p1|1` finds room only on 1, which has
    /// the partition. `p1|1` hashes to 1 modulo 3; from there 0 is the first that is full and could take it.
    @Test("Room is made by passing on one of the remainder")
    func room() {
        var problem = namedProblem(partitions: 2, instances: 3, counts: [1, 1], present: [[], [1]])
        problem.names.partitions = ["p0", "p1"]
        #expect(lists(problem) == [[0, 2], [1, 0]])
    }

    /// Both are on 0, which may have one; partition 1 prefers 1.
    @Test("A replica moves home from an instance that has too many")
    func home() {
        #expect(lists(namedProblem(partitions: 2, instances: 2, counts: [1], present: [[0], [0]])) == [[0], [1]])
    }

    /// Both are on 1, which may have one; partition 1 prefers it, and partition 0 prefers 0, which is absent.
    @Test("What has no home to go to leaves an instance that has too many for the first with room")
    func excess() {
        let problem = namedProblem(partitions: 2, instances: 3, counts: [1], present: [[1], [1]], absent: [0])
        #expect(lists(problem) == [[2], [1]])
    }

    /// Six for three, two each. Partition 1 is on 0 and 1; partition 0 fills both; partition 2 gets 2, where there is
    /// room for one more, but it has that one. So the last that can take it does, over its share.
    @Test("When there is no room the last instance takes what is left, within the limit")
    func force() {
        var problem = namedProblem(partitions: 3, instances: 3, counts: [1, 1], present: [[], [0, 1], []])
        problem.names.partitions = ["p0", "p1", "p2"]
        #expect(lists(problem) == [[0, 1], [1, 0], [2, 1]])
        problem.maximumPerInstance = 2
        let result = AutoRebalancePlacement().place(problem)
        #expect(result.preferenceLists == [[0, 1], [1, 0], [2]])
        #expect(
            result.shortfalls == [Shortfall(partition: 2, wanted: 2, placed: 1, reason: .maximumPerInstance)])
    }

    @Test("An even placement stays as it is", arguments: 0..<30)
    func keeps(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let instances = Int.random(in: 3...9, using: &generator)
        var problem = namedProblem(partitions: 3 * instances, instances: instances, counts: [1, 1])
        let shift = Int32.random(in: 0..<Int32(instances), using: &generator)
        problem.present = lists(problem).map { list in list.map { ($0 + shift) % Int32(instances) } }
        #expect(moves(from: problem.present, to: lists(problem)) == 0, "seed \(seed)")
    }

    @Test("From nothing the shares are equal, as far as distinct instances allow, and so are the top states")
    func bootstrap() {
        let problem = namedProblem(partitions: 50, instances: 7, counts: [1, 2])
        let result = AutoRebalancePlacement().place(problem)
        expectSound(result, for: problem)
        #expect(spread(load(result.preferenceLists, instances: 7)) <= 1)
        #expect(spread(load(result.preferenceLists, instances: 7, first: 1)) <= 1)
    }

    @Test("When an instance is lost only its replicas move")
    func loss() {
        var problem = namedProblem(partitions: 30, instances: 6, counts: [1, 1])
        let before = lists(problem)
        problem.absent = [4]
        problem.present = before.map { $0.filter { $0 != 4 } }
        let after = lists(problem)
        #expect(moves(from: before, to: after) == load(before, instances: 6)[4])
        #expect(zip(problem.present, after).allSatisfy { held, list in Set(held).isSubset(of: list) })
    }

    @Test("A replica on an instance that is disabled counts as placed until it has left")
    func disabled() {
        var problem = namedProblem(partitions: 1, instances: 3, counts: [1, 1], present: [[0, 1]], absent: [0])
        #expect(lists(problem) == [[1]])
        problem.present = [[1]]
        #expect(lists(problem) == [[1, 2]])
    }
}
