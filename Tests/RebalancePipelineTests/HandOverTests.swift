import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("The top state is handed over once, and only to one that is ready")
struct HandOverTests {
    /// Which instances were in the top state, in the order in which they came into it.
    private func tops(_ world: inout World, during body: (inout World) -> Void) -> [String] {
        final class Log { var names: [String] = [] }
        let log = Log()
        world.onChange = { world, instance, resource, partition in
            if world.map(resource, partition)[instance] == "MASTER" { log.names.append(instance) }
        }
        body(&world)
        world.onChange = nil
        return log.names
    }

    @Test("When the master's instance is evacuated its place is handed over once, when the heir is ready")
    func oneHandOff() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", replicas: 1)
        world.settle()
        let former = world.map("db", "db_0").keys.first!
        let heir = former == "a" ? "b" : "a"
        world.operate(former, .evacuate)
        #expect(world.pass().summary == ["db_0 \(heir) OFFLINE-SLAVE"])
        #expect(world.reason("db", "db_0", former) == .replacementNotSettled)
        let tops = tops(&world) { $0.settle() }
        #expect(tops == [heir])
        #expect(world.map("db", "db_0") == [heir: "MASTER"])
    }

    @Test("While the intended master comes up for a second nobody else is promoted; after that the next one is")
    func patience() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", ["a", "b"])
        world.set("b", "db", "db_0", "SLAVE")
        world.snapshot.time = 5_000
        // Nothing is under way yet: b could lead, and a comes up.
        #expect(world.pass().summary == ["db_0 b SLAVE-MASTER", "db_0 a OFFLINE-SLAVE"])
        world.snapshot.removeMessage("b", id: world.pending.first { $0.instance == "b" }!.id)
        world.snapshot.time = 5_500
        #expect(world.pass().isEmpty)
        #expect(world.decision.nextDeadline == 6_000)
        world.snapshot.time = 6_000
        #expect(world.pass().summary == ["db_0 b SLAVE-MASTER"])
    }

    @Test("A message from the future does not keep a partition without a master", arguments: [10_000, .max] as [Int64])
    func future(createdAt: Int64) {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", ["a", "b"])
        world.set("b", "db", "db_0", "SLAVE")
        world.post("a", "db", ["db_0"], from: "OFFLINE", to: "SLAVE") { $0.createdAt = createdAt }
        #expect(world.pass().summary == ["db_0 b SLAVE-MASTER"])
    }

    @Test("After the loss of the master the next in the list that is ready takes over")
    func failover() {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addList("db", ["a", "b", "c"])
        world.settle()
        world.kill("a")
        world.set("b", "db", "db_0", "ERROR")
        world.settle()
        #expect(world.map("db", "db_0") == ["b": "ERROR", "c": "MASTER"])
    }

    @Test("Replicas that are not wanted any more do not keep the others from changing places", arguments: [2, 3])
    func fewerReplicas(wanted: Int) {
        var world = World()
        let instances = ["a", "b", "c", "d", "e"]
        world.addInstances(instances)
        world.addResource("db", replicas: 5)
        world.configureResource("db") { $0.preferenceLists["db_0"] = instances }
        world.settle()
        let list = Array(["b", "a", "c"].prefix(wanted))
        world.configureResource("db") { $0.preferenceLists["db_0"] = list }
        world.settle()
        #expect(world.map("db", "db_0").keys.sorted() == list.sorted())
        #expect(world.map("db", "db_0")["b"] == "MASTER")
    }

    @Test("Two tops of three: each has its heir")
    func twoTops() throws {
        let model = try StateModel("TwoTops", initial: "OFFLINE") {
            State("LEADER", atMost: 2)
            State("STANDBY", atMost: .replicas)
            State("OFFLINE")
            Transition("LEADER", to: "STANDBY")
            Transition("STANDBY", to: "LEADER")
            Transition("OFFLINE", to: "STANDBY")
            Transition("STANDBY", to: "OFFLINE")
        }
        var world = World()
        world.addInstances(["a", "b", "c", "d", "e"])
        world.addResource("db", model: model, partitions: 5, replicas: 3)
        world.settle()
        #expect(world.counts("db").values.allSatisfy { $0 == ["LEADER": 2, "STANDBY": 1] })
        world.onChange = { world, _, resource, partition in
            for violation in world.violations(resource, partition, replicas: 4) { Issue.record("\(violation)") }
            world.expectServing(resource, partition, atLeast: 3)
        }
        world.operate("a", .evacuate)
        world.settle()
        #expect(world.load("db")["a"] == 0)
        #expect(world.counts("db").values.allSatisfy { $0 == ["LEADER": 2, "STANDBY": 1] })
    }
}
