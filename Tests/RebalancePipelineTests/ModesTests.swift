import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("SEMI_AUTO and CUSTOMIZED: users place")
struct ModesTests {
    // MARK: SEMI_AUTO

    @Test("SEMI_AUTO gives the top state to the first of the list that lives")
    func semiAutoOrder() {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addList("db", ["b", "c", "a"])
        world.settle()
        #expect(world.map("db", "db_0") == ["b": "MASTER", "c": "SLAVE", "a": "SLAVE"])
        world.kill("b")
        world.settle()
        #expect(world.map("db", "db_0") == ["c": "MASTER", "a": "SLAVE"])
        world.start("b")
        world.settle()
        #expect(world.map("db", "db_0") == ["b": "MASTER", "c": "SLAVE", "a": "SLAVE"])
    }

    @Test("SEMI_AUTO drops what is no longer in the list and brings up what is new there")
    func semiAutoListChange() {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addList("db", ["a", "b"])
        world.settle()
        world.edit("db") { $0.preferenceLists["db_0"] = ["c", "b"] }
        world.settle()
        #expect(world.map("db", "db_0") == ["c": "MASTER", "b": "SLAVE"])
    }

    @Test("Instances in a list that were never heard of are passed over, and so are repetitions")
    func semiAutoUnknownInstance() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", ["nobody", "b", "b", "a"])
        world.settle()
        #expect(world.map("db", "db_0") == ["b": "MASTER", "a": "SLAVE"])
        world.addInstances(["nobody"])
        world.settle()
        #expect(world.map("db", "db_0")["nobody"] == "MASTER")
    }

    @Test("A list whose length is not REPLICAS is worked with and reported")
    func semiAutoListLength() {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addList("db", ["a", "b", "c"])
        world.edit("db") { $0.replicas = .count(2) }
        world.settle()
        #expect(world.map("db", "db_0").count == 3)
        #expect(world.problems("db").contains { $0.contains("has 3 instances, REPLICAS is 2") })
    }

    @Test("The list ANY_LIVEINSTANCE stands for every live instance; one that is disabled keeps its replica, offline")
    func anyLiveInstance() {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addResource("db", model: .onlineOffline, mode: .semiAuto, replicas: 1) {
            $0.preferenceLists["db_0"] = ["ANY_LIVEINSTANCE"]
            $0.replicas = .anyLiveInstance
        }
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "ONLINE", "b": "ONLINE", "c": "ONLINE"])
        world.operate("b", .disable)
        world.addInstances(["d"])
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "ONLINE", "b": "OFFLINE", "c": "ONLINE", "d": "ONLINE"])
    }

    @Test("Where REBALANCE_MODE is missing the legacy field tells the mode")
    func legacyMode() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", replicas: 2) {
            $0.record.simpleFields["REBALANCE_MODE"] = nil
            $0.record.simpleFields["IDEAL_STATE_MODE"] = "AUTO_REBALANCE"
        }
        world.settle()
        #expect(world.map("db", "db_0").values.sorted() == ["MASTER", "SLAVE"])
    }

    // MARK: CUSTOMIZED

    @Test("CUSTOMIZED follows the map, state by state")
    func customized() {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addResource("db", mode: .customized, replicas: 2) {
            $0.instanceStateMap["db_0"] = ["a": "SLAVE", "b": "MASTER", "gone": "SLAVE"]
        }
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "SLAVE", "b": "MASTER"])
        world.edit("db") { $0.instanceStateMap["db_0"] = ["a": "MASTER", "c": "SLAVE"] }
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "MASTER", "c": "SLAVE"])
        world.edit("db") { $0.instanceStateMap["db_0"] = ["a": "DROPPED", "c": "OFFLINE"] }
        world.settle()
        #expect(world.map("db", "db_0") == ["c": "OFFLINE"])
    }

    @Test("CUSTOMIZED takes a disabled replica to the initial state and keeps it, wanted or not")
    func customizedDisabled() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", mode: .customized, replicas: 2) {
            $0.instanceStateMap["db_0"] = ["a": "SLAVE", "b": "SLAVE"]
        }
        world.settle()
        world.operate("a", .disable)
        world.configure("b") { $0.setPartitions(["db_0"], resource: "db", enabled: false) }
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "OFFLINE", "b": "OFFLINE"])
        world.edit("db") { $0.instanceStateMap["db_0"] = [:] }
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "OFFLINE", "b": "OFFLINE"])
        world.operate("a", .enable)
        world.settle()
        #expect(world.map("db", "db_0") == ["b": "OFFLINE"])
    }

    @Test("CUSTOMIZED asks for no replica on a disabled instance that has none")
    func customizedDisabledAbsent() {
        var world = World()
        world.addInstances(["a"])
        world.operate("a", .disable)
        world.addResource("db", mode: .customized, replicas: 1) { $0.instanceStateMap["db_0"] = ["a": "SLAVE"] }
        #expect(world.pass().isEmpty)
    }

    @Test("A CUSTOMIZED map that names an unknown state is told, and the replica stays")
    func customizedTypingError() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", mode: .customized, replicas: 2) {
            $0.instanceStateMap["db_0"] = ["a": "SLAVE", "b": "SLAVE"]
        }
        world.settle()
        world.edit("db") { $0.instanceStateMap["db_0"] = ["a": "SLAV", "b": "MASTER"] }
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "SLAVE", "b": "MASTER"])
        #expect(world.problems("db").contains { $0.contains("a is to be SLAV, which is no state of MasterSlave") })
    }

    @Test("A CUSTOMIZED map may have more replicas than REPLICAS says")
    func customizedMapSize() {
        var world = World()
        world.addInstances(["a", "b", "c", "d"])
        world.addResource("db", mode: .customized, replicas: 1) {
            $0.instanceStateMap["db_0"] = ["a": "SLAVE", "b": "SLAVE", "c": "SLAVE", "d": "MASTER"]
        }
        world.settle()
        #expect(world.map("db", "db_0").count == 4)
    }

    @Test("CUSTOMIZED leaves a replica in ERROR alone as long as it is wanted")
    func customizedError() {
        var world = World()
        world.addInstances(["a"])
        world.addResource("db", mode: .customized, replicas: 1) { $0.instanceStateMap["db_0"] = ["a": "SLAVE"] }
        world.set("a", "db", "db_0", "ERROR")
        #expect(world.pass().isEmpty)
        #expect(world.reason("db", "db_0", "a") == .inError)
        world.edit("db") { $0.instanceStateMap["db_0"] = [:] }
        #expect(world.pass().summary == ["db_0 a ERROR-DROPPED"])
    }
}
