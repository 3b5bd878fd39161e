import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("What a cluster is about to reach")
struct TargetViewTests {
    @Test("A target has the fields of the ideal state, the preference lists, and the states that are wanted")
    func content() throws {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", partitions: 2, replicas: 2) { $0.record.simpleFields["OWN"] = "1" }
        world.pass()
        #expect(world.snapshot.externalView(of: "db")?.record.mapFields == [:])
        let target = try #require(world.decision.targetView(of: "db", in: world.snapshot).value)
        #expect(target.record.simpleFields["OWN"] == "1")
        #expect(
            target.record.mapFields.mapValues { $0.values.sorted() } == [
                "db_0": ["MASTER", "SLAVE"], "db_1": ["MASTER", "SLAVE"],
            ])
        #expect(target.preferenceLists.mapValues(Set.init) == ["db_0": ["a", "b"], "db_1": ["a", "b"]])
        world.settle()
        #expect(world.snapshot.externalView(of: "db")?.record.mapFields == target.record.mapFields)
    }

    @Test("A replica that is to go is not in it")
    func leaving() throws {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addResource("db", replicas: 1)
        world.settle()
        let holder = try #require(world.map("db", "db_0").keys.first)
        world.operate(holder, .evacuate)
        world.pass()
        let target = try #require(world.decision.targetView(of: "db", in: world.snapshot).value)
        #expect(target["db_0"]?.keys.contains(holder) == false && target["db_0"]?.count == 1)
    }

    @Test("Of what cannot be read nothing new is said, and of what is gone nothing at all")
    func unreadable() {
        var world = World()
        world.addInstances(["a"])
        world.addResource("db", replicas: 1)
        world.settle()
        world.snapshot.setIdealState("db", .unreadable(RecordError(path: "db", reason: "spoilt")))
        world.pass()
        #expect(world.decision.targetView(of: "db", in: world.snapshot).error != nil)
        #expect(world.decision.targetView(of: "never", in: world.snapshot).isAbsent)
        world.snapshot.setIdealState("db", .absent)
        world.pass()
        #expect(world.decision.targetView(of: "db", in: world.snapshot).isAbsent)
    }
}
