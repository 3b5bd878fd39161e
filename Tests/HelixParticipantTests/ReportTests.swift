import HelixRecords
import StateModels
import Testing

@testable import HelixParticipant

@Suite("What replicas say of themselves")
struct ReportTests {
    /// A replica of a container that runs, exits, and may come back by itself.
    static func container() throws -> StateModel {
        try StateModel("Container", initial: "OFFLINE") {
            State("RUNNING", atMost: .replicas)
            State("EXITED")
            State("OFFLINE")
            State("DROPPED")
            Transition("OFFLINE", to: "RUNNING")
            Transition("RUNNING", to: "EXITED")
            Transition("EXITED", to: "RUNNING")
            Transition("RUNNING", to: "OFFLINE")
            Transition("EXITED", to: "OFFLINE")
            Transition("OFFLINE", to: "DROPPED")
        }
    }

    let key = ReplicaKey(resource: "db", partition: "a")

    func running() throws -> TableStand {
        var stand = TableStand(limit: 1, model: try Self.container())
        stand.bring("a", to: "RUNNING")
        return stand
    }

    @Test("a container that exits has exited, and runs again when it has come back")
    func exitAndReturn() throws {
        var stand = try running()
        try stand.report("a", "RUNNING", "EXITED", "exit code 137")
        #expect(stand.state("a") == "EXITED")
        try stand.report("a", "EXITED", "RUNNING")
        #expect(stand.state("a") == "RUNNING")
        let exit = StateReport(
            state: "EXITED", info: "exit code 137", startTime: 5, endTime: 5, previousState: "RUNNING", triggeredBy: "")
        let back = StateReport(
            state: "RUNNING", startTime: 5, endTime: 5, previousState: "EXITED", triggeredBy: "")
        #expect(stand.outcomes.map(\.change) == [.set(exit), .set(back)])
        #expect(stand.started.isEmpty, "the handler said so: it is not called")
    }

    @Test(
        "a change that cannot be, or is not for the replica to say, is refused and changes nothing",
        arguments: [
            ("RUNNING", "GONE", ReportError.Code.unknownState, "RUNNING, EXITED, OFFLINE"),
            ("GONE", "RUNNING", .unknownState, "GONE"),
            ("EXITED", "RUNNING", .otherState, "it is RUNNING, expected EXITED"),
            ("RUNNING", "DROPPED", .notByItself, "only the controller drops"),
            ("RUNNING", "RUNNING", .notByItself, "no change"),
            ("ERROR", "RUNNING", .notByItself, "an operator"),
        ])
    func refusals(_ from: String, _ to: String, _ code: ReportError.Code, _ text: String) throws {
        var stand = try running()
        let error = #expect(throws: ReportError.self) { try stand.report("a", from, to) }
        #expect(error?.code == code)
        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
        #expect(stand.state("a") == "RUNNING")
        #expect(stand.outcomes.isEmpty)
    }

    @Test("nobody comes by himself into a state that only so many replicas may have")
    func exclusiveState() throws {
        var stand = TableStand()
        stand.bring("a", to: "SLAVE")
        let error = #expect(throws: ReportError.self) { try stand.report("a", "SLAVE", "MASTER") }
        #expect(error?.code == .notByItself)
        #expect(error?.reason.contains("no more than 1") == true)
        stand.bring("b", to: "SLAVE", "MASTER")
        try stand.report("b", "MASTER", "SLAVE")
        #expect(stand.table.topCount == 0)
    }

    @Test("a replica that was dropped has nothing to say")
    func dropped() throws {
        var stand = try running()
        let error = #expect(throws: ReportError.self) { try stand.report("b", "RUNNING", "EXITED") }
        #expect(error?.code == .unknownReplica)
        stand.perform(stand.table.report(detail: "x", of: ReplicaKey(resource: "db", partition: "b")))
        #expect(stand.outcomes.isEmpty)
    }

