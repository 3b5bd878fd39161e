/// All that the embedded service knows: the tree, the sessions and their watches. A value behind one lock.
///
/// Events are posted to the watchers while the lock is held, so that no read can overtake them; posting never calls
/// out, except that it makes a waiting task ready.
struct MemoryStore {
    /// How the service and a session stand to each other.
    private enum Connection {
        case connected
        case suspended
        /// The service has given the session up, which does not know it yet.
        case expiredUnseen
        /// The session has closed itself while it was suspended; the service does not know it yet.
        case closedUnseen
    }

    private struct Session {
        let requester: Requester
        let states: SessionStates
        var watchers = SessionWatchers()
        var connection = Connection.connected
        var heldBack: [(watcher: Watcher, event: WatchEvent)] = []

        var isOpen: Bool { connection != .expiredUnseen }
    }

    private(set) var tree = ZnodeTree()
    private var watches = WatchTable()
    private var sessions: [SessionID: Session] = [:]
    private var lastSession: Int64 = 0x1000_0000_0000_0000

    // MARK: Sessions

    var openSessions: [SessionID] {
        sessions.filter { $0.value.isOpen }.keys.sorted { $0.rawValue < $1.rawValue }
    }

    var watchCount: Int { watches.count }

    mutating func openSession(
        _ credentials: [Credential]
    ) throws(CoordinationError) -> (SessionID, SessionStates) {
        let id = SessionID(rawValue: lastSession + 1)
        let session = Session(
            requester: try Requester(session: id, credentials: credentials), states: SessionStates())
        lastSession += 1
        tree.nextZxid()
        sessions[id] = session
        return (id, session.states)
    }

    mutating func makeWatcher(of id: SessionID) -> Watcher {
        let watcher = Watcher()
        if sessions[id]?.watchers.insert(watcher) == nil { watcher.finish() }
        return watcher
    }

    mutating func suspend(_ id: SessionID) {
        guard let session = sessions[id], session.connection == .connected else { return }
        sessions[id]?.connection = .suspended
        session.states.move(to: .suspended)
    }

    mutating func resume(_ id: SessionID) {
        guard let session = sessions[id] else { return }
        switch session.connection {
        case .connected: return
        case .suspended:
            for (watcher, event) in session.heldBack { watcher.deliver(event) }
            sessions[id]?.heldBack = []
            sessions[id]?.connection = .connected
            session.states.move(to: .connected)
        case .expiredUnseen: forget(id, as: .expired)
        case .closedUnseen:
            removeEphemerals(of: id)
            forget(id, as: .closed)
        }
    }

    mutating func expire(_ id: SessionID) {
        guard let session = sessions[id], session.isOpen else { return }
        switch session.connection {
        case .suspended: sessions[id]?.connection = .expiredUnseen
        case .connected, .closedUnseen, .expiredUnseen: forget(id, as: .expired)
        }
        removeEphemerals(of: id)
    }

    mutating func close(_ id: SessionID) {
        guard let session = sessions[id] else { return }
        switch session.connection {
        case .connected:
            forget(id, as: .closed)
            removeEphemerals(of: id)
        case .suspended, .closedUnseen:
            sessions[id]?.connection = .closedUnseen
            end(id, as: .closed)
        case .expiredUnseen: forget(id, as: .closed)
        }
    }

    private mutating func forget(_ id: SessionID, as state: SessionState) {
        end(id, as: state)
        sessions[id] = nil
    }

    private mutating func end(_ id: SessionID, as state: SessionState) {
        watches.removeAll(of: id)
        sessions[id]?.states.move(to: state)
        sessions[id]?.heldBack = []
        sessions[id]?.watchers.finishAll()
    }

    private mutating func removeEphemerals(of id: SessionID) { fire(tree.endSession(id)) }

    // MARK: Operations

    mutating func read(_ operation: ReadOperation, in id: SessionID) throws(CoordinationError) -> ReadResult {
        let requester = try requester(of: id, for: operation.name, at: operation.path)
        let result = try tree.read(operation, by: requester)
        watches.arm(operation, in: id)
        return result
    }

    /// Applies operations and fires the watches.
    /// - Parameter asTransaction: whether an error is to tell the index of the operation.
    mutating func commit(
        _ operations: [WriteOperation], in id: SessionID, at time: Int64, asTransaction: Bool = true
    ) throws(CoordinationError) -> [WriteResult] {
        let name = asTransaction ? "commit" : operations.first?.name
        let requester = try requester(of: id, for: name ?? "commit", at: operations.first?.path)
        do throws(CoordinationError) {
            let applied = try tree.apply(operations, by: requester, at: time)
            fire(applied.events)
            return applied.results
        } catch {
            var error = error
            if !asTransaction { error.operationIndex = nil }
            throw error
        }
    }

    /// Whether the session can reach the service.
    func checkConnection(of id: SessionID, for operation: String, at path: String) throws(CoordinationError) {
        _ = try requester(of: id, for: operation, at: path)
    }

    private func requester(
        of id: SessionID, for operation: String, at path: String?
    ) throws(CoordinationError) -> Requester {
        guard let session = sessions[id] else {
            throw CoordinationError(.sessionExpired, operation: operation, path: path)
        }
        guard session.connection == .connected else {
            throw CoordinationError(.connectionLoss, operation: operation, path: path)
        }
        return session.requester
    }

    private mutating func fire(_ events: [WatchEvent]) {
        for event in events {
            for armed in watches.fire(event) {
                if sessions[armed.session]?.connection == .connected {
                    armed.watcher.deliver(event)
                } else {
                    sessions[armed.session]?.heldBack.append((armed.watcher, event))
                }
            }
        }
    }
}
