import Coordination
import HelixRecords
import StateModels
import TestSupport
import Testing

/// A judge that never finds anybody guilty is none.
@Suite("The checker of the server's log notices what it is there to notice")
struct InvariantCheckerTests {
    private let paths = ClusterPaths(cluster: "c")

    /// What it finds in these changes, before which `db` with one replica was added, and the sessions were asked for
    /// states.
    private func violations(
        asking sessions: [String] = ["s1", "s2"], _ changes: [TransactionLog.Change]
    ) throws -> [String] {
        var idealState = IdealState(record: ZNRecord(id: "db"))
        idealState.stateModel = "MasterSlave"
        idealState.replicas = .count(1)
        var checker = InvariantChecker(cluster: "c", chroot: "/x")
        checker.replay([
            try change(0, .create, paths.stateModel("MasterSlave"), StateModel.masterSlave.record),
            try change(0, .create, paths.idealState("db"), idealState.record),
        ])
        for (instance, session) in zip(["a", "b"], sessions) {
            for state in ["SLAVE", "MASTER"] {
                checker.replay([
                    try message(0, "before", instance, session: session, from: "OFFLINE", to: state),
                    try change(0, .delete, paths.message(instance, "before")),
                ])
            }
        }
        checker.replay(changes)
        return checker.violations
    }

    private func change(
        _ zxid: Int64, _ kind: TransactionLog.Kind, _ path: String, _ record: ZNRecord? = nil, session: Int64 = 1,
        isEphemeral: Bool = false
    ) throws -> TransactionLog.Change {
        TransactionLog.Change(
            zxid: zxid, session: SessionID(rawValue: session), kind: kind, path: "/x" + path,
            data: try record?.encoded() ?? [], isEphemeral: isEphemeral)
    }

    private func live(_ zxid: Int64, _ instance: String, session: String) throws -> TransactionLog.Change {
        let record = LiveInstance.make(instance: instance, sessionID: session, process: "1@test").record
        return try change(zxid, .create, paths.liveInstance(instance), record)
    }

    private func state(
        _ zxid: Int64, _ instance: String, session: String, _ state: String
    ) throws -> TransactionLog.Change {
        var record = CurrentState(resource: "db", sessionID: session, stateModel: "MasterSlave")
        record["db_0"] = ReplicaState(currentState: state)
        return try change(zxid, .set, paths.currentState(instance, session: session, resource: "db"), record.record)
    }

    private func message(
        _ zxid: Int64, _ id: String, _ instance: String, session: String, from: String, to: String, by: Int64 = 1
    ) throws -> TransactionLog.Change {
        var message = Message(id: id, type: .stateTransition)
        message.target = instance
        message.targetSession = session
        message.resource = "db"
        message.partition = "db_0"
        message.fromState = from
        message.toState = to
        return try change(zxid, .create, paths.message(instance, id), message.record, session: by)
    }

    private func lead(_ zxid: Int64, session: Int64) throws -> TransactionLog.Change {
        try change(zxid, .create, paths.leader, ZNRecord(id: "x"), session: session, isEphemeral: true)
    }

    @Test("two masters of one partition on live instances")
    func twoMasters() throws {
        let found = try violations([
            live(1, "a", session: "s1"), live(2, "b", session: "s2"), state(3, "a", session: "s1", "MASTER"),
            state(10, "b", session: "s2", "MASTER"),
        ])
        #expect(found == [#"0xa: db/db_0: ["a", "b"] are MASTER, at most 1 may be"#])
    }

    @Test("a master of a session that is gone does not count, nor does a message to it")
    func formerMaster() throws {
        let found = try violations([
            live(1, "a", session: "s1"), live(2, "b", session: "s2"), state(3, "a", session: "s1", "MASTER"),
            change(4, .deleteWithSession, paths.liveInstance("a")), state(5, "b", session: "s2", "MASTER"),
            message(6, "m", "a", session: "s1", from: "SLAVE", to: "MASTER"),
        ])
        #expect(found == [])
    }

    @Test("a hand-over within one transaction is none of two masters")
    func handOver() throws {
        let found = try violations([
            live(1, "a", session: "s1"), live(1, "b", session: "s2"), state(2, "a", session: "s1", "MASTER"),
            state(3, "b", session: "s2", "MASTER"), state(3, "a", session: "s1", "SLAVE"),
        ])
        #expect(found == [])
    }

    @Test("a message that could make a second master, in one order of completion")
    func tooEarly() throws {
        let found = try violations([
            live(1, "a", session: "s1"), live(1, "b", session: "s2"), state(2, "a", session: "s1", "MASTER"),
            state(2, "b", session: "s2", "SLAVE"),
            message(3, "m1", "a", session: "s1", from: "MASTER", to: "SLAVE"),
            message(4, "m2", "b", session: "s2", from: "SLAVE", to: "MASTER"),
        ])
        #expect(found == [#"0x4: db/db_0: ["a", "b"] could all become MASTER, at most 1 may be"#])
    }

