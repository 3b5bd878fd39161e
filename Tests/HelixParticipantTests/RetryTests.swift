import HelixRecords
import StateModels
import Testing

@testable import HelixParticipant

@Suite("Transitions that are tried again")
struct RetryTests {
    func notes(_ stand: TableStand) -> [String] {
        stand.outcomes.compactMap {
            switch $0.change {
            case .note(let detail, _): detail
            case .set(let report): "\(report.state): \(report.info)"
            default: nil
            }
        }
    }

    let retry = TransitionResult.unfinished(TransitionRetry(after: .seconds(1), reason: "no leader yet"))

    @Test(
        "a handler that asks for it is called again after a pause, as often as the message allows, then it is in ERROR")
    func asked() {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE", retries: 2)
        for number in 1...2 {
            stand.finish("a", retry)
            #expect(stand.started.count == number)
            #expect(stand.pauses.map(\.delay) == Array(repeating: .seconds(1), count: number))
            let pause = stand.pauses[number - 1]
            stand.perform(stand.table.endPause(of: pause.key, number: pause.number + 7))
            #expect(stand.started.count == number, "another pause")
            stand.perform(stand.table.endPause(of: pause.key, number: pause.number))
            #expect(stand.started.count == number + 1)
        }
        #expect(stand.calls["a"].flatMap { if case .transition(let step) = $0.work { step.attempt } else { nil } } == 3)
        #expect(stand.closed.isEmpty, "the message stays until the end")
        stand.finish("a", retry)
        #expect(
            notes(stand) == [
                "attempt 2 of 3: no leader yet", "attempt 3 of 3: no leader yet",
                "ERROR: no leader yet; attempt 3 of 3",
            ])
        #expect(stand.closed == ["m1"])
        #expect(stand.table.pendingCount == 0)
    }

    @Test("an attempt that succeeds is the end of it")
    func success() {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE", retries: 3)
        stand.finish("a", .unfinished(TransitionRetry(after: .zero, reason: "x")))
        #expect(stand.started.count == 2, "without a pause at once")
        stand.finish("a")
        #expect(stand.state("a") == "SLAVE")
        #expect(notes(stand).last == "SLAVE: ")
        #expect(stand.closed == ["m1"])
    }

    @Test("any other error is the end at once", arguments: [TransitionResult.failed("x"), .cancelled])
    func failure(_ result: TransitionResult) {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE", retries: 3)
        stand.finish("a", result)
        #expect(stand.state("a") == "ERROR")
        #expect(stand.started.count == 1)
    }

    @Test("a message that allows no further attempt is an error at the first", arguments: [nil, 0, -1])
    func noRetries(_ retries: Int?) {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE", retries: retries)
        stand.finish("a", retry)
        #expect(notes(stand) == ["ERROR: no leader yet"])
    }

    @Test(
        "a transition that took too long is cancelled and made again; one that was done all the same is done",
        arguments: [
            (TransitionResult.cancelled, "OFFLINE"), (.rolledBack, "OFFLINE"), (.failed("cancelled"), "OFFLINE"),
            (.completed, "SLAVE"),
        ])
    func timeout(_ result: TransitionResult, _ state: String) {
        var stand = TableStand(limit: 1)
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE", retries: 1)
        let job = stand.calls["a"]!
        stand.perform(stand.table.timedOut(job, start: 1, now: 2))
        #expect(stand.cancelled == [job.id])
        #expect(stand.table.counts(job), "it has as long again to come to its end")
        stand.finish("a", result)
        #expect(stand.state("a") == state)
        #expect(stand.started.count == (state == "SLAVE" ? 1 : 2))
        guard let second = stand.calls["a"] else { return }
        stand.perform(stand.table.timedOut(second, start: 1, now: 2))
        #expect(stand.state("a") == "ERROR")
        #expect(stand.closed == ["m1"])
        #expect(!stand.table.counts(second))
    }

    @Test("a handler that does not return when it is cancelled has failed")
    func stubborn() {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE", retries: 3)
        let job = stand.calls["a"]!
        stand.perform(stand.table.timedOut(job, start: 1, now: 2))
        stand.perform(stand.table.timedOut(job, start: 1, now: 2))
        #expect(stand.state("a") == "ERROR")
        stand.finish("a", .cancelled)
        #expect(stand.started.last == "a reset")
    }

    @Test("a transition that is called off is not made again, whether it runs or pauses")
    func calledOff() {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE", retries: 3)
        stand.cancel("c1", "a", from: "OFFLINE", to: "SLAVE")
        stand.finish("a", retry)
        #expect(stand.state("a") == "OFFLINE")
        #expect(Set(stand.closed) == ["m1", "c1"])
        stand.accept("m2", "b", from: "OFFLINE", to: "SLAVE", retries: 3)
        stand.finish("b", retry)
        stand.cancel("c2", "b", from: "OFFLINE", to: "SLAVE")
        #expect(Set(stand.closed) == ["m1", "c1", "m2", "c2"])
        let pause = stand.pauses[0]
        stand.perform(stand.table.endPause(of: pause.key, number: pause.number))
        #expect(stand.started.count == 2)
        #expect(stand.table.pendingCount == 0)
    }

    @Test("neither a failure that the user's code declares nor the end of the session leads to another attempt")
    func otherEnds() {
        var stand = TableStand()
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE", retries: 3)
        stand.perform(stand.table.timedOut(stand.calls["a"]!, start: 1, now: 2))
        stand.perform(
            stand.table.declareFailure(of: ReplicaKey(resource: "db", partition: "a"), reason: "disk", now: 1))
        stand.finish("a", .cancelled)
        #expect(notes(stand) == ["ERROR: disk"])
        stand.accept("m2", "b", from: "OFFLINE", to: "SLAVE", retries: 3)
        stand.finish("b", retry)
        stand.perform(stand.table.endSession())
        stand.finish("a")
        let pause = stand.pauses[0]
        stand.perform(stand.table.endPause(of: pause.key, number: pause.number))
        #expect(!stand.started.contains("b reset"), "\(stand.started)")
        #expect(stand.table.pendingCount == 0)
    }

    @Test("while a replica pauses others take its place")
    func pausing() {
        var stand = TableStand(limit: 1)
        stand.accept("m1", "a", from: "OFFLINE", to: "SLAVE", retries: 3)
        stand.accept("m2", "b", from: "OFFLINE", to: "SLAVE")
        stand.finish("a", retry)
        #expect(stand.started == ["a OFFLINE-SLAVE", "b OFFLINE-SLAVE"])
        let pause = stand.pauses[0]
        stand.perform(stand.table.endPause(of: pause.key, number: pause.number))
        #expect(stand.started.count == 2)
        stand.finish("b")
        #expect(stand.started.last == "a OFFLINE-SLAVE")
    }
}
