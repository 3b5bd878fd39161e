public import Coordination

/// What a client asks of its server: several operations, pipelined.
struct Request: Sendable {
    /// The operations of one kind.
    enum Operations: Sendable {
        case reads([ReadOperation])
        case writes([WriteOperation])
        case transactions([[WriteOperation]])
        case sync(String)
        case close

        var count: Int {
            switch self {
            case .reads(let operations): operations.count
            case .writes(let operations): operations.count
            case .transactions(let transactions): transactions.count
            case .sync, .close: 1
            }
        }
    }

    let id: Int
    let operations: Operations
    /// How many of them the server has done.
    var done = 0
}

/// What one operation was answered.
enum Answer: Sendable {
    case read(ReadResult)
    case write(WriteResult)
    case transaction([WriteResult])
    case done
}

typealias Answered = Result<Answer, CoordinationError>

/// What a server sends to a client.
enum Packet: Sendable {
    case connected
    case refused
    case expired
    /// The answers to the next operations of a request.
    case answers(request: Int, [Answered], zxid: Int64)
    case event(WatchEvent)
    /// The server has closed the connection.
    case closed
}

/// What happens in the ensemble at a later time.
enum EnsembleEvent: Sendable {
    case open(attempt: Int)
    case opened(attempt: Int, SessionID)
    case retryOpening(attempt: Int)
    case handshake(Int)
    /// The next request arrives at the server.
    case arrive(Int)
    /// The next packet arrives at the client.
    case deliver(Int)
    /// A server goes on with a request.
    case goOn(Int)
    case apply(server: Int)
    case expire(SessionID, silence: Int)
    case reconnect(SessionID)
    case closeAtServer(Int)
    /// The client has not heard of the server for too long.
    case miss(Int, relief: Int)
    case elect
}

/// A request that the client waits for.
struct PendingRequest {
    let operations: Request.Operations
    var answers: [Answered] = []
    let continuation: CheckedContinuation<[Answered], Never>
}

/// What a one-shot watch waits for.
struct WatchSubject: Hashable, Comparable {
    enum Kind: Int { case data, creation, children }

    let kind: Kind
    let path: String

    static func < (a: WatchSubject, b: WatchSubject) -> Bool {
        (a.path, a.kind.rawValue) < (b.path, b.kind.rawValue)
    }

    /// The subjects that an event fires.
    static func fired(by event: WatchEvent) -> [WatchSubject] {
        let kinds: [Kind] =
            switch event.kind {
            case .created, .dataChanged: [.data, .creation]
            case .deleted: [.data, .creation, .children]
            case .childrenChanged: [.children]
            }
        return kinds.map { WatchSubject(kind: $0, path: event.path) }
    }
}

/// Something that all servers apply in the same order.
enum LogEntry {
    case transaction([WriteOperation], Requester, time: Int64)
    case openSession
    case endSession(SessionID)
}

/// A transaction that the ensemble has committed, as somebody sees it who reads the log.
public struct CommittedTransaction: Sendable {
    /// Its number.
    public let zxid: Int64
    /// Who wrote it; of ``endedSession`` the session itself.
    public let session: SessionID
    /// When, since the start of the simulation.
    public let time: Duration
    /// What was written, in order; of `.create` with the path as it was created. Checks are left out.
    public let operations: [WriteOperation]
    /// Whether it ended the session: `operations` are the deletions of its ephemeral znodes then.
    public let endsSession: Bool

    package init(
        zxid: Int64, session: SessionID, time: Duration = .zero, operations: [WriteOperation], endsSession: Bool
    ) {
        self.zxid = zxid
        self.session = session
        self.time = time
        self.operations = operations
        self.endsSession = endsSession
    }
}
