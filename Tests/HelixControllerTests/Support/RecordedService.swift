import Synchronization
import TestSupport

@testable import Coordination

/// The embedded service with a log of all changes in the order of their transactions, such as a server writes.
final class RecordedService: CoordinationService {
    fileprivate struct Log {
        var changes: [TransactionLog.Change] = []
        var transactions: Int64 = 0
        var ephemerals: [SessionID: [String]] = [:]
    }

    let memory = MemoryCoordination()
    private let state = Mutex(Log())

    func openSession(
        _ configuration: SessionConfiguration
    ) async throws(CoordinationError) -> any CoordinationSession {
        try await openSession(configuration, interruption: nil)
    }

    /// Opens a session that is interrupted once.
    func openSession(
        _ configuration: SessionConfiguration, interruption: Interruption?
    ) async throws(CoordinationError) -> any CoordinationSession {
        RecordedSession(
            inner: try await memory.openSession(configuration), recorder: self, interruption: interruption)
    }

    /// All changes so far.
    var log: [TransactionLog.Change] { state.withLock(\.changes) }

    /// How many transactions there were.
    var count: Int64 { state.withLock(\.transactions) }

    /// Lets the service give a session up.
    func expire(_ id: SessionID) { expire([id]) }

    /// Lets the service give sessions up, all at once.
    func expire(_ ids: [SessionID]) {
        memory.store.withLock { store in
            for id in ids {
                store.expire(id)
                recordEnd(of: id)
            }
        }
    }

    /// A session loses its connection and finds it again at once.
    func blink(_ id: SessionID) {
        memory.suspend(id)
        memory.resume(id)
    }

    // MARK: What sessions do. It is recorded while the service is locked, so that nothing comes in between.

    fileprivate func commit(
        _ operations: [WriteOperation], in session: any CoordinationSession, asTransaction: Bool
    ) -> Result<[WriteResult], CoordinationError> {
        memory.store.withLock { store in
            do throws(CoordinationError) {
                let results = try store.commit(operations, in: session.id, at: 0, asTransaction: asTransaction)
                record(operations, session.id)
                return .success(results)
            } catch {
                guard session.state == .closed else { return .failure(error) }
                return .failure(CoordinationError(.closed, operation: error.operation, path: error.path))
            }
        }
    }

    fileprivate func close(_ id: SessionID) {
        memory.store.withLock { store in
            store.close(id)
            recordEnd(of: id)
        }
    }

    private func record(_ operations: [WriteOperation], _ session: SessionID) {
        state.withLock { log in
            log.transactions += 1
            for operation in operations {
                switch operation {
                case .create(let path, let data, let mode, _):
                    log.add(.create, path, session, data, isEphemeral: mode.isEphemeral)
                    if mode.isEphemeral { log.ephemerals[session, default: []].append(path) }
                case .set(let path, let data, _): log.add(.set, path, session, data)
                case .delete(let path, _):
                    log.add(.delete, path, session)
                    for owner in log.ephemerals.keys { log.ephemerals[owner]?.removeAll { $0 == path } }
                case .check(let path, _): log.add(.check, path, session)
                }
            }
        }
    }

    private func recordEnd(of session: SessionID) {
        state.withLock { log in
            guard let paths = log.ephemerals.removeValue(forKey: session), !paths.isEmpty else { return }
            log.transactions += 1
            for path in paths { log.add(.deleteWithSession, path, session) }
        }
    }
}

extension RecordedService.Log {
    fileprivate mutating func add(
        _ kind: TransactionLog.Kind, _ path: String, _ session: SessionID, _ data: [UInt8] = [],
        isEphemeral: Bool = false
    ) {
        changes.append(
            TransactionLog.Change(
                zxid: transactions, session: session, kind: kind, path: path, data: data, isEphemeral: isEphemeral))
    }
}

/// A session whose changes are recorded, and which can be interrupted.
final class RecordedSession: CoordinationSession {
    private let inner: any CoordinationSession
    private let recorder: RecordedService
    private let interruption: Interruption?

