import Coordination
import HelixRecords
import MessageQueue
import Testing

@Suite("The notice of a new session")
struct SessionNoticeTests {
    let paths = ClusterPaths(cluster: "c")

    @Test("it says who has which session now")
    func content() throws {
        var notice = SessionNotice(instance: "n1", session: "5a")
        let operation = try notice.notice(at: 1_000, paths: paths)
        guard case .create(let path, let data, let mode, _)? = operation else {
            Issue.record("\(String(describing: operation))")
            return
        }
        #expect(path == "/c/CONTROLLER/MESSAGES/SESSION-SYNC")
        #expect(mode == .persistent)
        let message = try Message(decoding: data, path: path)
        #expect(message.id == "SESSION-SYNC")
        #expect(message.messageType == .participantSessionChange)
        #expect(message.messageState == .new)
        #expect(message.source == "n1")
        #expect(message.sourceSession == "5a")
        #expect(message.target == "CONTROLLER")
        #expect(message.targetSession == "*")
        #expect(message.createdAt == 1_000)
    }

    @Test("it is written at most once in two seconds")
    func rate() throws {
        var notice = SessionNotice(instance: "n1", session: "5a")
        let written = try [0, 1, 1_999, 2_000, 3_999, 4_000].filter {
            try notice.notice(at: Int64($0), paths: paths) != nil
        }
        #expect(written == [0, 2_000, 4_000])
    }
}
