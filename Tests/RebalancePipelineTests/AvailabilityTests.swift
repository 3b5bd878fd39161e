import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("What operators disable, evacuate and pause")
struct AvailabilityTests {
    private func makeWorld(_ instances: [String], replicas: Int = 2, partitions: Int = 1) -> World {
        var world = World()
        world.addInstances(instances)
        world.addResource("db", partitions: partitions, replicas: replicas)
        world.settle()
        return world
    }

    // MARK: Disabled

    @Test("A disabled instance keeps its replicas in the initial state while nobody can replace them")
    func disabledInstance() {
        var world = makeWorld(["a", "b"])
        world.operate("a", .disable)
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "OFFLINE", "b": "MASTER"])
        #expect(world.reason("db", "db_0", "a") == .replacementNotSettled)
        world.operate("a", .enable)
        world.settle()
        #expect(world.map("db", "db_0").values.sorted() == ["MASTER", "SLAVE"])
    }

    @Test("The replicas of a disabled instance are dropped when others have replaced them")
    func disabledInstanceReplaced() {
        var world = makeWorld(["a", "b", "c"], partitions: 6)
        world.operate("a", .disable)
        world.settle()
        #expect(world.load("db") == ["a": 0, "b": 6, "c": 6])
    }

    @Test("All instances disabled: everything goes to the initial state, and nothing is dropped")
    func allDisabled() {
        var world = makeWorld(["a", "b"], partitions: 3)
        for name in ["a", "b"] { world.operate(name, .disable) }
        world.settle()
        #expect(world.load("db", in: "OFFLINE") == ["a": 3, "b": 3])
    }

    @Test("A partition disabled on an instance goes to the initial state there, and another takes the top state")
    func disabledPartition() {
        var world = makeWorld(["a", "b"], partitions: 2)
        let master = world.map("db", "db_0").first { $0.value == "MASTER" }!.key
        let other = master == "a" ? "b" : "a"
        world.configure(master) { $0.setPartitions(["db_0"], resource: "db", enabled: false) }
        world.settle()
        #expect(world.map("db", "db_0") == [master: "OFFLINE", other: "MASTER"])
        #expect(world.map("db", "db_1").values.sorted() == ["MASTER", "SLAVE"])
        world.configure(master) { $0.setPartitions(["db_0"], resource: "db", enabled: true) }
        world.settle()
        #expect(world.map("db", "db_0").values.sorted() == ["MASTER", "SLAVE"])
    }

    @Test("ALL_RESOURCES disables every partition of an instance, and new ones do not go there")
    func allResources() {
        var world = makeWorld(["a", "b", "c"], replicas: 1, partitions: 6)
        world.configure("a") { $0.setAllPartitions(enabled: false) }
        world.addResource("new", partitions: 4, replicas: 1)
        world.settle()
        #expect(world.load("db", in: "OFFLINE")["a"] == 2)
        #expect(world.load("new")["a"] == 0)
    }

    @Test("A disabled resource goes to the initial state everywhere, and comes back")
    func disabledResource() {
        var world = makeWorld(["a", "b", "c"], partitions: 3)
        let before = world.states
        world.edit("db") { $0.isEnabled = false }
        world.settle()
        #expect(world.counts("db").values.allSatisfy { $0 == ["OFFLINE": 2] })
        world.edit("db") { $0.isEnabled = true }
        world.settle()
        #expect(world.states == before)
    }

    @Test("In SEMI_AUTO a disabled instance keeps its replica in the initial state, for good")
    func disabledInSemiAuto() {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addList("db", ["a", "b", "c"])
        world.settle()
        world.operate("a", .disable)
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "OFFLINE", "b": "MASTER", "c": "SLAVE"])
    }

    // MARK: Evacuated, unknown, swapped in

    @Test("An evacuated instance serves until its replacements do, at every step")
    func evacuation() {
        var world = makeWorld(["a", "b", "c"], partitions: 4)
        world.onChange = { world, _, resource, partition in world.expectServing(resource, partition, atLeast: 2) }
        world.operate("a", .evacuate)
        world.settle()
        #expect(world.load("db") == ["a": 0, "b": 4, "c": 4])
    }

    @Test("An evacuated instance that nobody can replace keeps what it has, and says why")
    func evacuationWithoutReplacement() {
        var world = makeWorld(["a", "b"])
        world.operate("a", .evacuate)
        world.settle()
        #expect(world.map("db", "db_0").values.sorted() == ["MASTER", "SLAVE"])
        #expect(world.reason("db", "db_0", "a") == .replacementNotSettled)
        world.addInstances(["c"])
        world.settle()
        #expect(world.map("db", "db_0").keys.sorted() == ["b", "c"])
    }

    @Test("In SEMI_AUTO an evacuated instance serves what it has until the list names another, and takes nothing new")
    func evacuationInSemiAuto() {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addList("db", ["a", "b"])
        world.settle()
        world.operate("a", .evacuate)
        world.addList("eb", ["a", "b"])
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "MASTER", "b": "SLAVE"])
        #expect(world.map("eb", "eb_0") == ["b": "MASTER"])
        world.edit("db") { $0.preferenceLists["db_0"] = ["c", "b"] }
        world.settle()
        #expect(world.map("db", "db_0") == ["c": "MASTER", "b": "SLAVE"])
    }

    @Test(
        "Instances that are UNKNOWN or SWAP_IN get no replicas, and lose those that they have",
        arguments: [InstanceOperation.unknown, .swapIn],
        [IdealState.RebalanceMode.fullAuto, .semiAuto, .customized])
    func excluded(operation: InstanceOperation, mode: IdealState.RebalanceMode) {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", mode: mode, replicas: 2) {
            if mode == .semiAuto { $0.preferenceLists["db_0"] = ["a", "b"] }
            if mode == .customized { $0.instanceStateMap["db_0"] = ["a": "SLAVE", "b": "MASTER"] }
        }
        world.settle()
        world.configure("a") {
            $0.operations = [InstanceOperationEntry(operation, source: .admin, timestamp: 1)]
        }
        world.settle()
        #expect(world.map("db", "db_0") == ["b": "MASTER"])
        #expect(world.pass().isEmpty)
    }

    @Test("An instance whose operation cannot be read is not used")
    func unreadableOperation() {
        var world = World()
        world.addInstances(["a", "b"])
        world.configure("a") { $0.record.listFields["HELIX_INSTANCE_OPERATIONS"] = ["no JSON"] }
        world.addResource("db", replicas: 1)
        world.settle()
        #expect(world.map("db", "db_0") == ["b": "MASTER"])
    }

    @Test("A live instance without configuration gets nothing, and keeps what it has until that is replaced")
    func noConfiguration() {
        var world = makeWorld(["a", "b", "c"], partitions: 3)
        world.snapshot.setInstanceConfig("a", .absent)
        world.snapshot.setLiveInstance("stray", .init(id: "stray"))
        world.states["stray"] = [:]
        world.settle()
        #expect(world.load("db") == ["a": 0, "b": 3, "c": 3, "stray": 0])
    }

    // MARK: Paused

    @Test("A paused cluster is asked for nothing and says what it would do; afterwards it goes on")
    func pause() {
        var world = World()
        world.addInstances(["a"])
        world.snapshot.setPaused(true)
        world.addResource("db", replicas: 1)
        #expect(world.pass().isEmpty)
        #expect(world.reason("db", "db_0", "a") == .clusterPaused)
        world.snapshot.setPaused(false)
        #expect(world.pass().summary == ["db_0 a OFFLINE-SLAVE"])
        // A transition that is under way goes on, and nothing follows it.
        world.snapshot.setPaused(true)
        world.complete("a", "m1")
        #expect(world.pass().isEmpty)
        world.snapshot.setPaused(false)
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "MASTER"])
    }

    @Test("A paused cluster deletes no messages")
    func pauseAndMessages() {
        var world = makeWorld(["a", "b"])
        world.post("a", "db", ["db_0"], from: "ERROR", to: "OFFLINE")
        world.snapshot.setPaused(true)
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages.isEmpty)
        world.snapshot.setPaused(false)
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages.count == 1)
    }
}
