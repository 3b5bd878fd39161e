import Coordination
import HelixRecords
import MessageQueue
import Testing

@Suite("Receiving messages")
struct MessageReceiverTests {
    func receiver(_ stand: QueueStand) -> MessageReceiver {
        MessageReceiver(session: stand.session, path: stand.paths.messages("n1"))
    }

    @Test("messages come in the order of creation, whatever their ids, with what created them")
    func order() async throws {
        let stand = try await QueueStand()
        for id in ["m", "z", "a", "k"] { try await stand.put(id) }
        let delivery = try #require(try await receiver(stand).next())
        #expect(delivery.messages.map(\.id) == ["m", "z", "a", "k"])
        #expect(delivery.messages.map(\.fencingToken) == delivery.messages.map(\.fencingToken).sorted())
        #expect(delivery.messages[0].message == stand.message("m"))
        let stat = try #require(try await stand.session.exists(stand.paths.message("n1", "z")))
        #expect(delivery.messages[1].fencingToken == stat.createdZxid)
    }

    @Test("each message is delivered once, however often the queue changes")
    func once() async throws {
        let stand = try await QueueStand()
        let receiver = receiver(stand)
        try await stand.put("a")
        #expect(try await receiver.next()?.messages.map(\.id) == ["a"])
        try await stand.put("b")
        try await stand.put("c")
        #expect(try await receiver.next()?.messages.map(\.id) == ["b", "c"])
    }

    @Test("a receiver that waits is woken by a message")
    func waiting() async throws {
        let stand = try await QueueStand()
        let receiver = receiver(stand)
        async let delivery = receiver.next()
        try await stand.put("a")
        #expect(try await delivery?.messages.map(\.id) == ["a"])
    }

    @Test("an entry that is no message is reported once and hinders nobody", arguments: ["", "{", "[1]", "null"])
    func malformed(_ text: String) async throws {
        let stand = try await QueueStand()
        let receiver = receiver(stand)
        try await stand.put("a")
        try await stand.put("bad", Array(text.utf8))
        try await stand.put("c")
        let delivery = try #require(try await receiver.next())
        #expect(delivery.messages.map(\.id) == ["a", "c"])
        #expect(delivery.malformed.map(\.id) == ["bad"])
        #expect(delivery.malformed[0].error.path == "/c/INSTANCES/n1/MESSAGES/bad")
        try await stand.put("d")
        let next = try #require(try await receiver.next())
        #expect(next.malformed.isEmpty)
        #expect(next.messages.map(\.id) == ["d"])
        #expect(try await stand.queue.contains("bad"), "it stays for somebody to look at")
    }

    @Test("an entry that may not be read is reported once and hinders nobody", arguments: [[], ["a"]])
    func unreadable(others: [String]) async throws {
        let stand = try await QueueStand()
        let receiver = receiver(stand)
        for id in others { try await stand.put(id) }
        let nobody = [AccessControl(permissions: .all, scheme: "digest", id: "x:y")]
        try await stand.session.create(stand.paths.message("n1", "secret"), acl: nobody)
        let delivery = try #require(try await receiver.next())
        #expect(delivery.messages.map(\.id) == others)
        #expect(delivery.malformed.map(\.id) == ["secret"])
        try await stand.put("d")
        let next = try #require(try await receiver.next())
        #expect(next.messages.map(\.id) == ["d"])
        #expect(next.malformed.isEmpty)
    }

    @Test("messages that were deleted are reported as vanished, once")
    func vanished() async throws {
        let stand = try await QueueStand()
        let receiver = receiver(stand)
        for id in ["b", "a", "c"] { try await stand.put(id) }
        _ = try await receiver.next()
        try await stand.session.delete(stand.paths.message("n1", "b"))
        try await stand.session.delete(stand.paths.message("n1", "a"))
        #expect(try await receiver.next()?.vanished == ["a", "b"])
        try await stand.put("d")
        #expect(try await receiver.next()?.vanished == [])
    }

