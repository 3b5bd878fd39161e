import Placement
import Testing

@Suite("A resource that is nowhere yet")
struct BootstrapTests {
    @Test(
        "is spread evenly, replicas and tops",
        arguments: [
            (1, 1, 1), (1, 3, 5), (7, 1, 3), (16, 3, 5), (17, 3, 5), (64, 2, 3), (100, 9, 10), (101, 7, 16), (30, 5, 5),
            (240, 3, 50), (512, 3, 7), (4_096, 3, 10),
        ])
    func even(partitions: Int, replicas: Int, instances: Int) {
        let problem = PlacementProblem(partitionCount: partitions, replicas: replicas, instanceCount: instances)
        let result = BalancedPlacement().place(problem)
        expectSound(result, for: problem)
        expectEven(result, instances: instances)
        #expect(result.shortfalls.isEmpty)
    }

    @Test(
        "is spread so that the tops of any lost instance fall to the others evenly",
        arguments: [(1_024, 3, 9), (330, 2, 11), (900, 3, 10)])
    func partners(partitions: Int, replicas: Int, instances: Int) {
        let result = BalancedPlacement().place(
            PlacementProblem(partitionCount: partitions, replicas: replicas, instanceCount: instances))
        for lost in 0..<Int32(instances) {
            var successors = [Int](repeating: 0, count: instances)
            for list in result.preferenceLists where list[0] == lost { successors[Int(list[1])] += 1 }
            successors.remove(at: Int(lost))
            #expect(spread(successors) <= 3, "after the loss of \(lost): \(successors)")
        }
    }

    @Test("needs no hand-off beyond the lost tops when an instance is lost", arguments: 0..<8)
    func failover(lost: Int) {
        let (partitions, instances) = (256, 8)
        let before = BalancedPlacement().place(
            PlacementProblem(partitionCount: partitions, replicas: 3, instanceCount: instances))
        let present = before.preferenceLists.map { list in
            list.filter { $0 != Int32(lost) }.map { $0 > lost ? $0 - 1 : $0 }
        }
        let after = BalancedPlacement().place(
            PlacementProblem(
                partitionCount: partitions, replicas: 3, instanceCount: instances - 1, present: present))
        expectEven(after, instances: instances - 1)
        let handOffs = (0..<partitions).filter { partition in
            before.preferenceLists[partition][0] != Int32(lost)
                && after.preferenceLists[partition][0] != present[partition][0]
        }
        #expect(handOffs.count <= 1, "\(handOffs)")
        let cold = (0..<partitions).filter { !present[$0].contains(after.preferenceLists[$0][0]) }
        #expect(cold.isEmpty, "a top that has yet to come: \(cold)")
    }

    @Test("puts its remainders where the other resources left room")
    func remainders() {
        var otherReplicas = [Int](repeating: 0, count: 8)
        var otherTops = otherReplicas
        for partitions in [3, 5, 7, 1, 11, 2, 9, 13] {
            let result = BalancedPlacement().place(
                PlacementProblem(
                    partitionCount: partitions, replicas: 3, instanceCount: 8, otherReplicas: otherReplicas,
                    otherTops: otherTops))
            expectEven(result, instances: 8)
            for (instance, count) in load(result.preferenceLists, instances: 8).enumerated() {
                otherReplicas[instance] += count
            }
            for (instance, count) in load(result.preferenceLists, instances: 8, first: 1).enumerated() {
                otherTops[instance] += count
            }
        }
        #expect(spread(otherReplicas) <= 1, "\(otherReplicas)")
        #expect(spread(otherTops) <= 2, "\(otherTops)")
    }

    @Test("has several tops a partition, or none, or all of them", arguments: 0...4)
    func topCounts(tops: Int) {
        let problem = PlacementProblem(partitionCount: 60, replicas: 4, instanceCount: 8, topCount: tops)
        let result = BalancedPlacement().place(problem)
        expectSound(result, for: problem)
        expectEven(result, instances: 8, tops: tops)
        var again = problem
        again.present = result.preferenceLists
        #expect(BalancedPlacement().place(again) == result)
    }

    @Test("is placed the same every time")
    func determinism() {
        let problem = PlacementProblem(partitionCount: 333, replicas: 3, instanceCount: 13)
        let first = BalancedPlacement().place(problem)
        for _ in 0..<3 { #expect(BalancedPlacement().place(problem) == first) }
    }
}
