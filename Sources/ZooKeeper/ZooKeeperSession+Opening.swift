internal import CZooKeeper
internal import Coordination
internal import Logging
internal import Synchronization

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

extension ZooKeeperSession {
    /// Connects; returns once the session is established and its credentials are accepted.
    func open(_ servers: HostResolver.Resolution) async throws(CoordinationError) {
        openSessions.insert(self)
        let error = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isWaiting = core.withLock { core in
                    guard case .opening(var opening) = core.phase else { return false }
                    opening.continuation = continuation
                    core.phase = .opening(opening)
                    return true
                }
                guard isWaiting else { return continuation.resume(returning: Self.cancelled) }
                BlockingThread.start("open") { self.start(servers.clientList) }
            }
        } onCancel: {
            fail(Self.cancelled)
        }
        if let error { throw error }
    }

    private static var cancelled: CoordinationError {
        CoordinationError(
            .closed, operation: "open session", reason: "the task was cancelled before the session was connected")
    }

    /// Creates the handle. Blocks.
    func start(_ servers: String) {
        guard case .opening = core.withLock({ $0.phase }) else { return }
        let context = UnsafeMutableRawPointer(bitPattern: token)
        let flags = ZOO_NO_LOG_CLIENTENV
        guard
            let pointer = zookeeper_init2(
                servers + connect.chroot, sessionEvent, configuration.timeout.milliseconds, nil, context, flags,
                clientLog)
        else {
            let reason = "the client could not be started: \(String(cString: strerror(errno)))"
            return fail(CoordinationError(.other(errno), operation: "open session", reason: reason))
        }
        let handle = ClientHandle(pointer: pointer)
        // Addresses do not change by being looked up; that the client does it on every turn of its loop costs more
        // than all the rest.
        zoo_set_servers_resolution_delay(pointer, -1)
        for credential in configuration.credentials {
            let secret = credential.secret
            zoo_add_auth(pointer, credential.scheme, secret, Int32(secret.utf8.count), nil, nil)
        }
        let isWanted = core.withLock { core in
            guard case .opening(var opening) = core.phase else { return false }
            opening.handle = handle
            core.phase = .opening(opening)
            return true
        }
        guard isWanted else { return Self.dispose(handle, token) }
        proceed()
    }

    /// Goes on with the opening once the handle is there and connected: asks a question if there are credentials,
    /// since the answer comes only after these were accepted.
    func proceed() {
        let ready: ClientHandle? = core.withLock { core in
            guard case .opening(let opening) = core.phase, opening.isConnected else { return nil }
            return opening.handle
        }
        guard let ready else { return }
        if configuration.credentials.isEmpty { return succeed() }
        let context = UnsafeRawPointer(bitPattern: token)
        let isSent = core.withLock { core in
            guard case .opening = core.phase else { return true }
            return zoo_aexists(ready.pointer, "/", 0, probeCompletion, context) == ZOK.rawValue
        }
        if !isSent { logger.debug("The credentials could not be sent; trying again with the next connection.") }
    }

    func credentialsAnswered(_ code: ClientCode) {
        switch code.code {
        case .connectionLoss, .closed, .sessionExpired: return  // an event says how it goes on
        case .authenticationFailed: fail(Self.refused)
        default: succeed()
        }
    }

    static var refused: CoordinationError {
        CoordinationError(
            .authenticationFailed, operation: "open session",
            reason: "the server refused the credentials; check that it knows their scheme, and the secret")
    }

    private func succeed() {
        let continuation: CheckedContinuation<CoordinationError?, Never>? = core.withLock { core in
            guard case .opening(let opening) = core.phase, let handle = opening.handle else { return nil }
            core.phase = .open(handle)
            return opening.continuation
        }
        guard let continuation else { return }
        logger.debug(
            "Session established.",
            metadata: ["zookeeper.session": "\(id)", "zookeeper.timeout": "\(timeout)"])
        continuation.resume(returning: nil)
    }

    /// Gives the opening up and closes the handle, as soon as there is one.
    func fail(_ error: CoordinationError) {
        let opening: Opening? = core.withLock { core in
            guard case .opening(let opening) = core.phase else { return nil }
            core.phase = .ended(.closing)
            return opening
        }
        guard let opening else { return }
        sessionStates.move(to: error.code == .sessionExpired ? .expired : .closed)
        finish(.closing)
        let token = token
        if let handle = opening.handle {
            BlockingThread.start("close") { Self.dispose(handle, token) }
        } else {
            openSessions.remove(token)  // should a handle still come, it finds that it is not wanted
        }
        opening.continuation?.resume(returning: error)
    }
}

extension Duration {
    /// Whole milliseconds, at least 1, as the C client wants them.
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        let total = Double(seconds) * 1000 + Double(attoseconds) / 1e15
        return Int32(max(1, min(total, Double(Int32.max))))
    }
}
