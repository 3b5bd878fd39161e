import HelixRecords
import Testing

@testable import RebalancePipeline

@Suite("External views")
struct ExternalViewTests {
    private func makeWorld() -> World {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", partitions: 2, replicas: 2) {
            $0.resourceGroup = "group"
            $0.record.simpleFields["MY_FIELD"] = "kept"
        }
        world.settle()
        return world
    }

    @Test("A view has the ideal state's simple fields, the replicas of live instances, and nothing else")
    func contents() throws {
        var world = makeWorld()
        let view = try #require(world.snapshot.externalView(of: "db"))
        #expect(view.id == "db")
        #expect(view.record.simpleFields == world.snapshot.resources["db"]!.idealState.value!.record.simpleFields)
        #expect(view.record.listFields.isEmpty)
        #expect(view.partitions == ["db_0", "db_1"])
        #expect(view["db_0"] == world.map("db", "db_0"))
        world.kill("a")
        #expect(world.snapshot.externalView(of: "db")?["db_0"]?.keys.sorted() == ["b"])
    }

    @Test("ERROR shows, a state that nobody knows shows, a partition without replicas does not")
    func states() throws {
        var world = makeWorld()
        world.set("a", "db", "db_0", "ERROR")
        world.set("b", "db", "db_0", "SLEEPING")
        world.set("a", "db", "db_1", nil)
        world.set("b", "db", "db_1", "DROPPED")
        let view = try #require(world.snapshot.externalView(of: "db"))
        #expect(view.record.mapFields == ["db_0": ["a": "ERROR", "b": "SLEEPING"]])
    }

    @Test("Instances that are not to be used show too: those who route filter them")
    func excluded() {
        var world = makeWorld()
        world.configure("a") { $0.operations = [InstanceOperationEntry(.unknown)] }
        #expect(world.snapshot.externalView(of: "db")?["db_0"]?.keys.sorted() == ["a", "b"])
    }

    @Test("A view that is switched off does not exist; one without replicas does")
    func switchedOff() {
        var world = makeWorld()
        world.edit("db") { $0.isExternalViewDisabled = true }
        #expect(world.snapshot.externalView(of: "db") == nil)
        world.edit("db") { $0.isExternalViewDisabled = false }
        for name in ["a", "b"] { world.kill(name) }
        #expect(world.snapshot.externalView(of: "db")?.partitions == [])
        #expect(world.snapshot.externalView(of: "nothing") == nil)
    }

    @Test("When the ideal state is gone or cannot be read, the view keeps its fields and follows the replicas")
    func fieldsOfFormer() throws {
        var world = makeWorld()
        let former = try #require(world.snapshot.externalView(of: "db"))
        for found in [Found<IdealState>.unreadable(.corrupt), .absent] {
            world.snapshot.setIdealState("db", found)
            world.set("a", "db", "db_0", "SLAVE")
            let view = try #require(world.snapshot.externalView(of: "db", replacing: former))
            #expect(view.record.simpleFields["MY_FIELD"] == "kept")
            #expect(view["db_0"]?["a"] == "SLAVE")
        }
        world.settle()
        #expect(world.snapshot.externalView(of: "db", replacing: former) == nil)
    }

    @Test("Views are to be refreshed where something changed, and nowhere else")
    func refresh() {
        var world = makeWorld()
        world.addResource("eb", replicas: 1)
        world.settle()
        world.set("a", "db", "db_0", "ERROR")
        world.pass()
        #expect(world.decision.viewsToRefresh == ["db"])
        world.settle()
        world.pass()
        #expect(world.decision.viewsToRefresh.isEmpty)
        world.kill("a")
        world.pass()
        #expect(world.decision.viewsToRefresh == ["db", "eb"])
    }
}
