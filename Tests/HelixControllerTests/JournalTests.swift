import Coordination
import HelixAdmin
import HelixRecords
import RebalancePipeline
import Synchronization
import TestSupport
import Testing

@testable import HelixController

@Suite("The leader keeps a journal", .timeLimit(.minutes(5)))
struct JournalTests {
    private func journal(_ cluster: ScriptedCluster) async throws -> [JournalEvent] {
        guard let (data, _) = try await cluster.session.getIfPresent(cluster.paths.journal) else { return [] }
        do { return try Journal(decoding: data, path: cluster.paths.journal).events } catch { return [] }
    }

    private func awaitEvent(
        _ cluster: ScriptedCluster, _ kind: JournalEvent.Kind, _ instance: String? = nil, count: Int = 1
    ) async throws {
        try await eventually(within: .seconds(60), "an event \(kind)") {
            try await journal(cluster).count { $0.kind == kind && (instance == nil || $0.instance == instance) }
                >= count
        }
    }

    @Test("of its office, and of who comes and goes; the next leader goes on with its numbers")
    func terms() async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            try await beside([running(makeController("x", in: cluster.service))]) {
                try await awaitEvent(cluster, .leader)
                try await cluster.join("a", session: "7")
                try await awaitEvent(cluster, .came, "a")
            }
            try await beside([running(makeController("y", in: cluster.service))]) {
                try await awaitEvent(cluster, .leader, count: 2)
                try await cluster.session.delete(cluster.paths.liveInstance("a"))
                try await awaitEvent(cluster, .went, "a")
            }
            let events = try await journal(cluster)
            #expect(events.map(\.index) == Array(1...Int64(events.count)))
            #expect(events.first?.text.hasPrefix("x leads") == true)
            #expect(events.contains { $0.text.hasPrefix("y leads; 1 of 1 instances are alive") })
        }
    }

    @Test("of instances that it drops")
    func deregistration() async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            let config = ZNRecord(id: "test", simpleFields: ["PARTICIPANT_DEREGISTRATION_TIMEOUT": "1"])
            try await cluster.session.set(cluster.paths.clusterConfig, config.encoded())
            var history = ParticipantHistory(id: "a")
            history.appendOffline(at: 1_000)
            try await cluster.session.set(cluster.paths.instanceHistory("a"), history.encoded())
            try await beside([running(makeController(in: cluster.service))]) {
                try await awaitEvent(cluster, .deregistered, "a")
                try await awaitEvent(cluster, .dropped, "a")
            }
        }
    }

    @Test("and leads all the same when that cannot be read", arguments: ["rubbish", "", "{}"])
    func unreadable(text: String) async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            try await cluster.session.create(cluster.paths.journal, Array(text.utf8))
            try await beside([running(makeController(in: cluster.service))]) {
                try await awaitEvent(cluster, .leader)
            }
        }
    }

    @Test("and begins anew when somebody deletes it, or writes it too")
    func interference() async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            try await beside([running(makeController(in: cluster.service))]) {
                try await awaitEvent(cluster, .leader)
                try await cluster.session.delete(cluster.paths.journal)
                try await cluster.join("a", session: "7")
                try await awaitEvent(cluster, .came, "a")
                var other = Journal()
                other.nextIndex = 100
                try await cluster.session.set(cluster.paths.journal, other.encoded())
                try await cluster.session.delete(cluster.paths.liveInstance("a"))
                try await awaitEvent(cluster, .went, "a")
            }
            #expect(try await journal(cluster).first?.index == 100)
        }
    }

    @Test("in few writes: what comes up within the interval is one")
    func batches() async throws {
        try await ScriptedCluster.with { cluster in
            let session = try await cluster.service.openSession(SessionConfiguration())
            let office = try await takeOffice(session)
            let clock = ManualPause()
            let keeper = JournalKeeper(office: office, context: makeContext(clock: clock))
            @Sendable func note(_ range: Range<Int64>) {
                keeper.note(range.map { JournalEvent(at: $0, .came, "text") })
            }
            try await beside([{ try await keeper.run() }]) {
                note(0..<1)
                try await eventually("the first is written") { try await journal(cluster).count == 1 }
                let before = cluster.service.count
                for number in 1..<1_001 { note(Int64(number)..<Int64(number) + 1) }
                #expect(cluster.service.count == before)
                clock.release()
                try await eventually("all are written") { try await journal(cluster).last?.time == 1_000 }
                #expect(cluster.service.count == before + 1)
            }
            await session.close()
        }
    }

    @Test("and a deposed leader writes nothing more")
    func deposed() async throws {
        try await ScriptedCluster.with { cluster in
            let session = try await cluster.service.openSession(SessionConfiguration())
            let office = try await takeOffice(session)
            let keeper = JournalKeeper(office: office, context: makeContext())
            try await cluster.session.delete(cluster.paths.leader)
            keeper.note([JournalEvent(at: 1, .came, "text")])
            await #expect(throws: Deposed.self) { try await keeper.run() }
            #expect(try await journal(cluster).isEmpty)
            await session.close()
        }
    }
}

/// A clock whose pauses last until they are released.
private final class ManualPause: Clock {
    typealias Instant = ContinuousClock.Instant
    private let gate = Mailbox<Void>()

    var now: Instant { ContinuousClock().now }
    var minimumResolution: Duration { .nanoseconds(1) }

    func release() { gate.post(()) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        if await gate.next() == nil { throw CancellationError() }
    }
}
