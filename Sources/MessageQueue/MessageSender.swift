public import Coordination
public import HelixRecords

/// Puts messages into the queues of instances, in few transactions.
///
/// A message is created only under a queue that exists: one for an instance that was dropped does not bring its znodes
/// back. With a fence, for example a check on the leader's znode, nothing is sent once the fence does not hold.
public struct MessageSender: Sendable {
    private let session: any CoordinationSession
    private let paths: ClusterPaths
    private let fence: [WriteOperation]
    private let ids: MessageIDs

    /// A sender that writes through `session`.
    /// - Parameters:
    ///   - fence: a `.check` with which every transaction begins, or `nil` for none.
    ///   - ids: where ``newID()`` takes its ids from.
    public init(
        session: any CoordinationSession, paths: ClusterPaths, fence: WriteOperation?, ids: MessageIDs = .uuid
    ) {
        self.init(session: session, paths: paths, fences: fence.map { [$0] } ?? [], ids: ids)
    }

    /// A sender that writes through `session`, if several things hold.
    /// - Parameters:
    ///   - fences: the `.check`s with which every transaction begins.
    ///   - ids: where ``newID()`` takes its ids from.
    public init(
        session: any CoordinationSession, paths: ClusterPaths, fences: [WriteOperation], ids: MessageIDs = .uuid
    ) {
        self.session = session
        self.paths = paths
        fence = fences
        self.ids = ids
    }

    /// An id for a new message.
    public func newID() -> String { ids.next() }

    /// Sends messages, each to the queue of its target (TGT_NAME), `CONTROLLER` being the controller's.
    ///
    /// - Returns: what became of each message, in order.
    /// - Throws: the fence's error when it does not hold, `.sessionExpired` or `.closed` when the session is over;
    ///   messages of earlier transactions may have been sent.
    public func send(_ messages: [Message]) async throws(CoordinationError) -> [SendResult] {
        var results = [SendResult?](repeating: nil, count: messages.count)
        var operations: [WriteOperation] = []
        var origins: [Int] = []
        for (index, message) in messages.enumerated() {
            do throws(SendError) {
                operations.append(try creation(of: message))
                origins.append(index)
            } catch {
                results[index] = .failed(error)
            }
        }
        for (index, outcome) in zip(origins, try await session.writeBatched(operations, fence: fence)) {
            results[index] = SendResult(outcome)
        }
        return results.map { $0 ?? .failed(.unaddressed) }
    }

    private func creation(of message: Message) throws(SendError) -> WriteOperation {
        guard let path = path(of: message) else { throw .unaddressed }
        do {
            return .create(path, data: try message.record.encoded())
        } catch {
            throw .unencodable(error)
        }
    }

    private func path(of message: Message) -> String? {
        guard let target = message.target, !target.isEmpty, !message.id.isEmpty else { return nil }
        return target == Message.controllerTarget
            ? paths.controllerMessage(message.id) : paths.message(target, message.id)
    }
}

/// What became of a message that was to be sent.
public enum SendResult: Sendable, Hashable {
    /// It is in the queue.
    case sent
    /// The target has no queue: the instance was dropped, or never added.
    case noSuchInstance
    /// A message with this id is in the queue already.
    case alreadyThere
    /// It could not be sent.
    case failed(SendError)

    init(_ outcome: Result<WriteResult, CoordinationError>) {
        switch outcome {
        case .success: self = .sent
        case .failure(let error) where error.code == .noNode: self = .noSuchInstance
        case .failure(let error) where error.code == .nodeExists: self = .alreadyThere
        case .failure(let error): self = .failed(.refused(error))
        }
    }
}

/// Why a message could not be sent.
public enum SendError: Error, Sendable, Hashable, CustomStringConvertible {
    /// It has no id or no TGT_NAME.
    case unaddressed
    /// It cannot be encoded, for example because it is too large.
    case unencodable(RecordError)
    /// The service did not accept it, or nobody knows whether it did.
    case refused(CoordinationError)

    /// One line that says what is wrong.
    public var description: String {
        switch self {
        case .unaddressed: "the message has no id or no TGT_NAME; set both before it is sent"
        case .unencodable(let error): error.description
        case .refused(let error): error.description
        }
    }
}
