import Placement
import Testing

@Suite("Violations")
struct ViolationTests {
    @Test("Too great a demand is told with its dimension and both sums, and shared evenly all the same")
    func demand() {
        var problem = PlacementProblem(partitionCount: 12, replicas: 2, instanceCount: 4)
        problem.weights = Array(repeating: [1, 10], count: 12)
        problem.capacities = Array(repeating: [100, 50], count: 4)
        let result = BalancedPlacement().place(problem)
        expectSound(result, for: problem)
        #expect(result.shortfalls.isEmpty)
        #expect(weightedLoad(result.preferenceLists, problem).allSatisfy { $0 == [6, 60] })
        let instances = (0..<Int32(4)).map {
            Violation(.capacity, instance: $0, dimension: 1, wanted: 50, found: 60)
        }
        #expect(result.violations == [Violation(.demand, dimension: 1, wanted: 240, found: 200)] + instances)
    }

    @Test("A replica that is too heavy for every instance is told with the instance that carries it")
    func tooHeavy() {
        var problem = PlacementProblem(partitionCount: 3, replicas: 1, instanceCount: 3)
        problem.weights = [[40], [5], [5]]
        problem.capacities = Array(repeating: [30], count: 3)
        let result = BalancedPlacement().place(problem)
        let carrier = result.preferenceLists[0][0]
        #expect(result.violations == [Violation(.capacity, instance: carrier, dimension: 0, wanted: 30, found: 40)])
        #expect(!result.preferenceLists[1...].contains([carrier]))
    }

    @Test("Replicas are placed beyond a capacity rather than not at all, and in different zones whatever they weigh")
    func zonesBeforeCapacity() {
        var problem = PlacementProblem(partitionCount: 4, replicas: 2, instanceCount: 3)
        problem.zones = [0, 0, 1]
        problem.weights = Array(repeating: [10], count: 4)
        problem.capacities = [[100], [100], [20]]
        let result = BalancedPlacement().place(problem)
        #expect(result.preferenceLists.allSatisfy { $0.count == 2 && $0.contains(2) })
        #expect(result.violations == [Violation(.capacity, instance: 2, dimension: 0, wanted: 20, found: 40)])
    }

    @Test("Partitions that share a zone are told, with weights and without", arguments: [false, true])
    func sharedZones(isWeighed: Bool) {
        var problem = PlacementProblem(partitionCount: 2, replicas: 3, instanceCount: 4)
        problem.zones = [0, 0, 1, 1]
        if isWeighed {
            problem.weights = [[1], [1]]
            problem.capacities = Array(repeating: [10], count: 4)
        }
        let result = BalancedPlacement().place(problem)
        #expect(result.violations.map(\.rule) == [.faultZones, .faultZones])
        #expect(result.violations.map(\.partition) == [0, 1])
        #expect(result.violations.allSatisfy { $0.wanted == 3 && $0.found == 2 })
        for (list, violation) in zip(result.preferenceLists, result.violations) {
            let sharing = violation.instance ?? -1
            #expect(list.contains { $0 != sharing && $0 / 2 == sharing / 2 })
        }
    }

    @Test("Missing replicas are told in numbers, and a limit that leaves too few places too", arguments: [false, true])
    func missing(isWeighed: Bool) {
        var problem = PlacementProblem(
            partitionCount: 4, replicas: 2, instanceCount: 3, excluded: [[0, 1], [], [], []], maximumPerInstance: 2)
        if isWeighed {
            problem.weights = Array(repeating: [1], count: 4)
            problem.capacities = Array(repeating: [10], count: 3)
        }
        let result = BalancedPlacement().place(problem)
        expectSound(result, for: problem)
        #expect(load(result.preferenceLists, instances: 3) == [2, 2, 2])
        let told = result.violations.filter { $0.rule == .replicas }
        #expect(told.map(\.partition) == result.shortfalls.map(\.partition))
        #expect(told.map(\.found) == result.shortfalls.map(\.placed))
        #expect(result.violations.contains(Violation(.demand, wanted: 8, found: 6)))
    }

    @Test("Where everything is kept there are none")
    func none() {
        var problem = PlacementProblem(partitionCount: 30, replicas: 3, instanceCount: 6)
        problem.zones = [0, 0, 1, 1, 2, 2]
        #expect(BalancedPlacement().place(problem).violations.isEmpty)
    }
}
