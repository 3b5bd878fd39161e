import HelixRecords
import MessageQueue
import StateModels
import Testing

@testable import HelixParticipant

@Suite("The table of replicas")
struct ReplicaTableTests {
    @Test("a transition starts, and its outcome goes with its message")
    func transition() {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE")
        #expect(stand.started == ["a OFFLINE-SLAVE"])
        #expect(stand.closed == [])
        stand.finish("a")
        #expect(stand.state("a") == "SLAVE")
        let report = StateReport(
            state: "SLAVE", startTime: 100, endTime: 200, previousState: "OFFLINE", triggeredBy: "controller")
        #expect(stand.outcomes.map(\.change) == [.set(report)])
        #expect(stand.closed == ["m1"])
        #expect(stand.table.openMessages.isEmpty)
    }

    @Test("a refused message is done with at once, and leaves no replica behind")
    func refusal() {
        var stand = TableStand()
        stand.accept("m1", "a", from: "SLAVE", to: "MASTER")
        #expect(stand.outcomes.map(\.change) == [.correct(state: "OFFLINE")])
        #expect(stand.closed == ["m1"])
        #expect(stand.table.entries.isEmpty)
    }

    @Test("the same message twice is taken once")
    func redelivery() {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE", token: 5)
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE", token: 5)
        #expect(stand.started.count == 1)
        #expect(stand.closed == [])
        stand.finish("a")
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE", token: 5)
        #expect(stand.started.count == 1)
        #expect(stand.discarded == ["m1"], "it was executed before")
    }

    @Test("a message older than the last one is not executed, though its states fit")
    func overtaken() {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE", token: 10)
        stand.finish("a")
        stand.accept("m2", "a", from: "SLAVE", to: "MASTER", token: 9)
        #expect(stand.started == ["a OFFLINE-SLAVE"])
        #expect(stand.discarded == ["m2"])
    }

    @Test("states are compared in any case, and the message's own spelling is recorded")
    func caseInsensitive() {
        var stand = TableStand()
        stand.accept("m1", "a", from: "offline", to: "SLAVE")
        stand.finish("a")
        #expect(stand.state("a") == "SLAVE")
    }

    @Test(
        "what a handler returns decides the state",
        arguments: [
            (TransitionResult.completed, "SLAVE"), (.rolledBack, "OFFLINE"), (.failed("x"), "ERROR"),
            (.cancelled, "ERROR"),
        ])
    func results(_ result: TransitionResult, _ state: String) {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE")
        stand.finish("a", result)
        #expect(stand.state("a") == state)
        #expect(stand.closed == ["m1"])
        #expect(stand.calls.isEmpty)
    }

    @Test("after a cancellation that was ordered, a cancelled handler is in its former state")
    func orderedCancellation() {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE")
        stand.cancel("c1", "a", from: "OFFLINE", to: "SLAVE")
        #expect(stand.cancelled == [stand.calls["a"]!.id])
        #expect(stand.closed == [], "both go when the handler has returned")
        stand.finish("a", .cancelled)
        #expect(stand.state("a") == "OFFLINE")
        #expect(stand.outcomes.map(\.change) == [.none])
        #expect(stand.closed == ["m1", "c1"])
    }

    @Test("a cancellation of other states, or of no transition, is done with at once")
    func otherCancellation() {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE")
        stand.cancel("c1", "a", from: "OFFLINE", to: "DROPPED")
        stand.cancel("c2", "b", from: "OFFLINE", to: "SLAVE")
        #expect(stand.closed == ["c1", "c2"])
        #expect(stand.cancelled.isEmpty)
    }

    @Test("a batch is done when its last partition is")
    func batch() {
        var stand = TableStand()
        stand.bring("up", to: "SLAVE")
        stand.accept("m1", "a", "up", "b", "a", from: "OFFLINE", to: "SLAVE")
        #expect(stand.started == ["a OFFLINE-SLAVE", "b OFFLINE-SLAVE"], "twice the same partition is once too often")
        stand.finish("b", .failed("x"))
        #expect(stand.closed == [])
        stand.finish("a")
        #expect(stand.closed == ["m1"])
    }