    @Test("more replicas than one that moves")
    func tooManyReplicas() throws {
        let names = ["a", "b", "c"]
        let found = try violations(
            names.map { try live(1, $0, session: $0) }
                + names.map { try message(2, $0, $0, session: $0, from: "OFFLINE", to: "SLAVE") })
        #expect(found == [#"0x2: db/db_0: ["a", "b", "c"] could all become SLAVE, at most 2 may be"#])
    }

    @Test("a second message for a replica that has not finished the first")
    func askedTwice() throws {
        let found = try violations([
            live(1, "a", session: "s1"), message(2, "m1", "a", session: "s1", from: "OFFLINE", to: "SLAVE"),
            message(3, "m2", "a", session: "s1", from: "OFFLINE", to: "SLAVE"),
        ])
        #expect(found.first == "0x3: db/db_0: a has 2 transitions under way")
    }

    @Test("a write of a leader that was deposed, whether somebody else leads or nobody")
    func deposedLeader() throws {
        let found = try violations([
            live(1, "a", session: "s1"), lead(2, session: 7),
            change(3, .create, paths.externalView("db"), ZNRecord(id: "db"), session: 7),
            change(4, .delete, paths.leader, session: 9),
            change(5, .set, paths.externalView("db"), ZNRecord(id: "db"), session: 7), lead(6, session: 8),
            message(7, "m", "a", session: "s1", from: "OFFLINE", to: "SLAVE", by: 7), lead(8, session: 9),
        ])
        #expect(
            found == [
                "0x5: 7, which led before, wrote EXTERNALVIEW/db while nobody leads",
                "0x7: 7, which led before, wrote INSTANCES/a/MESSAGES/m while 8 leads",
                "0x8: a second leader, 9, beside 8",
            ])
    }

    @Test("a transition that is asked for by a session that does not lead")
    func strangeSender() throws {
        let found = try violations([
            live(1, "a", session: "s1"), lead(2, session: 7),
            message(3, "m", "a", session: "s1", from: "OFFLINE", to: "SLAVE", by: 8),
            change(4, .create, paths.externalView("db"), ZNRecord(id: "db"), session: 8),
        ])
        #expect(
            found == [
                "0x3: 8 sent INSTANCES/a/MESSAGES/m while 7 leads", "0x4: 8 wrote EXTERNALVIEW/db while 7 leads",
            ])
    }

    @Test("a leader that makes the znodes of an instance")
    func madeInstance() throws {
        let found = try violations([
            lead(1, session: 7), change(2, .create, paths.instance("a"), session: 7),
            change(3, .create, paths.messages("a"), session: 7), change(4, .create, paths.messages("a"), session: 8),
        ])
        #expect(found == ["0x2: the leader created INSTANCES/a", "0x3: the leader created INSTANCES/a/MESSAGES"])
    }

    @Test("a state that was asked of an earlier session, or that nobody asked for")
    func unasked() throws {
        let found = try violations(
            asking: ["s1"],
            [
                live(1, "a", session: "s1"), state(2, "a", session: "s1", "SLAVE"),
                change(3, .deleteWithSession, paths.liveInstance("a")), live(4, "a", session: "s3"),
                state(5, "a", session: "s3", "OFFLINE"), state(6, "a", session: "s3", "SLAVE"),
            ])
        #expect(found == ["0x6: db/db_0: a went from OFFLINE to SLAVE, which nobody asked of its session"])
    }

    @Test("but a replica may fail, and go down without being asked")
    func down() throws {
        let found = try violations([
            live(1, "a", session: "s1"), state(2, "a", session: "s1", "MASTER"), state(3, "a", session: "s1", "SLAVE"),
            state(4, "a", session: "s1", "OFFLINE"), state(5, "a", session: "s1", "ERROR"),
        ])
        #expect(found == [])
    }

    @Test("a report in a session whose live instance is gone")
    func reportOfTheDead() throws {
        let found = try violations([
            live(1, "a", session: "s1"), change(2, .deleteWithSession, paths.liveInstance("a")),
            state(3, "a", session: "s1", "SLAVE"),
        ])
        #expect(found == ["0x3: a reports on db in session s1, which is not live any more"])
    }

    @Test("a write of a session that is over")
    func writeOfTheDead() throws {
        let found = try violations([
            change(1, .create, paths.propertyStore + "/x", session: 5), change(2, .closeSession, "", session: 5),
            change(3, .set, paths.propertyStore + "/x", session: 5),
        ])
        #expect(found == ["0x3: 5, which is over, wrote /x/c/PROPERTYSTORE/x"])
    }

    @Test("something ephemeral that outlives its session")
    func survivor() throws {
        let found = try violations([
            lead(1, session: 5), change(2, .closeSession, "", session: 5), lead(3, session: 6),
            change(4, .closeSession, "", session: 6),
            change(4, .deleteWithSession, paths.leader, session: 6),
        ])
        #expect(found.first == "0x2: /x/c/CONTROLLER/LEADER outlives 5, which owns it")
        #expect(!found.contains { $0.hasPrefix("0x4") })
    }

    @Test("an office that does not end with its session")
    func lastingOffice() throws {
        let found = try violations([change(1, .create, paths.leader, ZNRecord(id: "x"), session: 7)])
        #expect(found == ["0x1: the office of 7 is not ephemeral"])
    }
}
