import HelixRecords
import Testing

@testable import RebalancePipeline

@Suite("Instances that have been offline for too long")
struct DeregistrationTests {
    /// Instances of which `a` went at 1,000 ms, in a cluster that waits ten seconds.
    private func makeWorld(timeout: Duration? = .seconds(10)) -> World {
        var world = World()
        world.addInstances(["a", "b"])
        world.configureCluster { $0.deregistrationTimeout = timeout }
        world.snapshot.time = 1_000
        world.kill("a")
        world.pass()
        return world
    }

    private func departed(_ world: inout World, at time: Int64) -> [String] {
        world.snapshot.time = time
        world.pass()
        return world.decision.departed.map(\.name)
    }

    @Test("are dropped when the time is over, and looked at again at that moment")
    func due() {
        var world = makeWorld()
        #expect(world.decision.nextDeadline == 11_001)
        #expect(departed(&world, at: 11_000) == [])
        #expect(departed(&world, at: 11_001) == ["a"])
        #expect(world.decision.departed == [DepartedInstance(name: "a", goneBefore: 1_001)])
        #expect(world.decision.nextDeadline == 11_001 + Deregistration.pause)
    }

    @Test("stay for ever unless the cluster says for how long, and while it is paused")
    func notAsked() {
        var world = makeWorld(timeout: nil)
        #expect(departed(&world, at: 1_000_000_000) == [])
        #expect(world.decision.nextDeadline == nil)
        world = makeWorld()
        world.snapshot.setPaused(true)
        #expect(departed(&world, at: 1_000_000) == [])
    }

    @Test("stay when they are back, when nobody knows since when they are away, or what they are")
    func kept() {
        var world = makeWorld()
        world.start("a")
        #expect(departed(&world, at: 1_000_000) == [])
        world.kill("a")
        world.snapshot.setOfflineSince("a", nil)
        #expect(departed(&world, at: 2_000_000) == [])
        world.snapshot.setOfflineSince("a", 1_000)
        world.snapshot.setInstanceConfig("a", .unreadable(.corrupt))
        #expect(departed(&world, at: 2_000_000) == [])
        world.snapshot.setInstanceConfig("a", .absent)
        #expect(departed(&world, at: 2_000_000) == [])
    }
}
