public import Coordination
public import HelixRecords

/// What came out of a queue at one look.
public struct Delivery: Sendable {
    /// The messages that are new, in the order in which they were created.
    public var messages: [ReceivedMessage] = []
    /// The entries that are new and are no messages, or may not be read. They stay in the queue, hinder nobody, and are reported once.
    public var malformed: [MalformedMessage] = []
    /// The ids of messages delivered earlier that are in the queue no longer, sorted: acknowledged, or deleted by
    /// somebody else.
    public var vanished: [String] = []

    /// Whether there is nothing in it.
    public var isEmpty: Bool { messages.isEmpty && malformed.isEmpty && vanished.isEmpty }
}

/// A message as it was found in its queue.
public struct ReceivedMessage: Sendable, Hashable {
    /// The name of its znode, by which it is acknowledged.
    public let id: String
    /// What it says.
    public let message: Message
    /// When its znode was created and by which transaction.
    public let stat: Stat

    /// A message found in the znode `id`.
    public init(id: String, message: Message, stat: Stat) {
        self.id = id
        self.message = message
        self.stat = stat
    }

    /// The transaction that created the message: of two messages the later one has the larger token.
    public var fencingToken: Int64 { stat.createdZxid }
}

/// An entry of a queue that is no message.
public struct MalformedMessage: Sendable, Hashable {
    /// The name of its znode.
    public let id: String
    /// What is wrong with it.
    public let error: RecordError
}

/// Which entries of a queue have been seen.
struct SeenMessages {
    /// The number of the last look at which an entry was there.
    private var lastLook: [String: Int] = [:]
    private var look = 0

    /// How many were there at the last look.
    var count: Int { lastLook.count }

    /// Takes note of what is in the queue now.
    /// - Returns: the ids that were not there before, and those that are there no longer, both sorted.
    mutating func update(_ listed: [String]) -> (fresh: [String], vanished: [String]) {
        look += 1
        var fresh: [String] = []
        for id in listed where lastLook.updateValue(look, forKey: id) == nil { fresh.append(id) }
        guard lastLook.count > listed.count else { return (fresh.sorted(), []) }
        let vanished = lastLook.filter { $0.value != look }.keys.sorted()
        forget(vanished)
        return (fresh.sorted(), vanished)
    }

    /// Forgets entries, so that they are new again if they are found once more.
    mutating func forget(_ gone: some Sequence<String>) {
        for id in gone { lastLook[id] = nil }
    }
}
