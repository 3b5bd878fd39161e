import Coordination
import HelixParticipant
import HelixRecords
import Logging
import ServiceLifecycle
import StateModels
import Synchronization
import Testing

@Suite("Leaving a cluster")
struct LeavingTests {
    /// Runs a participant in a service group; the body gets the group, to be shut down.
    func serving(
        _ participant: Participant, _ body: @escaping @Sendable (ServiceGroup) async throws -> Void
    ) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let group = ServiceGroup(services: [participant], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await body(group)
            try await tasks.next()
        }
    }

    func joined(_ participant: Participant) async throws -> String {
        try await eventually("it has joined") { participant.status.isJoined }
        return try #require(participant.status.session)
    }

    @Test("replicas come down through their handlers, the masters first; then the instance leaves")
    func graceful() async throws {
        let stand = try await Stand()
        let participant = stand.masterSlave()
        try await serving(participant) { group in
            let session = try await joined(participant)
            for partition in ["a", "b", "c"] {
                try await stand.order("\(partition)1", partition, "OFFLINE", "SLAVE", session: session)
            }
            try await stand.order("b2", "b", "SLAVE", "MASTER", session: session)
            let before = try await stand.current(session)
            await group.triggerGracefulShutdown()
            try await eventually("it has left") { try await stand.live == nil }
            #expect(try await stand.current(session) == before, "the controller learns it from the live instance")
        }
        let steps = stand.journal.all.suffix(4)
        #expect(steps.first == "b MASTER-SLAVE")
        #expect(steps.dropFirst().sorted() == ["a SLAVE-OFFLINE", "b SLAVE-OFFLINE", "c SLAVE-OFFLINE"])
        #expect(!stand.journal.all.contains("a reset"))
        #expect(stand.service.sessions == [stand.session.id], "the session is closed")
        let path = stand.paths.instanceHistory("n1_1")
        let history = try ParticipantHistory(decoding: try await stand.session.get(path).data, path: path)
        #expect(history.offlineDates.count == 1)
        #expect(history.lastOfflineTime != nil)
        #expect(!participant.status.isJoined)
    }

    @Test("the live instance is there until every replica is down")
    func order() async throws {
        let stand = try await Stand()
        let gate = Gate()
        let participant = stand.masterSlave { context in
            if context.to == "OFFLINE" {
                #expect(context.messageID == nil)
                try await gate.pass()
            }
        }
        try await serving(participant) { group in
            let session = try await joined(participant)
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            await group.triggerGracefulShutdown()
            try await stand.journal.waitFor("a SLAVE-OFFLINE")
            // No more messages are taken.
            try await stand.send(stand.transition("late", "x", "OFFLINE", "SLAVE", session: session))
            await giveWay()
            #expect(try await stand.live != nil)
            gate.open()
            try await eventually("it has left") { try await stand.live == nil }
        }
        #expect(stand.journal.of("x") == [])
        #expect(try await stand.message("late") != nil, "its next session deletes it")
    }

    @Test("running transitions are cancelled, waiting ones are dropped")
    func duringTransitions() async throws {
        let stand = try await Stand()
        let gate = Gate()
        var configuration = ParticipantConfiguration()
        configuration.concurrentTransitions = 1
        let participant = stand.masterSlave(configuration: configuration) { context in
            if context.messageID != nil { try await gate.pass() }
        }
        try await serving(participant) { group in
            let session = try await joined(participant)
            try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session))
            try await stand.send(stand.transition("m2", "b", "OFFLINE", "SLAVE", session: session))
            try await eventually("both are known") { participant.status.pendingTransitions == 2 }
            await group.triggerGracefulShutdown()
            try await eventually("it has left") { try await stand.live == nil }
        }
        #expect(stand.journal.all == ["a OFFLINE-SLAVE"])
    }

    @Test("a replica that cannot be brought down does not hold up the others, nor the leaving")
    func failingHandler() async throws {
        struct Broken: Error {}
        let stand = try await Stand()
        let participant = stand.masterSlave { context in
            if context.partition == "a", context.messageID == nil { throw Broken() }
        }
        try await serving(participant) { group in
            let session = try await joined(participant)
            for partition in ["a", "b"] {
                try await stand.order("\(partition)1", partition, "OFFLINE", "SLAVE", session: session)
            }
            try await stand.order("a2", "a", "SLAVE", "MASTER", session: session)
            await group.triggerGracefulShutdown()
            try await eventually("it has left") { try await stand.live == nil }
        }
        #expect(stand.journal.of("b").last == "SLAVE-OFFLINE")
        #expect(stand.journal.of("a").last == "reset", "what its states brought about is undone at the end")
    }

    @Test("the hand-over ends after its time, and the handler is cancelled")
    func timeout() async throws {
        let stand = try await Stand()
        let gate = Gate()
        let participant = stand.masterSlave { context in
            if context.messageID == nil { try await gate.pass() }
        }
        try await serving(participant) { group in
            let session = try await joined(participant)
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            await group.triggerGracefulShutdown()
            try await stand.journal.waitFor("a SLAVE-OFFLINE")
            #expect(try await stand.live != nil)
            try await eventually("it has left") {
                stand.clock.advance(by: .seconds(1))
                return try await stand.live == nil
            }
        }
        #expect(stand.journal.of("a") == ["OFFLINE-SLAVE", "SLAVE-OFFLINE", "reset"])
    }

    @Test("without a connection the replicas come down all the same, and the participant leaves")
    func whileSuspended() async throws {
        let stand = try await Stand()
        let participant = stand.masterSlave()
        try await serving(participant) { group in
            let session = try await joined(participant)
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            try await stand.order("m2", "a", "SLAVE", "MASTER", session: session)
            stand.service.suspend(try stand.sessionID(session))
            try await stand.journal.waitFor("a suspended")
            await group.triggerGracefulShutdown()
        }
        #expect(stand.journal.of("a").suffix(3) == ["suspended", "MASTER-SLAVE", "SLAVE-OFFLINE"])
    }

    @Test("a participant that waits for its name leaves at once")
    func whileJoining() async throws {
        let stand = try await Stand()
        let other = try await stand.service.openSession()
        try await other.create(
            stand.paths.liveInstance("n1_1"),
            try LiveInstance.make(instance: "n1_1", sessionID: "x", process: "1@other").encoded(), mode: .ephemeral)
        let participant = stand.masterSlave()
        try await serving(participant) { group in
            try await eventually("it waits") { stand.clock.sleeperCount > 0 }
            await group.triggerGracefulShutdown()
        }
        #expect(stand.service.sessions == [stand.session.id, other.id])
        #expect(try await stand.live?.sessionID == "x")
    }

    @Test("a participant that waits for the coordination service leaves at once")
    func whileConnecting() async throws {
        final class Unreachable: CoordinationService {
            let attempts = Mutex(0)
            func openSession(
                _ configuration: SessionConfiguration
            ) async throws(CoordinationError) -> any CoordinationSession {
                attempts.withLock { $0 += 1 }
                do { try await TestClock().sleep(for: .seconds(1)) } catch {}
                throw CoordinationError(.closed, operation: "open session")
            }
        }
        let stand = try await Stand()
        let service = Unreachable()
        let participant = stand.masterSlave(on: service)
        try await serving(participant) { group in
            try await eventually("it tries") { service.attempts.withLock { $0 > 0 } }
            await group.triggerGracefulShutdown()
        }
    }

    @Test("a participant whose task is cancelled is gone at once, and its replicas are reset")
    func cancelled() async throws {
        let stand = try await Stand()
        let participant = stand.masterSlave()
        try await stand.running(participant) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
        }
        #expect(try await stand.live == nil)
        #expect(stand.service.sessions == [stand.session.id])
        #expect(stand.journal.of("a") == ["OFFLINE-SLAVE", "reset"])
    }
}
