/// A session with the embedded service.
final class MemorySession: CoordinationSession {
    let id: SessionID
    let timeout: Duration
    private let service: MemoryCoordination
    private let sessionStates: SessionStates
    private let maximumRequestSize: Int

    init(service: MemoryCoordination, id: SessionID, states: SessionStates, configuration: SessionConfiguration) {
        self.service = service
        self.id = id
        sessionStates = states
        timeout = configuration.timeout
        maximumRequestSize = configuration.maximumRequestSize
    }

    var state: SessionState { sessionStates.current }

    func states() -> AsyncStream<SessionState> { sessionStates.stream() }

    func makeWatcher() -> Watcher { service.withStore { store, _ in store.makeWatcher(of: id) } }

    func read(_ operations: [ReadOperation]) async -> [Result<ReadResult, CoordinationError>] {
        service.withStore { store, _ in
            operations.map { operation in
                attempt { () throws(CoordinationError) in try store.read(operation, in: id) }
            }
        }
    }

    func write(_ operations: [WriteOperation]) async -> [Result<WriteResult, CoordinationError>] {
        service.withStore { store, time in
            operations.map { operation in
                attempt { () throws(CoordinationError) in
                    try operation.checkSize(limit: maximumRequestSize)
                    return try store.commit([operation], in: id, at: time, asTransaction: false)[0]
                }
            }
        }
    }

    func commit(_ transactions: [[WriteOperation]]) async -> [Result<[WriteResult], CoordinationError>] {
        service.withStore { store, time in
            transactions.map { transaction in
                attempt { () throws(CoordinationError) in
                    try WriteOperation.checkSize(of: transaction, limit: maximumRequestSize)
                    return try store.commit(transaction, in: id, at: time)
                }
            }
        }
    }

    func sync(_ path: String) async throws(CoordinationError) {
        if let fault = ZnodePath.fault(in: path) {
            throw CoordinationError(.badArguments, operation: "sync", path: path, reason: fault)
        }
        let result: Result<Void, CoordinationError> = service.withStore { store, _ in
            attempt { () throws(CoordinationError) in
                try store.checkConnection(of: id, for: "sync", at: path)
            }
        }
        try result.get()
    }

    func close() async { service.withStore { store, _ in store.close(id) } }

    /// The outcome of `body`; a session that the service does not know any more says itself how it ended.
    private func attempt<Value>(
        _ body: () throws(CoordinationError) -> Value
    ) -> Result<Value, CoordinationError> {
        do {
            return .success(try body())
        } catch {
            guard state == .closed else { return .failure(error) }
            return .failure(CoordinationError(.closed, operation: error.operation, path: error.path))
        }
    }
}
