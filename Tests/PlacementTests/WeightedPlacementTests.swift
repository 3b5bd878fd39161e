import Testing

@testable import Placement

@Suite("Weights and capacities")
struct WeightedPlacementTests {
    /// A random cluster of some size, from nothing or from anything.
    private func randomProblem(_ seed: Int) -> PlacementProblem {
        var generator = SeededGenerator(seed: seed)
        let replicas = Int.random(in: 1...3, using: &generator)
        let instances = Int.random(in: replicas + 2...12, using: &generator)
        let cluster = WeightedCluster(
            partitions: Int.random(in: 60...120, using: &generator), replicas: replicas, instances: instances,
            zones: seed % 2 == 0 ? 0 : Int.random(in: replicas...instances, using: &generator),
            dimensions: Int.random(in: 1...3, using: &generator), using: &generator)
        var problem = cluster.problem
        let partitions = problem.partitionCount
        if seed % 3 == 0 {
            problem.present = randomLists(partitions, of: instances, lengths: 0...replicas, using: &generator)
        }
        if seed % 4 == 0 {
            problem.excluded = randomLists(partitions, of: instances, lengths: 0...1, using: &generator).map { Set($0) }
        }
        if seed % 5 == 0 { problem.maximumPerInstance = partitions * replicas / instances + 6 }
        return problem
    }

    @Test("Random clusters are placed soundly, at rest, and close to the lowest utilisation", arguments: 0..<240)
    func random(seed: Int) {
        let problem = randomProblem(seed)
        let result = BalancedPlacement().place(problem)
        expectWeightedSound(result, for: problem, "seed \(seed)")
        #expect(BalancedPlacement().place(problem) == result, "seed \(seed)")
        guard result.shortfalls.isEmpty, problem.maximumPerInstance == nil else { return }
        // Replicas that weigh a few hundredths of what an instance carries cannot be spread any finer.
        let heaviest = problem.weights.joined().max() ?? 0
        let smallest = problem.capacities.joined().min() ?? 1
        let bar = 1.03 * utilisationBound(problem) + 0.25 * Double(heaviest) / Double(smallest)
        #expect(highestUtilisation(result.preferenceLists, problem) <= bar, "seed \(seed)")
    }

    @Test("Partitions of one replica are spread over zones where weights do not mind", arguments: [2, 3, 5, 12])
    func zonesOfOneReplica(partitions: Int) {
        var problem = PlacementProblem(partitionCount: partitions, replicas: 1, instanceCount: 12)
        problem.zones = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
        problem.weights = Array(repeating: [1], count: partitions)
        problem.capacities = Array(repeating: [1_000], count: 12)
        let lists = BalancedPlacement().place(problem).preferenceLists
        let counts = Dictionary(grouping: lists.joined()) { problem.zones[Int($0)] }.mapValues(\.count)
        #expect((counts.values.max() ?? 0) - (counts.count < 3 ? 0 : counts.values.min() ?? 0) <= 1)
        #expect(Set(lists.joined()).count == partitions)
    }

    /// A cluster with much to move: 600 partitions, 20 instances in 5 zones.
    private func largeProblem(seed: Int) -> PlacementProblem {
        var generator = SeededGenerator(seed: seed)
        let cluster = WeightedCluster(
            partitions: 600, replicas: 3, instances: 20, zones: 5, dimensions: 3, using: &generator)
        var problem = cluster.problem
        problem.present = BalancedPlacement().place(problem).preferenceLists
        problem.presentTops = nil
        return problem
    }

    @Test("After the loss of an instance only its replicas move", arguments: 0..<6)
    func lostInstance(seed: Int) {
        var problem = largeProblem(seed: seed)
        #expect(highestUtilisation(problem.present, problem) <= 1.01 * utilisationBound(problem), "seed \(seed)")
        let survivors = (0..<Int32(20)).filter { $0 != 7 }
        problem.instanceCount = 19
        problem.zones = survivors.map { problem.zones[Int($0)] }
        problem.capacities = survivors.map { problem.capacities[Int($0)] }
        problem.present = problem.present.map { $0.compactMap { survivors.firstIndex(of: $0).map(Int32.init) } }
        let result = BalancedPlacement().place(problem)
        expectWeightedSound(result, for: problem, "seed \(seed)")
        for (old, new) in zip(problem.present, result.preferenceLists) {
            #expect(Set(old).isSubset(of: new), "seed \(seed)")
        }
        #expect(highestUtilisation(result.preferenceLists, problem) <= 1.03 * utilisationBound(problem), "seed \(seed)")
    }

    @Test("Top states are as even as without weights", arguments: 0..<4)
    func tops(seed: Int) {
        let problem = largeProblem(seed: seed)
        #expect(spread(load(problem.present, instances: 20, first: 1)) <= 1, "seed \(seed)")
    }

    @Test("What weighs nothing is spread by number")
    func nothingWeighs() {
        var problem = PlacementProblem(partitionCount: 100, replicas: 2, instanceCount: 40)
        problem.weights = Array(repeating: [0], count: 100)
        problem.capacities = Array(repeating: [10], count: 40)
        let result = BalancedPlacement().place(problem)
        expectSound(result, for: problem)
        #expect(load(result.preferenceLists, instances: 40).allSatisfy { $0 == 5 })
    }

