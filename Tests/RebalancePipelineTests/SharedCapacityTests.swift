import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("Weighed resources on the same instances")
struct SharedCapacityTests {
    private func makeWorld(capacity: Int, weights: [String: Int]) -> World {
        var world = World()
        world.addInstances(["a", "b", "c", "d"])
        world.configureCluster {
            $0.capacityKeys = ["DISK"]
            $0.defaultInstanceCapacity = ["DISK": capacity]
            $0.defaultPartitionWeight = ["DISK": 1]
        }
        for (name, weight) in weights.sorted(by: { $0.key < $1.key }) {
            world.addResource(name, partitions: 8, replicas: 2) {
                $0.rebalancerClass = "org.apache.helix.controller.rebalancer.waged.WagedRebalancer"
            }
            var config = ResourceConfig(record: ZNRecord(id: name))
            config.setPartitionCapacity(["DISK": weight])
            world.snapshot.setResourceConfig(name, .present(config))
        }
        world.settle()
        return world
    }

    private func carried(_ world: World, _ weights: [String: Int]) -> [Int] {
        world.states.keys.sorted().map { instance in
            weights.reduce(0) { $0 + (world.load($1.key)[instance] ?? 0) * $1.value }
        }
    }

    @Test("share the capacities, and are even by weight together")
    func shared() {
        let weights = ["heavy": 9, "light": 2, "medium": 5]
        var world = makeWorld(capacity: 66, weights: weights)
        // 16 replicas of each: 256 in all, 64 for each of four.
        #expect(carried(world, weights).allSatisfy { $0 <= 66 })
        #expect(world.decision.allProblems.isEmpty)
        let lists = weights.keys.reduce(into: [:]) { $0[$1] = world.preferenceLists($1) }
        world.decision = Decision()
        world.settle()
        #expect(weights.keys.reduce(into: [:]) { $0[$1] = world.preferenceLists($1) } == lists)
    }

    @Test("make room for each other when a weight grows, and tell by how much they do not fit")
    func grows() {
        var weights = ["heavy": 8, "light": 2]
        var world = makeWorld(capacity: 48, weights: weights)
        #expect(world.decision.allProblems.isEmpty)
        weights["light"] = 4
        world.configureResource("light") { $0.setPartitionCapacity(["DISK": 4]) }
        world.settle()
        #expect(carried(world, weights) == [48, 48, 48, 48])
        #expect(world.decision.allProblems.isEmpty)
        world.configureResource("light") { $0.setPartitionCapacity(["DISK": 5]) }
        world.settle()
        #expect(world.problems("light").contains { $0.contains("weigh 208 of DISK") && $0.contains("192") })
        let explanation = world.rebalancer.explain(
            world.snapshot, resource: "light", partition: "light_0", after: world.decision)
        let found = explanation?.violations.first { $0.rule == "demand" }
        #expect(found?.dimension == "DISK" && found?.wanted == 208 && found?.found == 192)
    }

    @Test("take the place of one that goes")
    func goes() {
        let weights = ["heavy": 9, "light": 2, "medium": 5]
        var world = makeWorld(capacity: 80, weights: weights)
        world.drop("heavy")
        world.settle()
        let left = carried(world, weights.filter { $0.key != "heavy" })
        #expect(left.max()! * 100 <= 28 * 103)
    }
}
