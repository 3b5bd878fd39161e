import HelixRecords
import Placement
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("FULL_AUTO and USER_DEFINED: the controller places")
struct FullAutoTests {
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
        "The strategies of Java are known by the names of their classes",
        arguments: [
            "DEFAULT", "AutoRebalanceStrategy", "CrushRebalanceStrategy", "CrushEdRebalanceStrategy",
            "MultiRoundCrushRebalanceStrategy", "StickyRebalanceStrategy", "ConstraintRebalanceStrategy",
        ])
    func javaStrategies(name: String) {
        let package = "org.apache.helix.controller.rebalancer.strategy."
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addResource("db", partitions: 6, replicas: 2) {
            $0.rebalanceStrategy = name == "DEFAULT" ? name : package + name
            $0.maxPartitionsPerInstance = 6
        }
        world.settle()
        #expect(world.load("db").values.reduce(0, +) == 12)
        #expect(world.counts("db").values.allSatisfy { $0 == ["MASTER": 1, "SLAVE": 1] })
        world.kill("b")
        world.settle()
        #expect(world.load("db") == ["a": 6, "c": 6])
        world.start("b")
        world.settle()
        #expect(world.counts("db").values.allSatisfy { $0 == ["MASTER": 1, "SLAVE": 1] })
        #expect(world.problems("db").isEmpty)
    }

    @Test("What CRUSH places is what Java's CRUSH places, down to the order")
    func crush() {
        var world = World()
        world.addInstances((12918...12922).map { "localhost_\($0)" })
        world.addResource("TestDB", partitions: 4, replicas: 3) {
            $0.rebalanceStrategy = "org.apache.helix.controller.rebalancer.strategy.CrushRebalanceStrategy"
        }
        world.settle()
        let expected = [[12920, 12918, 12919], [12920, 12921, 12922], [12919, 12922, 12921], [12920, 12922, 12921]]
        for (number, ports) in expected.enumerated() {
            #expect(world.preferenceLists("TestDB")["TestDB_\(number)"] == ports.map { "localhost_\($0)" })
        }
        world.kill("localhost_12920")
        world.settle()
        let without = [[12919, 12918, 12922], [12921, 12919, 12922], [12919, 12922, 12921], [12918, 12922, 12921]]
        for (number, ports) in without.enumerated() {
            #expect(world.preferenceLists("TestDB")["TestDB_\(number)"] == ports.map { "localhost_\($0)" })
        }
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
