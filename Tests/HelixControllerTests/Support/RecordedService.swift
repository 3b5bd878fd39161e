import Coordination
import Synchronization
import TestSupport

/// The embedded service with a log of all changes in the order of their transactions, such as a server writes.
actor RecordedService: CoordinationService {
    nonisolated let memory = MemoryCoordination()
    private var changes: [TransactionLog.Change] = []
    private var transactions: Int64 = 0
    private var ephemerals: [SessionID: [String]] = [:]

    nonisolated func openSession(
        _ configuration: SessionConfiguration
    ) async throws(CoordinationError) -> any CoordinationSession {
        try await openSession(configuration, interruption: nil)
    }

    /// Opens a session that is interrupted once.
    nonisolated func openSession(
        _ configuration: SessionConfiguration, interruption: Interruption?
    ) async throws(CoordinationError) -> any CoordinationSession {
        RecordedSession(
            inner: try await memory.openSession(configuration), recorder: self, interruption: interruption)
    }

    /// All changes so far.
    var log: [TransactionLog.Change] { changes }

    /// How many transactions there were.
    var count: Int64 { transactions }

    /// Lets the service give a session up.
    func expire(_ id: SessionID) {
        memory.expire(id)
        recordEnd(of: id)
    }

    /// A session loses its connection and finds it again at once.
    nonisolated func blink(_ id: SessionID) {
        memory.suspend(id)
        memory.resume(id)
    }

    // MARK: What sessions do. The embedded service never suspends, so nothing comes in between.

    fileprivate func write(
        _ operations: [WriteOperation], in session: any CoordinationSession
    ) async -> [Result<WriteResult, CoordinationError>] {
        let results = await session.write(operations)
        for (operation, result) in zip(operations, results) {
            if case .success = result { record([operation], session.id) }
        }
        return results
    }

    fileprivate func commit(
        _ all: [[WriteOperation]], in session: any CoordinationSession
    ) async -> [Result<[WriteResult], CoordinationError>] {
        let results = await session.commit(all)
        for (operations, result) in zip(all, results) {
            if case .success = result { record(operations, session.id) }
        }
        return results
    }

    fileprivate func close(_ session: any CoordinationSession) async {
        await session.close()
        recordEnd(of: session.id)
    }

    private func record(_ operations: [WriteOperation], _ session: SessionID) {
        transactions += 1
        for operation in operations {
            switch operation {
            case .create(let path, let data, let mode, _):
                add(.create, path, session, data, isEphemeral: mode.isEphemeral)
                if mode.isEphemeral { ephemerals[session, default: []].append(path) }
            case .set(let path, let data, _): add(.set, path, session, data)
            case .delete(let path, _):
                add(.delete, path, session)
                for owner in ephemerals.keys { ephemerals[owner]?.removeAll { $0 == path } }
            case .check(let path, _): add(.check, path, session)
            }
        }
    }

    private func recordEnd(of session: SessionID) {
        guard let paths = ephemerals.removeValue(forKey: session), !paths.isEmpty else { return }
        transactions += 1
        for path in paths { add(.deleteWithSession, path, session) }
    }

    private func add(
        _ kind: TransactionLog.Kind, _ path: String, _ session: SessionID, _ data: [UInt8] = [],
        isEphemeral: Bool = false
    ) {
        changes.append(
            .init(
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
        let error = await interrupt(kind)
        return results + operations.dropFirst(results.count).map { .failure(error("read", $0.path)) }
    }

    func write(_ operations: [WriteOperation]) async -> [Result<WriteResult, CoordinationError>] {
        guard let kind = interruption?.strikes() else { return await recorder.write(operations, in: inner) }
        let applied = kind.portion(of: operations)
        let results = await recorder.write(applied, in: inner)
        let error = await interrupt(kind)
        let answered = kind == .halfway ? results : []
        return answered + operations.dropFirst(answered.count).map { .failure(error("write", $0.path)) }
    }

    func commit(_ all: [[WriteOperation]]) async -> [Result<[WriteResult], CoordinationError>] {
        guard let kind = interruption?.strikes() else { return await recorder.commit(all, in: inner) }
        let results = await recorder.commit(kind.portion(of: all), in: inner)
        let error = await interrupt(kind)
        let answered = kind == .halfway ? results : []
        return answered + all.dropFirst(answered.count).map { .failure(error("commit", $0.first?.path)) }
    }

    func sync(_ path: String) async throws(CoordinationError) {
        guard let kind = interruption?.strikes() else { return try await inner.sync(path) }
        throw await interrupt(kind)("sync", path)
    }

    func close() async { await recorder.close(inner) }

    private func interrupt(_ kind: Interruption.Kind) async -> (String, String?) -> CoordinationError {
        if kind == .expiry {
            await recorder.expire(id)
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
