import HelixRecords
import Testing

@testable import RebalancePipeline
@testable import StateModels

@Suite("The pipeline explains itself")
struct ExplanationTests {
    /// Brings about a reason for db_0 on some instance.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var instance: String
        var reason: HoldReason
        var text: String
        var arrange: @Sendable (inout World) -> Void
    }

    static let cases: [Case] = [
        Case(
            testDescription: "messagePending", instance: "a", reason: .messagePending(id: "m9", to: "OFFLINE"),
            text: "message m9 to OFFLINE is not finished"
        ) { world in
            world.set("a", "db", "db_0", "ERROR")
            world.post("a", "db", ["db_0"], from: "ERROR", to: "OFFLINE") { $0 = $0.renamed("m9") }
        },
        Case(
            testDescription: "messageUnprocessable", instance: "a", reason: .messageUnprocessable(id: "m9"),
            text: "message m9 could not be processed; see the instance's log, then delete the message"
        ) { world in
            world.post("a", "db", ["db_0"], from: "OFFLINE", to: "SLAVE") {
                $0 = $0.renamed("m9")
                $0.messageState = .unprocessable
            }
        },
        Case(
            testDescription: "stateBound", instance: "a", reason: .stateBound(state: "MASTER", bound: 1),
            text: "there could be more than 1 in MASTER"
        ) { world in
            world.set("a", "db", "db_0", "SLAVE")
            world.set("b", "db", "db_0", "MASTER")
        },
        Case(
            testDescription: "inError", instance: "b", reason: .inError,
            text: "it is in ERROR; find the cause, then reset the partition"
        ) { world in
            world.set("b", "db", "db_0", "ERROR")
        },
        Case(
            testDescription: "replacementNotSettled", instance: "c", reason: .replacementNotSettled,
            text: "it stays until its replacement has settled"
        ) { world in
            world.edit("db") {
                $0.rebalanceMode = .fullAuto
                $0.instanceGroupTag = "new"
            }
            for name in ["a", "b"] { world.configure(name) { $0.tags = ["new"] } }
            world.set("c", "db", "db_0", "MASTER")
        },
        Case(
            testDescription: "extraReplicaLimit", instance: "b", reason: .extraReplicaLimit(3),
            text: "the partition has 3 replicas already while it moves"
        ) { world in
            world.addInstances(["d"])
            world.edit("db") {
                $0.rebalanceMode = .fullAuto
                $0.instanceGroupTag = "new"
            }
            for name in ["a", "b"] { world.configure(name) { $0.tags = ["new"] } }
            for name in ["c", "d"] { world.set(name, "db", "db_0", "SLAVE") }
        },
        Case(
            testDescription: "clusterPaused", instance: "a", reason: .clusterPaused, text: "the controller is paused"
        ) { world in
            world.snapshot.setPaused(true)
        },
        Case(
            testDescription: "clusterFrozen", instance: "a", reason: .clusterFrozen,
            text: "the cluster is frozen; end that with 'helix cluster unfreeze'"
        ) { world in
            world.freeze()
        },
        Case(
            testDescription: "thawing", instance: "a", reason: .thawing(instance: "b", count: 2),
            text: "the freeze has been ended, and b and 1 more has not taken notice yet; nothing moves before"
        ) { world in
            for name in ["b", "c"] { world.setFrozen(true, name) }
        },
        Case(
            testDescription: "inMaintenance", instance: "a", reason: .inMaintenance(reason: "disks"),
            text: "the cluster is in maintenance (disks); nothing is placed or dropped until that ends"
        ) { world in
            world.edit("db") { $0.rebalanceMode = .fullAuto }
            world.kill("a")
            world.enterMaintenance()
        },
        Case(
            testDescription: "awayTooLong", instance: "a", reason: .awayTooLong,
            text:
                "the instance was away for longer than OFFLINE_NODE_TIME_OUT_FOR_MAINTENANCE_MODE; it is not used until "
                + "maintenance ends"
        ) { world in
            world.edit("db") { $0.rebalanceMode = .fullAuto }
            world.configureCluster { $0.offlineTimeoutInMaintenance = .seconds(1) }
            world.enterMaintenance()
            world.kill("a")
            world.snapshot.time = 1_001
            world.start("a")
        },
        Case(
            testDescription: "noPath", instance: "a", reason: .noPath, text: "the state model has no way there"
        ) { world in
            let island = StateModel(
                name: "Island", initialState: "OFFLINE", states: [State("TOP", atMost: 1), State("OFFLINE")],
                transitions: [])
            world.add(island)
            world.edit("db") { $0.stateModel = "Island" }
        },
        Case(
            testDescription: "unreadable", instance: "a", reason: .unreadable(path: "/test/somewhere"),
            text: "/test/somewhere cannot be read"
        ) { world in
            world.set("a", "db", "db_0", "OFFLINE")
            world.snapshot.setInstanceConfig("a", .unreadable(.corrupt))
            world.edit("db") { $0.preferenceLists["db_0"] = ["b", "c"] }
        },
    ]

    @Test("Each reason to wait is told, for the replica that waits", arguments: cases)
    func reason(example: Case) throws {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addList("db", ["a", "b"])
        example.arrange(&world)
        let explanation = try #require(world.rebalancer.explain(world.snapshot, resource: "db", partition: "db_0"))
        let replica = try #require(explanation.replicas.first { $0.instance == example.instance })
        #expect(replica.reasons == [example.reason])
        #expect(example.reason.description == example.text)
    }

    @Test("What is asked for in vain is known only after a former decision")
    func retryLater() throws {
        var world = World()
        world.addInstances(["a"])
        world.addList("db", ["a"])
        world.passWithoutSending()
        world.snapshot.time = 50
        let seenAnew = try #require(world.rebalancer.explain(world.snapshot, resource: "db", partition: "db_0"))
        #expect(seenAnew.replicas.map(\.next) == ["SLAVE"])
        let explanation = try #require(
            world.rebalancer.explain(world.snapshot, resource: "db", partition: "db_0", after: world.decision))
        #expect(explanation.replicas.map(\.next) == [nil])
        #expect(explanation.replicas.map(\.reasons) == [[.retryLater(attempts: 1, at: 100)]])
        #expect(
            "\(explanation.replicas[0].reasons[0])"
                == "asked for once without effect; it is tried again later. See the instance's log")
    }

    @Test("An explanation tells present, target, next step, list, mode and model")
    func whole() throws {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addList("db", ["b", "a"])
        world.set("b", "db", "db_0", "SLAVE")
        world.set("c", "db", "db_0", "OFFLINE")
        let explanation = try #require(world.rebalancer.explain(world.snapshot, resource: "db", partition: "db_0"))
        #expect(explanation.mode == "SEMI_AUTO")
        #expect(explanation.stateModel == "MasterSlave")
        #expect(explanation.preferenceList == ["b", "a"])
        #expect(explanation.problems.isEmpty)
        #expect(
            explanation.replicas == [
                .init(instance: "a", current: nil, wanted: "SLAVE", next: "SLAVE", reasons: []),
                .init(instance: "b", current: "SLAVE", wanted: "MASTER", next: "MASTER", reasons: []),
                .init(instance: "c", current: "OFFLINE", wanted: "DROPPED", next: "DROPPED", reasons: []),
            ])
    }

    @Test("A frozen resource is explained by its problem; other partitions' problems are left out")
    func frozen() throws {
        var world = World()
        world.addInstances(["a"])
        world.addResource("db", partitions: 2, replicas: 1)
        world.settle()
        world.set("a", "db", "db_1", "SLEEPING")
        let well = try #require(world.rebalancer.explain(world.snapshot, resource: "db", partition: "db_0"))
        #expect(well.problems.isEmpty)
        world.snapshot.setIdealState("db", .unreadable(.corrupt))
        let frozen = try #require(world.rebalancer.explain(world.snapshot, resource: "db", partition: "db_0"))
        #expect(frozen.problems.map(\.resource) == ["db"])
        #expect(frozen.replicas == [.init(instance: "a", current: "MASTER", wanted: nil, next: nil, reasons: [])])
    }

    @Test("What does not exist is not explained")
    func unknown() {
        var world = World()
        world.addResource("db", replicas: 1)
        #expect(world.rebalancer.explain(world.snapshot, resource: "eb", partition: "db_0") == nil)
        #expect(world.rebalancer.explain(world.snapshot, resource: "db", partition: "db_7") == nil)
    }

    @Test("Held transitions and problems read well in one line")
    func descriptions() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", ["a", "b"])
        world.set("a", "db", "db_0", "ERROR")
        world.set("b", "db", "db_0", "NAPPING")
        world.pass()
        #expect(
            world.decision.allProblems.map(\.description) == [
                "db/db_0: b reports the state 'NAPPING', which the state model MasterSlave does not have; the "
                    + "partition stays as it is"
            ])
        world.set("b", "db", "db_0", "MASTER")
        world.pass()
        #expect(
            world.decision.resources["db"]?.held[0]?.map(\.description) == [
                "a: ERROR → ERROR waits: it is in ERROR; find the cause, then reset the partition"
            ])
        #expect(Problem(text: "all is lost").description == "all is lost")
    }
}

extension Message {
    fileprivate func renamed(_ id: String) -> Message {
        Message(record: ZNRecord(id: id, simpleFields: record.simpleFields, listFields: record.listFields))
    }
}
