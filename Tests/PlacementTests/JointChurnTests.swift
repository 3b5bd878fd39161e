import Testing

@testable import Placement

/// Several resources that live through changes of their instances.
private struct JointChurn {
    let zoneCount: Int
    var sizes: [Int]
    /// By resource and partition: instances by name.
    var lists: [[[Int]]]
    var alive: Set<Int>
    var nextName: Int
    /// By instance: the partitions, by number, that are disabled there.
    var disabled: [Int: Set<Int>] = [:]

    init(sizes: [Int], instances: Int, zones: Int) {
        zoneCount = zones
        self.sizes = sizes
        lists = sizes.map { Array(repeating: [], count: $0) }
        alive = Set(0..<instances)
        nextName = instances
    }

    var names: [Int] { alive.sorted() }

    func zone(_ name: Int) -> Int32 { Int32(name % zoneCount) }

    /// Whether every zone can have what its instances should have: no partition is twice in one.
    func canBeEven(replicas: Int) -> Bool {
        if zoneCount == 0 { return true }
        let sizes = Dictionary(grouping: names, by: zone).values.map(\.count)
        return sizes.allSatisfy { $0 * replicas <= alive.count }
    }

    func problems(replicas: Int) -> [PlacementProblem] {
        let names = names
        let position = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
        return zip(sizes, lists).map { size, lists in
            var problem = PlacementProblem(
                partitionCount: size, replicas: replicas, instanceCount: names.count,
                present: lists.map { $0.compactMap { position[$0] } },
                presentTops: lists.map { $0.first.map { position[$0] == nil ? 0 : 1 } ?? 0 })
            if zoneCount > 0 { problem.zones = names.map(zone) }
            if !disabled.isEmpty {
                problem.excluded = (0..<size).map { partition in
                    Set(names.indices.filter { disabled[names[$0]]?.contains(partition) == true }.map(Int32.init))
                }
            }
            return problem
        }
    }

    mutating func accept(_ results: [PlacementResult]) {
        let names = names
        lists = results.map { $0.preferenceLists.map { $0.map { names[Int($0)] } } }
    }

    /// Something happens: an instance comes, goes, returns or is replaced; a zone is lost or comes back; a partition is
    /// disabled somewhere or enabled again; a resource grows anew.
    mutating func change(least: Int, most: Int, using generator: inout SeededGenerator) {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0 where alive.count < most:
            alive.insert(nextName)
            nextName += 1
        case 1 where alive.count < most: alive.insert(Int.random(in: 0..<nextName, using: &generator))
        case 2 where alive.count > least: alive.remove(names.randomElement(using: &generator)!)
        case 3:
            alive.remove(names.randomElement(using: &generator)!)
            alive.insert(nextName)
            nextName += 1
        case 4 where zoneCount > 0:
            let lost = zone(names.randomElement(using: &generator)!)
            let rest = alive.filter { zone($0) != lost }
            if rest.count >= least { alive = rest }
        case 5 where zoneCount > 0:
            let back = Int32.random(in: 0..<Int32(zoneCount), using: &generator)
            for name in 0..<nextName where zone(name) == back && alive.count < most { alive.insert(name) }
        case 6:
            let name = names.randomElement(using: &generator)!
            disabled = disabled.isEmpty ? [name: [Int.random(in: 0..<sizes[0], using: &generator)]] : [:]
        default:
            let resource = Int.random(in: 0..<sizes.count, using: &generator)
            sizes[resource] = Int.random(in: 5...30, using: &generator)
            lists[resource] = Array(repeating: [], count: sizes[resource])
        }
    }
}

@Suite("Churn of several resources")
struct JointChurnTests {
    @Test(
        "Through 200 changes they are even each and together, move little and rest",
        arguments: [(1, 0), (2, 0), (3, 5), (4, 5)])
    func even(seed: Int, zones: Int) {
        var generator = SeededGenerator(seed: seed)
        var churn = JointChurn(sizes: [20, 12, 7, 30], instances: 15, zones: zones)
        var (moved, bound) = (0, 0)
        for step in 0..<200 {
            let problems = churn.problems(replicas: 3)
            let results = BalancedPlacement().place(problems)
            let count = problems[0].instanceCount
            let place: Comment = "seed \(seed), step \(step), \(count) instances"
            for (problem, result) in zip(problems, results) {
                expectSound(result, for: problem, place)
                if Set(problem.zones).count >= 3 {
                    let isApart = result.preferenceLists.allSatisfy { list in
                        Set(list.map { problem.zones[Int($0)] }).count == list.count
                    }
                    #expect(isApart, place)
                }
            }
            if churn.canBeEven(replicas: 3), churn.disabled.isEmpty {
                for result in results { expectEven(result, instances: count, place) }
                #expect(spread(totals(results, count)) <= 1, place)
                #expect(spread(totals(results, count, first: 1)) <= 1, place)
                // The exact minimum takes its time.
                if step % 4 == 0, let least = leastJointMoves(problems) {
                    moved += zip(problems, results).reduce(0) {
                        $0 + moves(from: $1.0.present, to: $1.1.preferenceLists)
                    }
                    bound += least
                }
            }
            churn.accept(results)
            let again = BalancedPlacement().place(churn.problems(replicas: 3))
            #expect(again.map(\.preferenceLists) == results.map(\.preferenceLists), place)
            churn.change(least: 8, most: 20, using: &generator)
        }
        #expect(Double(moved) <= 1.02 * Double(bound), "seed \(seed): \(moved) moves, \(bound) needed")
    }
}
