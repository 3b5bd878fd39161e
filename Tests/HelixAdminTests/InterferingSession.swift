import Coordination
import Synchronization

/// A session in which somebody else writes just before each of our writes, a number of times.
final class InterferingSession: CoordinationSession {
    private let session: any CoordinationSession
    private let interference: @Sendable (Int) async throws -> Void
    private let counts = Mutex((left: 0, done: 0))

    init(_ session: any CoordinationSession, _ interference: @escaping @Sendable (Int) async throws -> Void) {
        self.session = session
        self.interference = interference
    }

    func interfere(times: Int) { counts.withLock { $0.left = times } }

    private func interfere() async {
        let number = counts.withLock { counts -> Int? in
            guard counts.left > 0 else { return nil }
            counts.left -= 1
            counts.done += 1
            return counts.done
        }
        guard let number else { return }
        do {
            try await interference(number)
        } catch {
            preconditionFailure("the interference itself failed: \(error)")
        }
    }

    var id: SessionID { session.id }
    var timeout: Duration { session.timeout }
    var state: SessionState { session.state }

    func states() -> AsyncStream<SessionState> { session.states() }

    func makeWatcher() -> Watcher { session.makeWatcher() }

    func read(_ operations: [ReadOperation]) async -> [Result<ReadResult, CoordinationError>] {
        await session.read(operations)
    }

    func write(_ operations: [WriteOperation]) async -> [Result<WriteResult, CoordinationError>] {
        await interfere()
        return await session.write(operations)
    }

    func commit(_ transactions: [[WriteOperation]]) async -> [Result<[WriteResult], CoordinationError>] {
        await interfere()
        return await session.commit(transactions)
    }

    func sync(_ path: String) async throws(CoordinationError) { try await session.sync(path) }

    func close() async { await session.close() }
}