    @Test("Followers are given rather than leaders, and one heavy replica rather than several light ones")
    func whatIsGiven() {
        var problem = PlacementProblem(
            partitionCount: 6, replicas: 2, instanceCount: 3,
            present: [[0, 1], [0, 1], [1, 0], [0, 1], [1, 0], [1, 0]])
        problem.weights = [[10], [10], [10], [50], [50], [10]]
        problem.capacities = [[400], [400], [400]]
        let result = BalancedPlacement().place(problem)
        expectWeightedSound(result, for: problem, "weights \(problem.weights)")
        #expect(moves(from: problem.present, to: result.preferenceLists) == 2)
        #expect(Set(result.preferenceLists[3]) == [0, 2] && Set(result.preferenceLists[4]) == [1, 2])
    }

    @Test("A tolerance lets everything stay as long as it is not exceeded, but never beyond a capacity")
    func tolerance() {
        var problem = PlacementProblem(partitionCount: 12, replicas: 1, instanceCount: 2)
        problem.present = (0..<12).map { [$0 < 7 ? 0 : 1] }
        problem.weights = Array(repeating: [10], count: 12)
        problem.capacities = [[200], [200]]
        #expect(load(BalancedPlacement().place(problem).preferenceLists, instances: 2) == [6, 6])
        problem.tolerance = 200
        #expect(BalancedPlacement().place(problem).preferenceLists == problem.present)
        problem.capacities = [[65], [65]]
        #expect(load(BalancedPlacement().place(problem).preferenceLists, instances: 2) == [6, 6])
    }

    @Test("A dimension that need not be even is a limit all the same")
    func limitsOnly() {
        var problem = PlacementProblem(partitionCount: 12, replicas: 1, instanceCount: 2)
        problem.weights = (0..<12).map { [10, $0 < 6 ? 30 : 0] }
        problem.capacities = [[200, 200], [200, 200]]
        problem.present = (0..<12).map { [$0 < 6 ? 0 : 1] }
        #expect(BalancedPlacement().place(problem).preferenceLists != problem.present)
        problem.evenDimensions = [0]
        #expect(BalancedPlacement().place(problem).preferenceLists == problem.present)
        problem.capacities = [[200, 120], [200, 120]]
        let result = BalancedPlacement().place(problem)
        #expect(weightedLoad(result.preferenceLists, problem).allSatisfy { $0[1] <= 120 })
        #expect(moves(from: problem.present, to: result.preferenceLists) <= 4)
    }

    @Test("Capacity comes before evenness")
    func capacityFirst() {
        var problem = PlacementProblem(
            partitionCount: 3, replicas: 1, instanceCount: 2, present: [[0], [1], []], excluded: [[], [0], []])
        problem.weights = [[90, 5], [0, 16], [60, 10]]
        problem.capacities = [[200, 20], [200, 20]]
        problem.evenDimensions = [0]
        let result = BalancedPlacement().place(problem)
        #expect(result.preferenceLists == [[0], [1], [0]])
        #expect(result.violations.isEmpty)
    }

    @Test("A limit per instance holds, and partitions make room for each other")
    func maximum() {
        var problem = PlacementProblem(
            partitionCount: 3, replicas: 1, instanceCount: 3, present: [[0], [1], []],
            excluded: [[2], [], [1, 2]], maximumPerInstance: 1)
        problem.weights = [[1], [1], [1]]
        problem.capacities = [[9], [9], [9]]
        let result = BalancedPlacement().place(problem)
        expectSound(result, for: problem)
        #expect(result.preferenceLists == [[1], [2], [0]])
    }

    @Test("Several resources share the capacities, each by its own rules")
    func several() {
        var heavy = PlacementProblem(partitionCount: 20, replicas: 2, instanceCount: 5, topCount: 2)
        heavy.weights = Array(repeating: [30], count: 20)
        heavy.capacities = Array(repeating: [600], count: 5)
        var light = PlacementProblem(partitionCount: 60, replicas: 3, instanceCount: 5)
        light.weights = Array(repeating: [5], count: 60)
        light.excluded = Array(repeating: [4], count: 60)
        let results = WeightedPlacement.place([heavy, light])
        expectSound(results[0], for: heavy)
        expectSound(results[1], for: light)
        let own = load(results[0].preferenceLists, instances: 5)
        let other = load(results[1].preferenceLists, instances: 5)
        let sum = own.indices.map { 30 * own[$0] + 5 * other[$0] }
        #expect(sum.reduce(0, +) == 2_100)
        #expect((sum.max() ?? 0) <= 450, "\(sum)")
        #expect(load(results[1].preferenceLists, instances: 5)[4] == 0)
        #expect(spread(load(results[1].preferenceLists, instances: 5, first: 1).dropLast()) <= 1)
    }

    @Test("Nonsense in weights and capacities harms nobody")
    func nonsense() {
        var problem = PlacementProblem(partitionCount: 4, replicas: 2, instanceCount: 3)
        problem.weights = [[], [.max, .min], [-5]]
        problem.capacities = [[.max], [0, -7, 3]]
        let result = BalancedPlacement().place(problem)
        expectSound(result, for: problem)
        #expect(!result.violations.contains { $0.rule == .demand && $0.dimension == 0 })
        #expect(WeightedPlacement.place([]).isEmpty)
    }
}
