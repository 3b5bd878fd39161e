import HelixRecords
import HelixSimulation
import MessageQueue
import TestSupport

extension FuzzTarget {
    /// Messages and what an instance does with them.
    ///
    /// A message for another session is never executed; one that is executed names everything that a transition
    /// needs; what the rules say depends on the message and the context alone.
    static let messages = FuzzTarget(name: "messages", share: 150) { generator in
        var record = generator.once(in: 8) ? SampleRecords.spoilt(&generator) : SampleRecords.message
        RecordMutation.apply(to: &record, &generator)
        let message = Message(record: record)
        try MessageChecks.keepsValues(message)
        return try MessageChecks.rules(message, &generator)
    }
}

enum MessageChecks {
    private static let times: [Int64] = [.min, -1, 0, 1, 1_690_000_000_000, .max]

    static func rules(_ message: Message, _ generator: inout SeededGenerator) throws -> Reception {
        let context = InboxRules.Context(
            session: generator.pick(["session1", "session2", "*", ""]), sessionStart: generator.pick(times),
            now: generator.pick(times), models: [ModelReference(model: "MasterSlave")])
        let disposition = InboxRules.disposition(of: message, in: context)
        try require(disposition == InboxRules.disposition(of: message, in: context), "two answers for one message")
        _ = InboxRules.showsOutdatedSender(message, in: context)
        switch disposition {
        case .execute, .cancelTransition, .freeze:
            let isMine = message.targetSession == context.session || message.targetSession == Message.any
            try require(isMine && !message.isExpired(at: context.now), "\(disposition) of a message for somebody else")
            if case .freeze = disposition { return .accepted }
            let isWhole = message.resource != nil && message.fromState != nil && message.toState != nil
            try require(
                isWhole && !message.partitions.isEmpty && !message.partitions.contains(""),
                "\(disposition) of a message that lacks something: \(message.record)")
            checkVerdict(message, &generator)
            return .accepted
        case .markUnprocessable(let faults):
            try require(!faults.isEmpty && !faults.contains(""), "unprocessable without a reason")
            return .refused
        case .delete, .leave: return .refused
        }
    }

    private static func checkVerdict(_ message: Message, _ generator: inout SeededGenerator) {
        _ = InboxRules.verdict(
            from: message.fromState ?? "", to: message.toState ?? "", state: Vocabulary.word(&generator),
            isBusy: Bool.random(using: &generator), token: generator.pick(times), lastToken: generator.pick(times))
    }

    static func keepsValues(_ message: Message) throws {
        _ = (message.id, message.isRelay, message.problems())
        let optionals: [WritableKeyPath<Message, String?>] = [
            \.messageSubtype, \.executingSession, \.source, \.sourceSession, \.sourceCluster, \.target, \.targetSession,
            \.correlationID, \.resource, \.partition, \.fromState, \.toState, \.stateModel, \.resourceGroup,
            \.resourceTag, \.eventName, \.parentID, \.relayID, \.relayFrom,
        ]
        for path in optionals { try message.keeps(path) }
        for path in [\.createdAt, \.readAt, \.completionDueAt, \.relayTime] as [WritableKeyPath<Message, Int64?>] {
            try message.keeps(path)
        }
        for path in [\.timeout, \.expiryPeriod] as [WritableKeyPath<Message, Duration?>] { try message.keeps(path) }
        for path in [\.retryCount, \.activeReplicas] as [WritableKeyPath<Message, Int?>] { try message.keeps(path) }
        try message.keeps(\.messageType)
        try message.keeps(\.messageState)
        try message.keeps(\.sourceType)
        try message.keeps(\.messageResult)
        try message.keeps(\.isBatch)
        try message.keeps(\.partitions)
        try message.keeps(\.stateModelFactory)
        try message.keeps(\.bucketSize)
        try message.keeps(\.rebalanceType)
        for (instance, relayed) in message.relayMessages {
            var carrier = message
            carrier.attach(relayed, relayingTo: instance)
            try require(
                carrier.relayMessages.contains { $0.instance == instance }, "a message attached for \(instance) is lost"
            )
        }
    }
}

extension RecordView {
    /// What a property gives can be set, is the same afterwards, and leaves other fields alone.
    func keeps<Value: Equatable>(_ path: WritableKeyPath<Self, Value>) throws(Violation) {
        let value = self[keyPath: path]
        var copy = self
        copy[keyPath: path] = value
        try require(copy[keyPath: path] == value, "\(path) does not keep \(value) in \(record)")
        try require(copy.record.changedFields(from: record) <= 3, "setting \(path) changes other fields of \(record)")
    }

    /// The same for a property that may have no value: setting none removes the field, which has a default then.
    func keeps<Value: Equatable>(_ path: WritableKeyPath<Self, Value?>) throws(Violation) {
        guard self[keyPath: path] != nil else { return }
        let value = self[keyPath: path]
        var copy = self
        copy[keyPath: path] = value
        try require(copy[keyPath: path] == value, "\(path) does not keep \(value as Any) in \(record)")
        try require(copy.record.changedFields(from: record) <= 3, "setting \(path) changes other fields of \(record)")
    }
}

extension ZNRecord {
    /// How many fields are not what they are in another record.
    fileprivate func changedFields(from other: ZNRecord) -> Int {
        func count<Value: Equatable>(_ mine: [String: Value], _ others: [String: Value]) -> Int {
            if mine == others { return 0 }
            return Set(mine.keys).union(others.keys).count { mine[$0] != others[$0] }
        }
        return count(simpleFields, other.simpleFields) + count(listFields, other.listFields)
            + count(mapFields, other.mapFields)
    }
}
