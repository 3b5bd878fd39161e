import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("Replicas in ERROR, and resources that go")
struct ErrorsAndDropsTests {
    @Test(
        "A replica in ERROR is left alone until it is reset", arguments: [IdealState.RebalanceMode.fullAuto, .semiAuto])
    func errorStays(mode: IdealState.RebalanceMode) {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addResource("db", mode: mode, replicas: 3) { $0.preferenceLists["db_0"] = ["a", "b", "c"] }
        world.settle()
        let master = world.map("db", "db_0").first { $0.value == "MASTER" }!.key
        world.set(master, "db", "db_0", "ERROR")
        world.settle()
        #expect(world.map("db", "db_0").values.sorted() == ["ERROR", "MASTER", "SLAVE"])
        #expect(world.reason("db", "db_0", master) == .inError)
        world.edit("db") { $0.isEnabled = false }
        world.settle()
        #expect(world.map("db", "db_0")[master] == "ERROR", "disabling the resource is no reset")
        world.edit("db") { $0.isEnabled = true }
        world.operate(master, .disable)
        world.settle()
        #expect(world.map("db", "db_0")[master] == (mode == .semiAuto ? "ERROR" : nil))
        world.operate(master, .enable)
        world.settle()
        if mode == .semiAuto { world.post(master, "db", ["db_0"], from: "ERROR", to: "OFFLINE") }
        world.settle()
        #expect(world.map("db", "db_0").values.sorted() == ["MASTER", "SLAVE", "SLAVE"])
    }

    @Test("A replica in ERROR that is not wanted any more is dropped")
    func errorNotWanted() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", ["a", "b"])
        world.settle()
        world.set("a", "db", "db_0", "ERROR")
        world.edit("db") {
            $0.preferenceLists["db_0"] = ["b"]
            $0.replicas = .count(1)
        }
        #expect(world.pass().summary == ["db_0 b SLAVE-MASTER", "db_0 a ERROR-DROPPED"])
    }

    @Test("While a replacement is in ERROR the replica that it should replace stays")
    func errorOfReplacement() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", replicas: 1)
        world.settle()
        let former = world.map("db", "db_0").keys.first!
        let heir = former == "a" ? "b" : "a"
        world.operate(former, .evacuate)
        world.pass()
        world.complete(heir, world.pending[0].id, into: "ERROR")
        world.settle()
        #expect(world.map("db", "db_0") == [former: "MASTER", heir: "ERROR"])
        world.post(heir, "db", ["db_0"], from: "ERROR", to: "OFFLINE")
        world.settle()
        #expect(world.map("db", "db_0") == [heir: "MASTER"])
    }

    @Test("A resource whose ideal state is gone is dropped hop by hop, replicas in ERROR included")
    func drop() {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addResource("db", partitions: 2, replicas: 3)
        world.settle()
        world.set("b", "db", "db_0", "ERROR")
        world.drop("db")
        let first = world.pass().summary
        #expect(first.contains("db_0 b ERROR-DROPPED"))
        #expect(world.settle() != nil)
        #expect(world.counts("db").isEmpty)
        world.pass()
        #expect(world.snapshot.resources["db"] == nil)
        #expect(world.decision.resources["db"] == nil)
    }

    @Test("A dropped resource's view is refreshed when the last replica is gone, so that it can be removed")
    func viewOfDropped() {
        var world = World()
        world.addInstances(["a"])
        world.addResource("db", model: .onlineOffline, replicas: 1)
        world.settle()
        world.drop("db")
        var refreshed = false
        for _ in 0..<10 where !refreshed {
            world.pass()
            for (instance, id) in world.pending { world.complete(instance, id) }
            if world.counts("db").isEmpty {
                world.pass()
                refreshed = world.decision.viewsToRefresh.contains("db")
            }
        }
        #expect(refreshed)
        #expect(world.snapshot.externalView(of: "db") == nil)
    }

    @Test("An ideal state that was never followed vanishes without a trace, and its view is refreshed")
    func dropOfNothing() {
        var world = World()
        world.addResource("db", replicas: 1)
        world.pass()
        world.drop("db")
        world.pass()
        #expect(world.decision.viewsToRefresh == ["db"])
        #expect(world.snapshot.resources.isEmpty)
    }

    @Test("A partition that is no longer wanted is dropped, and comes back when it is wanted again")
    func partition() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", partitions: 3, replicas: 2)
        world.settle()
        world.edit("db") { $0.preferenceLists["db_1"] = nil }
        world.settle()
        #expect(world.counts("db").keys.sorted() == ["db_0", "db_2"])
        world.edit("db") { $0.preferenceLists["db_1"] = [] }
        world.settle()
        #expect(world.counts("db").keys.sorted() == ["db_0", "db_1", "db_2"])
    }

    @Test("Replicas of a dropped resource are addressed to the factory that runs them")
    func factory() {
        var world = World()
        world.addInstances(["a"])
        var record = CurrentState(
            resource: "db", sessionID: world.session(of: "a")!, stateModel: "OnlineOffline", stateModelFactory: "mine")
        record["db_0"] = ReplicaState(currentState: "ONLINE")
        world.snapshot.setCurrentState("a", "db", .present(record))
        let planned = world.pass()
        #expect(planned.map(\.stateModelFactory) == ["mine"])
        #expect(planned.map(\.stateModel) == ["OnlineOffline"])
    }

    @Test("The task framework's replicas are nobody's to drop")
    func tasks() {
        var world = World()
        world.addInstances(["a"])
        var record = CurrentState(resource: "job", sessionID: world.session(of: "a")!, stateModel: "Task")
        record["job_0"] = ReplicaState(currentState: "RUNNING")
        world.snapshot.setCurrentState("a", "job", .present(record))
        #expect(world.pass().isEmpty)
        #expect(world.decision.allProblems.isEmpty)
        world.addResource("queue", model: .task, mode: .task, replicas: 1)
        world.set("a", "queue", "queue_0", "RUNNING")
        #expect(world.pass().isEmpty)
        #expect(world.problems("queue").contains { $0.contains("does not run the task framework") })
    }

    @Test("A configuration without a resource is no problem")
    func configurationOnly() {
        var world = World()
        world.addInstances(["a"])
        world.configureResource("db") { $0.maxThreads = 4 }
        #expect(world.pass().isEmpty)
        #expect(world.decision.allProblems.isEmpty)
        #expect(world.snapshot.externalView(of: "db") == nil)
        world.addResource("db", replicas: 1)
        world.settle()
        world.drop("db")
        world.settle()
        #expect(world.counts("db").isEmpty)
        #expect(world.decision.allProblems.isEmpty)
        world.snapshot.setResourceConfig("db", .absent)
        world.pass()
        #expect(world.snapshot.resources.isEmpty)
    }
}
