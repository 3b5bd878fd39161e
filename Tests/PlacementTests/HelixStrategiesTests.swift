import Placement
import Testing

@Suite("The strategies of Apache Helix")
struct HelixStrategiesTests {
    @Test(
        "Every class name has its strategy, and the default is the one of old",
        arguments: [
            "AutoRebalanceStrategy", "CrushRebalanceStrategy", "CrushEdRebalanceStrategy",
            "MultiRoundCrushRebalanceStrategy", "StickyRebalanceStrategy",
        ])
    func names(name: String) throws {
        let full = "org.apache.helix.controller.rebalancer.strategy.\(name)"
        let strategy = try #require(HelixStrategies.strategy(named: full))
        #expect(strategy.name == full)
        #expect(strategy.placesByName)
        #expect(HelixStrategies.strategy(named: "DEFAULT") is AutoRebalancePlacement)
        #expect(HelixStrategies.strategy(named: name) == nil)
        #expect(HelixStrategies.all.count == 5)
    }

    @Test("Results are sound, and no replica is on an instance that is absent", arguments: 0..<80)
    func sound(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let problem = randomNamedProblem(using: &generator)
        for strategy in HelixStrategies.all {
            let result = strategy.place(problem)
            expectSound(result, for: problem, "seed \(seed), \(strategy.name)")
            let absent = result.preferenceLists.joined().filter(problem.absent.contains)
            #expect(absent.isEmpty, "seed \(seed), \(strategy.name)")
            #expect(strategy.place(problem) == result, "seed \(seed), \(strategy.name)")
        }
    }

    @Test("The limit of an instance holds when nothing is anywhere yet", arguments: 0..<30)
    func limits(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        var problem = randomNamedProblem(using: &generator)
        problem.present = []
        problem.maximumPerInstance = .random(in: 1...8, using: &generator)
        for strategy in [AutoRebalancePlacement(), StickyPlacement()] as [any PlacementStrategy] {
            expectSound(strategy.place(problem), for: problem, "seed \(seed), \(strategy.name)")
        }
    }

    /// Nothing in here is of any use, and nothing may trap.
    private static let odd: [PlacementProblem] = {
        var unnamed = PlacementProblem(partitionCount: 5, replicas: 2, instanceCount: 3, present: [[2], [9, -4]])
        unnamed.zones = [0, -7, 9]
        var short = namedProblem(partitions: 6, instances: 5, counts: [1, 2], zones: [0, 1], weights: [5])
        short.names.zones = []
        short.names.partitions = ["x"]
        var heavy = namedProblem(partitions: 6, instances: 4, counts: [2], weights: [.max, .min, 1, 0])
        heavy.names.resource = "\u{0}\u{10FFFF}"
        var counted = namedProblem(partitions: 3, instances: 3, counts: [1])
        counted.stateCounts = [.max, -1, .max]
        var same = namedProblem(partitions: 4, instances: 4, counts: [2], zones: [0, 0, 1, 1])
        same.names = PlacementNames(
            partitions: ["p", "p", "p", "p"], instances: ["i", "i", "i", "i"], zones: ["z", "z"])
        return [
            namedProblem(partitions: 0, instances: 0, counts: []),
            namedProblem(partitions: 0, instances: 4, counts: [1]),
            namedProblem(partitions: 4, instances: 0, counts: [1, 1]),
            namedProblem(partitions: 4, instances: 3, counts: [1, 1], absent: [0, 1, 2]),
            namedProblem(partitions: 4, instances: 3, counts: [1, 1], zones: [0, 1, 2], absent: [0, 1, 2]),
            namedProblem(partitions: 4, instances: 3, counts: [1, 8]),
            namedProblem(partitions: 4, instances: 3, counts: [1, 8], zones: [0, 0, 1]),
            namedProblem(partitions: 4, instances: 3, counts: [0, 0]),
            namedProblem(partitions: 4, instances: 3, counts: [1, 1], weights: [0, 0, 0]),
            namedProblem(partitions: 4, instances: 3, counts: [1, 1], zones: [0, 1, 1], weights: [0, 0, 0]),
            namedProblem(partitions: 3, instances: 2, counts: [1], absent: [-5, 77], maximum: .min),
            PlacementProblem(partitionCount: -1, replicas: -1, instanceCount: -1), unnamed, short, heavy, counted, same,
        ]
    }()

    @Test("Odd problems have a result too", arguments: odd.indices)
    func oddities(index: Int) {
        var problem = Self.odd[index]
        for maximum in [nil, 1, 100] {
            problem.maximumPerInstance = maximum ?? problem.maximumPerInstance
            for strategy in HelixStrategies.all {
                let result = strategy.place(problem)
                #expect(result.preferenceLists.count == max(0, problem.partitionCount), "\(strategy.name)")
                for list in result.preferenceLists {
                    let known = list.allSatisfy { (0..<Int32(problem.instanceCount)).contains($0) }
                    #expect(known && Set(list).count == list.count, "\(strategy.name)")
                    #expect(list.allSatisfy { !problem.absent.contains($0) }, "\(strategy.name)")
                }
                let short = result.preferenceLists.indices.filter {
                    result.preferenceLists[$0].count < problem.replicas
                }
                #expect(result.shortfalls.map(\.partition) == short, "\(strategy.name)")
            }
        }
    }
}