    @Test(
        "what happens during a transition is decided by where that ends",
        arguments: [
            ("RUNNING", "OFFLINE", TransitionResult.completed, "OFFLINE"),
            ("RUNNING", "OFFLINE", .rolledBack, "EXITED"),
            ("RUNNING", "OFFLINE", .failed("x"), "ERROR"),
            ("EXITED", "RUNNING", .completed, "EXITED"),
        ])
    func duringTransition(_ from: String, _ to: String, _ result: TransitionResult, _ state: String) throws {
        var stand = try running()
        if from == "EXITED" { try stand.report("a", "RUNNING", "EXITED") }
        stand.clearRecord()
        stand.accept("m1", "a", from: from, to: to)
        try stand.report("a", "RUNNING", "EXITED")
        #expect(stand.outcomes.isEmpty)
        stand.finish("a", result)
        #expect(stand.state("a") == state)
        #expect(stand.closed == ["m1"])
        #expect(stand.table.entries[key]?.postponed.isEmpty == true)
    }

    @Test("of several changes during a transition those count that follow from where it ends, in their order")
    func severalDuringTransition() throws {
        var stand = TableStand(model: try Self.container())
        stand.accept("m1", "a", from: "OFFLINE", to: "RUNNING")
        for _ in 0..<3 {
            try stand.report("a", "RUNNING", "EXITED", "again")
            try stand.report("a", "EXITED", "RUNNING")
        }
        try stand.report("a", "RUNNING", "EXITED", "at last")
        #expect(stand.table.entries[key]?.postponed.count == 2, "what is out of date is forgotten")
        stand.finish("a")
        #expect(stand.state("a") == "EXITED")
    }

    @Test("a transition that waits is not made once its replica is elsewhere, and its sender is told")
    func waitingTransition() throws {
        var stand = try running()
        stand.accept("busy", "b", from: "OFFLINE", to: "RUNNING")
        stand.accept("m1", "a", from: "RUNNING", to: "OFFLINE", correlation: "c1")
        try stand.report("a", "RUNNING", "EXITED")
        #expect(stand.closed == ["m1"])
        let answer = try #require(stand.outcomes.last?.relays)
        #expect(answer.messageResult["SUCCESS"] == "false")
        #expect(answer.messageResult["ERRORINFO"] == "the replica is EXITED, not RUNNING")
        stand.finish("b")
        #expect(stand.state("a") == "EXITED")
        #expect(stand.started == ["b OFFLINE-RUNNING"])
        #expect(stand.table.pendingCount == 0)
    }

    // MARK: Details

    func details(_ stand: TableStand) -> [String] {
        stand.outcomes.compactMap {
            switch $0.change {
            case .note(let detail, _): detail
            case .set(let report): "\(report.state): \(report.info)"
            default: nil
            }
        }
    }

    @Test("the last detail of a transition stands at its end; one without details leaves none")
    func details() throws {
        var stand = TableStand(model: try Self.container())
        stand.accept("m1", "a", from: "OFFLINE", to: "RUNNING")
        stand.perform(stand.table.report(detail: "pulling", of: key))
        stand.perform(stand.table.report(detail: "listens on 8081", of: key))
        stand.finish("a")
        stand.accept("m2", "a", from: "RUNNING", to: "OFFLINE")
        stand.finish("a")
        #expect(details(stand) == ["pulling", "listens on 8081", "RUNNING: listens on 8081", "OFFLINE: "])
    }

    @Test("what was said of a transition that was not made is withdrawn")
    func withdrawnDetail() throws {
        var stand = TableStand(model: try Self.container())
        stand.accept("m1", "a", from: "OFFLINE", to: "RUNNING")
        stand.perform(stand.table.report(detail: "pulling", of: key))
        stand.finish("a", .rolledBack)
        #expect(details(stand) == ["pulling", ""])
    }

    @Test("in ERROR the reason stands, until an operator brings the replica out of it")
    func detailInError() throws {
        var stand = try running()
        stand.perform(stand.table.declareFailure(of: key, reason: "disk", now: 1))
        stand.perform(stand.table.report(detail: "all is well", of: key))
        #expect(details(stand) == ["ERROR: disk"])
        stand.accept("m1", "a", from: "ERROR", to: "OFFLINE")
        stand.perform(stand.table.report(detail: "cleaning", of: key))
        #expect(details(stand).last == "cleaning")
    }

