import HelixRecords
import Testing

@testable import RebalancePipeline

@Suite("A delayed rebalance")
struct DelayedRebalanceTests {
    private static let delay = Duration.seconds(60)

    /// Four instances with twelve partitions of three replicas each, of which one may be missing for a minute.
    private func makeWorld(
        minActive: Int? = 2, instances: [String] = ["a", "b", "c", "d"], change: (inout IdealState) -> Void = { _ in }
    ) -> World {
        var world = World()
        world.snapshot.time = 1_000
        world.addInstances(instances)
        world.addResource("db", partitions: 12, replicas: 3) {
            $0.minActiveReplicas = minActive
            $0.rebalanceDelay = Self.delay
            change(&$0)
        }
        world.settle()
        return world
    }

    /// Which replicas have been made since.
    private func new(_ world: World, since before: [String: [String]]) -> Int {
        world.preferenceLists("db").reduce(0) { sum, entry in
            sum + entry.value.count { !(before[entry.key]?.contains($0) ?? false) }
        }
    }

    /// What goes away goes now; the time is over a minute later.
    private func takeAway(_ names: [String], _ world: inout World) -> Int64 {
        for name in names { world.kill(name) }
        let end = world.snapshot.time + 60_000
        world.settle(before: end)
        return end
    }

    @Test("moves nothing while an instance may come back, and hands over only its top states")
    func waits() {
        var world = makeWorld()
        let before = world.preferenceLists("db")
        let end = takeAway(["a"], &world)
        #expect(world.preferenceLists("db") == before)
        #expect(world.counts("db").values.allSatisfy { $0["MASTER"] == 1 })
        #expect(world.decision.nextDeadline == end)
        world.snapshot.time = end - 1
        world.settle(before: end)
        #expect(world.preferenceLists("db") == before)
    }

    @Test("finds the replicas of an instance that returns in time where they were")
    func returns() {
        var world = makeWorld()
        let (before, placed) = (world.preferenceLists("db"), world.load("db"))
        world.snapshot.time = takeAway(["a"], &world) - 1
        world.start("a")
        world.settle()
        #expect(world.preferenceLists("db") == before)
        #expect(world.load("db") == placed)
        #expect(world.decision.nextDeadline == nil)
    }

    @Test("is made when the time is over, by itself, and moves only what was lost")
    func over() {
        var world = makeWorld()
        let before = world.preferenceLists("db")
        world.snapshot.time = takeAway(["a"], &world)
        world.settle()
        #expect(new(world, since: before) == before.values.count { $0.contains("a") })
        #expect(world.load("db") == ["b": 12, "c": 12, "d": 12])
        #expect(world.decision.nextDeadline == nil)
    }

    @Test("makes replicas at once where fewer than MIN_ACTIVE_REPLICAS are left, and lets them go afterwards")
    func substitutes() {
        var world = makeWorld(instances: ["a", "b", "c", "d", "e", "f"])
        let (before, placed) = (world.preferenceLists("db"), world.load("db"))
        let end = takeAway(["a", "b"], &world)
        let short = before.values.count { $0.contains("a") && $0.contains("b") }
        #expect(short > 0)
        #expect(new(world, since: before) == short)
        #expect(world.counts("db").values.allSatisfy { $0.values.reduce(0, +) >= 2 })
        let during = world.preferenceLists("db")
        world.kill("c")
        world.settle(before: end)
        world.start("c")
        world.settle(before: end)
        let after = world.preferenceLists("db")
        for (partition, list) in during where !list.contains("c") { #expect(after[partition] == list, "\(partition)") }
        world.start("a")
        world.start("b")
        world.settle()
        #expect(world.preferenceLists("db") == before)
        #expect(world.load("db") == placed)
    }

    @Test("is for disabled instances too, whose replicas go to the initial state meanwhile")
    func disabled() {
        var world = makeWorld()
        let before = world.preferenceLists("db")
        let now = world.snapshot.time
        world.configure("a") { $0.setOperation(.disable, at: now) }
        world.settle(before: now + 60_000)
        #expect(world.preferenceLists("db") == before)
        #expect(world.load("db", in: "OFFLINE")["a"] == world.load("db")["a"])
        world.settle()
        #expect(world.load("db") == ["a": 0, "b": 12, "c": 12, "d": 12])
    }

    @Test("ends with an on-demand rebalance, whoever went before it")
    func onDemand() {
        var world = makeWorld()
        let gone = world.snapshot.time
        let end = takeAway(["a"], &world)
        world.configureCluster { $0.lastOnDemandRebalance = gone }
        world.settle(before: end)
        #expect(world.load("db") == ["b": 12, "c": 12, "d": 12])
        world.start("a")
        world.settle(before: end)
        let before = world.preferenceLists("db")
        _ = takeAway(["b"], &world)
        #expect(world.preferenceLists("db") == before)
    }

    @Test("is for nobody where it is not wanted", arguments: 0..<7)
    func unwanted(way: Int) {
        var world = way == 0 ? makeWorld(minActive: nil) : way == 1 ? makeWorld(minActive: 3) : makeWorld()
        switch way {
        case 2: world.edit("db") { $0.rebalanceDelay = nil }
        case 3: world.edit("db") { $0.isDelayedRebalanceEnabled = false }
        case 4: world.configureCluster { $0.isDelayedRebalanceEnabled = false }
        case 5: world.configure("a") { $0.isDelayedRebalanceEnabled = false }
        case 6: world.configureResource("db") { $0.isDelayedRebalanceEnabled = false }
        default: break
        }
        _ = takeAway(["a"], &world)
        #expect(world.load("db") == ["b": 12, "c": 12, "d": 12])
    }

    @Test(
        "waits as long as the resource's configuration says, else its ideal state, else the cluster", arguments: 0..<3)
    func precedence(level: Int) {
        var world = makeWorld { $0.rebalanceDelay = level < 2 ? .seconds(20) : nil }
        world.configureCluster { $0.rebalanceDelay = .seconds(30) }
        if level == 0 { world.configureResource("db") { $0.rebalanceDelay = .seconds(10) } }
        let gone = world.snapshot.time
        world.kill("a")
        world.settle(before: gone + 5_000)
        #expect(world.decision.nextDeadline == gone + [10_000, 20_000, 30_000][level])
    }

    @Test("goes on under another leader, who knows since when the instance is away")
    func anotherLeader() {
        var world = makeWorld()
        let end = takeAway(["a"], &world)
        world.snapshot.setOfflineSince("a", end - 60_500)
        world.pass()
        #expect(world.decision.nextDeadline == end - 500)
        world.snapshot.setOfflineSince("a", nil)
        world.settle()
        #expect(world.load("db") == ["b": 12, "c": 12, "d": 12])
    }
}
