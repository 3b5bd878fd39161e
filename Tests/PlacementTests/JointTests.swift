import Testing

@testable import Placement

@Suite("Several resources together")
struct JointTests {
    /// A random cluster with several resources of all sizes, placed anyhow.
    private func randomProblems(_ seed: Int, replicas wanted: ClosedRange<Int> = 1...3) -> [PlacementProblem] {
        var generator = SeededGenerator(seed: seed)
        let instances = Int.random(in: 2...7, using: &generator)
        return (0..<Int.random(in: 2...5, using: &generator)).map { _ in
            let replicas = min(instances, Int.random(in: wanted, using: &generator))
            let partitions = Int.random(in: 1...8, using: &generator)
            let crowd = Int.random(in: 1...instances, using: &generator)
            let present = randomLists(partitions, of: crowd, lengths: 0...min(crowd, replicas), using: &generator)
            return PlacementProblem(
                partitionCount: partitions, replicas: replicas, instanceCount: instances, present: present)
        }
    }

    @Test("are even each and together, in replicas and in tops", arguments: 0..<500)
    func even(seed: Int) {
        let problems = randomProblems(seed)
        let results = BalancedPlacement().place(problems)
        let instances = problems[0].instanceCount
        for (problem, result) in zip(problems, results) {
            expectSound(result, for: problem, "seed \(seed)")
            expectEven(result, instances: instances, "seed \(seed)")
        }
        #expect(spread(totals(results, instances)) <= 1, "seed \(seed): \(totals(results, instances))")
        let tops = totals(results, instances, first: 1)
        let (least, handOffs) = bestTops(problems, results)
        #expect(spread(tops) <= max(1, least), "seed \(seed): \(tops)")
        if least <= 1 {
            let taken = zip(problems, results).reduce(0) { sum, pair in
                sum + zip(pair.0.present, pair.1.preferenceLists).count { $0.first != $1.first }
            }
            #expect(taken == handOffs, "seed \(seed)")
        }
    }

    /// How even tops can be with these replicas, if every resource's are even; and the fewest tops that change then.
    private func bestTops(_ problems: [PlacementProblem], _ results: [PlacementResult]) -> (spread: Int, handOffs: Int)
    {
        for spread in 1... {
            let costs = (0...problems.count * 8).compactMap {
                handOffs(problems, results, between: $0, and: $0 + spread)
            }
            if let least = costs.min() { return (spread, least) }
        }
        return (0, 0)
    }

    /// The fewest tops that change when every instance has `low` to `high`; `nil` when that cannot be.
    private func handOffs(
        _ problems: [PlacementProblem], _ results: [PlacementResult], between low: Int, and high: Int
    ) -> Int? {
        let instances = problems[0].instanceCount
        let rows = problems.reduce(0) { $0 + $1.partitionCount }
        let bases = problems.reduce(0) { $0 + $1.partitionCount / instances }
        if low < bases { return high < bases ? nil : handOffs(problems, results, between: bases, and: high) }
        let firstInstance = 2 + rows + problems.count * instances
        let dear = 10_000
        var graph = MinimumCostFlow(nodes: firstInstance + instances)
        var row = 2
        for (number, (problem, result)) in zip(problems, results).enumerated() {
            let firstBin = 2 + rows + number * instances
            for (present, list) in zip(problem.present, result.preferenceLists) {
                graph.connect(0, row, capacity: 1)
                for instance in list {
                    graph.connect(row, firstBin + Int(instance), capacity: 1, cost: present.first == instance ? 0 : 1)
                }
                row += 1
            }
            for instance in 0..<instances {
                graph.connect(firstBin + instance, 1, capacity: problem.partitionCount / instances)
                graph.connect(firstBin + instance, firstInstance + instance, capacity: 1)
            }
        }
        for instance in 0..<instances {
            graph.connect(firstInstance + instance, 1, capacity: low - bases)
            graph.connect(firstInstance + instance, 1, capacity: high - low, cost: dear)
        }
        let (flow, cost) = graph.solve(from: 0, to: 1)
        // What is dear is taken only when all that is cheap is: then everybody has `low`.
        guard flow == rows, cost / dear == rows - instances * low else { return nil }
        return cost % dear
    }

    @Test("move no more than evenness of each and of all asks for", arguments: 0..<500)
    func minimal(seed: Int) throws {
        let problems = randomProblems(seed)
        let results = BalancedPlacement().place(problems)
        let moved = zip(problems, results).reduce(0) { $0 + moves(from: $1.0.present, to: $1.1.preferenceLists) }
        let least = try #require(leastJointMoves(problems))
        #expect(moved == least, "seed \(seed)")
    }

    @Test("stay where they are when nothing has changed", arguments: 0..<100)
    func rest(seed: Int) {
        var problems = randomProblems(seed)
        let results = BalancedPlacement().place(problems)
        for index in problems.indices { problems[index].present = results[index].preferenceLists }
        #expect(BalancedPlacement().place(problems) == results, "seed \(seed)")
    }

    @Test("of a hundred on fifty instances move the least when instances come and go")
    func comeAndGo() {
        let sizes = (0..<100).map { 20 + $0 }
        var present = BalancedPlacement().place(
            sizes.map { PlacementProblem(partitionCount: $0, replicas: 3, instanceCount: 50) }
        ).map(\.preferenceLists)
        for count in [49, 50, 53, 48] {
            let before = present.map { lists in lists.map { list in list.filter { $0 < Int32(count) } } }
            let results = BalancedPlacement().place(
                zip(sizes, before).map {
                    PlacementProblem(partitionCount: $0, replicas: 3, instanceCount: count, present: $1)
                })
            let sums = totals(results, count)
            #expect(spread(sums) <= 1)
            #expect(spread(totals(results, count, first: 1)) <= 1)
            for result in results { expectEven(result, instances: count) }
            let held = before.map { load($0, instances: count) }.reduce([Int](repeating: 0, count: count)) {
                zip($0, $1).map(+)
            }
            let bound = zip(sums, held).reduce(0) { $0 + max(0, $1.0 - $1.1) }
            let moved = zip(before, results).reduce(0) { $0 + moves(from: $1.0, to: $1.1.preferenceLists) }
            #expect(Double(moved) <= 1.02 * Double(bound), "\(moved) of at least \(bound), to \(count)")
            present = results.map(\.preferenceLists)
        }
    }
}
