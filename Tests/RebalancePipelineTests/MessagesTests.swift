import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("Messages: what is under way, what was given up, what they carry")
struct MessagesTests {
    /// db_0 with its master on a and its slave on b.
    private func makeWorld(model: StateModel = .masterSlave) -> World {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", model: model, ["a", "b"])
        world.settle()
        world.snapshot.time += 10_000
        return world
    }

    // MARK: Pending

    @Test("Nothing is asked of a replica while it has a message, whoever sent it")
    func pendingReset() {
        var world = makeWorld()
        world.set("b", "db", "db_0", "ERROR")
        world.post("b", "db", ["db_0"], from: "ERROR", to: "OFFLINE")
        #expect(world.pass().isEmpty)
        #expect(world.reason("db", "db_0", "b") == .messagePending(id: world.pending[0].id, to: "OFFLINE"))
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "MASTER", "b": "SLAVE"])
    }

    @Test("A message for any session counts as pending, one for a former session does not", arguments: ["*", "old"])
    func targetSession(session: String) {
        var world = World()
        world.addInstances(["a"])
        world.addList("db", ["a"])
        world.post("a", "db", ["db_0"], from: "OFFLINE", to: "SLAVE") { $0.targetSession = session }
        #expect(world.pass().count == (session == "*" ? 0 : 1))
    }

    @Test("A message that sets a replica to ERROR from wherever it is is waited for")
    func wildcard() {
        var world = makeWorld()
        world.post("a", "db", ["db_0"], from: "*", to: "ERROR")
        #expect(world.pass().isEmpty)
        world.complete("a", world.pending[0].id)
        #expect(world.pass().summary == ["db_0 b SLAVE-MASTER"])
    }

    @Test("Messages of other kinds are none of the pipeline's business")
    func otherKinds() {
        var world = makeWorld()
        world.edit("db") { $0.preferenceLists["db_0"] = ["b", "a"] }
        world.post("a", "db", ["db_0"], from: "MASTER", to: "SLAVE") { $0.messageType = .userDefined }
        world.post("b", "db", [], from: "SLAVE", to: "MASTER")
        #expect(world.pass().summary == ["db_0 a MASTER-SLAVE"])
    }

    @Test("A message to a state that the model does not have is waited for, not answered with another")
    func unknownTarget() {
        var world = makeWorld()
        world.post("b", "db", ["db_0"], from: "SLAVE", to: "ASLEEP")
        world.edit("db") { $0.preferenceLists["db_0"] = ["a"] }
        #expect(world.pass().isEmpty)
        #expect(world.reason("db", "db_0", "b") == .messagePending(id: world.pending[0].id, to: "ASLEEP"))
    }

    @Test("A message that came before its resource was known counts as soon as it is, however the resource appears")
    func messageFirst() {
        var world = World()
        world.addInstances(["a"])
        world.post("a", "db", ["db_0"], from: "SLAVE", to: "OFFLINE") { $0.stateModel = "MasterSlave" }
        world.set("a", "db", "db_0", "SLAVE")  // there is no ideal state: the resource is to be dropped
        #expect(world.pass().isEmpty)
        #expect(world.reason("db", "db_0", "a") != nil)
    }

    @Test("Messages of the same id in two queues are two messages")
    func sameID() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", ["a", "b"])
        for instance in ["a", "b"] {
            world.post(instance, "db", ["db_0"], from: "OFFLINE", to: "SLAVE") {
                $0 = Message(record: ZNRecord(id: "twin", simpleFields: $0.record.simpleFields))
            }
        }
        world.snapshot.removeMessage("a", id: "twin")
        #expect(world.pass().summary == ["db_0 a OFFLINE-SLAVE"])
    }

    // MARK: Unprocessable

    @Test("A message that its instance gave up on is reported; the partition is led by another meanwhile")
    func unprocessable() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", ["a", "b"])
        for name in ["a", "b"] { world.set(name, "db", "db_0", "SLAVE") }
        let id = world.post("a", "db", ["db_0"], from: "SLAVE", to: "MASTER") { $0.messageState = .unprocessable }
        #expect(world.pass().summary == ["db_0 b SLAVE-MASTER"])
        #expect(world.reason("db", "db_0", "a") == .messageUnprocessable(id: id))
        world.complete("b", world.pending.first { $0.instance == "b" }!.id)
        #expect(world.pass().isEmpty)
        world.snapshot.removeMessage("a", id: id)
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "MASTER", "b": "SLAVE"])
    }

    @Test("Nobody steps down for an instance that has given up on its promotion")
    func unprocessableHeir() {
        var world = makeWorld()
        world.post("b", "db", ["db_0"], from: "SLAVE", to: "MASTER") { $0.messageState = .unprocessable }
        world.edit("db") { $0.preferenceLists["db_0"] = ["b", "a"] }
        #expect(world.pass().isEmpty)
        #expect(world.map("db", "db_0")["a"] == "MASTER")
    }

    // MARK: Batches

    @Test("A batch is pending for each of its partitions until that one is done")
    func batch() {
        var world = World()
        world.addInstances(["a"], batches: true)
        world.addResource("db", model: .onlineOffline, mode: .semiAuto, partitions: 3, replicas: 1) { idealState in
            for partition in idealState.partitions { idealState.preferenceLists[partition] = ["a"] }
        }
        #expect(world.pass().map(\.acceptsBatchMessages) == [true, true, true])
        #expect(world.pending.count == 1)
        let id = world.pending[0].id
        world.complete("a", id)
        world.complete("a", id)
        #expect(world.pass().isEmpty)
        #expect(world.load("db", in: "ONLINE") == ["a": 2])
        world.complete("a", id)
        #expect(world.settle() != nil)
        #expect(world.load("db", in: "ONLINE") == ["a": 3])
    }

    @Test("A batch that names a partition twice counts once")
    func batchWithRepetition() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", model: .onlineOffline, ["a", "b"])
        world.post("a", "db", ["db_0", "db_0"], from: "OFFLINE", to: "ONLINE")
        #expect(world.pass().summary == ["db_0 b OFFLINE-ONLINE"])
    }

    // MARK: What a message carries

    @Test("Timeouts: the resource's, else the ideal state's, else the cluster's")
    func timeouts() {
        var world = World()
        world.addInstances(["a"])
        world.addList("db", ["a"])
        func timeout() -> Duration? {
            world.decision = Decision()
            world.snapshot.changes = .everything
            return world.passWithoutSending().first?.timeout
        }
        #expect(timeout() == nil)
        world.configureCluster { $0.setTimeout(.seconds(1), from: "*", to: "SLAVE") }
        #expect(timeout() == .seconds(1))
        world.edit("db") { $0.setTransitionTimeout(.seconds(2), from: "OFFLINE", to: "SLAVE") }
        #expect(timeout() == .seconds(2))
        world.configureResource("db") { $0.maxThreads = 3 }
        #expect(timeout() == .seconds(2), "a resource configuration without timeouts cancels nothing")
        world.configureResource("db") { $0.setTimeout(.seconds(3), from: "OFFLINE", to: "SLAVE") }
        #expect(timeout() == .seconds(3))
    }

    @Test("A transition names session, model and factory")
    func contents() {
        var world = World()
        world.addInstances(["a"], batches: true)
        world.addResource("db", mode: .semiAuto, replicas: 1) {
            $0.preferenceLists["db_0"] = ["a"]
            $0.stateModelFactory = "mine"
        }
        let planned = world.pass()[0]
        #expect(planned.session == world.session(of: "a"))
        #expect(planned.stateModel == "MasterSlave")
        #expect(planned.stateModelFactory == "mine")
        #expect(planned.acceptsBatchMessages)
    }

    @Test("Partitions without a top state come first, then the model's order of transitions")
    func urgency() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", mode: .semiAuto, partitions: 3, replicas: 2) { idealState in
            for partition in idealState.partitions { idealState.preferenceLists[partition] = ["a", "b"] }
        }
        world.set("a", "db", "db_0", "MASTER")
        for name in ["a", "b"] { world.set(name, "db", "db_2", "SLAVE") }
        world.set("a", "db", "db_1", "SLAVE")
        #expect(
            world.pass().summary == [
                "db_1 a SLAVE-MASTER", "db_2 a SLAVE-MASTER", "db_1 b OFFLINE-SLAVE", "db_0 b OFFLINE-SLAVE",
            ])
    }
}
