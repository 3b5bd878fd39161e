import Coordination
import HelixRecords
import StateModels
import Synchronization
import Testing

@testable import HelixParticipant

@Suite("Sessions of a participant")
struct SessionTests {
    @Test("when the session expires all is reset, and the participant joins again with a new one")
    func expiry() async throws {
        let stand = try await Stand()
        let participant = stand.masterSlave()
        try await stand.running(participant) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            try await stand.order("m2", "a", "SLAVE", "MASTER", session: session)
            try await stand.order("m3", "b", "OFFLINE", "SLAVE", session: session)
            stand.service.expire(try stand.sessionID(session))
            try await eventually("it has joined again") {
                participant.status.isJoined && participant.status.session != session
            }
            let next = try #require(participant.status.session)
            #expect(try await stand.live?.sessionID == next)
            #expect(stand.journal.of("a").last == "reset")
            #expect(stand.journal.of("b").last == "reset")
            #expect(try await stand.session.children(stand.paths.currentStateSessions("n1_1")) == [next])
            let record = try #require(try await stand.current(next))
            #expect(record["a"]?.fields == ["CURRENT_STATE": "OFFLINE"])
            #expect(record["b"]?.fields == ["CURRENT_STATE": "OFFLINE"])
            // Messages for the old session count no more, those for the new one do.
            try await stand.send(stand.transition("old", "a", "OFFLINE", "SLAVE", session: session))
            try await stand.order("m4", "a", "OFFLINE", "SLAVE", session: next)
            try await stand.isGone("old")
            #expect(stand.journal.of("a") == ["OFFLINE-SLAVE", "SLAVE-MASTER", "reset", "OFFLINE-SLAVE"])
        }
    }

    @Test("a transition that runs when the session expires is cancelled, and its result counts no more")
    func expiryDuringTransition() async throws {
        let stand = try await Stand()
        let gate = Gate()
        let participant = stand.masterSlave { context in
            if context.to == "MASTER" { try await gate.pass() }
        }
        try await stand.running(participant) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            try await stand.send(stand.transition("m2", "a", "SLAVE", "MASTER", session: session))
            try await stand.journal.waitFor("a SLAVE-MASTER")
            stand.service.expire(try stand.sessionID(session))
            try await eventually("it has joined again") { (participant.status.session ?? session) != session }
            let next = try #require(participant.status.session)
            #expect(stand.journal.of("a") == ["OFFLINE-SLAVE", "SLAVE-MASTER", "reset"])
            #expect(try await stand.state(next, "a") == "OFFLINE")
            try await stand.isGone("m2")
        }
    }

    @Test("handlers learn of the end of the session before the session is closed")
    func promptCancellation() async throws {
        let stand = try await Stand()
        let service = ObservedService(stand.service)
        let gate = Gate()
        let closing = Gate()
        service.beforeClose { do { try await closing.pass(isStubborn: true) } catch {} }
        let participant = stand.masterSlave(on: service) { context in
            if context.to == "MASTER" { try await gate.pass() }
        }
        try await stand.running(participant) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            try await stand.send(stand.transition("m2", "a", "SLAVE", "MASTER", session: session))
            try await stand.journal.waitFor("a SLAVE-MASTER")
            stand.service.expire(try stand.sessionID(session))
            try await stand.journal.waitFor("a reset")
            closing.open()
            try await eventually("it has joined again") { (participant.status.session ?? session) != session }
            #expect(stand.journal.of("a") == ["OFFLINE-SLAVE", "SLAVE-MASTER", "reset"])
        }
    }

    @Test("a handler that ignores cancellation does not keep the participant from joining again")
    func stubbornHandler() async throws {
        let stand = try await Stand()
        let gate = Gate()
        let participant = stand.masterSlave { context in
            if context.partition == "stuck" { try await gate.pass(isStubborn: true) }
        }
        try await stand.running(participant) { session in
            try await stand.send(stand.transition("m1", "stuck", "OFFLINE", "SLAVE", session: session))
            try await stand.journal.waitFor("stuck OFFLINE-SLAVE")
            stand.service.expire(try stand.sessionID(session))
            try await eventually("it waits for the handler") { participant.status.session == nil }
            // Alarms sleep too: time goes on until the participant is back.
            try await eventually("it has joined again") {
                stand.clock.advance(by: .seconds(1))
                return participant.status.isJoined
            }
            let next = try #require(participant.status.session)
            try await stand.order("m2", "fine", "OFFLINE", "SLAVE", session: next)
            try await stand.send(stand.transition("m3", "stuck", "OFFLINE", "SLAVE", session: next))
            await giveWay()
            #expect(stand.journal.of("stuck") == ["OFFLINE-SLAVE"], "calls for one replica never overlap")
            gate.open()
            try await stand.isGone("m3")
            #expect(stand.journal.of("stuck") == ["OFFLINE-SLAVE", "reset", "OFFLINE-SLAVE"])
        }
    }

    @Test("an instance that loses its connection too often disables itself and says so")
    func flapping() async throws {
        let stand = try await Stand()
        var configuration = ParticipantConfiguration()
        configuration.maximumConnectionLosses = 2
        configuration.flappingWindow = .seconds(60)
        let participant = stand.masterSlave(configuration: configuration)
        let error = await #expect(throws: ParticipantError.self) {
            try await stand.running(participant) { session in
                let id = try stand.sessionID(session)
                for _ in 1...3 {
                    stand.service.suspend(id)
                    try await eventually("it is suspended") { participant.status.isSuspended }
                    stand.service.resume(id)
                    try await eventually("it goes on, or gives up") {
                        !participant.status.isSuspended || !participant.status.isJoined
                    }
                }
                try await eventually("it gives up") { !participant.status.isJoined }
                // The error of run() ends this.
                for await _ in AsyncStream<Never>(Never.self, { _ in }) {}
            }
        }
        #expect(error?.code == .flapping)
        let path = stand.paths.instanceConfig("n1_1")
        let config = try InstanceConfig(decoding: try await stand.session.get(path).data, path: path)
        #expect(config.effectiveOperation == .disable)
        #expect(try await stand.live == nil)
    }

    @Test("connection losses count only within the window", arguments: [(59_000, true), (61_001, false)])
    func flappingWindow(later: Int64, isFlapping: Bool) {
        var configuration = ParticipantConfiguration()
        configuration.maximumConnectionLosses = 1
        configuration.flappingWindow = .seconds(60)
        let detector = FlappingDetector(configuration)
        detector.noteLoss(at: 1_000)
        #expect(!detector.isFlapping(at: 1_000))
        detector.noteLoss(at: later)
        #expect(detector.isFlapping(at: later) == isFlapping)
    }

    @Test("a replica in the top state is told when the session is uncertain, and when it is certain again")
    func suspension() async throws {
        let stand = try await Stand()
        let participant = stand.masterSlave()
        try await stand.running(participant) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            try await stand.order("m2", "b", "OFFLINE", "SLAVE", session: session)
            try await stand.order("m3", "a", "SLAVE", "MASTER", session: session)
            stand.service.suspend(try stand.sessionID(session))
            try await stand.journal.waitFor("a suspended")
            #expect(participant.status.isSuspended)
            #expect(!participant.status.isReady)
            #expect(participant.status.isJoined)
            // What arrives meanwhile is not begun.
            try await stand.send(stand.transition("m4", "b", "SLAVE", "OFFLINE", session: session))
            await giveWay()
            #expect(!stand.journal.all.contains("b SLAVE-OFFLINE"))
            stand.service.resume(try stand.sessionID(session))
            try await stand.journal.waitFor("a resumed")
            try await eventually("m4 is done") {
                stand.clock.advance(by: .milliseconds(20))
                return try await stand.message("m4") == nil
            }
            #expect(participant.status.isReady)
            #expect(stand.journal.of("a") == ["OFFLINE-SLAVE", "SLAVE-MASTER", "suspended", "resumed"])
            #expect(stand.journal.of("b") == ["OFFLINE-SLAVE", "SLAVE-OFFLINE"])
            #expect(participant.status.session == session)
        }
    }

    @Test("a replica on its way to the top state is cancelled when the session becomes uncertain")
    func suspensionOnTheWayUp() async throws {
        let stand = try await Stand()
        let gate = Gate()
        let participant = stand.masterSlave { context in
            if context.to == "MASTER" { try await gate.pass() }
        }
        try await stand.running(participant) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            try await stand.send(stand.transition("m2", "a", "SLAVE", "MASTER", session: session))
            try await stand.journal.waitFor("a SLAVE-MASTER")
            stand.service.suspend(try stand.sessionID(session))
            try await eventually("it is a slave, and free") {
                participant.status.replicas.map(\.state) == ["SLAVE"] && participant.status.replicas[0].isBusy == false
            }
            stand.service.resume(try stand.sessionID(session))
            try await stand.isGone("m2")
            #expect(try await stand.state(session, "a") == "SLAVE")
            #expect(!stand.journal.all.contains("a suspended"), "it never was the master")
        }
    }

    @Test("a replica that becomes the master all the same is told at once")
    func suspensionInVain() async throws {
        let stand = try await Stand()
        let gate = Gate()
        let participant = stand.masterSlave { context in
            if context.to == "MASTER" { try await gate.pass(isStubborn: true) }
        }
        try await stand.running(participant) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            try await stand.send(stand.transition("m2", "a", "SLAVE", "MASTER", session: session))
            try await stand.journal.waitFor("a SLAVE-MASTER")
            stand.service.suspend(try stand.sessionID(session))
            try await eventually("it knows") { participant.status.isSuspended }
            gate.open()
            try await stand.journal.waitFor("a suspended")
            stand.service.resume(try stand.sessionID(session))
            try await stand.journal.waitFor("a resumed")
            try await eventually("it is recorded") { try await stand.state(session, "a") == "MASTER" }
        }
    }

    @Test("what is finished while the connection is away is recorded when it is back")
    func finishedWhileAway() async throws {
        let stand = try await Stand()
        let gate = Gate()
        let participant = stand.masterSlave { _ in try await gate.pass() }
        try await stand.running(participant) { session in
            try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session))
            try await stand.journal.waitFor("a OFFLINE-SLAVE")
            stand.service.suspend(try stand.sessionID(session))
            try await eventually("it knows") { participant.status.isSuspended }
            gate.open()
            try await eventually("it is done") { participant.status.replicas.first?.state == "SLAVE" }
            await giveWay()
            #expect(try await stand.current(session) == nil)
            stand.service.resume(try stand.sessionID(session))
            try await stand.isGone("m1")
            #expect(try await stand.state(session, "a") == "SLAVE")
        }
    }

    @Test("a session that expires while the connection is away ends suspended, then reset")
    func expiryWhileAway() async throws {
        let stand = try await Stand()
        let participant = stand.masterSlave()
        try await stand.running(participant) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            try await stand.order("m2", "a", "SLAVE", "MASTER", session: session)
            let id = try stand.sessionID(session)
            stand.service.suspend(id)
            try await stand.journal.waitFor("a suspended")
            stand.service.expire(id)
            stand.service.resume(id)
            try await eventually("it has joined again") { (participant.status.session ?? session) != session }
            #expect(stand.journal.of("a").suffix(2) == ["suspended", "reset"])
        }
    }

    @Test("while the cluster is frozen replicas keep their states over a change of sessions, and say so afterwards")
    func frozenOverSessions() async throws {
        let stand = try await Stand()
        let participant = stand.masterSlave()
        @Sendable func freeze(_ id: String, _ state: String, _ session: String) async throws {
            var message = Message(id: id, type: .participantStatusChange)
            message.targetSession = session
            message.toState = state
            try await stand.send(message)
            try await stand.isGone(id)
        }
        try await stand.running(participant) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            try await stand.order("m2", "a", "SLAVE", "MASTER", session: session)
            try await freeze("f1", "FROZEN", session)
            stand.service.expire(try stand.sessionID(session))
            try await eventually("it has joined again") { (participant.status.session ?? session) != session }
            let next = try #require(participant.status.session)
            #expect(try await stand.live?.isFrozen == true)
            #expect(participant.status.replicas.map(\.state) == ["MASTER"])
            #expect(try await stand.current(next) == nil, "nothing is carried over yet")
            try await freeze("f2", "NORMAL", next)
            try await eventually("the state is known again") { try await stand.state(next, "a") == "MASTER" }
            #expect(try await stand.live?.isFrozen == false)
            #expect(try await stand.session.children(stand.paths.currentStateSessions("n1_1")) == [next])
            try await stand.order("m3", "a", "MASTER", "SLAVE", session: next)
            #expect(stand.journal.of("a") == ["OFFLINE-SLAVE", "SLAVE-MASTER", "MASTER-SLAVE"])
        }
    }

    @Test("a transaction whose answer was lost is not applied twice, and nothing is forgotten")
    func lostAnswer() async throws {
        let stand = try await Stand()
        let service = ObservedService(stand.service)
        try await stand.running(stand.masterSlave(on: service)) { session in
            try await stand.order("m0", "z", "OFFLINE", "SLAVE", session: session)
            service.plan([.loseAnswer])
            for number in 1...9 {
                let id = "m\(number)"
                try await stand.send(stand.transition(id, "p\(number)", "OFFLINE", "SLAVE", session: session))
            }
            try await eventually("all is recorded") {
                stand.clock.advance(by: .milliseconds(100))
                let record = try await stand.current(session)
                let isRecorded = (1...9).allSatisfy { record?["p\($0)"]?.currentState == "SLAVE" }
                let queue = try await stand.queue
                return isRecorded && queue.isEmpty
            }
            #expect(service.plannedCount == 0)
            #expect(stand.journal.all.count == 10)
        }
    }

    @Test("a refused transaction is tried again, later and later, until it lands")
    func refused() async throws {
        let stand = try await Stand()
        let service = ObservedService(stand.service)
        try await stand.running(stand.masterSlave(on: service)) { session in
            let refusal = CoordinationError(.notAuthorized, operation: "multi")
            service.plan(Array(repeating: .refuse(refusal), count: 4))
            try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session))
            try await eventually("it is recorded") {
                stand.clock.advance(by: .milliseconds(50))
                return try await stand.state(session, "a") == "SLAVE"
            }
            #expect(service.plannedCount == 0)
            try await stand.isGone("m1")
        }
    }

    @Test("messages that somebody else deleted do not hold up what they were about")
    func deletedMeanwhile() async throws {
        let stand = try await Stand()
        let service = ObservedService(stand.service)
        let gate = Gate()
        let participant = stand.masterSlave(on: service) { _ in try await gate.pass() }
        try await stand.running(participant) { session in
            for number in 0..<20 {
                try await stand.send(
                    stand.transition("m\(number)", "p\(number)", "OFFLINE", "SLAVE", session: session))
            }
            try await eventually("all are at work") { gate.waitingCount == 20 }
            // Deleted at the last moment, so that the participant cannot know.
            service.beforeCommit { transactions in
                for operation in transactions.joined() {
                    if case .delete(let path, _) = operation, path.hasSuffix("0") || path.hasSuffix("1") {
                        _ = await stand.session.write([.delete(path)])
                    }
                }
            }
            gate.open()
            try await eventually("all is recorded") {
                let queue = try await stand.queue
                return try await stand.current(session)?.partitions.count == 20 && queue.isEmpty
            }
        }
    }

    @Test("a folder of current states that somebody deleted is made again; the instance's own folder is not")
    func deletedFolder() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave()) { session in
            try await stand.session.deleteRecursively(stand.paths.currentStates("n1_1", session: session))
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            #expect(try await stand.state(session, "a") == "SLAVE")
        }
    }
}
