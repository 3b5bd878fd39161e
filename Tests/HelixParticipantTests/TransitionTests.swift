import Coordination
import HelixParticipant
import HelixRecords
import StateModels
import Synchronization
import Testing

@Suite("Transitions as the controller sees them")
struct TransitionTests {
    @Test("a replica comes up step by step, and each step is recorded as Helix does")
    func bringUp() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave()) { session in
            try await stand.order("m1", "db_0", "OFFLINE", "SLAVE", session: session)
            try await stand.order("m2", "db_0", "SLAVE", "MASTER", session: session)
            let record = try #require(try await stand.current(session))
            #expect(record.id == "db")
            #expect(record.record.simpleFields["SESSION_ID"] == session)
            #expect(record.record.simpleFields["STATE_MODEL_DEF"] == "MasterSlave")
            #expect(record.record.simpleFields["STATE_MODEL_FACTORY_NAME"] == "DEFAULT")
            #expect(record.record.simpleFields["BUCKET_SIZE"] == "0")
            #expect(record.record.simpleFields["BATCH_MESSAGE_MODE"] == "false")
            let replica = try #require(record["db_0"])
            #expect(replica.currentState == "MASTER")
            #expect(replica.previousState == "SLAVE")
            #expect(replica.triggeredBy == "controller_1")
            #expect(replica.info == "")
            #expect(try #require(replica.startTime) < #require(replica.endTime))
            #expect(try await stand.queue == [])
            #expect(stand.journal.all == ["db_0 OFFLINE-SLAVE", "db_0 SLAVE-MASTER"])
        }
    }

    @Test("a fail-over: one partition goes down, another comes up, the rest stays")
    func failover() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave()) { session in
            for partition in ["a", "b", "c"] {
                try await stand.order("up \(partition)", partition, "OFFLINE", "SLAVE", session: session)
            }
            try await stand.order("m1", "a", "SLAVE", "MASTER", session: session)
            try await stand.send(stand.transition("m2", "a", "MASTER", "SLAVE", session: session))
            try await stand.send(stand.transition("m3", "b", "SLAVE", "MASTER", session: session))
            try await eventually("b is the master") {
                let states = [try await stand.state(session, "a"), try await stand.state(session, "b")]
                return states == ["SLAVE", "MASTER"]
            }
            #expect(try await stand.state(session, "c") == "SLAVE")
        }
    }

    @Test("the fencing token is the transaction of the message, and grows")
    func fencingToken() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave()) { session in
            try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session))
            try await stand.isGone("m1")
            try await stand.order("m2", "a", "SLAVE", "MASTER", session: session)
            let tokens = stand.journal.tokens(of: "a")
            #expect(tokens.count == 2)
            #expect(tokens[0] > 0 && tokens[0] < tokens[1])
        }
    }

    @Test("a dropped replica's entry goes, and with the last one the record")
    func drop() async throws {
        let stand = try await Stand()
        let participant = stand.masterSlave()
        try await stand.running(participant) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            try await stand.order("m2", "b", "OFFLINE", "SLAVE", session: session)
            try await stand.order("m3", "a", "SLAVE", "OFFLINE", session: session)
            try await stand.order("m4", "a", "OFFLINE", "DROPPED", session: session)
            #expect(try await stand.current(session)?.partitions == ["b"])
            try await stand.order("m5", "b", "SLAVE", "OFFLINE", session: session)
            try await stand.order("m6", "b", "OFFLINE", "DROPPED", session: session)
            #expect(try await stand.current(session) == nil)
            #expect(participant.status.replicas.isEmpty)
            #expect(stand.journal.of("a").last == "OFFLINE-DROPPED")
            // And it can come back.
            try await stand.order("m7", "b", "OFFLINE", "SLAVE", session: session)
            #expect(try await stand.current(session)?.partitions == ["b"])
        }
    }

    @Test("a replica whose handler throws is in ERROR, with the reason; the others go on")
    func error() async throws {
        struct DiskFull: Error, CustomStringConvertible { let description = "no space left on /data" }
        let stand = try await Stand()
        let participant = stand.masterSlave { if $0.partition == "a" { throw DiskFull() } }
        try await stand.running(participant) { session in
            try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session))
            try await stand.order("m2", "b", "OFFLINE", "SLAVE", session: session)
            try await stand.isGone("m1")
            let replica = try #require(try await stand.current(session)?["a"])
            #expect(replica.currentState == "ERROR")
            #expect(replica.info == "no space left on /data")
            #expect(replica.previousState == "OFFLINE")
        }
    }

    @Test("an operator resets a failed replica, which then comes up")
    func reset() async throws {
        struct Once: Error {}
        let stand = try await Stand()
        let journal = stand.journal
        let participant = stand.masterSlave { _ in if journal.of("a").count == 1 { throw Once() } }
        try await stand.running(participant) { session in
            try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session))
            try await eventually("a is in ERROR") { try await stand.state(session, "a") == "ERROR" }
            try await stand.order("m2", "a", "ERROR", "OFFLINE", session: session)
            try await stand.order("m3", "a", "OFFLINE", "SLAVE", session: session)
            #expect(stand.journal.of("a") == ["OFFLINE-SLAVE", "reset", "OFFLINE-SLAVE"])
        }
    }

    @Test("a failed replica that is not wanted any more is dropped from ERROR")
    func dropFromError() async throws {
        struct Broken: Error {}
        let stand = try await Stand()
        try await stand.running(stand.masterSlave { _ in throw Broken() }) { session in
            try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session))
            try await eventually("a is in ERROR") { try await stand.state(session, "a") == "ERROR" }
            try await stand.order("m2", "a", "ERROR", "DROPPED", session: session)
            #expect(try await stand.current(session) == nil)
        }
    }

    @Test("an operator puts a replica into ERROR, from whatever state")
    func setToError() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave()) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            try await stand.order("m2", "a", "*", "ERROR", session: session)
            #expect(stand.journal.of("a") == ["OFFLINE-SLAVE", "reset"])
        }
    }

    @Test("the user's code declares a replica to have failed")
    func declaredFailure() async throws {
        let stand = try await Stand()
        let participant = stand.masterSlave()
        try await stand.running(participant) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            participant.declareFailure(resource: "db", partition: "a", reason: "disk sdb failed")
            try await eventually("a is in ERROR") { try await stand.state(session, "a") == "ERROR" }
            #expect(try await stand.current(session)?["a"]?.info == "disk sdb failed")
            participant.declareFailure(resource: "db", partition: "unknown", reason: "nothing happens")
            try await stand.order("m2", "a", "ERROR", "OFFLINE", session: session)
        }
    }

    @Test("a handler that cannot be made puts the replica into ERROR")
    func factoryFails() async throws {
        struct NoRoom: Error, CustomStringConvertible { let description = "no room for another shard" }
        let stand = try await Stand()
        let participant = stand.participant()
        participant.register(.masterSlave) { _ in throw NoRoom() }
        try await stand.running(participant) { session in
            try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session))
            try await eventually("a is in ERROR") { try await stand.state(session, "a") == "ERROR" }
            #expect(try await stand.current(session)?["a"]?.info == "no room for another shard")
        }
    }

    @Test("a message whose transition does not fit the replica's state is deleted, and changes nothing")
    func stale() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave()) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            let before = try await stand.current(session)
            try await stand.send(stand.transition("m2", "a", "OFFLINE", "SLAVE", session: session))
            try await stand.send(stand.transition("m3", "a", "MASTER", "SLAVE", session: session))
            try await stand.send(stand.transition("m4", "new", "SLAVE", "MASTER", session: session))
            for id in ["m2", "m3", "m4"] { try await stand.isGone(id) }
            #expect(try await stand.current(session) == before)
            #expect(stand.journal.all == ["a OFFLINE-SLAVE"])
        }
    }

    @Test("a record in which somebody changed a state is put right when its replica gets a message that does not fit")
    func correction() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave()) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            try await stand.order("m2", "b", "OFFLINE", "SLAVE", session: session)
            let path = stand.paths.currentState("n1_1", session: session, resource: "db")
            var meddled = try #require(try await stand.current(session))
            meddled["a"]?.currentState = "MASTER"
            try await stand.session.set(path, try meddled.encoded())
            // The next commit finds the version changed, and writes what is true.
            try await stand.order("m3", "b", "SLAVE", "MASTER", session: session)
            #expect(try await stand.state(session, "a") == "SLAVE")
        }
    }

    @Test("while a replica makes a transition another message for it is deleted")
    func busy() async throws {
        let stand = try await Stand()
        let gate = Gate()
        try await stand.running(stand.masterSlave { _ in try await gate.pass() }) { session in
            try await stand.send(stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session))
            try await stand.journal.waitFor("a OFFLINE-SLAVE")
            try await stand.send(stand.transition("m2", "a", "OFFLINE", "SLAVE", session: session))
            try await stand.isGone("m2")
            gate.open()
            try await stand.isGone("m1")
            #expect(stand.journal.all == ["a OFFLINE-SLAVE"])
        }
    }

    @Test("resources and partitions whose joined names are equal are different replicas")
    func ambiguousNames() async throws {
        let stand = try await Stand()
        let gate = Gate()
        try await stand.running(stand.masterSlave { _ in try await gate.pass() }) { session in
            try await stand.send(stand.transition("m1", "b_c", "OFFLINE", "SLAVE", session: session, resource: "a"))
            try await stand.send(stand.transition("m2", "c", "OFFLINE", "SLAVE", session: session, resource: "a_b"))
            try await eventually("both are at work") { gate.waitingCount == 2 }
            gate.open()
            try await eventually("both are slaves") {
                let states = [try await stand.state(session, "b_c", "a"), try await stand.state(session, "c", "a_b")]
                return states == ["SLAVE", "SLAVE"]
            }
        }
    }

    @Test("a batch message brings each of its partitions up by itself, and goes when all are done")
    func batch() async throws {
        struct Broken: Error {}
        let stand = try await Stand()
        let gate = Gate()
        let participant = stand.masterSlave { context in
            if context.partition == "p2" { throw Broken() }
            if context.partition == "p3" { try await gate.pass() }
        }
        try await stand.running(participant) { session in
            try await stand.order("m0", "p4", "OFFLINE", "SLAVE", session: session)
            var batch = stand.transition("m1", "", "OFFLINE", "SLAVE", session: session)
            batch.partitions = ["p1", "p2", "p3", "p4"]
            try await stand.send(batch)
            try await eventually("p1 and p2 are recorded") {
                let states = [try await stand.state(session, "p1"), try await stand.state(session, "p2")]
                return states == ["SLAVE", "ERROR"]
            }
            #expect(try await stand.message("m1") != nil, "one partition is not done")
            gate.open()
            try await stand.isGone("m1")
            #expect(try await stand.state(session, "p3") == "SLAVE")
            #expect(stand.journal.of("p4") == ["OFFLINE-SLAVE"], "it was a slave already")
        }
    }

    @Test("a timeout cancels the handler and puts the replica into ERROR; what the handler still does counts no more")
    func timeout() async throws {
        let stand = try await Stand()
        let gate = Gate()
        let participant = stand.masterSlave { context in
            if context.to == "SLAVE" { try await gate.pass(isStubborn: true) }
        }
        try await stand.running(participant) { session in
            var message = stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session)
            message.timeout = .seconds(3)
            message.retryCount = 0
            try await stand.send(message)
            try await stand.journal.waitFor("a OFFLINE-SLAVE")
            try await eventually("the time is watched") { stand.clock.sleeperCount > 0 }
            stand.clock.advance(by: .seconds(3))
            try await stand.isGone("m1")
            let replica = try #require(try await stand.current(session)?["a"])
            #expect(replica.currentState == "ERROR")
            #expect(replica.info?.contains("3.0 seconds") == true)
            // The handler has not returned: the reset waits for it.
            try await stand.send(stand.transition("m2", "a", "ERROR", "OFFLINE", session: session))
            await giveWay()
            #expect(try await stand.message("m2") != nil)
            gate.open()
            try await stand.isGone("m2")
            #expect(try await stand.state(session, "a") == "OFFLINE")
            // Once because the late handler may have left something, once for the operator.
            #expect(stand.journal.of("a") == ["OFFLINE-SLAVE", "reset", "reset"])
        }
    }

    @Test("a transition that ends in time is not touched by its timeout")
    func noTimeout() async throws {
        let stand = try await Stand()
        try await stand.running(stand.masterSlave()) { session in
            var message = stand.transition("m1", "a", "OFFLINE", "SLAVE", session: session)
            message.timeout = .seconds(3)
            try await stand.send(message)
            try await stand.isGone("m1")
            stand.clock.advance(by: .seconds(4))
            await giveWay()
            #expect(try await stand.state(session, "a") == "SLAVE")
        }
    }

    @Test("a transition that takes a moment is marked as read, all that are due together")
    func readMark() async throws {
        let stand = try await Stand()
        let gate = Gate()
        let service = ObservedService(stand.service)
        let participant = stand.masterSlave(on: service) { context in
            if context.partition != "quick" { try await gate.pass() }
        }
        try await stand.running(participant) { session in
            for partition in ["a", "b", "quick"] {
                try await stand.send(stand.transition(partition, partition, "OFFLINE", "SLAVE", session: session))
            }
            try await stand.isGone("quick")
            try await eventually("two are at work") { gate.waitingCount == 2 }
            stand.clock.advance(by: .milliseconds(199))
            await giveWay()
            #expect(try await stand.message("a")?.messageState == .new)
            stand.clock.advance(by: .milliseconds(1))
            try await eventually("both are marked") {
                let states = [try await stand.message("a")?.messageState, try await stand.message("b")?.messageState]
                return states == [.read, .read]
            }
            let marked = try #require(try await stand.message("a"))
            #expect(marked.record.simpleFields["MSG_STATE"] == "read")
            #expect(marked.executingSession == session)
            #expect(marked.readAt != nil)
            #expect(marked.toState == "SLAVE")
            gate.open()
            try await stand.isGone("a")
            try await stand.isGone("b")
            #expect(service.counts.withLock { $0.messageWrites } == 2)
        }
    }

    @Test("at most as many transitions run as the configuration says", arguments: [1, 3])
    func concurrency(_ limit: Int) async throws {
        let stand = try await Stand()
        var config = InstanceConfig(id: "n1_1")
        config.setMaxThreads(limit, .stateTransition)
        try await stand.session.set(stand.paths.instanceConfig("n1_1"), try config.encoded())
        let gate = Gate()
        let participant = stand.masterSlave { _ in try await gate.pass() }
        try await stand.running(participant) { session in
            for number in 0..<6 {
                try await stand.send(stand.transition("m\(number)", "p\(number)", "OFFLINE", "SLAVE", session: session))
            }
            try await eventually("all are known") { participant.status.pendingTransitions == 6 }
            #expect(gate.waitingCount <= limit)
            try await eventually("the places are taken") { gate.waitingCount == limit }
            #expect(stand.journal.all == (0..<limit).map { "p\($0) OFFLINE-SLAVE" }, "first come, first served")
            gate.open()
            try await eventually("all are done") { try await stand.queue.isEmpty }
        }
    }

    @Test("a resource with a limit of its own does not wait for the others, nor they for it")
    func resourceLimit() async throws {
        let stand = try await Stand()
        var resource = ResourceConfig(id: "slow")
        resource.maxThreads = 1
        try await stand.session.create(stand.paths.resourceConfig("slow"), try resource.encoded())
        let gate = Gate()
        var configuration = ParticipantConfiguration()
        configuration.concurrentTransitions = 1
        let participant = stand.masterSlave(configuration: configuration) { context in
            if context.resource == "slow" { try await gate.pass() }
        }
        try await stand.running(participant) { session in
            for number in 0..<3 {
                let id = "s\(number)"
                try await stand.send(stand.transition(id, id, "OFFLINE", "SLAVE", session: session, resource: "slow"))
            }
            try await eventually("the slow one works") { gate.waitingCount == 1 }
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            #expect(stand.journal.all.filter { $0.hasPrefix("s") }.count == 1)
            gate.open()
            try await eventually("all are done") { try await stand.queue.isEmpty }
        }
    }
}
