import Coordination
import HelixRecords
import MessageQueue
import Testing

@Suite("Sending messages")
struct MessageSenderTests {
    @Test("each message gets to the queue of its target, as it was")
    func targets() async throws {
        let stand = try await QueueStand(instances: ["n1", "n2"])
        let sender = MessageSender(session: stand.session, paths: stand.paths, fence: nil)
        var toController = stand.message("c1")
        toController.target = Message.controllerTarget
        let messages = [stand.message("a", to: "n1"), stand.message("b", to: "n2"), toController]
        #expect(try await sender.send(messages) == [.sent, .sent, .sent])
        let paths = [stand.paths.message("n1", "a"), stand.paths.message("n2", "b"), "/c/CONTROLLER/MESSAGES/c1"]
        for (path, message) in zip(paths, messages) {
            let (data, stat) = try await stand.session.get(path)
            #expect(try Message(decoding: data, path: path) == message)
            #expect(stat.ephemeralOwner == nil)
        }
    }

    @Test("a message for an instance that was dropped does not bring it back, and hinders no other")
    func droppedInstance() async throws {
        let stand = try await QueueStand(instances: ["n1"])
        let sender = MessageSender(session: stand.session, paths: stand.paths, fence: nil)
        let results = try await sender.send([stand.message("a"), stand.message("b", to: "gone"), stand.message("c")])
        #expect(results == [.sent, .noSuchInstance, .sent])
        #expect(try await stand.session.exists("/c/INSTANCES/gone") == nil)
        #expect(try await stand.queue == ["a", "c"])
    }

    @Test("a message whose id is taken changes nothing")
    func taken() async throws {
        let stand = try await QueueStand()
        try await stand.put("a", [1])
        let sender = MessageSender(session: stand.session, paths: stand.paths, fence: nil)
        #expect(try await sender.send([stand.message("a"), stand.message("b")]) == [.alreadyThere, .sent])
        #expect(try await stand.session.get(stand.paths.message("n1", "a")).data == [1])
    }

    @Test("a message without a target or an id, or one too large, fails by itself")
    func faulty() async throws {
        let stand = try await QueueStand()
        let sender = MessageSender(session: stand.session, paths: stand.paths, fence: nil)
        var nowhere = stand.message("a")
        nowhere.target = nil
        var nameless = stand.message("")
        nameless.target = "n1"
        var noise = CountingGenerator(state: 3)
        var huge = stand.message("huge")
        huge.record.simpleFields["noise"] = (0..<100_000).map { _ in MessageIDs.uuid(using: &noise) }.joined()
        let results = try await sender.send([nowhere, nameless, huge, stand.message("b")])
        #expect(results[0] == .failed(.unaddressed))
        #expect(results[1] == .failed(.unaddressed))
        guard case .failed(.unencodable(let error)) = results[2] else {
            Issue.record("\(results[2])")
            return
        }
        #expect(error.description.contains("limit"))
        #expect(results[3] == .sent)
        #expect(try await stand.queue == ["b"])
    }

    @Test("a fence that does not hold keeps every message back")
    func fence() async throws {
        let stand = try await QueueStand()
        try await stand.session.create("/c/LEADER")
        let fence = WriteOperation.check("/c/LEADER", version: 0)
        let sender = MessageSender(session: stand.session, paths: stand.paths, fence: fence)
        #expect(try await sender.send([stand.message("a")]) == [.sent])
        try await stand.session.set("/c/LEADER", [1])
        await #expect(throws: CoordinationError(.badVersion, operation: "", path: "/c/LEADER")) {
            try await sender.send([stand.message("b")])
        }
        #expect(try await stand.queue == ["a"])
    }

    @Test("when the session is over nothing is sent, and the caller learns it")
    func expired() async throws {
        let stand = try await QueueStand()
        let sender = MessageSender(session: stand.session, paths: stand.paths, fence: nil)
        stand.service.expire(stand.session.id)
        await #expect(throws: CoordinationError.self) { try await sender.send([stand.message("a")]) }
    }

    @Test("while the connection is away nobody knows, and the result says so")
    func disconnected() async throws {
        let stand = try await QueueStand()
        let sender = MessageSender(session: stand.session, paths: stand.paths, fence: nil)
        stand.service.suspend(stand.session.id)
        guard case .failed(.refused(let error)) = try await sender.send([stand.message("a")])[0] else {
            Issue.record("sent without a connection")
            return
        }
        #expect(error.code == .connectionLoss)
    }

    @Test("ids come from where the caller says")
    func ids() async throws {
        let stand = try await QueueStand()
        let sender = MessageSender(
            session: stand.session, paths: stand.paths, fence: nil, ids: MessageIDs { "next" })
        #expect(sender.newID() == "next")
    }

    @Test("a thousand messages to many instances all arrive")
    func many() async throws {
        let names = (0..<10).map { "n\($0)" }
        let stand = try await QueueStand(instances: names)
        let sender = MessageSender(session: stand.session, paths: stand.paths, fence: nil)
        let messages = (0..<1_000).map { stand.message("m\($0)", to: names[$0 % 10]) }
        #expect(try await sender.send(messages).allSatisfy { $0 == .sent })
        for name in names { #expect(try await stand.session.children(stand.paths.messages(name)).count == 100) }
    }
}
