import Coordination
import Synchronization

/// A service that knows what was read through it.
final class WatchedReads: CoordinationService {
    private let service: any CoordinationService
    private let paths = Mutex<[String]>([])

    init(_ service: any CoordinationService) { self.service = service }

    /// The paths of all reads so far, in order.
    var all: [String] { paths.withLock { $0 } }

    fileprivate func note(_ operations: [ReadOperation]) {
        paths.withLock { $0 += operations.map(\.path) }
    }

    func openSession(_ configuration: SessionConfiguration) async throws(CoordinationError) -> any CoordinationSession {
        WatchedSession(inner: try await service.openSession(configuration), reads: self)
    }
}

private final class WatchedSession: CoordinationSession {
    let inner: any CoordinationSession
    let reads: WatchedReads

    init(inner: any CoordinationSession, reads: WatchedReads) {
        self.inner = inner
        self.reads = reads
    }

    var id: SessionID { inner.id }
    var timeout: Duration { inner.timeout }
    var state: SessionState { inner.state }
    func states() -> AsyncStream<SessionState> { inner.states() }
    func makeWatcher() -> Watcher { inner.makeWatcher() }

    func read(_ operations: [ReadOperation]) async -> [Result<ReadResult, CoordinationError>] {
        reads.note(operations)
        return await inner.read(operations)
    }

    func write(_ operations: [WriteOperation]) async -> [Result<WriteResult, CoordinationError>] {
        await inner.write(operations)
    }

    func commit(_ transactions: [[WriteOperation]]) async -> [Result<[WriteResult], CoordinationError>] {
        await inner.commit(transactions)
    }

    func sync(_ path: String) async throws(CoordinationError) { try await inner.sync(path) }
    func close() async { await inner.close() }
}
