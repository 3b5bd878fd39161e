import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("Messages that have lost their meaning")
struct StaleMessagesTests {
    /// db_0 with its master on a and its slave on b.
    private func makeWorld(model: StateModel = .masterSlave) -> World {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", model: model, ["a", "b"])
        world.settle()
        world.snapshot.time += 10_000
        return world
    }

    @Test("A message that has been done is deleted after a minute if its receiver does not do it")
    func staleDone() {
        var world = makeWorld()
        let id = world.post("b", "db", ["db_0"], from: "OFFLINE", to: "SLAVE")
        world.passWithoutSending()
        let begin = world.snapshot.time
        #expect(world.decision.obsoleteMessages.isEmpty)
        #expect(world.decision.nextDeadline == begin + 60_000)
        world.snapshot.time = begin + 59_999
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages.isEmpty)
        world.snapshot.time = begin + 60_000
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages == [ObsoleteMessage(instance: "b", id: id)])
        // Should the deletion have failed, it is tried again; not at once, and not when the message is gone.
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages.isEmpty)
        world.snapshot.time += 60_000
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages.count == 1)
        world.snapshot.removeMessage("b", id: id)
        world.passWithoutSending()
        #expect(world.decision.nextDeadline == nil)
    }

    @Test("The message of a replica that was dropped is stale too, and does not keep the replica from coming back")
    func staleDropped() {
        var world = makeWorld()
        world.set("b", "db", "db_0", nil)
        world.post("b", "db", ["db_0"], from: "OFFLINE", to: "DROPPED")
        #expect(world.pass().summary == ["db_0 b OFFLINE-SLAVE"])
    }

    @Test("A message that fits neither end is deleted at once")
    func staleElsewhere() {
        var world = makeWorld()
        let id = world.post("b", "db", ["db_0"], from: "OFFLINE", to: "MASTER")
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages == [ObsoleteMessage(instance: "b", id: id)])
    }

    @Test("A message that could come to life again is reckoned with until it is gone")
    func staleRevivable() {
        var world = makeWorld()
        world.set("a", "db", "db_0", "SLAVE")
        let id = world.post("a", "db", ["db_0"], from: "SLAVE", to: "MASTER")
        world.set("a", "db", "db_0", "ERROR")
        // Were b promoted and a reset and brought up, the old message would make a second master.
        #expect(world.passWithoutSending().isEmpty)
        #expect(world.reason("db", "db_0", "b") == .stateBound(state: "MASTER", bound: 1))
        #expect(world.decision.obsoleteMessages == [ObsoleteMessage(instance: "a", id: id)])
        world.snapshot.removeMessage("a", id: id)
        #expect(world.pass().summary == ["db_0 b SLAVE-MASTER"])
    }

    @Test("A batch is stale when all its parts are")
    func staleBatch() {
        var world = World()
        world.addInstances(["a"])
        world.addResource("db", mode: .semiAuto, partitions: 2, replicas: 1) {
            $0.preferenceLists = ["db_0": ["a"], "db_1": ["a"]]
        }
        world.set("a", "db", "db_0", "MASTER")
        world.set("a", "db", "db_1", "OFFLINE")
        let id = world.post("a", "db", ["db_0", "db_1"], from: "OFFLINE", to: "SLAVE")
        world.passWithoutSending()
        world.snapshot.time += 60_000
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages.isEmpty)
        world.set("a", "db", "db_1", "SLAVE")
        world.passWithoutSending()
        world.snapshot.time += 60_000
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages == [ObsoleteMessage(instance: "a", id: id)])
    }

    @Test("A batch none of whose parts fits either end is deleted at once")
    func staleBatchElsewhere() {
        var world = World()
        world.addInstances(["a"])
        world.addResource("db", mode: .semiAuto, partitions: 2, replicas: 1) {
            $0.preferenceLists = ["db_0": ["a"], "db_1": ["a"]]
        }
        for partition in ["db_0", "db_1"] { world.set("a", "db", partition, "MASTER") }
        world.post("a", "db", ["db_0", "db_1"], from: "OFFLINE", to: "SLAVE")
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages.count == 1)
    }

    @Test("Nothing is deleted while its resource is frozen")
    func staleFrozen() {
        var world = makeWorld()
        world.post("b", "db", ["db_0"], from: "OFFLINE", to: "MASTER")
        world.snapshot.setPaused(true)
        world.passWithoutSending()
        world.snapshot.setResourceConfig("db", .unreadable(.corrupt))
        world.snapshot.setPaused(false)
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages.isEmpty)
        world.snapshot.setResourceConfig("db", .absent)
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages.count == 1)
    }
}