    @Test("an id that is used again after its message went is a new message")
    func again() async throws {
        let stand = try await QueueStand()
        let receiver = receiver(stand)
        try await stand.put("SESSION-SYNC")
        #expect(try await receiver.next()?.messages.count == 1)
        try await receiver.acknowledge(["SESSION-SYNC"])
        try await stand.put("SESSION-SYNC")
        #expect(try await receiver.next()?.messages.map(\.id) == ["SESSION-SYNC"])
    }

    @Test("acknowledging removes messages; one that is gone already is none the worse")
    func acknowledge() async throws {
        let stand = try await QueueStand()
        let receiver = receiver(stand)
        for id in ["a", "b", "c"] { try await stand.put(id) }
        _ = try await receiver.next()
        try await receiver.acknowledge(["a", "never was", "c"])
        #expect(try await stand.queue == ["b"])
    }

    @Test("a lost connection is waited out, and nothing is missed")
    func reconnection() async throws {
        let stand = try await QueueStand()
        let other = try await stand.service.openSession()
        let receiver = receiver(stand)
        stand.service.suspend(stand.session.id)
        async let delivery = receiver.next()
        try await other.create(stand.paths.message("n1", "a"), try stand.message("a").encoded())
        stand.service.resume(stand.session.id)
        #expect(try await delivery?.messages.map(\.id) == ["a"])
    }

    @Test("it ends with the session")
    func expiry() async throws {
        let stand = try await QueueStand()
        let receiver = receiver(stand)
        async let delivery = receiver.next()
        stand.service.expire(stand.session.id)
        #expect(try await delivery == nil)
    }

    @Test("it ends when its session expires while the connection is away")
    func expiryWhileAway() async throws {
        let stand = try await QueueStand()
        let receiver = receiver(stand)
        stand.service.suspend(stand.session.id)
        async let delivery = receiver.next()
        stand.service.expire(stand.session.id)
        stand.service.resume(stand.session.id)
        #expect(try await delivery == nil)
    }

    @Test("a queue that does not exist is an error that names it")
    func noQueue() async throws {
        let stand = try await QueueStand(instances: [])
        await #expect(throws: CoordinationError(.noNode, operation: "", path: "/c/INSTANCES/n1/MESSAGES")) {
            try await receiver(stand).next()
        }
    }

    @Test("it ends when the task is cancelled")
    func cancellation() async throws {
        let stand = try await QueueStand()
        let receiver = receiver(stand)
        let ended = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do { return try await receiver.next() == nil } catch { return false }
            }
            group.cancelAll()
            return await group.next()
        }
        #expect(ended == true)
    }

    @Test("while messages come and go, each that stays is delivered exactly once", arguments: 1...20)
    func storm(seed: Int) async throws {
        let stand = try await QueueStand()
        let writer = try await stand.service.openSession()
        let receiver = receiver(stand)
        var random = CountingGenerator(state: UInt64(seed))
        var kept: Set<String> = []
        var delivered: [String] = []
        for number in 0..<200 {
            let id = "\(MessageIDs.uuid(using: &random))"
            try await writer.create(stand.paths.message("n1", id), try stand.message(id).encoded())
            if random.next() >> 40 & 3 == 0 {
                try await writer.delete(stand.paths.message("n1", id))
            } else {
                kept.insert(id)
            }
            if random.next() >> 40 & 7 == 0 || number == 199 {
                try await writer.create(stand.paths.message("n1", "stop\(number)"), try stand.message("s").encoded())
                var isCaughtUp = false
                while !isCaughtUp, let delivery = try await receiver.next() {
                    delivered += delivery.messages.map(\.id)
                    isCaughtUp = delivered.contains("stop\(number)")
                }
            }
        }
        let counted = delivered.filter { !$0.hasPrefix("stop") }
        #expect(counted.count == Set(counted).count, "seed \(seed)")
        #expect(Set(counted) == kept, "seed \(seed)")
    }
}
