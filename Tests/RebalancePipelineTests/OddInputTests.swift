import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("Input that nobody expects")
struct OddInputTests {
    @Test(
        "Any text will do as a partition's name",
        arguments: ["db", "db_00", "a/b", "ü", " ", "-", "db_0_1", "ANY_LIVEINSTANCE", "*"])
    func partitionNames(name: String) {
        var world = World()
        world.addInstances(["a"])
        world.addResource("db", replicas: 1) { $0.preferenceLists = [name: []] }
        world.settle()
        #expect(world.map("db", name) == ["a": "MASTER"])
    }

    @Test("A bucketised resource is like any other to the pipeline")
    func bucketised() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", partitions: 12, replicas: 1) { $0.bucketSize = 5 }
        world.settle()
        #expect(world.load("db") == ["a": 6, "b": 6])
        #expect(world.snapshot.externalView(of: "db")?.bucketSize == 5)
    }

    @Test("Instances that report or get messages before they were ever heard of do no harm")
    func unheardOf() {
        var world = World()
        world.addInstances(["a"])
        world.addList("db", ["a"])
        world.pass()
        var record = CurrentState(resource: "db", sessionID: "ghost", stateModel: "MasterSlave")
        record["db_0"] = ReplicaState(currentState: "MASTER")
        world.snapshot.setCurrentState("ghost", "db", .present(record))
        world.post("phantom", "db", ["db_0"], from: "OFFLINE", to: "SLAVE")
        world.snapshot.removeMessage("nobody", id: "nothing")
        #expect(world.settle() != nil)
        #expect(world.map("db", "db_0") == ["a": "MASTER"])
        #expect(world.snapshot.externalView(of: "db")?["db_0"] == ["a": "MASTER"])
    }

    @Test("A record of another session says nothing")
    func otherSession() {
        var world = World()
        world.addInstances(["a"])
        world.addList("db", ["a"])
        var record = CurrentState(resource: "db", sessionID: "former", stateModel: "MasterSlave")
        record["db_0"] = ReplicaState(currentState: "MASTER")
        world.snapshot.setCurrentState("a", "db", .present(record))
        #expect(world.pass().summary == ["db_0 a OFFLINE-SLAVE"])
    }

    @Test("A record without session is taken as it stands; a replica without state is none")
    func missingFields() {
        var world = World()
        world.addInstances(["a"])
        world.addResource("db", mode: .semiAuto, partitions: 2, replicas: 1) {
            $0.preferenceLists = ["db_0": ["a"], "db_1": ["a"]]
        }
        var record = CurrentState(record: ZNRecord(id: "db"))
        record["db_0"] = ReplicaState(currentState: "MASTER")
        record["db_1"] = ReplicaState(fields: ["INFO": ""])
        world.snapshot.setCurrentState("a", "db", .present(record))
        #expect(world.pass().summary == ["db_1 a OFFLINE-SLAVE"])
    }

    @Test("Partitions that appear late, in reports or messages, are looked at by name")
    func latePartitions() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", model: .onlineOffline, partitions: 1, replicas: 1)
        world.settle()
        world.set("b", "db", "stray", "ONLINE")
        world.post("a", "db", ["odd"], from: "OFFLINE", to: "ONLINE")
        #expect(world.settle() != nil)
        #expect(world.counts("db").keys.sorted() == ["db_0"])
        world.edit("db") { $0.preferenceLists["stray"] = [] }
        world.settle()
        #expect(world.counts("db").keys.sorted() == ["db_0", "stray"])
    }

    @Test("More different states than there are ids for do not crash anybody")
    func tooManyStates() {
        var world = World()
        world.addInstances(["a"])
        world.addResource("db", model: .onlineOffline, replicas: 1)
        world.pass()
        let known = world.snapshot.stateNames.names
        world.snapshot.stateNames = NameTable(known + (known.count..<65_515).map { "S\($0)" })
        for index in 0..<40 { world.states["a"]!["db", default: [:]]["p\(index)"] = "T\(index)" }
        world.report("a", "db")
        world.pass()
        let texts = world.decision.allProblems.map(\.text)
        #expect(texts.count { $0.contains("the state 'T") } == 20)
        #expect(texts.count { $0.contains("one of too many unknown states") } == 20)
    }

    @Test("A model that changes under its resource is followed from then on")
    func modelChange() throws {
        var world = World()
        let short = try StateModel("Mine", initial: "OFFLINE") {
            State("ONLINE", atMost: .replicas)
            State("OFFLINE")
            Transition("OFFLINE", to: "ONLINE")
            Transition("ONLINE", to: "OFFLINE")
        }
        let long = try StateModel("Mine", initial: "OFFLINE") {
            State("LEADER", atMost: 1)
            State("ONLINE", atMost: .replicas)
            State("OFFLINE")
            Transition("OFFLINE", to: "ONLINE")
            Transition("ONLINE", to: "OFFLINE")
            Transition("ONLINE", to: "LEADER")
            Transition("LEADER", to: "ONLINE")
        }
        world.addInstances(["a", "b"])
        world.addResource("db", model: short, replicas: 2)
        world.settle()
        world.add(long)
        world.settle()
        #expect(world.counts("db")["db_0"] == ["LEADER": 1, "ONLINE": 1])
        world.add(short)
        world.settle()
        #expect(world.problems("db").contains { $0.contains("LEADER") })
        #expect(world.counts("db")["db_0"] == ["LEADER": 1, "ONLINE": 1])
    }

    @Test("A model with a fault is worked with, and the fault is told")
    func modelFault() {
        let model = try? StateModel(
            decoded: "Loose", initial: "OFFLINE",
            states: [State("ONLINE", atMost: 0), State("OFFLINE")],
            transitions: [Transition("OFFLINE", to: "ONLINE"), Transition("ONLINE", to: "OFFLINE")], unlisted: [],
            steps: [:], unreadable: [])
        var world = World()
        world.addInstances(["a"])
        world.addResource("db", model: model!, replicas: 1)
        #expect(world.settle() != nil)
        #expect(world.problems("db").contains { $0.contains("the state model Loose has a fault") })
    }

    @Test("No instances, no partitions, no resources: nothing to do")
    func nothing() {
        var world = World(models: [])
        #expect(world.settle() == 0)
        world.addResource("db", partitions: 0, replicas: 3)
        world.addResource("eb", partitions: 2, replicas: 3)
        #expect(world.settle() == 0)
        #expect(world.problems("db").isEmpty)
        #expect(world.problems("eb").contains { $0.contains("2 of 2 partitions get fewer replicas") })
    }

    @Test("The same record twice changes nothing")
    func sameRecords() {
        var world = World()
        world.addInstances(["a"])
        world.configureResource("db") { $0.maxThreads = 1 }
        world.addResource("db", replicas: 1)
        world.settle()
        world.pass()
        world.configureCluster { _ in }
        world.configure("a") { _ in }
        world.configureResource("db") { _ in }
        world.edit("db") { _ in }
        world.add(.masterSlave)
        world.report("a", "db")
        world.snapshot.setPaused(false)
        world.snapshot.setLiveInstance("a", .init(id: world.session(of: "a")!))
        #expect(world.snapshot.changes.isEmpty)
    }

    @Test("An instance that changes how it takes messages keeps its replicas")
    func batchAcceptance() {
        var world = World()
        world.addInstances(["a"])
        world.addList("db", ["a"])
        world.settle()
        world.snapshot.setLiveInstance("a", .init(id: world.session(of: "a")!, acceptsBatchMessages: true))
        #expect(world.pass().isEmpty)
        #expect(world.snapshot.externalView(of: "db")?["db_0"] == ["a": "MASTER"])
    }
}