    init(inner: any CoordinationSession, recorder: RecordedService, interruption: Interruption?) {
        self.inner = inner
        self.recorder = recorder
        self.interruption = interruption
    }

    var id: SessionID { inner.id }
    var timeout: Duration { inner.timeout }
    var state: SessionState { inner.state }
    func states() -> AsyncStream<SessionState> { inner.states() }
    func makeWatcher() -> Watcher { inner.makeWatcher() }

    func read(_ operations: [ReadOperation]) async -> [Result<ReadResult, CoordinationError>] {
        guard let kind = interruption?.strikes() else { return await inner.read(operations) }
        let answered = kind == .halfway ? Array(operations.prefix(operations.count / 2)) : []
        let results = kind == .afterwards ? [] : await inner.read(answered)
        if kind == .afterwards { _ = await inner.read(operations) }  // arms the watches all the same
        let error = interrupt(kind)
        return results + operations.dropFirst(results.count).map { .failure(error("read", $0.path)) }
    }

    func write(_ operations: [WriteOperation]) async -> [Result<WriteResult, CoordinationError>] {
        guard let kind = interruption?.strikes() else { return operations.map(write) }
        let results = kind.portion(of: operations).map(write)
        let error = interrupt(kind)
        let answered = kind == .halfway ? results : []
        return answered + operations.dropFirst(answered.count).map { .failure(error("write", $0.path)) }
    }

    func commit(_ all: [[WriteOperation]]) async -> [Result<[WriteResult], CoordinationError>] {
        guard let kind = interruption?.strikes() else { return all.map(commit) }
        let results = kind.portion(of: all).map(commit)
        let error = interrupt(kind)
        let answered = kind == .halfway ? results : []
        return answered + all.dropFirst(answered.count).map { .failure(error("commit", $0.first?.path)) }
    }

    func sync(_ path: String) async throws(CoordinationError) {
        guard let kind = interruption?.strikes() else { return try await inner.sync(path) }
        throw interrupt(kind)("sync", path)
    }

    func close() async { recorder.close(id) }

    private func write(_ operation: WriteOperation) -> Result<WriteResult, CoordinationError> {
        recorder.commit([operation], in: inner, asTransaction: false).map { $0[0] }
    }

    private func commit(_ operations: [WriteOperation]) -> Result<[WriteResult], CoordinationError> {
        recorder.commit(operations, in: inner, asTransaction: true)
    }

    private func interrupt(_ kind: Interruption.Kind) -> (String, String?) -> CoordinationError {
        if kind == .expiry {
            recorder.expire(id)
            return { CoordinationError(.sessionExpired, operation: $0, path: $1) }
        }
        recorder.blink(id)
        return { CoordinationError(.connectionLoss, operation: $0, path: $1) }
    }
}

/// Something that happens to a session, once, at one of its requests.
final class Interruption: Sendable {
    enum Kind: CaseIterable, Sendable {
        /// The connection is lost before the request got through.
        case before
        /// The request is done, but the answer is lost.
        case afterwards
        /// Half of the batch is done and answered.
        case halfway
        /// The session expires instead.
        case expiry

        func portion<Element>(of batch: [Element]) -> [Element] {
            switch self {
            case .before, .expiry: []
            case .afterwards: batch
            case .halfway: Array(batch.prefix(batch.count / 2))
            }
        }
    }

    let kind: Kind
    private let place: Int
    private let requests = Atomic(0)

    init(_ kind: Kind, atRequest place: Int) {
        self.kind = kind
        self.place = place
    }

    /// How many requests there were.
    var count: Int { requests.load(ordering: .relaxed) }

    fileprivate func strikes() -> Kind? {
        requests.add(1, ordering: .relaxed).newValue == place ? kind : nil
    }
}

/// The recorded service as one client sees it whose sessions together are interrupted once.
struct InterruptedService: CoordinationService {
    let service: RecordedService
    let interruption: Interruption

    func openSession(
        _ configuration: SessionConfiguration
    ) async throws(CoordinationError) -> any CoordinationSession {
        try await service.openSession(configuration, interruption: interruption)
    }
}
