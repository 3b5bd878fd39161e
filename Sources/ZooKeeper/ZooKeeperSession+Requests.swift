internal import CZooKeeper
internal import Coordination
internal import Synchronization

extension ZooKeeperSession {
    func read(_ operations: [ReadOperation]) async -> [Result<ReadResult, CoordinationError>] {
        let replies = await metrics.measure(.read, operations.count) {
            await perform(operations.count) { index, handle, token throws(CoordinationError) in
                try operations[index].validated()
                return operations[index].submit(handle, token)
            }
        }
        return zip(operations, replies).map { $0.result($1) }
    }

    func write(_ operations: [WriteOperation]) async -> [Result<WriteResult, CoordinationError>] {
        let replies = await metrics.measure(.write, operations.count) {
            await perform(operations.count) { index, handle, token throws(CoordinationError) in
                let operation = operations[index]
                try operation.validated()
                try operation.checkSize(
                    limit: configuration.maximumRequestSize, prefix: connect.chroot.utf8.count)
                if case .check = operation { return submit([operation], handle, token) }
                return operation.submit(handle, token)
            }
        }
        return zip(operations, replies).map { $0.result($1) }
    }

    func commit(_ transactions: [[WriteOperation]]) async -> [Result<[WriteResult], CoordinationError>] {
        let replies = await metrics.measure(.commit, transactions.count) {
            await perform(transactions.count) { index, handle, token throws(CoordinationError) in
                let transaction = transactions[index]
                try validate(transaction)
                try WriteOperation.checkSize(
                    of: transaction, limit: configuration.maximumRequestSize, prefix: connect.chroot.utf8.count)
                return submit(transaction, handle, token)
            }
        }
        return zip(transactions, replies).map(Self.result)
    }

    func sync(_ path: String) async throws(CoordinationError) {
        if let fault = ZnodePath.fault(in: path) {
            throw CoordinationError(.badArguments, operation: "sync", path: path, reason: fault)
        }
        let replies = await metrics.measure(.sync, 1) {
            await perform(1) { _, handle, token in zoo_async(handle.pointer, path, pathCompletion, token) }
        }
        if case .failed(let code) = replies[0] { throw code.error("sync", path) }
    }

    /// Submits requests and waits for all their answers.
    ///
    /// They go in portions: the C client closes its own connection when too many of them are waiting for its thread.
    private func perform(
        _ count: Int,
        _ submit: (Int, ClientHandle, UnsafeRawPointer?) throws(CoordinationError) -> Int32
    ) async -> [Reply] {
        var replies: [Reply] = []
        while replies.count < count {
            let start = replies.count
            let portion = min(count - start, InFlightTable.batchLimit)
            let more = await withCheckedContinuation { continuation in
                let first = inFlight.withLock { $0.begin(portion, in: token, continuation) }
                for offset in 0..<portion {
                    let token = first + UInt(offset)
                    if let failure = attempt(
                        token,
                        { handle, token throws(CoordinationError) in
                            try submit(start + offset, handle, token)
                        })
                    {
                        settle(token, failure)
                    }
                }
            }
            replies = replies.isEmpty ? more : replies + more
        }
        return replies
    }

    /// Submits one request while nobody can take the handle away.
    /// - Returns: why it was not submitted.
    private func attempt(
        _ token: UInt, _ submit: (ClientHandle, UnsafeRawPointer?) throws(CoordinationError) -> Int32
    ) -> Reply? {
        core.withLock { core in
            let handle: ClientHandle
            switch core.phase {
            case .open(let open): handle = open
            case .ended(let code): return .failed(code)
            case .opening: preconditionFailure("nobody has a session that is not open yet")
            }
            // Not only for a quick answer: a transaction that is submitted at the very moment when the client learns
            // that the session has expired makes it free memory twice.
            guard state == .connected, handle.isConnected else { return .failed(.connectionLoss) }
            do throws(CoordinationError) {
                let code = ClientCode(rawValue: try submit(handle, UnsafeRawPointer(bitPattern: token)))
                return code == .ok ? nil : .failed(code)
            } catch {
                return .refused(error)
            }
        }
    }

    private func submit(
        _ transaction: [WriteOperation], _ handle: ClientHandle, _ token: UnsafeRawPointer?
    ) -> Int32 {
        if transaction.isEmpty {  // the client would wait for ever for an answer to nothing
            ZooKeeper.settle(UInt(bitPattern: token), .results([]))
            return ClientCode.ok.rawValue
        }
        let buffers = TransactionBuffers(transaction, chrootLength: connect.chroot.utf8.count)
        inFlight.withLock { $0.keep(buffers, for: UInt(bitPattern: token)) }
        return buffers.submit(handle.pointer, token: token)
    }

    private func validate(_ transaction: [WriteOperation]) throws(CoordinationError) {
        for (index, operation) in transaction.enumerated() {
            do throws(CoordinationError) {
                try operation.validated()
            } catch {
                var error = error
                error.operationIndex = index
                throw error
            }
        }
    }

    private static func result(
        _ transaction: [WriteOperation], _ reply: Reply
    ) -> Result<[WriteResult], CoordinationError> {
        switch reply {
        case .results(let results): return .success(results)
        case .refused(let error): return .failure(error)
        case .failedOperation(let code, let index):
            return .failure(code.error(transaction[index].name, transaction[index].path, index: index))
        case .failed(let code): return .failure(code.error("commit", transaction.first?.path))
        case .done, .path, .stat, .data, .children: preconditionFailure("a transaction answers with results")
        }
    }
}
