import Placement
import Testing

@Suite("Movement")
struct MinimalityTests {
    @Test("The oracle agrees with an enumeration of all assignments", arguments: 0..<60)
    func oracle(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let instances = Int.random(in: 2...4, using: &generator)
        let wanted = Int.random(in: 1...min(2, instances), using: &generator)
        let rows = Int.random(in: 1...4, using: &generator)
        let costs = (0..<rows).map { _ in (0..<instances).map { _ in Int.random(in: -1...2, using: &generator) } }
        let demand = Demand(rows: rows, instances: instances, wanted: wanted) { row, instance in
            costs[row][instance] < 0 ? nil : costs[row][instance]
        }
        #expect(demand.leastEvenCost() == demand.leastEvenCostByEnumeration(), "seed \(seed)")
    }

    @Test("of replicas is the least that evenness allows, from any start", arguments: 0..<250)
    func replicas(seed: Int) throws {
        let problem = randomProblem(seed, longest: { $0 + 2 })
        let result = BalancedPlacement().place(problem)
        expectSound(result, for: problem, "seed \(seed)")
        expectEven(result, instances: problem.instanceCount, tops: problem.topCount, "seed \(seed)")
        let demand = Demand(
            rows: problem.partitionCount, instances: problem.instanceCount, wanted: problem.replicas
        ) { row, instance in problem.present[row].contains(Int32(instance)) ? 0 : 1 }
        let least = try #require(demand.leastEvenCost())
        #expect(moves(from: problem.present, to: result.preferenceLists) == least, "seed \(seed)")
    }

    @Test("of replicas is the bound that counts alone give, where partitions are many", arguments: 0..<40)
    func bound(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let instances = Int.random(in: 3...12, using: &generator)
        let replicas = Int.random(in: 1...3, using: &generator)
        let present = randomLists(200, of: instances, lengths: 0...replicas, using: &generator)
        let result = BalancedPlacement().place(
            PlacementProblem(
                partitionCount: 200, replicas: replicas, instanceCount: instances, present: present))
        let least = leastMoves(holding: load(present, instances: instances), total: 200 * replicas)
        if replicas < instances {
            #expect(moves(from: present, to: result.preferenceLists) == least, "seed \(seed)")
        }
    }

    /// Costs as the strategy ranks them: hand-offs first, then tops that have yet to come.
    @Test("of tops is the least that the chosen replicas allow, warm ones first", arguments: 0..<250)
    func tops(seed: Int) throws {
        var problem = randomProblem(seed, longest: { $0 })
        var generator = SeededGenerator(seed: seed + 1_000)
        let presentTops = problem.present.map { _ in Int.random(in: 0...1, using: &generator) }
        if seed % 2 == 0 { problem.presentTops = presentTops }
        let result = BalancedPlacement().place(problem)
        func cost(_ row: Int, _ instance: Int) -> Int? {
            let (list, present) = (result.preferenceLists[row], problem.present[row])
            guard list.contains(Int32(instance)) else { return nil }
            let tops = problem.presentTops?[row] ?? problem.topCount
            if present.prefix(tops).contains(Int32(instance)) { return 0 }
            return present.contains(Int32(instance)) ? 1_000 : 1_001
        }
        let least = try #require(
            Demand(
                rows: problem.partitionCount, instances: problem.instanceCount, wanted: problem.topCount, cost: cost
            ).leastEvenCost())
        let spent = (0..<problem.partitionCount).reduce(0) { sum, row in
            sum
                + result.preferenceLists[row].prefix(problem.topCount)
                .reduce(0) { $0 + (cost(row, Int($1)) ?? 1_000_000) }
        }
        #expect(spent == least, "seed \(seed)")
    }

    private func randomProblem(_ seed: Int, longest: (Int) -> Int) -> PlacementProblem {
        var generator = SeededGenerator(seed: seed)
        let instances = Int.random(in: 1...7, using: &generator)
        let replicas = Int.random(in: 1...min(4, instances), using: &generator)
        let partitions = Int.random(in: 1...14, using: &generator)
        // Few holders among many instances make crowded starts.
        let crowd = Int.random(in: 1...instances, using: &generator)
        let present = randomLists(
            partitions, of: crowd, lengths: 0...min(crowd, longest(replicas)), using: &generator)
        return PlacementProblem(
            partitionCount: partitions, replicas: replicas, instanceCount: instances, present: present)
    }

    @Test("Only the replicas of a lost instance move", arguments: 0..<9)
    func loss(lost: Int) {
        let before = BalancedPlacement().place(
            PlacementProblem(partitionCount: 180, replicas: 3, instanceCount: 9))
        let present = before.preferenceLists.map { list in
            list.filter { $0 != Int32(lost) }.map { $0 > lost ? $0 - 1 : $0 }
        }
        let after = BalancedPlacement().place(
            PlacementProblem(partitionCount: 180, replicas: 3, instanceCount: 8, present: present))
        for (old, new) in zip(present, after.preferenceLists) { #expect(Set(old).isSubset(of: new)) }
    }

    @Test("A replica that returns is welcomed back where it still is")
    func overlong() {
        let present: [[Int32]] = [[0, 1, 2], [0, 2, 1], [0, 1, 2], [0, 2, 1], [0, 1, 2], [0, 2, 1]]
        let result = BalancedPlacement().place(
            PlacementProblem(partitionCount: 6, replicas: 2, instanceCount: 3, present: present))
        expectEven(result, instances: 3)
        #expect(moves(from: present, to: result.preferenceLists) == 0)
    }
}
