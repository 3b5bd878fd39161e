import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("A record that cannot be read harms only what depends on it")
struct FrozenTests {
    /// Two resources at rest, each with work to do if it is not frozen: an instance was lost.
    private func makeWorld() -> World {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addResource("db", partitions: 2, replicas: 2)
        world.addResource("eb", model: .leaderStandby, partitions: 2, replicas: 2)
        world.settle()
        return world
    }

    /// What spoils a record and what cures it.
    struct Fault: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var spoil: @Sendable (inout World) -> Void
        var cure: @Sendable (inout World) -> Void
    }

    static let faults: [Fault] = [
        Fault(testDescription: "ideal state") {
            $0.snapshot.setIdealState("db", .unreadable(.corrupt))
        } cure: {
            $0.restoreIdealState()
        },
        Fault(testDescription: "resource configuration") {
            $0.snapshot.setResourceConfig("db", .unreadable(.corrupt))
        } cure: {
            $0.snapshot.setResourceConfig("db", .absent)
        },
        Fault(testDescription: "state model") {
            $0.snapshot.setStateModel("MasterSlave", .unreadable(.corrupt))
        } cure: {
            $0.snapshot.setStateModel("MasterSlave", .present(.masterSlave))
        },
        Fault(testDescription: "missing state model") {
            $0.snapshot.setStateModel("MasterSlave", .absent)
        } cure: {
            $0.snapshot.setStateModel("MasterSlave", .present(.masterSlave))
        },
        Fault(testDescription: "current state") {
            $0.snapshot.setCurrentState("b", "db", .unreadable(.corrupt))
        } cure: {
            $0.report("b", "db")
        },
        Fault(testDescription: "partitions in buckets") {
            $0.edit("db") { idealState in
                idealState.bucketSize = 10
                idealState.preferenceLists = [:]
            }
        } cure: {
            $0.restoreIdealState()
        },
        Fault(testDescription: "mode") {
            $0.edit("db") { $0.record.simpleFields["REBALANCE_MODE"] = "MAGIC" }
        } cure: {
            $0.edit("db") { $0.rebalanceMode = .fullAuto }
        },
        Fault(testDescription: "model's name") {
            $0.edit("db") { $0.stateModel = nil }
        } cure: {
            $0.edit("db") { $0.stateModel = "MasterSlave" }
        },
        Fault(testDescription: "replicas") {
            $0.edit("db") { $0.record.simpleFields["REPLICAS"] = "two" }
        } cure: {
            $0.edit("db") { $0.replicas = .count(2) }
        },
        Fault(testDescription: "missing replicas") {
            $0.edit("db") { $0.record.simpleFields["REPLICAS"] = nil }
        } cure: {
            $0.edit("db") { $0.replicas = .count(2) }
        },
        Fault(testDescription: "strategy") {
            $0.edit("db") { $0.rebalanceStrategy = "magic" }
        } cure: {
            $0.edit("db") { $0.rebalanceStrategy = nil }
        },
        Fault(testDescription: "user's strategy") {
            $0.edit("db") { $0.rebalanceMode = .userDefined }
        } cure: {
            $0.edit("db") { $0.rebalanceMode = .fullAuto }
        },
        Fault(testDescription: "rule that does not admit it") {
            $0.configureCluster {
                $0.record.simpleFields["IdealStateRule!models"] = "STATE_MODEL_DEF_REF=LeaderStandby"
            }
        } cure: {
            $0.configureCluster { $0.record.simpleFields = [:] }
        },
    ]

    @Test("Its resource stays as it is, with the reason, and others go on", arguments: faults)
    func freeze(fault: Fault) {
        var world = makeWorld()
        fault.spoil(&world)
        let before = world.states["a"]?["db"]
        let other = world.states["a"]?["eb"]
        world.kill("c")
        world.settle()
        #expect(world.states["a"]?["db"] == before)
        #expect(world.states["a"]?["eb"] != other || other?.count == 2)
        #expect(world.counts("eb").values.allSatisfy { $0 == ["LEADER": 1, "STANDBY": 1] })
        #expect(world.problems("db").count == 1)
        #expect(world.problems("eb").isEmpty)
        #expect(!world.decision.transitions.contains { $0.resource == "db" })
        fault.cure(&world)
        world.settle()
        #expect(world.counts("db").values.allSatisfy { $0 == ["MASTER": 1, "SLAVE": 1] })
        #expect(world.problems("db").isEmpty)
    }

    @Test("An unreadable cluster configuration stops everything, and says so once for the cluster")
    func clusterConfig() {
        var world = makeWorld()
        world.snapshot.setClusterConfig(.unreadable(.corrupt))
        world.kill("c")
        #expect(world.pass().isEmpty)
        #expect(world.decision.problems.count == 1)
        #expect(world.decision.allProblems.count == 3)
        world.configureCluster { _ in }
        world.settle()
        #expect(world.counts("db").values.allSatisfy { $0 == ["MASTER": 1, "SLAVE": 1] })
    }

    @Test("A cluster without configuration works")
    func noClusterConfig() {
        var world = makeWorld()
        world.snapshot.setClusterConfig(.absent)
        world.kill("c")
        world.settle()
        #expect(world.counts("db").values.allSatisfy { $0 == ["MASTER": 1, "SLAVE": 1] })
    }

    // MARK: Instances

    @Test("Of an instance whose configuration cannot be read nothing is asked and nothing is taken")
    func instanceConfig() {
        var world = makeWorld()
        world.snapshot.setInstanceConfig("b", .unreadable(.corrupt))
        let before = world.states["b"]
        world.addInstances(["d", "e"])
        world.settle()
        #expect(world.states["b"] == before)
        #expect(world.decision.problems.count == 1)
        world.addResource("new", model: .onlineOffline, partitions: 4, replicas: 1)
        world.settle()
        #expect(world.load("new")["b"] == 0)
        #expect(world.counts("new").count == 4)
        world.configure("b") { _ in }
        world.settle()
        #expect(world.decision.problems.isEmpty)
        #expect(world.load("db").values.max()! <= 1)
    }

    @Test("A configuration that becomes unreadable moves nothing, nor does its cure")
    func instanceConfigMovesNothing() {
        var world = World()
        world.addInstances(["a", "b", "c", "d", "e"])
        world.addResource("db", partitions: 16, replicas: 3)
        world.settle()
        for found in [Found.unreadable(.corrupt), .present(InstanceConfig(record: ZNRecord(id: "b")))] {
            world.snapshot.setInstanceConfig("b", found)
            #expect(world.pass().isEmpty)
        }
    }

    @Test("Nobody steps down for an heir of whom nothing can be asked")
    func frozenHeir() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", ["a", "b"])
        world.settle()
        world.snapshot.setInstanceConfig("b", .unreadable(.corrupt))
        world.edit("db") { $0.preferenceLists["db_0"] = ["b", "a"] }
        #expect(world.settle() != nil)
        #expect(world.map("db", "db_0") == ["a": "MASTER", "b": "SLAVE"])
        world.edit("db") { $0.preferenceLists["db_0"] = ["a", "b"] }
        world.kill("a")
        #expect(world.settle() != nil)
        #expect(world.map("db", "db_0") == ["b": "SLAVE"])
        world.edit("db") {
            $0.preferenceLists["db_0"] = []
            $0.replicas = .count(0)
        }
        #expect(world.pass().isEmpty)
        #expect(world.reason("db", "db_0", "b") == .unreadable(path: RecordError.corrupt.path))
    }

    @Test("A frozen master keeps its state, and the others take theirs around it")
    func frozenMaster() {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addList("db", ["a", "b", "c"])
        world.set("a", "db", "db_0", "MASTER")
        world.snapshot.setInstanceConfig("a", .unreadable(.corrupt))
        world.edit("db") { $0.preferenceLists["db_0"] = ["b", "c", "a"] }
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "MASTER", "b": "SLAVE", "c": "SLAVE"])
    }

    @Test("A current state of an instance that is gone freezes nothing")
    func unreadableOfTheDead() {
        var world = makeWorld()
        world.snapshot.setCurrentState("c", "db", .unreadable(.corrupt))
        world.kill("c")
        world.settle()
        #expect(world.problems("db").isEmpty)
        #expect(world.counts("db").values.allSatisfy { $0 == ["MASTER": 1, "SLAVE": 1] })
        world.snapshot.setCurrentState("c", "db", .unreadable(.corrupt))
        world.pass()
        #expect(world.problems("db").isEmpty)
    }

    @Test("A state that the model does not have leaves its partition as it is, and the other partitions go on")
    func unknownState() {
        var world = makeWorld()
        let holder = world.map("db", "db_0").keys.min()!
        world.set(holder, "db", "db_0", "SLEEPING")
        world.kill(["a", "b", "c"].first { $0 != holder }!)
        world.settle()
        #expect(world.map("db", "db_0")[holder] == "SLEEPING")
        #expect(world.problems("db").contains { $0.contains("\(holder) reports the state 'SLEEPING'") })
        #expect(world.counts("db")["db_1"] == ["MASTER": 1, "SLAVE": 1])
        world.set(holder, "db", "db_0", "SLAVE")
        world.settle()
        #expect(world.counts("db")["db_0"] == ["MASTER": 1, "SLAVE": 1])
    }

    @Test("An ideal state without NUM_PARTITIONS is worked with and reported")
    func minorFault() {
        var world = makeWorld()
        world.edit("db") { $0.record.simpleFields["NUM_PARTITIONS"] = nil }
        world.kill("c")
        world.settle()
        #expect(world.counts("db").values.allSatisfy { $0 == ["MASTER": 1, "SLAVE": 1] })
        #expect(world.problems("db").contains { $0.contains("NUM_PARTITIONS is missing") })
    }
}

extension World {
    fileprivate mutating func restoreIdealState() {
        addResource("db", partitions: 2, replicas: 2)
    }
}
