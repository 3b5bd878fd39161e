import Coordination
import HelixRecords
import TestSupport
import Testing

@Suite("The replay of a server's log notices what it is there to notice")
struct LogReplayTests {
    private let paths = ClusterPaths(cluster: "c")

    private func change(
        _ zxid: Int64, _ kind: TransactionLog.Kind, _ path: String, session: Int64 = 1, _ data: [UInt8] = []
    ) -> TransactionLog.Change {
        TransactionLog.Change(
            zxid: zxid, time: zxid, session: SessionID(rawValue: session), kind: kind, path: path, data: data,
            isEphemeral: false)
    }

    private func live(_ zxid: Int64, _ instance: String, session: String) throws -> TransactionLog.Change {
        let record = LiveInstance.make(instance: instance, sessionID: session, process: "1@test")
        return change(zxid, .create, paths.liveInstance(instance), try record.record.encoded())
    }

    private func state(_ zxid: Int64, _ instance: String, session: String, _ state: String) throws
        -> TransactionLog.Change
    {
        var record = CurrentState(resource: "db", sessionID: session, stateModel: "MasterSlave")
        record["db_0"] = HelixRecords.ReplicaState(currentState: state)
        let path = paths.currentState(instance, session: session, resource: "db")
        return change(zxid, .set, path, try record.record.encoded())
    }

    @Test("Two masters of one partition on live instances")
    func twoMasters() throws {
        let changes = try [
            live(1, "a", session: "s1"), live(2, "b", session: "s2"),
            state(3, "a", session: "s1", "MASTER"), state(4, "b", session: "s2", "MASTER"),
        ]
        #expect(try LogReplay(changes, cluster: "c").violations == [#"4: db/db_0 is MASTER on ["a", "b"]"#])
    }

    @Test("A master of a session that is gone does not count")
    func formerMaster() throws {
        let changes = try [
            live(1, "a", session: "s1"), live(2, "b", session: "s2"), state(3, "a", session: "s1", "MASTER"),
            change(4, .deleteWithSession, paths.liveInstance("a")), state(5, "b", session: "s2", "MASTER"),
        ]
        #expect(try LogReplay(changes, cluster: "c").violations == [])
    }

    @Test("A hand-over within one transaction is none of two masters")
    func handOver() throws {
        let changes = try [
            live(1, "a", session: "s1"), live(1, "b", session: "s2"), state(2, "a", session: "s1", "MASTER"),
            state(3, "b", session: "s2", "MASTER"), state(3, "a", session: "s1", "SLAVE"),
        ]
        #expect(try LogReplay(changes, cluster: "c").violations == [])
    }

    @Test("A message and a view of a session that does not lead")
    func deposedLeader() throws {
        var message = Message(id: "m1", type: .stateTransition)
        message.target = "a"
        let changes = [
            change(1, .create, paths.leader, session: 7), change(2, .delete, paths.leader, session: 7),
            change(3, .create, paths.leader, session: 8),
            change(4, .create, paths.message("a", "m1"), session: 7, try message.record.encoded()),
            change(5, .set, paths.externalView("db"), session: 7, try ZNRecord(id: "db").encoded()),
        ]
        #expect(try LogReplay(changes, cluster: "c").violations.count == 2)
    }
}
