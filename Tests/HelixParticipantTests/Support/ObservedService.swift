import Coordination
import Synchronization

/// A service that counts what its sessions ask for, and can spoil transactions.
final class ObservedService: CoordinationService {
    struct Counts: Sendable, Equatable {
        var transactions = 0
        var stateWrites = 0
        var messageDeletes = 0
        var messageWrites = 0
        var singleWrites = 0
        var messageReads = 0
    }

    /// What is to become of a transaction.
    enum Fate: Sendable {
        case normal
        /// Refused without being applied.
        case refuse(CoordinationError)
        /// Applied, but the answer is lost.
        case loseAnswer
    }

    private let base: any CoordinationService
    let counts = Mutex(Counts())
    private let fates = Mutex<[Fate]>([])
    private let hold = Mutex<(@Sendable ([[WriteOperation]]) async -> Void)?>(nil)

    init(_ base: any CoordinationService) { self.base = base }

    /// The fates of the next transactions that write a current state.
    func plan(_ fates: [Fate]) { self.fates.withLock { $0 = fates } }
    var plannedCount: Int { fates.withLock { $0.count } }

    /// Calls `body` before each commit.
    func beforeCommit(_ body: (@Sendable ([[WriteOperation]]) async -> Void)?) { hold.withLock { $0 = body } }

    func openSession(_ configuration: SessionConfiguration) async throws(CoordinationError) -> any CoordinationSession {
        ObservedSession(base: try await base.openSession(configuration), service: self)
    }

    private let closing = Mutex<(@Sendable () async -> Void)?>(nil)

    /// Calls `body` before a session is closed.
    func beforeClose(_ body: (@Sendable () async -> Void)?) { closing.withLock { $0 = body } }
    func waitBeforeClose() async { await closing.withLock { $0 }?() }

    func nextFate(_ transaction: [WriteOperation]) -> Fate {
        guard transaction.contains(where: { $0.path.contains("/CURRENTSTATES/") }) else { return .normal }
        return fates.withLock { $0.isEmpty ? .normal : $0.removeFirst() }
    }

    private let lostWrite = Mutex<String?>(nil)

    /// The next single write of a path with this text in it is applied, but its answer is lost.
    func loseAnswer(ofWriteTo text: String) { lostWrite.withLock { $0 = text } }

    func isAnswerLost(_ operation: WriteOperation) -> Bool {
        lostWrite.withLock { lost in
            guard let text = lost, operation.path.contains(text) else { return false }
            lost = nil
            return true
        }
    }

    func count(_ operations: [WriteOperation], isTransaction: Bool) {
        counts.withLock { counts in
            if isTransaction { counts.transactions += 1 } else { counts.singleWrites += operations.count }
            for operation in operations {
                let isState = operation.path.contains("/CURRENTSTATES/")
                let isMessage = operation.path.contains("/MESSAGES/")
                if isState { counts.stateWrites += 1 }
                if isMessage, case .delete = operation { counts.messageDeletes += 1 }
                if isMessage, case .set = operation { counts.messageWrites += 1 }
            }
        }
    }

    func waitBeforeCommit(_ transactions: [[WriteOperation]]) async {
        await hold.withLock { $0 }?(transactions)
    }
}

final class ObservedSession: CoordinationSession {
    private let base: any CoordinationSession
    private let service: ObservedService

    init(base: any CoordinationSession, service: ObservedService) {
        self.base = base
        self.service = service
    }

    var id: SessionID { base.id }
    var timeout: Duration { base.timeout }
    var state: SessionState { base.state }
    func states() -> AsyncStream<SessionState> { base.states() }
    func makeWatcher() -> Watcher { base.makeWatcher() }
    func sync(_ path: String) async throws(CoordinationError) { try await base.sync(path) }
    func close() async {
        await service.waitBeforeClose()
        await base.close()
    }

    func read(_ operations: [ReadOperation]) async -> [Result<ReadResult, CoordinationError>] {
        service.counts.withLock { counts in
            for operation in operations {
                if case .get(let path, _) = operation, path.contains("/MESSAGES/") { counts.messageReads += 1 }
            }
        }
        return await base.read(operations)
    }

    func write(_ operations: [WriteOperation]) async -> [Result<WriteResult, CoordinationError>] {
        service.count(operations, isTransaction: false)
        return zip(operations, await base.write(operations)).map { operation, result in
            service.isAnswerLost(operation)
                ? .failure(CoordinationError(.connectionLoss, operation: "create", path: operation.path)) : result
        }
    }

    func commit(_ transactions: [[WriteOperation]]) async -> [Result<[WriteResult], CoordinationError>] {
        await service.waitBeforeCommit(transactions)
        var results: [Result<[WriteResult], CoordinationError>] = []
        for transaction in transactions {
            service.count(transaction, isTransaction: true)
            switch service.nextFate(transaction) {
            case .normal: results += await base.commit([transaction])
            case .refuse(let error): results.append(.failure(error))
            case .loseAnswer:
                _ = await base.commit([transaction])
                results.append(.failure(CoordinationError(.connectionLoss, operation: "multi")))
            }
        }
        return results
    }
}
