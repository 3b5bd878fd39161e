import HelixRecords
import Placement
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("Every rebalance mode has its own way to a target")
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

    // MARK: USER_DEFINED and FULL_AUTO

    /// Puts everything on the last instances.
    struct Backwards: PlacementStrategy {
        let name = "backwards"
        func place(_ problem: PlacementProblem) -> PlacementResult {
            let list = (0..<Int32(problem.instanceCount)).reversed().prefix(problem.replicas)
            return PlacementResult(preferenceLists: Array(repeating: Array(list), count: problem.partitionCount))
        }
    }

    @Test("USER_DEFINED finds its strategy by name; FULL_AUTO too")
    func strategies() {
        var world = World()
        world.rebalancer = Rebalancer(strategies: [Backwards()])
        world.addInstances(["a", "b", "c"])
        world.addResource("db", mode: .userDefined, replicas: 2) { $0.rebalancerClass = "backwards" }
        world.addResource("eb", mode: .fullAuto, replicas: 1) { $0.rebalanceStrategy = "backwards" }
        world.settle()
        #expect(world.map("db", "db_0") == ["c": "MASTER", "b": "SLAVE"])
        #expect(world.map("eb", "eb_0") == ["c": "MASTER"])
    }

    /// Has lost its senses.
    struct Wild: PlacementStrategy {
        let name = "wild"
        func place(_ problem: PlacementProblem) -> PlacementResult {
            PlacementResult(
                preferenceLists: [[7, -1, 1, 1, 0]],
                shortfalls: [Shortfall(partition: 99, wanted: 1, placed: 0, reason: .excluded)])
        }
    }

    @Test("A strategy that answers with nonsense harms nobody")
    func nonsense() {
        var world = World()
        world.rebalancer = Rebalancer(strategies: [Wild()])
        world.addInstances(["a", "b"])
        world.addResource("db", mode: .userDefined, partitions: 2, replicas: 2) { $0.rebalancerClass = "wild" }
        world.settle()
        #expect(world.map("db", "db_0") == ["b": "MASTER", "a": "SLAVE"])
        #expect(world.map("db", "db_1").isEmpty)
    }

    @Test(
        "The strategies of Java are served by the standard one",
        arguments: [
            "DEFAULT", "org.apache.helix.controller.rebalancer.strategy.CrushRebalanceStrategy",
            "org.apache.helix.controller.rebalancer.strategy.AutoRebalanceStrategy",
        ])
    func javaStrategies(name: String) {
        var world = World()
        world.addInstances(["a"])
        world.addResource("db", replicas: 1) { $0.rebalanceStrategy = name }
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "MASTER"])
    }

    @Test(
        "USER_DEFINED with a rebalancer of Java that does what FULL_AUTO does is FULL_AUTO",
        arguments: ["DelayedAutoRebalancer", "AutoRebalancer", "waged.WagedRebalancer"])
    func javaRebalancers(name: String) {
        var world = World()
        world.addInstances(["a"])
        world.addResource("db", mode: .userDefined, replicas: 1) {
            $0.rebalancerClass = "org.apache.helix.controller.rebalancer.\(name)"
        }
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "MASTER"])
    }

    @Test("FULL_AUTO with ANY_LIVEINSTANCE has a replica everywhere")
    func fullAutoEverywhere() {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addResource("db", model: .onlineOffline, replicas: 0) { $0.replicas = .anyLiveInstance }
        world.settle()
        #expect(world.map("db", "db_0").count == 3)
        world.addInstances(["d"])
        world.kill("a")
        world.settle()
        #expect(world.map("db", "db_0") == ["b": "ONLINE", "c": "ONLINE", "d": "ONLINE"])
    }

    @Test("A model with a replica in the top state on every participant works in FULL_AUTO")
    func participantsBound() {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addResource("db", model: .storageSchemata, partitions: 2, replicas: 2)
        world.settle()
        #expect(world.map("db", "db_0").values.sorted() == ["MASTER", "MASTER"])
    }

    @Test("Tags restrict who gets replicas; the resource's configuration overrules the ideal state")
    func tags() {
        var world = World()
        world.addInstances(["a", "b", "c", "d"])
        for name in ["a", "b"] { world.configure(name) { $0.tags = ["ssd"] } }
        for name in ["c", "d"] { world.configure(name) { $0.tags = ["disk"] } }
        world.addResource("db", partitions: 4, replicas: 2) { $0.instanceGroupTag = "ssd" }
        world.settle()
        #expect(world.load("db") == ["a": 4, "b": 4, "c": 0, "d": 0])
        world.configureResource("db") { $0.instanceGroupTag = "disk" }
        world.settle()
        #expect(world.load("db") == ["a": 0, "b": 0, "c": 4, "d": 4])
    }

    @Test("A tag that no instance has drops nothing, and says what is missing")
    func tagThatNobodyHas() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", replicas: 2)
        world.settle()
        world.edit("db") { $0.instanceGroupTag = "sdd" }
        world.settle()
        #expect(world.map("db", "db_0").values.sorted() == ["MASTER", "SLAVE"])
        #expect(world.problems("db").contains { $0.contains("only 0 instances are live, enabled and tagged") })
    }

    @Test("MAX_PARTITIONS_PER_INSTANCE is kept, what does not fit is told, and what is there is not dropped for it")
    func maximumPerInstance() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", model: .onlineOffline, partitions: 6, replicas: 1) { $0.maxPartitionsPerInstance = 2 }
        world.settle()
        #expect(world.load("db") == ["a": 2, "b": 2])
        #expect(world.problems("db").contains { $0.contains("2 of 6 partitions get fewer replicas than wanted") })
        world.configureResource("db") { $0.maxPartitionsPerInstance = 3 }
        world.settle()
        #expect(world.load("db") == ["a": 3, "b": 3])
        #expect(world.problems("db").isEmpty)
        world.configureResource("db") { $0.maxPartitionsPerInstance = 1 }
        world.settle()
        #expect(world.load("db").values.reduce(0, +) == 6)
    }

    // MARK: Lists in the resource's configuration

    @Test("A preference list in the resource's configuration overrides the computed one, until it is taken away")
    func userList() {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addResource("db", partitions: 3, replicas: 2)
        world.settle()
        let computed = world.states
        world.configureResource("db") { $0.preferenceLists["db_0"] = ["c"] }
        world.settle()
        #expect(world.map("db", "db_0") == ["c": "MASTER"])
        world.configureResource("db") { $0.preferenceLists = [:] }
        world.settle()
        #expect(world.states == computed)
    }

    @Test("A list for a partition that does not exist is passed over")
    func userListOfNothing() {
        var world = World()
        world.addInstances(["a"])
        world.addResource("db", replicas: 1)
        world.configureResource("db") { $0.preferenceLists["db_99"] = ["a"] }
        world.settle()
        #expect(world.states["a"]?["db"] == ["db_0": "MASTER"])
    }

    @Test("REPLICAS 0 means that nothing is to be there")
    func noReplicas() {
        var world = World()
        world.addInstances(["a"])
        world.addResource("db", replicas: 0)
        #expect(world.settle() == 0)
        #expect(world.decision.allProblems.isEmpty)
        world.edit("db") { $0.replicas = .count(1) }
        world.settle()
        world.edit("db") { $0.replicas = .count(0) }
        world.settle()
        #expect(world.map("db", "db_0").isEmpty)
    }

    @Test("More replicas or fewer: the difference comes and goes")
    func replicaCount() {
        var world = World()
        world.addInstances(["a", "b", "c", "d"])
        world.addResource("db", partitions: 4, replicas: 2)
        world.settle()
        for replicas in [4, 1, 3] {
            world.edit("db") { $0.replicas = .count(replicas) }
            world.settle()
            #expect(world.counts("db").values.allSatisfy { $0.values.reduce(0, +) == replicas && $0["MASTER"] == 1 })
        }
    }
}
