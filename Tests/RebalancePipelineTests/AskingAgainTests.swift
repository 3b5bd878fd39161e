import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("What vanishes without effect is asked for again")
struct AskingAgainTests {
    @Test("What vanishes without effect is asked for again, at growing intervals")
    func retry() {
        var world = World()
        world.addInstances(["a"])
        world.addList("db", ["a"])
        var times: [Int64] = []
        while times.count < 12 {
            if !world.pass().isEmpty {
                times.append(world.snapshot.time)
                world.snapshot.removeMessage("a", id: world.pending[0].id)
                continue
            }
            guard case .retryLater(let attempts, let at)? = world.reason("db", "db_0", "a") else {
                Issue.record("nothing is asked for, and nobody says why")
                return
            }
            #expect(attempts == times.count)
            #expect(world.decision.nextDeadline == at)
            world.snapshot.time = at
        }
        let pauses = zip(times, times.dropFirst()).map { $1 - $0 }
        #expect(pauses == [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000])
        #expect(world.problems("db").contains { $0.contains("a was asked") })
        world.pass()
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "MASTER"])
        #expect(world.problems("db").isEmpty)
    }

    @Test("What could not be sent is asked for again though nothing happens")
    func failedSend() {
        var world = World()
        world.addInstances(["a"])
        world.addList("db", ["a"])
        #expect(world.passWithoutSending().count == 1)
        #expect(world.decision.nextDeadline == 100)
        world.snapshot.time = 100
        #expect(world.passWithoutSending().count == 1)
        #expect(world.decision.nextDeadline == 300)
    }

    @Test("While a message is under way nothing is due")
    func nothingDue() {
        var world = World()
        world.addInstances(["a"])
        world.addList("db", ["a"])
        world.pass()
        world.pass()
        #expect(world.decision.nextDeadline == nil)
        world.snapshot.time += 1_000_000
        #expect(world.pass().isEmpty)
        #expect(world.decision.nextDeadline == nil)
    }

    @Test("A new session has not been asked for anything")
    func newSession() {
        var world = World()
        world.addInstances(["a"])
        world.addList("db", ["a"])
        #expect(world.pass().count == 1)
        world.kill("a")
        world.start("a")
        #expect(world.pass().count == 1)
    }

    @Test("A clock that is set back delays nothing")
    func clockSetBack() {
        var world = World()
        world.snapshot.time = 1_000_000_000
        world.addInstances(["a"])
        world.addList("db", ["a"])
        world.pass()
        world.snapshot.removeMessage("a", id: world.pending[0].id)
        world.snapshot.time = 5
        #expect(world.pass().count == 1)
    }

    @Test(
        "An instance that does not want the top state is passed over after some seconds, and nobody is deposed for it")
    func reluctant() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", ["a", "b"])
        for name in ["a", "b"] { world.set(name, "db", "db_0", "SLAVE") }
        for _ in 0..<100 where world.map("db", "db_0")["b"] != "MASTER" {
            world.pass()
            for (instance, id) in world.pending {
                if instance == "a" {
                    world.snapshot.removeMessage(instance, id: id)
                } else {
                    world.complete(instance, id)
                }
            }
            world.snapshot.time = max(world.snapshot.time, world.decision.nextDeadline ?? 0)
        }
        #expect(world.map("db", "db_0") == ["a": "SLAVE", "b": "MASTER"])
        #expect(world.snapshot.time < 10_000)
        world.snapshot.time += 1_000_000
        world.snapshot.changes.isEverything = true
        #expect(world.pass().isEmpty)
        // A new session is another chance.
        world.kill("a")
        world.start("a")
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "MASTER", "b": "SLAVE"])
    }
}
