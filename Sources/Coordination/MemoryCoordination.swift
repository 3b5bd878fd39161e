internal import Synchronization

/// A coordination service embedded in the process, for tests, demos and simulations: it behaves as a ZooKeeper of one
/// server does, but its sessions never time out by themselves.
///
/// Faults are made on purpose: ``suspend(_:)`` cuts a session off, ``resume(_:)`` reconnects it and ``expire(_:)`` lets
/// the service give it up. Every operation completes synchronously. Unlike ZooKeeper it has no `/zookeeper`
/// znode.
///
/// ```swift
/// let service = MemoryCoordination()
/// try await service.withSession { session in
///     try await session.create("/lock", mode: .ephemeral)
///     service.expire(session.id)  // what happens now?
/// }
/// ```
public final class MemoryCoordination: CoordinationService {
    let store: Mutex<MemoryStore>
    private let milliseconds: @Sendable () -> Int64

    /// An empty tree.
    /// - Parameter milliseconds: the time since 1970 for ``Stat/createdAt`` and ``Stat/modifiedAt``; the
    ///   system's clock unless set.
    public init(milliseconds: (@Sendable () -> Int64)? = nil) {
        self.milliseconds = milliseconds ?? SystemTime.milliseconds
        store = Mutex(MemoryStore())
    }

    /// Opens a session, which is connected at once.
    /// - Throws: `.authenticationFailed` for a credential that is not of scheme `digest` or has no colon, `.closed`
    ///   when the task is cancelled.
    public func openSession(
        _ configuration: SessionConfiguration = SessionConfiguration()
    ) async throws(CoordinationError) -> any CoordinationSession {
        if Task.isCancelled { throw CoordinationError(.closed, operation: "open session") }
        return try store.withLock { store throws(CoordinationError) in
            let (id, states) = try store.openSession(configuration.credentials)
            return MemorySession(service: self, id: id, states: states, configuration: configuration)
        }
    }

    /// The sessions that the service holds open, in the order in which they were opened. One that is suspended is
    /// still open.
    public var sessions: [SessionID] { store.withLock { $0.openSessions } }

    /// Cuts a session off from the service: its operations fail with `.connectionLoss`, and its watches' events wait.
    /// To the others it still lives. Does nothing if the session is not open.
    public func suspend(_ id: SessionID) { store.withLock { $0.suspend(id) } }

    /// Reconnects a session that was suspended: it gets the events that have waited, or learns that it has expired
    /// meanwhile. Does nothing for any other session.
    public func resume(_ id: SessionID) {
        store.withLock { $0.resume(id) }
    }

    /// Lets the service give a session up: its ephemeral znodes vanish, and what it still sends is refused.
    ///
    /// As in reality, a session that is suspended does not know yet: it learns it when it is resumed.
    /// Does nothing if the session is not open.
    public func expire(_ id: SessionID) { store.withLock { $0.expire(id) } }

    func withStore<Value>(_ body: (inout MemoryStore, _ time: Int64) -> Value) -> Value {
        let time = milliseconds()
        return store.withLock { body(&$0, time) }
    }
}
