import Testing

@testable import Placement

@Suite("Fault zones")
struct ZoneTests {
    /// A random cluster in which there are as many zones as replicas, or more.
    private func randomProblem(_ seed: Int, zoneCount: ClosedRange<Int>) -> PlacementProblem {
        var generator = SeededGenerator(seed: seed)
        let zones = Int.random(in: zoneCount, using: &generator)
        let instances = Int.random(in: zones...(zones + 4), using: &generator)
        let replicas = Int.random(in: 1...min(3, zones), using: &generator)
        let partitions = Int.random(in: 1...14, using: &generator)
        let present = randomLists(partitions, of: instances, lengths: 0...replicas, using: &generator)
        var problem = PlacementProblem(
            partitionCount: partitions, replicas: replicas, instanceCount: instances, present: present)
        problem.zones = (0..<Int32(instances)).map { instance in
            // Each zone has one instance at least, and some have many.
            Int(instance) < zones ? instance : Int32.random(in: 0...(Int32(zones) - 1) / 2, using: &generator)
        }
        return problem
    }

    private func demand(_ problem: PlacementProblem) -> Demand {
        Demand(
            rows: problem.partitionCount, instances: problem.instanceCount, wanted: problem.replicas,
            zones: problem.zones.map(Int.init)
        ) { row, instance in problem.present[row].contains(Int32(instance)) ? 0 : 1 }
    }

    private func zonesOf(_ list: [Int32], _ problem: PlacementProblem) -> Set<Int32> {
        Set(list.map { problem.zones[Int($0)] })
    }

    @Test("are never shared by replicas of one partition while there are enough of them", arguments: 0..<400)
    func apart(seed: Int) {
        let problem = randomProblem(seed, zoneCount: 1...5)
        let result = BalancedPlacement().place(problem)
        expectSound(result, for: problem, "seed \(seed)")
        #expect(result.shortfalls.isEmpty, "seed \(seed)")
        for list in result.preferenceLists { #expect(zonesOf(list, problem).count == list.count, "seed \(seed)") }
    }

    @Test("leave the load as even as they allow, and the movement at the least for that", arguments: 0..<400)
    func even(seed: Int) throws {
        let problem = randomProblem(seed, zoneCount: 2...5)
        let result = BalancedPlacement().place(problem)
        let held = load(result.preferenceLists, instances: problem.instanceCount)
        let demand = demand(problem)
        // No instance can have less than the most loaded one has here.
        let most = try #require(held.max())
        #expect(most == 0 || demand.mostPlaces(maximum: most - 1) < problem.partitionCount * problem.replicas)
        guard let least = demand.leastEvenCost() else { return }
        #expect(spread(held) <= 1, "seed \(seed): \(held)")
        #expect(moves(from: problem.present, to: result.preferenceLists) == least, "seed \(seed)")
    }

    @Test("are filled one after the other where there are fewer than replicas", arguments: 0..<200)
    func tooFew(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let instances = Int.random(in: 3...8, using: &generator)
        let replicas = Int.random(in: 3...min(5, instances), using: &generator)
        let partitions = Int.random(in: 1...12, using: &generator)
        var problem = PlacementProblem(partitionCount: partitions, replicas: replicas, instanceCount: instances)
        problem.zones = (0..<Int32(instances)).map { $0 < 2 ? $0 : Int32.random(in: 0...1, using: &generator) }
        let result = BalancedPlacement().place(problem)
        #expect(result.shortfalls.isEmpty, "seed \(seed)")
        let sizes = (0..<2).map { zone in problem.zones.count { $0 == Int32(zone) } }
        for list in result.preferenceLists {
            let counts = (0..<2).map { zone in list.count { problem.zones[Int($0)] == Int32(zone) } }
            let difference = abs(counts[0] - counts[1])
            let isSmallZoneFull = (0..<2).contains { counts[$0] == sizes[$0] }
            #expect(difference <= 1 || isSmallZoneFull, "seed \(seed): \(counts) of \(sizes)")
        }
    }

    @Test("lose nothing but what was lost when a whole zone goes, and the rest takes it over evenly")
    func lostZone() {
        var problem = PlacementProblem(partitionCount: 600, replicas: 3, instanceCount: 20)
        problem.zones = (0..<20).map { $0 % 5 }
        let before = BalancedPlacement().place(problem)
        expectEven(before, instances: 20)
        var after = PlacementProblem(partitionCount: 600, replicas: 3, instanceCount: 16)
        let survivors = (0..<Int32(20)).filter { $0 % 5 != 4 }
        after.zones = survivors.map { $0 % 5 }
        after.present = before.preferenceLists.map { $0.compactMap { survivors.firstIndex(of: $0).map(Int32.init) } }
        let result = BalancedPlacement().place(after)
        expectEven(result, instances: 16)
        for (old, new) in zip(after.present, result.preferenceLists) {
            #expect(Set(old).isSubset(of: new))
            #expect(zonesOf(new, after).count == 3)
        }
    }

    @Test("that appear later move no more than must be moved")
    func introduced() {
        let before = BalancedPlacement().place(PlacementProblem(partitionCount: 300, replicas: 3, instanceCount: 12))
        var problem = PlacementProblem(
            partitionCount: 300, replicas: 3, instanceCount: 12, present: before.preferenceLists)
        problem.zones = (0..<12).map { $0 % 4 }
        let result = BalancedPlacement().place(problem)
        expectEven(result, instances: 12)
        let misplaced = before.preferenceLists.reduce(0) { $0 + 3 - zonesOf($1, problem).count }
        #expect(moves(from: before.preferenceLists, to: result.preferenceLists) <= misplaced + 6)
        var again = problem
        again.present = result.preferenceLists
        #expect(BalancedPlacement().place(again).preferenceLists == result.preferenceLists)
    }
}
