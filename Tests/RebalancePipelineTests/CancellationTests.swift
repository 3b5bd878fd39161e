import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("Transitions that are no longer wanted")
struct CancellationTests {
    /// `a` is about to become a slave of a partition that is not to be there any more.
    private func world(isEnabled: Bool = true) -> World {
        var world = World()
        world.configureCluster { $0.isCancellationEnabled = isEnabled }
        world.addInstances(["a", "b"])
        world.addList("db", ["a"])
        #expect(world.pass().map(\.to) == ["SLAVE"])
        world.edit("db") { $0.preferenceLists["db_0"] = ["b"] }
        world.passWithoutSending()
        return world
    }

    @Test("Are called off, with the names of the transition")
    func calledOff() {
        let world = world()
        #expect(
            world.decision.cancellations == [
                PlannedCancellation(
                    resource: "db", partition: "db_0", instance: "a", session: world.session(of: "a")!,
                    stateModel: "MasterSlave", stateModelFactory: "DEFAULT", from: "OFFLINE", to: "SLAVE")
            ])
    }

    @Test("Go on where the cluster does not allow to call them off")
    func disabled() {
        #expect(world(isEnabled: false).decision.cancellations.isEmpty)
    }

    @Test("Are called off again only when that has had no effect for a while")
    func again() {
        var world = world()
        world.snapshot.time += CalledOff.patience - 1
        world.snapshot.changes.resources.insert("db")
        world.passWithoutSending()
        #expect(world.decision.cancellations.isEmpty)
        #expect(world.decision.nextDeadline == world.snapshot.time + 1)
        world.snapshot.time += 1
        world.passWithoutSending()
        #expect(world.decision.cancellations.count == 1)
    }

    @Test("Are not called off twice while the first word lies in the queue")
    func queued() {
        var world = world()
        world.decision = Decision()
        world.snapshot.changes = .everything
        world.pass()
        #expect(world.pending.count { $0.instance == "a" } == 2)
        world.snapshot.time += CalledOff.patience
        world.pass()
        #expect(world.pending.count { $0.instance == "a" } == 2)
    }

    @Test("What leads on the way there is wanted")
    func onTheWay() {
        var world = World()
        world.configureCluster { $0.isCancellationEnabled = true }
        world.addInstances(["a"])
        world.addList("db", ["a"])
        world.pass()
        world.snapshot.changes.resources.insert("db")
        world.pass()
        #expect(world.decision.cancellations.isEmpty)
    }

    @Test("What an operator asked for, to bring a replica back from ERROR, is never called off")
    func reset() {
        var world = World()
        world.configureCluster { $0.isCancellationEnabled = true }
        world.addInstances(["a", "b"])
        world.addList("db", ["a"])
        world.settle()
        world.set("a", "db", "db_0", "ERROR")
        world.post("a", "db", ["db_0"], from: "ERROR", to: "OFFLINE")
        world.edit("db") { $0.preferenceLists["db_0"] = ["b"] }
        world.pass()
        #expect(world.decision.cancellations.isEmpty)
    }

    @Test("Once they are called off, what is wanted happens")
    func settles() {
        var world = world()
        world.settle()
        #expect(world.map("db", "db_0") == ["b": "MASTER"])
    }
}
