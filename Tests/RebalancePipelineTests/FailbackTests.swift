import HelixRecords
import Testing

@testable import RebalancePipeline

@Suite("Top states of an instance that returns")
struct FailbackTests {
    private func makeWorld(_ failback: IdealState.Failback, delay: Duration?) -> World {
        var world = World()
        world.snapshot.time = 1_000
        world.addInstances(["a", "b", "c", "d"])
        world.addResource("db", partitions: 12, replicas: 3) {
            $0.failback = failback
            $0.rebalanceDelay = delay
            $0.minActiveReplicas = 2
        }
        world.settle()
        return world
    }

    private func masters(_ world: World) -> [String: String] {
        (0..<12).reduce(into: [:]) { masters, number in
            masters["db_\(number)"] = world.map("db", "db_\(number)").first { $0.value == "MASTER" }?.key
        }
    }

    private func leaveAndReturn(_ world: inout World) -> (away: [String: String], back: [String: String]) {
        world.kill("a")
        world.settle(before: world.snapshot.time + 60_000)
        let away = masters(world)
        world.start("a")
        world.settle()
        return (away, masters(world))
    }

    @Test("go back at once unless it is said otherwise", arguments: [nil, Duration.seconds(60)])
    func goesBack(delay: Duration?) {
        var world = makeWorld(.immediate, delay: delay)
        let (away, back) = leaveAndReturn(&world)
        #expect(back != away)
        #expect(back.values.count { $0 == "a" } == 3)
    }

    @Test("stay where they went, and it comes back in the lower state", arguments: [nil, Duration.seconds(60)])
    func stays(delay: Duration?) {
        var world = makeWorld(.never, delay: delay)
        #expect(Set(masters(world).values).count == 4)
        let (away, back) = leaveAndReturn(&world)
        #expect(back == away)
        #expect(world.load("db") == ["a": 9, "b": 9, "c": 9, "d": 9])
        #expect(world.load("db", in: "MASTER").values.sorted() == [0, 4, 4, 4])
    }

    @Test("stay with a new leader, too, and go back when somebody asks for a rebalance")
    func asked() {
        var world = makeWorld(.never, delay: nil)
        let (away, _) = leaveAndReturn(&world)
        world.decision = Decision()
        world.settle()
        #expect(masters(world) == away)
        let now = world.snapshot.time
        world.configureCluster { $0.lastOnDemandRebalance = now }
        world.settle()
        #expect(world.load("db", in: "MASTER") == ["a": 3, "b": 3, "c": 3, "d": 3])
        let back = masters(world)
        world.kill("b")
        world.settle()
        world.start("b")
        world.settle()
        #expect(world.load("db", in: "MASTER")["b"] == 0)
        #expect(masters(world).filter { back[$0.key] == $0.value }.count == 9)
    }

    @Test("a word that is neither IMMEDIATE nor NEVER is a problem of the resource, and stops nothing")
    func unknown() {
        var world = makeWorld(.immediate, delay: nil)
        world.edit("db") { $0.record.simpleFields["FAILBACK"] = "sometimes" }
        world.settle()
        #expect(world.problems("db").contains { $0.contains("FAILBACK") })
        #expect(masters(world).count == 12)
    }
}
