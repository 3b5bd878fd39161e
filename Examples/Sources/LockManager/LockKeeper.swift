import ServiceLifecycle
import Shared

/// Knows which locks this process holds, and uses what they protect: a counter for each, in the log.
actor LockKeeper: Service {
    private let node: String
    private let log: FencedLog
    private let interval: Duration
    private var held: [String: Grant] = [:]

    private struct Grant {
        let token: Int64
        var isPaused = false
    }

    init(node: String, log: FencedLog, interval: Duration) {
        self.node = node
        self.log = log
        self.interval = interval
    }

    /// From the entry that is written here on, the log refuses all former holders.
    func acquire(_ lock: String, token: Int64) throws {
        try log.append(to: lock, by: node, token: token) { [("acquired", $0?.number ?? 0)] }
        held[lock] = Grant(token: token)
        say("ACQUIRED \(lock) token=\(token)")
    }

    /// The lock is not in use when this returns, since an actor does one thing at a time.
    func release(_ lock: String) throws {
        guard let grant = held.removeValue(forKey: lock) else { return }
        try log.append(to: lock, by: node, token: grant.token) { [("released", $0?.number ?? 0)] }
        say("RELEASED \(lock)")
    }

    /// Somebody else may hold the lock already.
    func lose(_ lock: String) {
        if held.removeValue(forKey: lock) != nil { say("LOST \(lock)") }
    }

    func pause(_ lock: String) {
        held[lock]?.isPaused = true
        say("PAUSED \(lock)")
    }

    func resume(_ lock: String) {
        held[lock]?.isPaused = false
        say("RESUMED \(lock)")
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await self.useLocks() }
    }

    private func useLocks() async throws {
        while !Task.isCancelled {
            for (lock, grant) in held.sorted(by: { $0.key < $1.key }) where !grant.isPaused {
                try use(lock, grant.token)
            }
            do { try await ContinuousClock().sleep(for: interval) } catch { return }
        }
    }

    private func use(_ lock: String, _ token: Int64) throws {
        do {
            try log.append(to: lock, by: node, token: token) { [("used", ($0?.number ?? 0) + 1)] }
        } catch let refusal as FencedLog.Fenced {
            say("REFUSED \(refusal)")
            held[lock] = nil
        }
    }
}
