public import Coordination

/// The simulated coordination service as one process sees it.
public struct SimulatedCoordination: CoordinationService {
    let ensemble: SimulatedEnsemble
    let process: SimulatedProcess

    /// Opens a session; waits until a server can be reached.
    /// - Throws: `.authenticationFailed` for a credential that is not of scheme `digest` or has no colon, `.closed`
    ///   when the task is cancelled or the process killed.
    public func openSession(
        _ configuration: SessionConfiguration = SessionConfiguration()
    ) async throws(CoordinationError) -> any CoordinationSession {
        let requester = try Requester(session: SessionID(rawValue: 0), credentials: configuration.credentials)
        let attempt = ensemble.change { $0.nextID() }
        let id: SessionID? = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<SessionID?, Never>) in
                ensemble.change { state in
                    guard !Task.isCancelled else { return continuation.resume(returning: nil) }
                    state.attempts[attempt] = EnsembleState.Attempt(
                        process: process, requester: requester, timeout: configuration.timeout.nanoseconds,
                        continuation: continuation)
                    state.tryToOpen(attempt)
                }
            }
        } onCancel: {
            ensemble.change { $0.giveUp(attempt) }
        }
        guard let id, let states = ensemble.change({ $0.sessions[id]?.states }) else {
            throw CoordinationError(.closed, operation: "open session")
        }
        return SimulatedSession(ensemble: ensemble, id: id, states: states, configuration: configuration)
    }
}

/// A session with the simulated ensemble.
final class SimulatedSession: CoordinationSession {
    let id: SessionID
    let timeout: Duration
    private let ensemble: SimulatedEnsemble
    private let sessionStates: SessionStates
    private let maximumRequestSize: Int

    init(
        ensemble: SimulatedEnsemble, id: SessionID, states: SessionStates, configuration: SessionConfiguration
    ) {
        self.ensemble = ensemble
        self.id = id
        sessionStates = states
        timeout = configuration.timeout
        maximumRequestSize = configuration.maximumRequestSize
    }

    var state: SessionState { sessionStates.current }

    func states() -> AsyncStream<SessionState> { sessionStates.stream() }

    func makeWatcher() -> Watcher {
        let watcher = Watcher()
        ensemble.change { state in
            guard let session = state.sessions[id], !session.states.current.isFinal else { return watcher.finish() }
            session.watchers.insert(watcher)
        }
        return watcher
    }

    func read(_ operations: [ReadOperation]) async -> [Result<ReadResult, CoordinationError>] {
        guard !operations.isEmpty else { return [] }
        return await submit(.reads(operations)).map { answer in
            answer.map { answer in
                guard case .read(let result) = answer else { preconditionFailure("a read is answered by a read") }
                return result
            }
        }
    }

    func write(_ operations: [WriteOperation]) async -> [Result<WriteResult, CoordinationError>] {
        await checked(operations) { (operation) throws(CoordinationError) in
            try operation.checkSize(limit: maximumRequestSize)
        } submit: { operations in
            await submit(.writes(operations)).map { answer in
                answer.map { answer in
                    guard case .write(let result) = answer else {
                        preconditionFailure("a write is answered by a write")
                    }
                    return result
                }
            }
        }
    }

    func commit(_ transactions: [[WriteOperation]]) async -> [Result<[WriteResult], CoordinationError>] {
        await checked(transactions) { (transaction) throws(CoordinationError) in
            try WriteOperation.checkSize(of: transaction, limit: maximumRequestSize)
        } submit: { transactions in
            await submit(.transactions(transactions)).map { answer in
                answer.map { answer in
                    guard case .transaction(let results) = answer else {
                        preconditionFailure("a transaction is answered by a transaction")
                    }
                    return results
                }
            }
        }
    }

    /// Submits what passes the check; the rest fails without being sent.
    private func checked<Item, Value>(
        _ items: [Item], check: (Item) throws(CoordinationError) -> Void,
        submit: ([Item]) async -> [Result<Value, CoordinationError>]
    ) async -> [Result<Value, CoordinationError>] {
        var faults: [CoordinationError?] = []
        for item in items {
            do throws(CoordinationError) {
                try check(item)
                faults.append(nil)
            } catch {
                faults.append(error)
            }
        }
        let passed = zip(items, faults).filter { $0.1 == nil }.map(\.0)
        var results = (passed.isEmpty ? [] : await submit(passed)).makeIterator()
        return faults.map { fault in
            if let fault { return .failure(fault) }
            guard let result = results.next() else { preconditionFailure("each item is answered") }
            return result
        }
    }

    func sync(_ path: String) async throws(CoordinationError) {
        if let fault = ZnodePath.fault(in: path) {
            throw CoordinationError(.badArguments, operation: "sync", path: path, reason: fault)
        }
        _ = try await submit(.sync(path))[0].get()
    }

    func close() async {
        await withCheckedContinuation { continuation in
            ensemble.change { $0.close(id, continuation) }
        }
    }

    private func submit(_ operations: Request.Operations) async -> [Answered] {
        await withCheckedContinuation { continuation in
            ensemble.change { $0.submit(operations, in: id, continuation) }
        }
    }
}
