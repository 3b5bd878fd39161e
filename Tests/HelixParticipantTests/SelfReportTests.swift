import Coordination
import HelixRecords
import StateModels
import Synchronization
import Testing

@testable import HelixParticipant

@Suite("What handlers report to the cluster")
struct SelfReportTests {
    /// The replicas that handlers were made with, by partition.
    final class Replicas: Sendable {
        private let replicas = Mutex<[String: Replica]>([:])
        func keep(_ replica: Replica) { replicas.withLock { $0[replica.partition] = replica } }
        subscript(partition: String) -> Replica {
            get throws { try #require(replicas.withLock { $0[partition] }) }
        }
    }

    func participant(
        _ stand: Stand, _ replicas: Replicas, on service: ObservedService? = nil, _ script: @escaping Script = { _ in }
    ) -> Participant {
        let participant = stand.participant(on: service)
        participant.register(.masterSlave) { [journal = stand.journal] replica in
            replicas.keep(replica)
            return Shard(replica: replica, journal: journal, script: script)
        }
        return participant
    }

    @Test("a replica falls back by itself, fails by itself, and an operator's reset works on it")
    func life() async throws {
        let stand = try await Stand()
        let replicas = Replicas()
        try await stand.running(participant(stand, replicas)) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            try await stand.order("m2", "a", "SLAVE", "MASTER", session: session)
            let replica = try replicas["a"]
            try replica.report(from: "MASTER", to: "SLAVE", detail: "lost the lock")
            try await eventually("a is a slave") { try await stand.state(session, "a") == "SLAVE" }
            let fallen = try #require(try await stand.current(session)?["a"])
            #expect(fallen.info == "lost the lock")
            #expect(fallen.previousState == "MASTER")
            #expect(fallen.endTime != nil)
            // The controller's next order starts from there.
            try await stand.order("m3", "a", "SLAVE", "MASTER", session: session)
            replica.fail("disk sdb failed")
            try await eventually("a is in ERROR") { try await stand.state(session, "a") == "ERROR" }
            #expect(try await stand.current(session)?["a"]?.info == "disk sdb failed")
            try await stand.order("m4", "a", "ERROR", "OFFLINE", session: session)
            #expect(throws: ReportError.self) { try replica.report(from: "SLAVE", to: "OFFLINE") }
        }
    }

    @Test("a detail is there while the first transition still runs, and however many there are, few are written")
    func details() async throws {
        let stand = try await Stand()
        let gate = Gate()
        let service = ObservedService(stand.service)
        let participant = participant(stand, Replicas(), on: service) { context in
            for percent in 0...100 { context.report(detail: "\(percent) %") }
            try await gate.pass()
        }
        try await stand.running(participant) { session in
            let before = service.counts.withLock { $0.stateWrites }
            try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session))
            try await eventually("it waits for company") { gate.waitingCount == 1 && stand.clock.sleeperCount > 0 }
            await giveWay()
            #expect(service.counts.withLock { $0.stateWrites } == before)
            stand.clock.advance(by: .milliseconds(200))
            try await eventually("the last one is there") {
                try await stand.current(session)?["a"]?.info == "100 %"
            }
            #expect(try await stand.state(session, "a") == "OFFLINE")
            #expect(service.counts.withLock { $0.stateWrites } == before + 1)
            gate.open()
            try await stand.isGone("m1")
            let replica = try #require(try await stand.current(session)?["a"])
            #expect(replica.currentState == "SLAVE")
            #expect(replica.info == "100 %")
        }
    }

    @Test("a failure that comes between two sessions is told to the second")
    func betweenSessions() async throws {
        let stand = try await Stand()
        let replicas = Replicas()
        let participant = stand.participant()
        participant.register(custom: .masterSlave) { [journal = stand.journal] replica in
            replicas.keep(replica)
            return FailingOnReset(shard: Shard(replica: replica, journal: journal) { _ in })
        }
        try await stand.running(participant) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            stand.service.expire(try stand.sessionID(session))
            try await eventually("a new session") {
                participant.status.session.map { $0 != session } ?? false
            }
            let next = try #require(participant.status.session)
            try await eventually("a is in ERROR") { try await stand.state(next, "a") == "ERROR" }
            #expect(try await stand.current(next)?["a"]?.info == "the disk is gone")
        }
    }

    /// It notices when it is reset that it cannot go on.
    private struct FailingOnReset: TransitionHandler {
        let shard: Shard
        func transition(_ context: TransitionContext) async throws { try await shard.transition(context) }
        func reset() async { shard.replica.fail("the disk is gone") }
    }

    @Test("a replica that a test made reports to nobody, and names count, not whom it reports to")
    func replicaOfATest() throws {
        let replica = Replica(cluster: "c", instance: "n", resource: "r", partition: "p")
        try replica.report(from: "A", to: "B")
        replica.report(detail: "x")
        replica.fail("x")
        #expect(replica == Replica(cluster: "c", instance: "n", resource: "r", partition: "p"))
        #expect(replica != Replica(cluster: "c", instance: "n", resource: "r", partition: "q"))
    }

    @Test("a handler that asks for it is called again, and told which attempt it is")
    func retry() async throws {
        let stand = try await Stand()
        let participant = stand.masterSlave { context in
            stand.journal.note("attempt \(context.attempt)")
            if context.attempt < 3 { throw TransitionRetry(after: .seconds(1), reason: "no leader yet") }
        }
        try await stand.running(participant) { session in
            try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session))
            for attempt in 2...3 {
                try await stand.journal.waitFor("attempt \(attempt - 1)")
                try await eventually("attempt \(attempt)") {
                    stand.clock.advance(by: .seconds(1))
                    return stand.journal.all.contains("attempt \(attempt)")
                }
            }
            try await stand.isGone("m1")
            #expect(try await stand.state(session, "a") == "SLAVE")
        }
    }

    @Test("a transition that hangs is cancelled when its time is over, and made again")
    func timeoutAndRetry() async throws {
        let stand = try await Stand()
        let gate = Gate()
        let participant = stand.masterSlave { context in
            if context.attempt == 1 { try await gate.pass() }
        }
        try await stand.running(participant) { session in
            var message = stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session)
            message.timeout = .seconds(3)
            try await stand.send(message)
            try await eventually("it hangs") { gate.waitingCount == 1 && stand.clock.sleeperCount > 0 }
            stand.clock.advance(by: .seconds(3))
            try await stand.isGone("m1")
            #expect(try await stand.state(session, "a") == "SLAVE")
            #expect(stand.journal.of("a") == ["OFFLINE-SLAVE", "OFFLINE-SLAVE"])
        }
    }
}