    @Test("a batch of which nothing can be done is done with at once")
    func uselessBatch() {
        var stand = TableStand()
        stand.accept("m1", "a", "b", from: "SLAVE", to: "MASTER")
        #expect(stand.closed == ["m1"])
        #expect(stand.table.openMessages.isEmpty)
    }

    @Test("a waiting part of a batch can be cancelled, and the rest goes on")
    func cancelPartOfBatch() {
        var stand = TableStand(limit: 1)
        stand.accept("m1", "a", "b", from: "OFFLINE", to: "SLAVE")
        #expect(stand.started == ["a OFFLINE-SLAVE"])
        stand.cancel("c1", "b", from: "OFFLINE", to: "SLAVE")
        #expect(stand.closed == ["c1"])
        stand.finish("a")
        #expect(stand.closed == ["c1", "m1"])
        #expect(stand.started == ["a OFFLINE-SLAVE"])
    }

    @Test("places are given in the order of the messages, and given back by every kind of end")
    func places() {
        var stand = TableStand(limit: 2)
        for partition in ["d", "a", "c", "b", "e"] { stand.accept(partition, partition, from: "OFFLINE", to: "SLAVE") }
        #expect(stand.started.map { $0.prefix(1) } == ["d", "a"])
        stand.finish("a", .failed("x"))
        #expect(stand.started.map { $0.prefix(1) } == ["d", "a", "c"])
        stand.finish("d", .rolledBack)
        stand.perform(stand.table.timedOut(stand.calls["c"]!, start: 1, now: 2))
        #expect(stand.started.map { $0.prefix(1) } == ["d", "a", "c", "b", "e"])
    }

