import HelixRecords
import StateModels
import Testing

@testable import HelixParticipant

@Suite("Replicas that an operator puts into ERROR")
struct SetToErrorTests {
    @Test("what runs is cancelled, then the handler is called from the state that this led to")
    func running() {
        var stand = TableStand()
        stand.bring("a", to: "SLAVE")
        stand.accept("m1", "a", from: "SLAVE", to: "MASTER")
        stand.accept("e1", "a", from: "*", to: "ERROR")
        #expect(stand.cancelled.count == 1)
        stand.finish("a", .cancelled)
        #expect(stand.started == ["a SLAVE-MASTER", "a SLAVE-ERROR"])
        #expect(stand.closed == ["m1"])
        stand.finish("a")
        #expect(stand.state("a") == "ERROR")
        #expect(stand.closed == ["m1", "e1"])
        guard case .set(let report)? = stand.outcomes.last?.change else {
            Issue.record("\(stand.outcomes)")
            return
        }
        #expect(report.info == "set to ERROR by controller")
        #expect(report.previousState == "SLAVE")
    }

    @Test(
        "whatever comes of the cancelled transition, both messages are done with",
        arguments: [
            (TransitionResult.completed, ["a SLAVE-MASTER", "a MASTER-ERROR"]),
            (.rolledBack, ["a SLAVE-MASTER", "a SLAVE-ERROR"]), (.failed("x"), ["a SLAVE-MASTER"]),
        ])
    func cancelled(_ result: TransitionResult, _ started: [String]) {
        var stand = TableStand()
        stand.bring("a", to: "SLAVE")
        stand.accept("m1", "a", from: "SLAVE", to: "MASTER")
        stand.accept("e1", "a", from: "*", to: "ERROR")
        stand.finish("a", result)
        #expect(stand.started == started)
        if started.count > 1 { stand.finish("a") }
        #expect(stand.state("a") == "ERROR")
        #expect(Set(stand.closed) == ["m1", "e1"])
        #expect(stand.table.pendingCount == 0)
        #expect(stand.table.topCount == 0)
    }

    @Test("a replica that is dropped all the same is gone, and the order with it")
    func dropped() {
        var stand = TableStand()
        stand.bring("a", to: "SLAVE", "OFFLINE")
        stand.accept("m1", "a", from: "OFFLINE", to: "DROPPED")
        stand.accept("e1", "a", from: "*", to: "ERROR")
        stand.finish("a")
        #expect(stand.state("a") == nil)
        #expect(Set(stand.closed) == ["m1", "e1"])
        #expect(stand.table.pendingCount == 0)
    }

    @Test("it waits for no place, and takes the turn of what waits")
    func waiting() {
        var stand = TableStand(limit: 1)
        stand.bring("a", to: "SLAVE")
        stand.accept("busy", "b", from: "OFFLINE", to: "SLAVE")
        stand.accept("m1", "a", from: "SLAVE", to: "MASTER")
        stand.accept("e1", "a", from: "*", to: "ERROR")
        #expect(stand.started == ["b OFFLINE-SLAVE", "a SLAVE-ERROR"])
        #expect(stand.closed == ["m1"])
        stand.finish("a")
        stand.finish("b")
        #expect(stand.state("a") == "ERROR")
        #expect(stand.started.count == 2)
    }

    @Test("what makes no sense is done with and changes nothing")
    func refused() {
        var stand = TableStand()
        stand.bring("a", to: "SLAVE")
        stand.accept("e1", "a", from: "*", to: "ERROR")
        stand.accept("e2", "a", from: "*", to: "ERROR")
        #expect(stand.closed == ["e2"], "it is on its way there")
        stand.finish("a")
        stand.accept("e3", "a", from: "*", to: "ERROR")
        #expect(stand.closed.contains("e3"), "it is there")
        #expect(stand.started == ["a SLAVE-ERROR"])
    }

    @Test("a handler that hangs is in ERROR when its time is over, without another call")
    func hanging() {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE")
        stand.accept("e1", "a", from: "*", to: "ERROR")
        stand.perform(stand.table.timedOut(stand.calls["a"]!, start: 1, now: 2))
        #expect(stand.state("a") == "ERROR")
        #expect(Set(stand.closed) == ["m1", "e1"])
        #expect(stand.table.waitingCount == 0)
    }

    @Test("while the session is uncertain it waits")
    func suspended() {
        var stand = TableStand()
        stand.bring("a", to: "SLAVE")
        stand.perform(stand.table.suspend())
        stand.accept("e1", "a", from: "*", to: "ERROR")
        #expect(stand.started.isEmpty)
        stand.perform(stand.table.resume())
        #expect(stand.started == ["a SLAVE-ERROR"])
    }
}
