import Coordination
import HelixParticipant
import HelixRecords
import StateModels
import Synchronization
import Testing

@Suite("Messages as the controller sees them")
struct MessageHandlingTests {
    @Test("NO_OP is deleted")
    func noOp() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave()) { _ in
            var message = Message(id: "m1", type: .noOp)
            message.target = "n1_1"
            try await stand.send(message)
            try await stand.isGone("m1")
        }
    }

    @Test("a message for an earlier session is deleted unexecuted, and the controller is told of the new one")
    func foreignSession() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave()) { session in
            try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: "deadbeef"))
            try await stand.isGone("m1")
            let path = stand.paths.controllerMessage("SESSION-SYNC")
            try await eventually("the controller is told") { try await stand.session.exists(path) != nil }
            let notice = try Message(decoding: try await stand.session.get(path).data, path: path)
            #expect(notice.messageType == .participantSessionChange)
            #expect(notice.source == "n1_1")
            #expect(notice.sourceSession == session)
            #expect(stand.journal.all == [])
            // Another one straight after tells nothing new, also when the notice was taken.
            try await stand.session.delete(path)
            try await stand.send(stand.transition("m2", "a", "OFFLINE", "SLAVE", session: "deadbeef"))
            try await stand.isGone("m2")
            await giveWay()
            #expect(try await stand.session.exists(path) == nil)
        }
    }

    @Test("a message for an earlier session that was sent before the participant joined tells nothing")
    func leftover() async throws {
        let stand = try await Stand()
        try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: "deadbeef"))
        try await stand.running(stand.masterSlave()) { _ in
            try await stand.isGone("m1")
            await giveWay()
            #expect(try await stand.session.exists(stand.paths.controllerMessage("SESSION-SYNC")) == nil)
        }
    }

    @Test("a malformed entry stays and hinders no other")
    func malformed() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave()) { session in
            try await stand.session.create(stand.paths.message("n1_1", "bad"), Array("{\"id\":".utf8))
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            #expect(try await stand.queue == ["bad"])
        }
    }

    @Test("a message that lacks a field stays, marked as unprocessable, and hinders no other")
    func unprocessable() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave()) { session in
            var message = stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session)
            message.toState = nil
            try await stand.send(message)
            try await stand.order("m2", "b", "OFFLINE", "SLAVE", session: session)
            try await eventually("it is marked") {
                try await stand.message("m1")?.record.simpleFields["MSG_STATE"] == "unprocessable"
            }
            #expect(try await stand.message("m1")?.executingSession == session)
        }
    }

    @Test("a message of an unknown type stays new")
    func unknownType() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave()) { session in
            var message = Message(id: "m1", type: .userDefined)
            message.targetSession = session
            try await stand.send(message)
            try await stand.order("m2", "a", "OFFLINE", "SLAVE", session: session)
            #expect(try await stand.message("m1") == message)
        }
    }

    @Test("a transition of an unregistered model stays new, and is executed once the model is registered")
    func unregisteredModel() async throws {
        let stand = try await Stand()
        let participant = stand.participant()
        try await stand.running(participant) { session in
            try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session))
            try await stand.send(Message(id: "no-op", type: .noOp))
            try await stand.isGone("no-op")
            #expect(try await stand.message("m1")?.messageState == .new)
            stand.register(participant)
            try await stand.send(Message(id: "no-op again", type: .noOp))
            try await stand.isGone("m1")
            #expect(try await stand.state(session, "a") == "SLAVE")
        }
    }

    @Test("an expired message is deleted unexecuted")
    func expired() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave()) { session in
            var message = stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session)
            message.createdAt = 1_000
            message.expiryPeriod = .seconds(5)
            try await stand.send(message)
            try await stand.isGone("m1")
            #expect(stand.journal.all == [])
        }
    }

    @Test("a queue that fills before anybody is there is worked off in the order of creation")
    func backlog() async throws {
        let stand = try await Stand()
        for number in [3, 1, 2] {
            var message = stand.transition("m\(number)", "p\(number)", "OFFLINE", "SLAVE", session: "*")
            message.targetSession = "*"
            try await stand.send(message)
        }
        var configuration = ParticipantConfiguration()
        configuration.concurrentTransitions = 1
        try await stand.running(stand.masterSlave(configuration: configuration)) { _ in
            try await eventually("all are done") { try await stand.queue.isEmpty }
            #expect(stand.journal.all == ["p3 OFFLINE-SLAVE", "p1 OFFLINE-SLAVE", "p2 OFFLINE-SLAVE"])
        }
    }

    @Test("a transition whose message is deleted before it begins does not begin")
    func withdrawn() async throws {
        let stand = try await Stand()
        let gate = Gate()
        var configuration = ParticipantConfiguration()
        configuration.concurrentTransitions = 1
        let participant = stand.masterSlave(configuration: configuration) { _ in try await gate.pass() }
        try await stand.running(participant) { session in
            try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session))
            try await stand.send(stand.transition("m2", "b", "OFFLINE", "SLAVE", session: session))
            try await eventually("b waits") { participant.status.pendingTransitions == 2 }
            try await stand.session.delete(stand.paths.message("n1_1", "m2"))
            try await stand.send(Message(id: "no-op", type: .noOp))
            try await stand.isGone("no-op")
            gate.open()
            try await stand.isGone("m1")
            try await eventually("nothing waits") { participant.status.pendingTransitions == 0 }
            #expect(stand.journal.all == ["a OFFLINE-SLAVE"])
        }
    }

    // MARK: Cancellation

    func cancellation(_ stand: Stand, _ id: String, of message: Message) -> Message {
        var cancellation = message
        cancellation.record.id = id
        cancellation.messageType = .cancellation
        return cancellation
    }

    @Test("a running transition is cancelled: the state stays, both messages go")
    func cancelRunning() async throws {
        let stand = try await Stand()
        let gate = Gate()
        let participant = stand.masterSlave { context in
            if context.to == "MASTER" { try await gate.pass() }
        }
        try await stand.running(participant) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            let before = try await stand.current(session)
            let message = stand.transition("m2", "a", "SLAVE", "MASTER", session: session)
            try await stand.send(message)
            try await stand.journal.waitFor("a SLAVE-MASTER")
            try await stand.send(cancellation(stand, "c1", of: message))
            try await stand.isGone("m2")
            try await stand.isGone("c1")
            #expect(try await stand.current(session) == before)
            // The replica is free for the next.
            gate.open()
            try await stand.order("m3", "a", "SLAVE", "MASTER", session: session)
        }
    }

    @Test("a handler that says it rolled back is in its former state, without any cancellation")
    func rollback() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave { _ in throw TransitionCancelled() }) { session in
            try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session))
            try await stand.isGone("m1")
            #expect(try await stand.current(session) == nil)
        }
    }

    @Test("a handler that throws CancellationError though nobody cancelled has failed")
    func falseCancellation() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave { _ in throw CancellationError() }) { session in
            try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session))
            try await eventually("a is in ERROR") { try await stand.state(session, "a") == "ERROR" }
        }
    }

    @Test("a handler that is done all the same is in the new state; one that breaks is in ERROR")
    func cancelInVain() async throws {
        struct Broken: Error {}
        let stand = try await Stand()
        let gate = Gate()
        let participant = stand.masterSlave { context in
            do { try await gate.pass() } catch  where context.partition == "stubborn" {
            } catch { throw Broken() }
        }
        try await stand.running(participant) { session in
            for partition in ["stubborn", "fragile"] {
                let message = stand.transition(partition, partition, "OFFLINE", "SLAVE", session: session)
                try await stand.send(message)
                try await stand.journal.waitFor("\(partition) OFFLINE-SLAVE")
                try await stand.send(cancellation(stand, "cancel \(partition)", of: message))
                try await stand.isGone(partition)
                try await stand.isGone("cancel \(partition)")
            }
            #expect(try await stand.state(session, "stubborn") == "SLAVE")
            #expect(try await stand.state(session, "fragile") == "ERROR")
        }
    }

    @Test("a transition that waits is dropped by its cancellation, and only by its own")
    func cancelWaiting() async throws {
        let stand = try await Stand()
        let gate = Gate()
        var configuration = ParticipantConfiguration()
        configuration.concurrentTransitions = 1
        let participant = stand.masterSlave(configuration: configuration) { _ in try await gate.pass() }
        try await stand.running(participant) { session in
            try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session))
            let waiting = stand.transition("m2", "b", "OFFLINE", "SLAVE", session: session)
            try await stand.send(waiting)
            var other = cancellation(stand, "c1", of: waiting)
            other.toState = "DROPPED"
            try await stand.send(other)
            try await stand.isGone("c1")
            #expect(try await stand.message("m2") != nil, "another transition was cancelled")
            try await stand.send(cancellation(stand, "c2", of: waiting))
            try await stand.isGone("c2")
            try await stand.isGone("m2")
            gate.open()
            try await stand.isGone("m1")
            #expect(stand.journal.all == ["a OFFLINE-SLAVE"])
        }
    }

    @Test("a cancellation of nothing is deleted")
    func cancelNothing() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave()) { session in
            let message = stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session)
            try await stand.send(cancellation(stand, "c1", of: message))
            try await stand.isGone("c1")
        }
    }

    // MARK: Replies

    @Test(
        "whoever expects a reply gets it once the transition is recorded",
        arguments: [("CONTROLLER", "/c/CONTROLLER/MESSAGES"), ("PARTICIPANT", "/c/INSTANCES/n2_1/MESSAGES")])
    func reply(sourceType: String, queue: String) async throws {
        let stand = try await Stand()
        try await stand.add("n2_1")
        let participant = stand.masterSlave { context in
            if context.to == "MASTER" { throw Refusal() }
        }
        try await stand.running(participant) { session in
            for (id, from, to) in [("m1", "OFFLINE", "SLAVE"), ("m2", "SLAVE", "MASTER")] {
                var message = stand.transition(id, "a", from, to, session: session)
                message.source = "n2_1"
                message.sourceType = sourceType
                message.correlationID = "question \(id)"
                try await stand.send(message)
                try await eventually("\(id) is answered") {
                    let replies = try await stand.replies(in: queue)
                    return replies.contains { $0.correlationID == "question \(id)" }
                }
            }
            let replies = try await stand.replies(in: queue).sorted { $0.correlationID ?? "" < $1.correlationID ?? "" }
            #expect(replies.map(\.messageType) == [.taskReply, .taskReply])
            #expect(replies.map { $0.messageResult["SUCCESS"] } == ["true", "false"])
            #expect(replies.map(\.targetSession) == ["*", "*"])
            #expect(replies.map(\.source) == ["n1_1", "n1_1"])
            #expect(replies[1].messageResult["ERRORINFO"]?.contains("Refusal") == true)
        }
    }

    @Test("a batch is answered once, and a sender who asks nothing is told nothing")
    func replyToBatch() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave()) { session in
            try await stand.order("m1", "z", "OFFLINE", "SLAVE", session: session)
            var batch = stand.transition("m2", "a", "OFFLINE", "SLAVE", session: session)
            batch.partitions = ["a", "b", "c"]
            batch.sourceType = "CONTROLLER"
            batch.correlationID = "question"
            try await stand.send(batch)
            try await stand.isGone("m2")
            try await eventually("the batch is answered") {
                try await !stand.replies(in: "/c/CONTROLLER/MESSAGES").isEmpty
            }
            try await stand.order("m3", "z", "SLAVE", "MASTER", session: session)
            #expect(try await stand.replies(in: "/c/CONTROLLER/MESSAGES").count == 1)
        }
    }

    private struct Refusal: Error {}

    // MARK: Relay

    @Test("attached messages are passed on once the transition is recorded")
    func relay() async throws {
        let stand = try await Stand()
        try await stand.add("n2_1")
        let service = ObservedService(stand.service)
        try await stand.running(stand.masterSlave(on: service)) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            try await stand.order("m2", "a", "SLAVE", "MASTER", session: session)
            var next = stand.transition("m4", "a", "SLAVE", "MASTER", session: "n2's session")
            next.target = "n2_1"
            var lost = next
            lost.record.id = "m5"
            var carrier = stand.transition("m3", "a", "MASTER", "SLAVE", session: session)
            carrier.attach(next, relayingTo: "n2_1")
            carrier.attach(lost, relayingTo: "dropped_1")
            // When the message arrives, the state it waited for must be there, and its carrier gone.
            let company = Mutex<[String]>([])
            service.beforeCommit { transactions in
                for transaction in transactions where transaction.contains(where: { $0.path.hasSuffix("/MESSAGES/m4") })
                {
                    company.withLock { $0 = transaction.map(\.path) }
                }
            }
            try await stand.send(carrier)
            let path = stand.paths.message("n2_1", "m4")
            try await eventually("n2 has the message") { try await stand.session.exists(path) != nil }
            let relayed = try Message(decoding: try await stand.session.get(path).data, path: path)
            #expect(relayed.id == "m4")
            #expect(relayed.messageType == .stateTransition)
            #expect(relayed.toState == "MASTER")
            #expect(relayed.targetSession == "n2's session")
            #expect(relayed.relayFrom == "n1_1")
            #expect(try #require(relayed.relayTime) >= #require(relayed.createdAt))
            #expect(
                company.withLock { $0 } == [
                    stand.paths.currentState("n1_1", session: session, resource: "db"),
                    path, stand.paths.message("n1_1", "m3"),
                ])
            #expect(try await stand.session.exists("/c/INSTANCES/dropped_1") == nil)
            try await stand.isGone("m3")
        }
    }

    @Test("after a failure nothing is passed on")
    func noRelayAfterFailure() async throws {
        struct Broken: Error {}
        let stand = try await Stand()
        try await stand.add("n2_1")
        try await stand.running(stand.masterSlave { if $0.from == "SLAVE" { throw Broken() } }) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            var next = stand.transition("m3", "a", "SLAVE", "MASTER", session: "n2's session")
            next.target = "n2_1"
            var carrier = stand.transition("m2", "a", "SLAVE", "OFFLINE", session: session)
            carrier.attach(next, relayingTo: "n2_1")
            try await stand.send(carrier)
            try await stand.isGone("m2")
            try await stand.order("m4", "b", "OFFLINE", "SLAVE", session: session)
            #expect(try await stand.session.children(stand.paths.messages("n2_1")) == [])
        }
    }

    @Test("a relayed message is executed, and what it did names the instance that relayed it")
    func relayed() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave()) { session in
            var message = stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session)
            message.messageSubtype = "RELAYED_MESSAGE"
            message.relayFrom = "n2_1"
            message.relayTime = stand.time.now()
            message.expiryPeriod = .seconds(5)
            try await stand.send(message)
            try await stand.isGone("m1")
            #expect(try await stand.current(session)?["a"]?.triggeredBy == "n2_1")
        }
    }

    // MARK: Freeze

    @Test("a freeze is shown in the live instance, and its end too")
    func freeze() async throws {
        let stand = try await Stand()
        let participant = stand.masterSlave()
        try await stand.running(participant) { session in
            for (id, state) in [("f1", "FROZEN"), ("f2", "NORMAL")] {
                var message = Message(id: id, type: .participantStatusChange)
                message.targetSession = session
                message.fromState = state == "FROZEN" ? "NORMAL" : "FROZEN"
                message.toState = state
                try await stand.send(message)
                try await stand.isGone(id)
                #expect(try await stand.live?.isFrozen == (state == "FROZEN"))
                #expect(participant.status.isFrozen == (state == "FROZEN"))
                #expect(try await stand.live?.sessionID == session)
            }
        }
    }
}
