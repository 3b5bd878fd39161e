internal import CZooKeeper
internal import Coordination
internal import Logging
internal import Synchronization

/// A session with an ensemble: owns a handle of the C client from ``open(_:)`` until it is closed or has expired.
///
/// ```
/// opening → open → ended
///    └───────────────┘
/// ```
/// All of it is state behind one lock, changed by the tasks that use the session and by the client's callbacks.
final class ZooKeeperSession: CoordinationSession {
    /// What the opening of the session still waits for.
    struct Opening {
        var continuation: CheckedContinuation<CoordinationError?, Never>?
        /// The handle, once it has been created and has the credentials.
        var handle: ClientHandle?
        var isConnected = false
    }

    enum Phase {
        case opening(Opening)
        case open(ClientHandle)
        /// Nobody may use the handle any more; it is being closed or is closed. What is still asked for fails.
        case ended(ClientCode)
    }

    struct Core {
        var phase = Phase.opening(Opening())
        var identity: (id: SessionID, timeout: Duration)?
        var watchers = SessionWatchers()
        /// How often it was suspended.
        var suspensions = 0
        /// Whether somebody looks after it while it is suspended.
        var isAttended = false
    }

    let token = openSessions.makeToken()
    let connect: ConnectString
    let configuration: SessionConfiguration
    let lookup: HostResolver.Lookup
    /// Whether it is only there to find out about another one.
    let isTrial: Bool
    let sessionStates = SessionStates()
    let core = Mutex(Core())
    let metrics = ClientMetrics.shared

    init(
        _ connect: ConnectString, _ configuration: SessionConfiguration, _ lookup: @escaping HostResolver.Lookup,
        isTrial: Bool = false
    ) {
        self.lookup = lookup
        self.isTrial = isTrial
        self.connect = connect
        self.configuration = configuration
    }

    var logger: Logger { configuration.logger }

    var id: SessionID { core.withLock { $0.identity?.id } ?? SessionID(rawValue: 0) }

    var timeout: Duration { core.withLock { $0.identity?.timeout } ?? configuration.timeout }

    var state: SessionState { sessionStates.current }

    func states() -> AsyncStream<SessionState> { sessionStates.stream() }

    func makeWatcher() -> Watcher {
        let watcher = Watcher()
        core.withLock { core in
            if case .ended = core.phase { return watcher.finish() }
            core.watchers.insert(watcher)
        }
        return watcher
    }

    func close() async {
        let handle = end(.closing)
        sessionStates.move(to: .closed)
        finish(.closing)
        guard let handle else { return }
        let token = token
        await BlockingThread.run("close") { Self.dispose(handle, token) }
    }

    /// Takes the handle away from everybody else.
    /// - Returns: the handle, which the caller must close; `nil` if somebody else has or there is none.
    func end(_ code: ClientCode) -> ClientHandle? {
        core.withLock { core in
            guard case .open(let handle) = core.phase else { return nil }
            core.phase = .ended(code)
            return handle
        }
    }

    /// Lets all who wait for the session go on.
    func finish(_ code: ClientCode) {
        core.withLock { $0.watchers.finishAll() }
        for batch in inFlight.withLock({ $0.abandon(token, code) }) { batch.resume() }
    }

    /// Closes a handle that nobody uses any more, and frees what the client had borrowed. Blocks.
    static func dispose(_ handle: ClientHandle, _ token: UInt) {
        handle.close()
        inFlight.withLock { $0.forget(token) }
        openSessions.remove(token)
    }

    func deliver(_ event: WatchEvent, to watcher: UInt) {
        core.withLock { $0.watchers[watcher] }?.deliver(event)
    }
}
