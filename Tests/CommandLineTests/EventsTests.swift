import Coordination
import Foundation
import HelixRecords
import TestSupport
import Testing
import ZooKeeper

@testable import helix

@Suite("The journal by command", .timeLimit(.minutes(5)))
struct EventsTests {
    /// A cluster with a journal of so many events.
    private func withJournal(_ count: Int64, _ body: (Stand) async throws -> Void) async throws {
        let stand = try await Stand()
        try await stand.done("cluster create orders")
        try await write(1...count, stand)
        try await body(stand)
    }

    private func write(_ numbers: ClosedRange<Int64>, _ stand: Stand) async throws {
        let path = ClusterPaths(cluster: "orders").journal
        try await ZooKeeperCoordination(stand.zooKeeper).withSession { session in
            let found = try await session.getIfPresent(path)
            var journal = try found.map { try Journal(decoding: $0.data, path: path) } ?? Journal()
            journal.append(
                numbers.map {
                    JournalEvent(at: $0 * 1_000, $0.isMultiple(of: 2) ? .came : .failed, instance: "n1", "text \($0)")
                })
            if found == nil { _ = try await session.create(path) }
            _ = try await session.set(path, try journal.encoded())
        }
    }

    @Test("is shown, in whole and in part")
    func shown() async throws {
        try await withJournal(6) { stand in
            let lines = try await stand.done("events orders").lines
            #expect(lines.count == 7)
            #expect(lines[0].split(separator: " ") == ["NUMBER", "TIME", "KIND", "ABOUT", "WHAT"])
            #expect(lines[2] == "2       1970-01-01T00:00:02Z  came    n1     text 2")
            #expect(try await stand.done("events orders --kind failed --limit 2").lines.count == 3)
            #expect(try await stand.done("events orders --since 5").lines.count == 2)
            #expect(try await stand.done("events orders --since 1h").output == "nothing was noted\n")
            let json = try #require(try await stand.done("events orders --format json").json() as? [[String: Any]])
            #expect(json.count == 6 && json[0]["number"] as? Int == 1 && json[0]["what"] as? String == "text 1")
            #expect(try await stand.run("events nowhere").code == 1)
        }
    }

    @Test("is watched from where one has stopped")
    func watched() async throws {
        try await withJournal(4) { stand in
            let watching = try stand.start("events orders --since 3 --watch")
            try await watching.writes("text 4")
            try await write(5...6, stand)
            try await watching.writes("text 6")
            watching.signal(SIGINT)
            let result = try await watching.ended()
            #expect(result.lines.map { $0.prefix(1) } == ["4", "5", "6"])
            #expect(result.code == 0)
        }
    }

    @Test("begins when the controller does, and tells of participants")
    func live() async throws {
        let stand = try await Stand()
        try await stand.done("cluster create orders")
        try await stand.done("instance add orders n1_1")
        let watching = try stand.start("events orders --watch --format json")
        let controller = try stand.start("controller orders --name c1")
        try await watching.writes("c1 leads")
        let participant = try stand.start("participant orders n1_1")
        try await watching.writes("it joined")
        for command in [watching, controller, participant] { command.signal(SIGKILL) }
    }
}
