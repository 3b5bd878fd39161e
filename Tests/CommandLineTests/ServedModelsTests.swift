import Coordination
import HelixAdmin
import Logging
import StateModels
import Synchronization
import Testing

@testable import helix

@Suite("The state models that a participant serves")
struct ServedModelsTests {
    @Test("are read again when the connection is lost under it", arguments: [[], ["MasterSlave"]])
    func lostConnection(wanted: [String]) async throws {
        try await MemoryCoordination().withSession { session in
            _ = try await Administrator(session: session).addCluster("orders")
            let served = ServedModels(cluster: "orders", wanted: wanted, logger: Logger(label: "test"))
            let undisturbed = try await served.read(in: session).map(\.name)
            #expect(undisturbed.contains("MasterSlave"))
            for loss in 1...3 {
                let models = try await served.read(in: FlickeringSession(session, losing: loss))
                #expect(models.map(\.name) == undisturbed)
            }
        }
    }
}

/// A session that loses the connection under one of its readings.
private final class FlickeringSession: CoordinationSession {
    private let session: any CoordinationSession
    private let left: Mutex<Int>

    /// - Parameter number: which of the readings, from 1.
    init(_ session: any CoordinationSession, losing number: Int) {
        self.session = session
        left = Mutex(number)
    }

    func read(_ operations: [ReadOperation]) async -> [Result<ReadResult, CoordinationError>] {
        let isLost = left.withLock { left in
            left -= 1
            return left == 0
        }
        guard isLost else { return await session.read(operations) }
        return operations.map { .failure(CoordinationError(.connectionLoss, operation: "read", path: $0.path)) }
    }

    var id: SessionID { session.id }
    var timeout: Duration { session.timeout }
    var state: SessionState { session.state }
    func states() -> AsyncStream<SessionState> { session.states() }
    func makeWatcher() -> Watcher { session.makeWatcher() }
    func write(_ operations: [WriteOperation]) async -> [Result<WriteResult, CoordinationError>] {
        await session.write(operations)
    }
    func commit(_ transactions: [[WriteOperation]]) async -> [Result<[WriteResult], CoordinationError>] {
        await session.commit(transactions)
    }
    func sync(_ path: String) async throws(CoordinationError) { try await session.sync(path) }
    func close() async { await session.close() }
}
