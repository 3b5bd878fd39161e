public import Logging

/// A coordination service: a tree of small versioned records ("znodes") shared by all processes of a system,
/// with sessions, ephemeral znodes, one-shot watches and atomic transactions, in the manner of ZooKeeper.
///
/// There are two implementations: `MemoryCoordination`, embedded in the process, and `ZooKeeperCoordination`
/// (module `ZooKeeper`), over libzookeeper_mt. One contract suite holds for both.
///
/// Work is done inside a session, which is a scope (see ``withSession(_:_:)``): when the session ends, the work is
/// cancelled, and nothing survives from one session to the next.
///
/// ```swift
/// try await service.withSession { session in
///     try await session.create("/greeting", Array("hello".utf8))
///     let (data, stat) = try await session.get("/greeting")
/// }
/// ```
public protocol CoordinationService: Sendable {
    /// Opens a session and returns once it is connected; waits as long as it takes, until the task is cancelled.
    ///
    /// Prefer ``withSession(_:_:)``, which also ends the session.
    /// - Throws: `CoordinationError` with code `.authenticationFailed` or `.badArguments` where trying again cannot
    ///   help, `.closed` when the task was cancelled before the session was connected.
    func openSession(_ configuration: SessionConfiguration) async throws(CoordinationError) -> any CoordinationSession
}

/// One session with a coordination service. All operations of one session are executed in the order in which they
/// were submitted.
///
/// The operations are four primitives on batches, pipelined without a task for each item (``read(_:)``, ``write(_:)``,
/// ``commit(_:)-([[WriteOperation]])``, ``sync(_:)``); everything else (``get(_:watcher:)``, ``create(_:_:mode:acl:)`` …)
/// is written in terms of these.
///
/// **Ordering promise**: a watch event is in its `Watcher` before any read of the same session can return the state
/// after the event.
public protocol CoordinationSession: AnyObject, Sendable {
    /// The session's identity. Never used again by another session of the same service.
    var id: SessionID { get }

    /// The timeout that was negotiated: a session that is not heard of for this long expires, and with it its
    /// ephemeral znodes.
    var timeout: Duration { get }

    /// What this session knows of itself now.
    var state: SessionState { get }

    /// The states of this session from now on, the present one first. Ends after `.expired` or `.closed`.
    /// Each call gives an independent sequence. Every state is seen, in order.
    func states() -> AsyncStream<SessionState>

    /// A new mailbox for the watches of this session. It ends when the session does.
    func makeWatcher() -> Watcher

    /// Performs independent reads, pipelined; results are in the order of the operations.
    ///
    /// The reads are executed in order, but writes of others may happen between them. A watcher given with a read is
    /// armed if the read succeeds (for `exists`: also when there is no such znode).
    func read(_ operations: [ReadOperation]) async -> [Result<ReadResult, CoordinationError>]

    /// Performs independent writes, pipelined; results are in the order of the operations. One that fails does not
    /// hinder the others.
    ///
    /// A result of `.connectionLoss` means that nobody knows whether the write was applied.
    func write(_ operations: [WriteOperation]) async -> [Result<WriteResult, CoordinationError>]

    /// Commits several transactions, pipelined, each atomic by itself: all operations of one are applied, or none.
    ///
    /// - Returns: for each transaction its operations' results in order, or the error of the operation that failed,
    ///   whose ``CoordinationError/operationIndex`` tells which one it was.
    func commit(_ transactions: [[WriteOperation]]) async -> [Result<[WriteResult], CoordinationError>]

    /// Waits until this session's server has caught up with all that the ensemble had committed at the time of the
    /// call. Reads that follow see it.
    func sync(_ path: String) async throws(CoordinationError)

    /// Ends the session at once: its ephemerals vanish, calls under way fail with `.closed`, its watchers end.
    /// Runs to its end even when the task is cancelled. Calling it twice does no harm.
    func close() async
}

/// How a session is to be opened.
public struct SessionConfiguration: Sendable {
    /// The session timeout to ask for; the server may negotiate another one. 30 seconds unless set.
    public var timeout: Duration

    /// Credentials that the session presents when it connects and after each reconnect.
    public var credentials: [Credential]

    /// The largest request that is sent, in bytes; larger ones fail with `.dataTooLarge` before they are sent.
    /// The default, 1,048,575, is ZooKeeper's (`jute.maxbuffer`): set both together.
    public var maximumRequestSize: Int

    /// Where the session logs what cannot be thrown.
    public var logger: Logger

    /// A configuration with the defaults described at each property.
    public init(
        timeout: Duration = .seconds(30),
        credentials: [Credential] = [],
        maximumRequestSize: Int = 1_048_575,
        logger: Logger = Logger(label: "coordination")
    ) {
        self.timeout = timeout
        self.credentials = credentials
        self.maximumRequestSize = maximumRequestSize
        self.logger = logger
    }
}

/// A credential of a session, for example `Credential(scheme: "digest", secret: "user:password")`.
public struct Credential: Sendable, Hashable, CustomStringConvertible {
    /// The authentication scheme, for example `digest`.
    public var scheme: String
    /// The secret in the scheme's form; for `digest` it is `user:password`. Never logged.
    public var secret: String

    /// A credential of the given scheme.
    public init(scheme: String, secret: String) {
        self.scheme = scheme
        self.secret = secret
    }

    /// The scheme only: the secret is never shown.
    public var description: String { "\(scheme):***" }
}
