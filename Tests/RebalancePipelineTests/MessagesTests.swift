import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("Messages: what is under way, what is refused, what has lost its meaning")
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

    // MARK: Stale

    @Test("A message that has been done is deleted after a minute if its receiver does not do it")
    func staleDone() {
        var world = makeWorld()
        let id = world.post("b", "db", ["db_0"], from: "OFFLINE", to: "SLAVE")
        world.passWithoutSending()
        let begin = world.snapshot.time
        #expect(world.decision.obsoleteMessages.isEmpty)
        #expect(world.decision.nextDeadline == begin + 60_000)
        world.snapshot.time = begin + 59_999
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages.isEmpty)
        world.snapshot.time = begin + 60_000
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages == [ObsoleteMessage(instance: "b", id: id)])
        // Should the deletion have failed, it is tried again; not at once, and not when the message is gone.
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages.isEmpty)
        world.snapshot.time += 60_000
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages.count == 1)
        world.snapshot.removeMessage("b", id: id)
        world.passWithoutSending()
        #expect(world.decision.nextDeadline == nil)
    }

    @Test("The message of a replica that was dropped is stale too, and does not keep the replica from coming back")
    func staleDropped() {
        var world = makeWorld()
        world.set("b", "db", "db_0", nil)
        world.post("b", "db", ["db_0"], from: "OFFLINE", to: "DROPPED")
        #expect(world.pass().summary == ["db_0 b OFFLINE-SLAVE"])
    }

    @Test("A message that fits neither end is deleted at once")
    func staleElsewhere() {
        var world = makeWorld()
        let id = world.post("b", "db", ["db_0"], from: "OFFLINE", to: "MASTER")
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages == [ObsoleteMessage(instance: "b", id: id)])
    }

    @Test("A message that could come to life again is reckoned with until it is gone")
    func staleRevivable() {
        var world = makeWorld()
        world.set("a", "db", "db_0", "SLAVE")
        let id = world.post("a", "db", ["db_0"], from: "SLAVE", to: "MASTER")
        world.set("a", "db", "db_0", "ERROR")
        // Were b promoted and a reset and brought up, the old message would make a second master.
        #expect(world.passWithoutSending().isEmpty)
        #expect(world.reason("db", "db_0", "b") == .stateBound(state: "MASTER", bound: 1))
        #expect(world.decision.obsoleteMessages == [ObsoleteMessage(instance: "a", id: id)])
        world.snapshot.removeMessage("a", id: id)
        #expect(world.pass().summary == ["db_0 b SLAVE-MASTER"])
    }

    @Test("A batch is stale when all its parts are")
    func staleBatch() {
        var world = World()
        world.addInstances(["a"])
        world.addResource("db", mode: .semiAuto, partitions: 2, replicas: 1) {
            $0.preferenceLists = ["db_0": ["a"], "db_1": ["a"]]
        }
        world.set("a", "db", "db_0", "MASTER")
        world.set("a", "db", "db_1", "OFFLINE")
        let id = world.post("a", "db", ["db_0", "db_1"], from: "OFFLINE", to: "SLAVE")
        world.passWithoutSending()
        world.snapshot.time += 60_000
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages.isEmpty)
        world.set("a", "db", "db_1", "SLAVE")
        world.passWithoutSending()
        world.snapshot.time += 60_000
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages == [ObsoleteMessage(instance: "a", id: id)])
    }

    @Test("A batch none of whose parts fits either end is deleted at once")
    func staleBatchElsewhere() {
        var world = World()
        world.addInstances(["a"])
        world.addResource("db", mode: .semiAuto, partitions: 2, replicas: 1) {
            $0.preferenceLists = ["db_0": ["a"], "db_1": ["a"]]
        }
        for partition in ["db_0", "db_1"] { world.set("a", "db", partition, "MASTER") }
        world.post("a", "db", ["db_0", "db_1"], from: "OFFLINE", to: "SLAVE")
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages.count == 1)
    }

    @Test("Nothing is deleted while its resource is frozen")
    func staleFrozen() {
        var world = makeWorld()
        world.post("b", "db", ["db_0"], from: "OFFLINE", to: "MASTER")
        world.snapshot.setPaused(true)
        world.passWithoutSending()
        world.snapshot.setResourceConfig("db", .unreadable(.corrupt))
        world.snapshot.setPaused(false)
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages.isEmpty)
        world.snapshot.setResourceConfig("db", .absent)
        world.passWithoutSending()
        #expect(world.decision.obsoleteMessages.count == 1)
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

    // MARK: Asking again

    @Test("What vanishes without effect is asked for again, at growing intervals")
    func retry() {
        var world = World()
        world.addInstances(["a"])
        world.addList("db", ["a"])
        var times: [Int64] = []
        while times.count < 12 {
            if !world.pass().isEmpty {
                times.append(world.snapshot.time)
                world.snapshot.removeMessage("a", id: world.pending[0].id)
                continue
            }
            guard case .retryLater(let attempts, let at)? = world.reason("db", "db_0", "a") else {
                Issue.record("nothing is asked for, and nobody says why")
                return
            }
            #expect(attempts == times.count)
            #expect(world.decision.nextDeadline == at)
            world.snapshot.time = at
        }
        let pauses = zip(times, times.dropFirst()).map { $1 - $0 }
        #expect(pauses == [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000])
        #expect(world.problems("db").contains { $0.contains("a was asked") })
        world.pass()
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "MASTER"])
        #expect(world.problems("db").isEmpty)
    }

    @Test("What could not be sent is asked for again though nothing happens")
    func failedSend() {
        var world = World()
        world.addInstances(["a"])
        world.addList("db", ["a"])
        #expect(world.passWithoutSending().count == 1)
        #expect(world.decision.nextDeadline == 100)
        world.snapshot.time = 100
        #expect(world.passWithoutSending().count == 1)
        #expect(world.decision.nextDeadline == 300)
    }

    @Test("While a message is under way nothing is due")
    func nothingDue() {
        var world = World()
        world.addInstances(["a"])
        world.addList("db", ["a"])
        world.pass()
        world.pass()
        #expect(world.decision.nextDeadline == nil)
        world.snapshot.time += 1_000_000
        #expect(world.pass().isEmpty)
        #expect(world.decision.nextDeadline == nil)
    }

    @Test("A new session has not been asked for anything")
    func newSession() {
        var world = World()
        world.addInstances(["a"])
        world.addList("db", ["a"])
        #expect(world.pass().count == 1)
        world.kill("a")
        world.start("a")
        #expect(world.pass().count == 1)
    }

    @Test("A clock that is set back delays nothing")
    func clockSetBack() {
        var world = World()
        world.snapshot.time = 1_000_000_000
        world.addInstances(["a"])
        world.addList("db", ["a"])
        world.pass()
        world.snapshot.removeMessage("a", id: world.pending[0].id)
        world.snapshot.time = 5
        #expect(world.pass().count == 1)
    }

    @Test(
        "An instance that does not want the top state is passed over after some seconds, and nobody is deposed for it")
    func reluctant() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", ["a", "b"])
        for name in ["a", "b"] { world.set(name, "db", "db_0", "SLAVE") }
        for _ in 0..<100 where world.map("db", "db_0")["b"] != "MASTER" {
            world.pass()
            for (instance, id) in world.pending {
                if instance == "a" {
                    world.snapshot.removeMessage(instance, id: id)
                } else {
                    world.complete(instance, id)
                }
            }
            world.snapshot.time = max(world.snapshot.time, world.decision.nextDeadline ?? 0)
        }
        #expect(world.map("db", "db_0") == ["a": "SLAVE", "b": "MASTER"])
        #expect(world.snapshot.time < 10_000)
        world.snapshot.time += 1_000_000
        world.snapshot.changes.isEverything = true
        #expect(world.pass().isEmpty)
        // A new session is another chance.
        world.kill("a")
        world.start("a")
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "MASTER", "b": "SLAVE"])
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
