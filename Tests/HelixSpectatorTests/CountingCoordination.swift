import Coordination
import Synchronization

/// A coordination service that notes which znodes are read.
final class CountingCoordination: CoordinationService {
    private let service: any CoordinationService
    fileprivate let paths = Mutex<[String]>([])

    init(_ service: any CoordinationService) { self.service = service }

    /// What has been read since the last call.
    func takeReads() -> [String] {
        paths.withLock { paths in
            defer { paths = [] }
            return paths
        }
    }

    func openSession(
        _ configuration: SessionConfiguration
    ) async throws(CoordinationError) -> any CoordinationSession {
        Session(try await service.openSession(configuration), self)
    }

    private final class Session: CoordinationSession {
        private let session: any CoordinationSession
        private let service: CountingCoordination

        init(_ session: any CoordinationSession, _ service: CountingCoordination) {
            self.session = session
            self.service = service
        }

        var id: SessionID { session.id }
        var timeout: Duration { session.timeout }
        var state: SessionState { session.state }
        func states() -> AsyncStream<SessionState> { session.states() }
        func makeWatcher() -> Watcher { session.makeWatcher() }

        func read(_ operations: [ReadOperation]) async -> [Result<ReadResult, CoordinationError>] {
            service.paths.withLock { $0 += operations.map(\.path) }
            return await session.read(operations)
        }

        func write(_ operations: [WriteOperation]) async -> [Result<WriteResult, CoordinationError>] {
            await session.write(operations)
        }

        func commit(_ transactions: [[WriteOperation]]) async -> [Result<[WriteResult], CoordinationError>] {
            await session.commit(transactions)
        }

        func sync(_ path: String) async throws(CoordinationError) { try await session.sync(path) }
        func close() async { await session.close() }
    }
}
