internal import Coordination
internal import Dispatch
internal import Logging
internal import Synchronization

extension ZooKeeperSession {
    /// Looks after the session as long as it is suspended, on a thread of its own: servers may move, and they may have
    /// become others.
    func attendSuspension() {
        let isFirst = core.withLock { core in
            core.suspensions += 1
            defer { core.isAttended = true }
            return !core.isAttended
        }
        guard isFirst else { return }
        let hasNames = !connect.servers.allSatisfy(HostResolver.isNumeric)
        let pace = DispatchTimeInterval.milliseconds(min(2_000, Int(timeout.milliseconds) / 2))
        BlockingThread.start("suspended") {
            let pause = DispatchSemaphore(value: 0)
            var trial = RefusalTrial(self)
            repeat {
                if hasNames { self.refreshServers() }
                if trial.isRefused(self) { self.refused() }
                _ = pause.wait(timeout: .now() + pace)
            } while self.isSuspendedOrIsLeftAlone()
            trial.end()
        }
    }

    private func isSuspendedOrIsLeftAlone() -> Bool {
        core.withLock { core in
            if state == .suspended { return true }
            core.isAttended = false
            return false
        }
    }

    private func refused() {
        logger.error(
            """
            The servers take up new sessions and not this one: they have less than it has seen, since their store was \
            emptied or restored. The session is given up.
            """, metadata: ["zookeeper.session": "\(id)"])
        expired(.sessionExpired)
    }
}

/// Finds out whether the servers refuse a session that is suspended.
///
/// A server does not take up a session that has seen more than it has itself, and it does not say so: it hangs up, as one
/// without a quorum does, and the client tries again. When the store was emptied or was restored from a backup that
/// goes on for ever. So once a session has been suspended for its timeout, another one is opened beside it. If that one has
/// a connection for as long again while this one finds none, this one cannot go on.
struct RefusalTrial {
    private var suspension: Int
    private var began: ContinuousClock.Instant
    private var other: ZooKeeperSession?
    private var connectedSince: ContinuousClock.Instant?

    /// The trial of a session that has just been suspended.
    init(_ session: ZooKeeperSession) {
        suspension = session.core.withLock { $0.suspensions }
        began = .now
    }

    /// Whether it is proven. To be asked now and then.
    mutating func isRefused(_ session: ZooKeeperSession) -> Bool {
        let present = session.core.withLock { $0.suspensions }
        if present != suspension {
            // It was connected in between.
            end()
            (suspension, began) = (present, .now)
        }
        guard session.state == .suspended, began.duration(to: .now) >= session.timeout else { return false }
        guard let other else {
            other = session.beginAnother()
            return false
        }
        guard other.hasConnection else {
            connectedSince = nil
            return false
        }
        let since = connectedSince ?? .now
        connectedSince = since
        return since.duration(to: .now) >= session.timeout
    }

    /// Closes the other session.
    mutating func end() {
        other?.abandon()
        (other, connectedSince) = (nil, nil)
    }
}

extension ZooKeeperSession {
    /// Begins to open a session like this one, which nobody waits for. Blocks for a moment.
    fileprivate func beginAnother() -> ZooKeeperSession {
        let other = ZooKeeperSession(connect, configuration, lookup, isTrial: true)
        openSessions.insert(other)
        other.start(lookup(connect.servers).clientList)
        return other
    }

    /// Whether it is open, and connected now.
    fileprivate var hasConnection: Bool {
        core.withLock { core in
            guard case .open = core.phase else { return false }
            return state == .connected
        }
    }

    /// Closes it, whether or not it was ever open. Blocks.
    fileprivate func abandon() {
        fail(CoordinationError(.closed, operation: "open session"))
        guard let handle = end(.closing) else { return }
        sessionStates.move(to: .closed)
        finish(.closing)
        Self.dispose(handle, token)
    }
}
