import Coordination
import HelixRecords
import Testing

@testable import HelixParticipant

@Suite("What an application says of its own accord", .timeLimit(.minutes(5)))
struct CustomizedStateTests {
    private func record(_ stand: Stand) async throws -> CustomizedState? {
        let path = stand.paths.customizedState("n1_1", type: "LOAD", resource: "db")
        guard let data = try await stand.session.getIfPresent(path)?.data else { return nil }
        return try CustomizedState(decoding: data, path: path)
    }

    @Test("is written once the instance is a member, with its times, changed, and removed when nothing is left of it")
    func life() async throws {
        let stand = try await Stand()
        let participant = stand.masterSlave()
        try participant.setCustomizedState("NONE", type: "LOAD", resource: "db", partition: "p0")
        try participant.setCustomizedState("HALF", type: "LOAD", resource: "db", partition: "p0", fields: ["ROWS": "7"])
        #expect(try await record(stand) == nil)
        try await stand.running(participant) { _ in
            try await eventually("it is written") { try await record(stand)?["p0"] == "HALF" }
            let first = try await record(stand)?.record.mapFields["p0"]
            #expect(first?["START_TIME"] != nil && first?["ROWS"] == "7" && first?["PREVIOUS_STATE"] == nil)
            try participant.setCustomizedState("FULL", type: "LOAD", resource: "db", partition: "p0", endTime: 99)
            try participant.setCustomizedState("HALF", type: "LOAD", resource: "db", partition: "p1")
            try await eventually("it is changed") {
                let record = try await record(stand)
                return record?["p0"] == "FULL" && record?["p1"] == "HALF"
            }
            let second = try await record(stand)?.record.mapFields["p0"]
            #expect(second?["PREVIOUS_STATE"] == "HALF" && second?["END_TIME"] == "99" && second?["ROWS"] == "7")
            for partition in ["p0", "p1"] {
                try participant.removeCustomizedState(type: "LOAD", resource: "db", partition: partition)
            }
            try await eventually("it is gone") { try await record(stand) == nil }
        }
    }

    @Test("keeps what others have written in the same record, and overwrites none that cannot be read")
    func others() async throws {
        let stand = try await Stand()
        let path = stand.paths.customizedState("n1_1", type: "LOAD", resource: "db")
        try await stand.session.createWithParents(path, [1])
        let participant = stand.masterSlave()
        try participant.setCustomizedState("HALF", type: "LOAD", resource: "db", partition: "p0")
        try participant.setCustomizedState("HALF", type: "OTHER", resource: "db", partition: "p0")
        try await stand.running(participant) { _ in
            let other = stand.paths.customizedState("n1_1", type: "OTHER", resource: "db")
            try await eventually("the other type is written") { try await stand.session.exists(other) != nil }
            #expect(try await stand.session.get(path).data == [1])
            var record = CustomizedState(id: "db")
            record.set("FULL", for: "p9", startTime: 1)
            try await stand.session.set(path, try record.encoded())
            try participant.setCustomizedState("FULL", type: "LOAD", resource: "db", partition: "p1")
            try await eventually("all is there") { try await self.record(stand)?.partitions == ["p0", "p1", "p9"] }
        }
    }

    @Test("A name that no znode can have is refused", arguments: ["", "a/b", "..", "a\u{1}"])
    func names(name: String) async throws {
        let stand = try await Stand()
        let participant = stand.masterSlave()
        let error = try #require(throws: ParticipantError.self) {
            try participant.setCustomizedState("HALF", type: name, resource: "db", partition: "p0")
        }
        #expect(error.code == .invalidName && error.reason.contains("type"))
        #expect(throws: ParticipantError.self) {
            try participant.removeCustomizedState(type: "LOAD", resource: name, partition: "p0")
        }
    }
}
