internal import Synchronization

/// The sessions of this process that have a handle, by the number that the C client hands back with every event.
final class OpenSessions: Sendable {
    private struct Entries {
        var sessions: [UInt: ZooKeeperSession] = [:]
        var last: UInt = 0
    }

    private let entries = Mutex(Entries())

    /// A number for a new session, never used again.
    func makeToken() -> UInt {
        entries.withLock { entries in
            entries.last += 1
            return entries.last
        }
    }

    func insert(_ session: ZooKeeperSession) { entries.withLock { $0.sessions[session.token] = session } }

    func remove(_ token: UInt) { entries.withLock { $0.sessions[token] = nil } }

    func session(_ token: UInt) -> ZooKeeperSession? { entries.withLock { $0.sessions[token] } }

    /// How many there are with an ensemble.
    func count(_ connect: ConnectString) -> Int {
        entries.withLock { $0.sessions.values.count { $0.connect == connect } }
    }
}

let openSessions = OpenSessions()
