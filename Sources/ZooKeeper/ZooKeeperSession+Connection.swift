internal import CZooKeeper
internal import Coordination
internal import Logging
internal import Synchronization

extension ZooKeeperSession {
    /// The client says how the connection is. Called on its completion thread.
    func connectionChanged(to state: Int32, _ handle: ClientHandle) {
        switch state {
        case ZOO_CONNECTED_STATE: connected(handle)
        case ZOO_EXPIRED_SESSION_STATE: expired(.sessionExpired)
        case ZOO_AUTH_FAILED_STATE: expired(.authenticationFailed)
        default: disconnected()
        }
    }

    private func connected(_ handle: ClientHandle) {
        let isOpening = core.withLock { core in
            if core.identity == nil {
                core.identity = (
                    SessionID(rawValue: zoo_client_id(handle.pointer).pointee.client_id),
                    .milliseconds(Int(zoo_recv_timeout(handle.pointer)))
                )
            }
            guard case .opening(var opening) = core.phase else { return false }
            opening.isConnected = true
            core.phase = .opening(opening)
            return true
        }
        if isOpening { return proceed() }
        if sessionStates.move(to: .connected) {
            logger.info("Connected again.", metadata: ["zookeeper.session": "\(id)"])
        }
    }

    private func disconnected() {
        let isOpen = core.withLock { core in
            switch core.phase {
            case .opening(var opening):
                opening.isConnected = false
                core.phase = .opening(opening)
                return false
            case .open: return true
            case .ended: return false
            }
        }
        guard isOpen, sessionStates.move(to: .suspended), !isTrial else { return }
        logger.warning(
            "No connection to ZooKeeper; the session is suspended until there is one.",
            metadata: ["zookeeper.session": "\(id)"])
        attendSuspension()
    }

    /// The session is over. The client is idle now, but its handle must still be closed, on another thread than this.
    func expired(_ code: ClientCode) {
        if case .opening = core.withLock({ $0.phase }) {
            let isRefused = code == .authenticationFailed
            return fail(isRefused ? Self.refused : CoordinationError(.sessionExpired, operation: "open session"))
        }
        guard let handle = end(code) else { return }
        let session = id
        sessionStates.move(to: .expired)
        metrics.countExpiration()
        logger.warning(
            code == .sessionExpired ? "The session has expired." : "The session's credentials are refused now.",
            metadata: ["zookeeper.session": "\(session)"])
        finish(code)
        let token = token
        BlockingThread.start("close") { Self.dispose(handle, token) }
    }

    // MARK: Servers that move

    /// Looks the servers' names up, since all may have moved. Blocks.
    func refreshServers() { use(lookup(connect.servers)) }

    private func use(_ servers: HostResolver.Resolution) {
        guard !servers.addresses.isEmpty else { return }
        core.withLock { core in
            guard case .open(let handle) = core.phase, state == .suspended else { return }
            zoo_set_servers(handle.pointer, servers.clientList)
        }
    }
}