    @Test("what waits begins in the order of the model's transitions")
    func urgency() {
        var stand = TableStand(limit: 1)
        stand.bring("m", to: "SLAVE", "MASTER")
        stand.bring("s", to: "SLAVE")
        stand.bring("o", to: "SLAVE", "OFFLINE")
        stand.accept("busy", "busy", from: "OFFLINE", to: "SLAVE")
        for (partition, from, to) in [
            ("o", "OFFLINE", "DROPPED"), ("n1", "OFFLINE", "SLAVE"), ("s", "SLAVE", "MASTER"),
            ("n2", "OFFLINE", "SLAVE"),
            ("m", "MASTER", "SLAVE"),
        ] {
            stand.accept("to \(partition)", partition, from: from, to: to)
        }
        for partition in ["busy", "m", "s", "n1", "n2"] { stand.finish(partition) }
        #expect(
            stand.started.dropFirst() == [
                "m MASTER-SLAVE", "s SLAVE-MASTER", "n1 OFFLINE-SLAVE", "n2 OFFLINE-SLAVE", "o OFFLINE-DROPPED",
            ])
    }

    @Test("a kind of transition that has a limit of its own neither waits for others nor holds them up")
    func transitionLimit() {
        var stand = TableStand(limit: 1)
        stand.table.setLimits(TransitionLimits(shared: 1, transitions: [Transition("OFFLINE", to: "SLAVE"): 2]))
        stand.bring("s", to: "SLAVE")
        for partition in ["a", "b", "c"] { stand.accept(partition, partition, from: "OFFLINE", to: "SLAVE") }
        #expect(stand.started.map { $0.prefix(1) } == ["a", "b"])
        stand.accept("up", "s", from: "SLAVE", to: "MASTER")
        #expect(stand.started.last == "s SLAVE-MASTER")
        stand.accept("down", "t", "u", from: "OFFLINE", to: "DROPPED")
        stand.finish("b")
        #expect(stand.started.last == "c OFFLINE-SLAVE")
        stand.finish("s")
        #expect(stand.started.last == "t OFFLINE-DROPPED")
    }

    @Test("a limit that grows lets more begin with the next message")
    func limits() {
        var stand = TableStand(limit: 1)
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE")
        stand.accept("m2", "b", from: "OFFLINE", to: "SLAVE")
        stand.table.setLimits(TransitionLimits(shared: 0))
        stand.finish("a")
        #expect(stand.started.count == 2, "one at least always runs")
        stand.table.setLimits(TransitionLimits(shared: 3))
        stand.accept("m3", "c", from: "OFFLINE", to: "SLAVE")
        #expect(stand.started.count == 3)
    }

    @Test("a timeout is recorded once; the handler's late return changes nothing but leads to a reset")
    func timeout() {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE")
        let job = stand.calls["a"]!
        stand.perform(stand.table.timedOut(job, start: 1, now: 2))
        stand.perform(stand.table.timedOut(job, start: 1, now: 2))
        #expect(stand.state("a") == "ERROR")
        #expect(stand.outcomes.count == 1)
        #expect(stand.closed == ["m1"])
        #expect(stand.cancelled == [job.id])
        stand.finish("a")
        #expect(stand.state("a") == "ERROR")
        #expect(stand.outcomes.count == 1)
        #expect(stand.started.last == "a reset")
    }

    @Test("an alarm that rings after the end does nothing")
    func lateAlarm() {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE")
        let job = stand.calls["a"]!
        stand.finish("a")
        stand.perform(stand.table.timedOut(job, start: 1, now: 2))
        #expect(stand.table.markDue(for: job) == nil)
        #expect(stand.state("a") == "SLAVE")
        #expect(stand.outcomes.count == 1)
    }

    @Test("a message is marked once, a batch of several partitions too, and one that is gone not at all")
    func marks() {
        var stand = TableStand()
        stand.accept("m1", "a", "b", from: "OFFLINE", to: "SLAVE")
        stand.accept("m2", "c", from: "OFFLINE", to: "SLAVE")
        stand.table.vanished(["m2"])
        #expect(stand.table.markDue(for: stand.calls["a"]!)?.id == "m1")
        #expect(stand.table.markDue(for: stand.calls["b"]!) == nil)
        #expect(stand.table.markDue(for: stand.calls["c"]!) == nil)
    }

    @Test("a message that somebody deleted is not deleted again; its transition is recorded all the same")
    func vanishedWhileRunning() {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE")
        stand.table.vanished(["m1", "unknown"])
        stand.finish("a")
        #expect(stand.state("a") == "SLAVE")
        #expect(stand.outcomes.count == 1)
        #expect(stand.closed == [])
        #expect(stand.table.openMessages.isEmpty)
    }

    @Test("a waiting transition whose message is gone makes room for the next")
    func vanishedWhileWaiting() {
        var stand = TableStand(limit: 1)
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE")
        stand.accept("m2", "b", from: "OFFLINE", to: "SLAVE")
        stand.table.vanished(["m2"])
        stand.accept("m3", "b", from: "OFFLINE", to: "DROPPED")
        stand.finish("a")
        #expect(stand.started == ["a OFFLINE-SLAVE", "b OFFLINE-DROPPED"])
        #expect(stand.table.waitingCount == 0)
    }

    @Test("a replica of a resource that has another model now gets a new handler")
    func otherModel() {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE")
        stand.finish("a", .rolledBack)
        let online = RegisteredModel(
            reference: ModelReference(model: "OnlineOffline"), model: .onlineOffline
        ) { _ in TransitionTable(initialState: "OFFLINE", actions: [:]) }
        let message = stand.received("m2", ["a"], "OFFLINE", "ONLINE")
        stand.perform(stand.table.accept(message, model: online))
        #expect(stand.forgotten == [ReplicaKey(resource: "db", partition: "a")])
        #expect(stand.started.last == "a OFFLINE-ONLINE")
    }

    // MARK: Declared failures

    @Test("a transition that still waits is not made once its replica was declared to have failed")
    func failureWhileWaiting() {
        var stand = TableStand(limit: 1)
        stand.bring("a", to: "SLAVE")
        stand.accept("busy", "b", from: "OFFLINE", to: "SLAVE")
        stand.accept("m1", "a", from: "SLAVE", to: "MASTER")
        let key = ReplicaKey(resource: "db", partition: "a")
        stand.perform(stand.table.declareFailure(of: key, reason: "disk", now: 1))
        #expect(stand.closed == ["m1"], "its message goes with the failure")
        stand.finish("b")
        #expect(stand.started == ["b OFFLINE-SLAVE"])
        #expect(stand.state("a") == "ERROR")
        #expect(stand.table.pendingCount == 0)
    }

    @Test("a replica that is declared to have failed is in ERROR; a running transition is cancelled first")
    func declaredFailure() {
        var stand = TableStand()
        let key = ReplicaKey(resource: "db", partition: "a")
        stand.perform(stand.table.declareFailure(of: key, reason: "disk", now: 1))
        #expect(stand.outcomes.isEmpty, "there is no such replica")
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE")
        stand.perform(stand.table.declareFailure(of: key, reason: "disk", now: 1))
        #expect(stand.cancelled.count == 1)
        #expect(stand.outcomes.isEmpty)
        stand.finish("a")
        #expect(stand.state("a") == "ERROR")
        guard case .set(let report) = stand.outcomes[0].change else {
            Issue.record("\(stand.outcomes)")
            return
        }
        #expect(report.info == "disk")
        stand.perform(stand.table.declareFailure(of: key, reason: "again", now: 1))
        #expect(stand.outcomes.count == 1, "it is in ERROR already")
    }

    // MARK: Suspension

    @Test("only top states are told of an uncertain session, once, and nothing begins meanwhile")
    func suspension() {
        var stand = TableStand()
        stand.bring("a", to: "SLAVE", "MASTER")
        stand.bring("b", to: "SLAVE")
        stand.perform(stand.table.suspend())
        stand.perform(stand.table.suspend())
        #expect(stand.started == ["a suspend"])
        stand.accept("m1", "b", from: "SLAVE", to: "OFFLINE")
        stand.accept("m2", "a", from: "MASTER", to: "SLAVE")
        stand.finish("a")
        #expect(stand.started == ["a suspend"])
        stand.perform(stand.table.resume())
        #expect(stand.started == ["a suspend", "a resume", "b SLAVE-OFFLINE"])
        stand.finish("a")
        #expect(stand.started.last == "a MASTER-SLAVE")
    }

    @Test("a session that is certain again before the replica was told leads to both calls in order")
    func shortSuspension() {
        var stand = TableStand()
        stand.bring("a", to: "SLAVE", "MASTER")
        stand.perform(stand.table.suspend())
        stand.perform(stand.table.resume())
        #expect(stand.started == ["a suspend"])
        stand.finish("a")
        #expect(stand.started == ["a suspend", "a resume"])
        stand.perform(stand.table.suspend())
        stand.finish("a")
        #expect(stand.started == ["a suspend", "a resume", "a suspend"])
    }

    @Test("a promotion is cancelled, unless any number of replicas may be in the top state")
    func suspensionOnTheWayUp() {
        var exclusive = TableStand()
        exclusive.bring("a", to: "SLAVE")
        exclusive.accept("m1", "a", from: "SLAVE", to: "MASTER")
        exclusive.perform(exclusive.table.suspend())
        #expect(exclusive.cancelled.count == 1)
        exclusive.finish("a", .cancelled)
        #expect(exclusive.state("a") == "SLAVE")
        var shared = TableStand(model: .onlineOffline)
        shared.accept("m1", "a", from: "OFFLINE", to: "ONLINE")
        shared.perform(shared.table.suspend())
        #expect(shared.cancelled.isEmpty)
        shared.finish("a")
        #expect(shared.started == ["a OFFLINE-ONLINE", "a suspend"])
    }

    @Test("a replica on its way down is left alone; one that stays in the top state after all is told")
    func suspensionOnTheWayDown() {
        var stand = TableStand()
        stand.bring("a", to: "SLAVE", "MASTER")
        stand.accept("m1", "a", from: "MASTER", to: "SLAVE")
        stand.perform(stand.table.suspend())
        #expect(stand.cancelled.isEmpty)
        stand.finish("a", .rolledBack)
        #expect(stand.started.last == "a suspend")
    }

    @Test("a replica that was told and then left the top state is not told of the end")
    func toldThenDown() {
        var stand = TableStand()
        stand.bring("a", to: "SLAVE", "MASTER")
        stand.perform(stand.table.suspend())
        let key = ReplicaKey(resource: "db", partition: "a")
        stand.perform(stand.table.declareFailure(of: key, reason: "x", now: 1))
        stand.finish("a")
        stand.perform(stand.table.resume())
        #expect(stand.started == ["a suspend"])
    }

    // MARK: The end of a session

    @Test("at the end of a session all that is not in the initial state is reset, and what runs is cancelled")
    func endOfSession() {
        var stand = TableStand(limit: 1)
        stand.bring("master", to: "SLAVE", "MASTER")
        stand.bring("slave", to: "SLAVE")
        stand.accept("m0", "fresh", from: "OFFLINE", to: "SLAVE")
        stand.finish("fresh", .rolledBack)
        stand.accept("m1", "running", from: "OFFLINE", to: "SLAVE")
        stand.accept("m2", "waiting", from: "OFFLINE", to: "SLAVE")
        stand.clearRecord()
        stand.perform(stand.table.endSession())
        #expect(stand.started == ["master reset", "slave reset"])
        #expect(stand.cancelled == [stand.calls["running"]!.id])
        stand.finish("running")
        #expect(stand.started == ["master reset", "slave reset", "running reset"])
        #expect(stand.outcomes.isEmpty)
        #expect(stand.closed.isEmpty)
        for partition in ["master", "slave", "fresh", "running", "waiting"] {
            #expect(stand.state(partition) == "OFFLINE")
        }
        for partition in ["master", "slave", "running"] { stand.finish(partition) }
        #expect(stand.table.pendingCount == 0)
        #expect(stand.table.topCount == 0)
    }

    @Test("a message that was fetched before the session ended is not executed after it")
    func lateMessage() {
        var stand = TableStand()
        stand.perform(stand.table.endSession())
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE")
        stand.cancel("c1", "a", from: "OFFLINE", to: "SLAVE")
        #expect(stand.started == [])
        #expect(stand.closed == [])
        #expect(stand.table.entries.isEmpty)
    }

    @Test("a new session forgets replicas that nobody knows of any more, and keeps the others' handlers")
    func newSession() {
        var stand = TableStand()
        stand.bring("known", to: "SLAVE")
        stand.bring("unknown", to: "SLAVE")
        stand.perform(stand.table.endSession())
        stand.finish("known")
        stand.finish("unknown")
        let known = ReplicaKey(resource: "db", partition: "known")
        stand.perform(stand.table.beginSession(limits: TransitionLimits(), recorded: [known]))
        #expect(stand.forgotten.map(\.partition) == ["unknown"])
        #expect(stand.state("known") == "OFFLINE")
    }

    @Test("a second end of session during a reset leads to no second reset, unless something was done between")
    func twoEnds() {
        var stand = TableStand()
        stand.bring("a", to: "SLAVE")
        stand.perform(stand.table.endSession())
        stand.perform(stand.table.endSession())
        stand.finish("a")
        #expect(stand.started == ["a reset"])
    }

    @Test("while frozen the end of a session changes nothing, and the states are told again afterwards")
    func frozen() {
        var stand = TableStand()
        stand.bring("a", to: "SLAVE", "MASTER")
        #expect(stand.table.takeRestatement() == nil)
        stand.table.setFrozen(true)
        stand.perform(stand.table.endSession())
        stand.perform(stand.table.beginSession(limits: TransitionLimits(), recorded: []))
        #expect(stand.started == [])
        #expect(stand.state("a") == "MASTER")
        #expect(stand.table.takeRestatement() == nil)
        stand.table.setFrozen(false)
        #expect(stand.table.takeRestatement() == [ReplicaKey(resource: "db", partition: "a"): "MASTER"])
        #expect(stand.table.takeRestatement() == nil)
    }

    // MARK: Leaving

    @Test("leaving brings the masters down first, then all the others, and says when it is done")
    func handover() {
        var stand = TableStand()
        stand.bring("m", to: "SLAVE", "MASTER")
        stand.bring("s", to: "SLAVE")
        stand.bring("o", to: "SLAVE", "OFFLINE")
        stand.perform(stand.table.beginHandover())
        #expect(stand.started == ["m MASTER-SLAVE"])
        stand.finish("m")
        #expect(stand.started == ["m MASTER-SLAVE", "m SLAVE-OFFLINE", "s SLAVE-OFFLINE"])
        stand.finish("s")
        #expect(stand.handedOverCount == 0)
        stand.finish("m")
        #expect(stand.handedOverCount == 1)
        #expect(stand.outcomes.isEmpty)
        #expect(stand.state("m") == "OFFLINE")
    }

    @Test("leaving with nothing to bring down is done at once")
    func emptyHandover() {
        var stand = TableStand()
        stand.perform(stand.table.beginHandover())
        #expect(stand.handedOverCount == 1)
        stand.perform(stand.table.beginHandover())
        #expect(stand.handedOverCount == 1)
    }

    @Test("leaving takes no more messages, drops what waits and cancels what runs")
    func handoverDuringWork() {
        var stand = TableStand(limit: 1)
        stand.bring("a", to: "SLAVE")
        stand.accept("m1", "a", from: "SLAVE", to: "MASTER")
        stand.accept("m2", "b", from: "OFFLINE", to: "SLAVE")
        stand.perform(stand.table.beginHandover())
        #expect(stand.cancelled.count == 1)
        stand.accept("m3", "c", from: "OFFLINE", to: "SLAVE")
        #expect(stand.state("c") == nil)
        stand.finish("a")  // it was done all the same
        #expect(stand.started == ["a SLAVE-MASTER", "a MASTER-SLAVE"])
        stand.finish("a")
        stand.finish("a")
        #expect(stand.handedOverCount == 1)
        #expect(stand.closed == ["m1"])
    }

    @Test(
        "a step down that fails is not tried again", arguments: [TransitionResult.failed("x"), .rolledBack, .cancelled])
    func failedStepDown(_ result: TransitionResult) {
        var stand = TableStand()
        stand.bring("a", to: "SLAVE", "MASTER")
        stand.perform(stand.table.beginHandover())
        stand.finish("a", result)
        #expect(stand.handedOverCount == 1)
        #expect(stand.outcomes.isEmpty)
    }

    @Test("an uncertain session does not hold up the leaving")
    func handoverWhileSuspended() {
        var stand = TableStand()
        stand.bring("a", to: "SLAVE", "MASTER")
        stand.perform(stand.table.suspend())
        stand.finish("a")
        stand.perform(stand.table.beginHandover())
        stand.finish("a")
        stand.finish("a")
        #expect(stand.started == ["a suspend", "a MASTER-SLAVE", "a SLAVE-OFFLINE"])
        #expect(stand.handedOverCount == 1)
    }
}
