import Coordination
import Synchronization

/// A session between two of whose requests something else happens, once.
final class Intrusion: CoordinationSession {
    private struct State {
        var requests = 0
        var isActive = true
    }

    private let inner: any CoordinationSession
    private let place: Int
    private let body: @Sendable () async throws -> Void
    private let currentState = Mutex(State())

    init(
        _ inner: any CoordinationSession, beforeRequest place: Int, _ body: @escaping @Sendable () async throws -> Void
    ) {
        self.inner = inner
        self.place = place
        self.body = body
    }

    /// Requests count only while it is active.
    var isActive: Bool {
        get { currentState.withLock(\.isActive) }
        set { currentState.withLock { $0.isActive = newValue } }
    }

    private func intrude() async throws {
        let isDue = currentState.withLock { state in
            guard state.isActive else { return false }
            state.requests += 1
            return state.requests == place
        }
        if isDue { try await body() }
    }

    private func intrudeOrStop() async {
        do { try await intrude() } catch { preconditionFailure("what happens in between failed: \(error)") }
    }

    var id: SessionID { inner.id }
    var timeout: Duration { inner.timeout }
    var state: SessionState { inner.state }
    func states() -> AsyncStream<SessionState> { inner.states() }
    func makeWatcher() -> Watcher { inner.makeWatcher() }
    func close() async { await inner.close() }

    /// Each read of a batch counts: writes of others may come between them.
    func read(_ operations: [ReadOperation]) async -> [Result<ReadResult, CoordinationError>] {
        var results: [Result<ReadResult, CoordinationError>] = []
        for operation in operations {
            await intrudeOrStop()
            results += await inner.read([operation])
        }
        return results
    }

    func write(_ operations: [WriteOperation]) async -> [Result<WriteResult, CoordinationError>] {
        await intrudeOrStop()
        return await inner.write(operations)
    }

    func commit(_ transactions: [[WriteOperation]]) async -> [Result<[WriteResult], CoordinationError>] {
        await intrudeOrStop()
        return await inner.commit(transactions)
    }

    func sync(_ path: String) async throws(CoordinationError) {
        await intrudeOrStop()
        try await inner.sync(path)
    }
}