    @Test("a text that is too long for a record of many is cut")
    func longDetail() throws {
        var stand = try running()
        let long = String(repeating: "x", count: 10_000)
        stand.perform(stand.table.report(detail: long, of: key))
        try stand.report("a", "RUNNING", "EXITED", long)
        stand.perform(stand.table.declareFailure(of: key, reason: long, now: 1))
        #expect(details(stand).map(\.count) == [512, "EXITED: ".count + 512, "ERROR: ".count + 512])
    }

    // MARK: Sessions

    @Test("what happens between two sessions is told to the next, also after several that never came about")
    func betweenSessions() throws {
        var stand = try running()
        stand.perform(stand.table.endSession())
        stand.finish("a")
        stand.clearRecord()
        #expect(throws: ReportError.self, "it has been reset") { try stand.report("a", "RUNNING", "EXITED") }
        stand.perform(stand.table.declareFailure(of: key, reason: "disk", now: 5))
        stand.perform(stand.table.endSession())
        #expect(stand.outcomes.isEmpty)
        #expect(stand.started.isEmpty)
        stand.perform(stand.table.beginSession(limits: TransitionLimits(), recorded: [key]))
        #expect(details(stand) == ["ERROR: disk"])
        stand.perform(stand.table.endSession())
        #expect(stand.state("a") == "OFFLINE", "once told it is as with any state: a new session begins anew")
    }

    @Test("what was to be decided after a transition is void when the session ends before")
    func postponedAndLost() throws {
        var stand = TableStand(model: try Self.container())
        stand.accept("m1", "a", from: "OFFLINE", to: "RUNNING")
        try stand.report("a", "RUNNING", "EXITED")
        stand.perform(stand.table.endSession())
        stand.finish("a")
        stand.finish("a")
        #expect(stand.state("a") == "OFFLINE")
        #expect(stand.outcomes.isEmpty)
    }

    @Test("a replica that leaves the top state by itself while the session is uncertain is not told to go on")
    func suspended() throws {
        var stand = TableStand()
        stand.bring("a", to: "SLAVE", "MASTER")
        stand.perform(stand.table.suspend())
        stand.finish("a")
        try stand.report("a", "MASTER", "SLAVE")
        stand.perform(stand.table.resume())
        #expect(stand.started == ["a suspend"])
        #expect(stand.outcomes.count == 1, "it is written when the connection is back")
    }

    @Test("one that comes into the top state by itself meanwhile is told to stop serving")
    func suspendedAndBack() throws {
        var stand = try running()
        try stand.report("a", "RUNNING", "EXITED")
        stand.perform(stand.table.suspend())
        try stand.report("a", "EXITED", "RUNNING")
        #expect(stand.started == ["a suspend"])
    }

    @Test("while frozen what happens by itself counts, and is told again after the freeze")
    func frozen() throws {
        var stand = try running()
        stand.table.setFrozen(true)
        stand.perform(stand.table.endSession())
        stand.perform(stand.table.beginSession(limits: TransitionLimits(), recorded: []))
        try stand.report("a", "RUNNING", "EXITED")
        stand.table.setFrozen(false)
        #expect(stand.table.takeRestatement() == [key: "EXITED"])
    }

    @Test("a replica that goes down by itself does not hold up the leaving")
    func handover() throws {
        var stand = TableStand()
        stand.bring("a", to: "SLAVE", "MASTER")
        stand.bring("b", to: "SLAVE")
        stand.perform(stand.table.beginHandover())
        try stand.report("a", "MASTER", "OFFLINE")  // decided when its step down is over
        try stand.report("b", "SLAVE", "OFFLINE")
        stand.finish("a", .rolledBack)
        #expect(stand.started == ["a MASTER-SLAVE"])
        #expect(stand.handedOverCount == 1)
    }
}
