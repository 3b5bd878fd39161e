import HelixRecords
import Testing

@testable import RebalancePipeline

@Suite("Where the resources of a cluster are placed")
struct PlacementTests {
    private func makeWorld(resources: Int = 6, partitions: Int = 3, instances: Int = 5) -> World {
        var world = World()
        world.addInstances(names(0..<instances))
        for number in 0..<resources { world.addResource("db\(number)", partitions: partitions, replicas: 2) }
        world.settle()
        return world
    }

    /// What every live instance has of all resources together.
    private func totals(_ world: World, in state: String? = nil) -> [Int] {
        var totals = world.snapshot.instances.filter { $0.live != nil }.reduce(into: [:]) { $0[$1.name] = 0 }
        for resource in world.snapshot.resources.keys {
            for (instance, count) in world.load(resource, in: state) { totals[instance, default: 0] += count }
        }
        return totals.values.sorted()
    }

    private func spread(_ values: [Int]) -> Int { (values.max() ?? 0) - (values.min() ?? 0) }

    private func lists(_ world: World) -> [String: [String: [String]]] {
        world.snapshot.resources.keys.reduce(into: [:]) { $0[$1] = world.preferenceLists($1) }
    }

    private func expectEven(_ world: World, _ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation) {
        for resource in world.snapshot.resources.keys.sorted() {
            let load = world.snapshot.instances.filter { $0.live != nil }.map { world.load(resource)[$0.name] ?? 0 }
            #expect(spread(load) <= 1, comment, sourceLocation: sourceLocation)
        }
        #expect(spread(totals(world)) <= 1, comment, sourceLocation: sourceLocation)
        #expect(spread(totals(world, in: "MASTER")) <= 1, comment, sourceLocation: sourceLocation)
    }

    @Test("is even for each and for all, while instances and resources come and go")
    func even() {
        var world = makeWorld()
        expectEven(world, "at first")
        world.kill("node_101")
        world.settle()
        expectEven(world, "one less")
        world.addInstances(["node_101", "node_107"])
        world.settle()
        expectEven(world, "two more")
        world.drop("db2")
        world.drop("db3")
        world.settle()
        expectEven(world, "two resources less")
        world.addResource("more", partitions: 7, replicas: 3)
        world.settle()
        expectEven(world, "another resource")
    }

    @Test("does not change for the others when a resource comes, and little when one goes")
    func others() {
        var world = makeWorld()
        var before = lists(world)
        world.addResource("more", partitions: 4, replicas: 2)
        world.settle()
        #expect(lists(world).filter { before[$0.key] != nil } == before)
        before = lists(world)
        world.drop("db1")
        world.settle()
        let moved = before.keys.reduce(0) { sum, resource in
            let after = world.preferenceLists(resource)
            return after.isEmpty
                ? sum : sum + before[resource]!.reduce(0) { $0 + Set(after[$1.key]!).subtracting($1.value).count }
        }
        #expect(moved <= 2)
        expectEven(world, "one resource less")
    }

    @Test("is recorded in the ideal states, without disturbing anything else there")
    func recorded() {
        var world = makeWorld()
        for (resource, lists) in lists(world) {
            #expect(world.snapshot.resources[resource]?.idealState.value?.preferenceLists == lists)
            #expect(lists.values.allSatisfy { $0.count == 2 })
        }
        world.pass()
        #expect(world.decision.unrecorded.isEmpty)
        // Whoever empties the lists finds them again, and nothing moves.
        world.edit("db0") { $0.preferenceLists = $0.preferenceLists.mapValues { _ in [] } }
        #expect(world.pass().isEmpty)
        #expect(world.snapshot.resources["db0"]?.idealState.value?.preferenceLists == lists(world)["db0"])
    }

    @Test("is taken over by a new leader, also in the middle of moves and while instances are waited for")
    func newLeader() {
        var world = World()
        world.snapshot.time = 1_000
        world.addInstances(names(0..<7))
        for number in 0..<5 {
            world.addResource("db\(number)", partitions: 5, replicas: 3) {
                $0.minActiveReplicas = 2
                $0.rebalanceDelay = .seconds(60)
            }
        }
        world.settle()
        for name in ["node_101", "node_104"] {
            world.kill(name)
            world.settle(before: world.snapshot.time + 60_000)
        }
        world.addInstances(["node_109"])
        world.pass()
        let before = lists(world)
        world.decision = Decision()
        world.pass()
        #expect(lists(world) == before)
        world.snapshot.time += 60_000
        world.settle()
        #expect(spread(totals(world)) <= 1)
    }

    @Test("begins where replicas are if nothing is recorded, or what is recorded are instances that are gone")
    func unrecorded() {
        var world = makeWorld()
        let before = lists(world)
        for resource in before.keys {
            world.edit(resource) { $0.preferenceLists = $0.preferenceLists.mapValues { _ in [] } }
        }
        world.decision = Decision()
        #expect(world.passWithoutSending().isEmpty)
        #expect(lists(world).mapValues { $0.mapValues(Set.init) } == before.mapValues { $0.mapValues(Set.init) })
    }

    @Test("is even for all again when a resource whose record was unreadable is back, whoever leads by then")
    func frozen() {
        var world = makeWorld(resources: 4, partitions: 3, instances: 7)
        let readable = world.snapshot.resources["db1"]!.idealState
        world.snapshot.setIdealState("db1", .unreadable(RecordError(path: "db1", reason: "spoilt")))
        world.settle()
        world.drop("db3")
        world.settle()
        world.snapshot.setIdealState("db1", readable)
        world.settle()
        expectEven(world, "readable again")
        world.decision = Decision()
        #expect(world.passWithoutSending().isEmpty)
    }

    @Test("is not recorded while the cluster is paused, and not for strategies that place by name")
    func notRecorded() {
        var world = World()
        world.addInstances(names(0..<3))
        world.addResource("db", partitions: 3, replicas: 2)
        world.addResource("named", partitions: 3, replicas: 2) {
            $0.record.simpleFields["REBALANCE_STRATEGY"] =
                "org.apache.helix.controller.rebalancer.strategy.CrushRebalanceStrategy"
        }
        world.snapshot.setPaused(true)
        world.pass()
        #expect(world.decision.unrecorded.isEmpty)
        world.snapshot.setPaused(false)
        world.passWithoutSending()
        #expect(world.decision.unrecorded == ["db"])
    }
}
