extension CoordinationSession {
    /// Performs many independent writes in few transactions, pipelined: a transaction of 100 creates costs the
    /// service little more than one create does.
    ///
    /// An operation that fails does not hinder the others: it gets its error, and the rest of its batch is tried again
    /// without it until all that can land has landed. Operations of one call may be applied in another order than
    /// given only if some of them fail.
    ///
    /// - Parameters:
    ///   - fence: checks with which every transaction begins, so that nothing is written once one does not hold.
    ///   - batchSize: the most operations in a transaction, without the fence.
    ///   - batchBytes: the most bytes in a transaction; an operation that is larger goes alone.
    /// - Returns: the operations' results in order. `.connectionLoss` means that nobody knows whether the operation was
    ///   applied.
    /// - Throws: the error of the fence, or `.sessionExpired` or `.closed`; batches before may have landed.
    package func writeBatched(
        _ operations: [WriteOperation], fence: [WriteOperation] = [], batchSize: Int = 100, batchBytes: Int = 512_000
    ) async throws(CoordinationError) -> [Result<WriteResult, CoordinationError>] {
        var writes = BatchedWrites(operations, fence: fence, batchSize: batchSize, batchBytes: batchBytes)
        while !writes.pending.isEmpty {
            let outcomes = await commit(writes.transactions())
            try writes.settle(outcomes)
        }
        return writes.results()
    }

    /// The same with a fence of one operation.
    package func writeBatched(
        _ operations: [WriteOperation], fence: WriteOperation, batchSize: Int = 100, batchBytes: Int = 512_000
    ) async throws(CoordinationError) -> [Result<WriteResult, CoordinationError>] {
        try await writeBatched(operations, fence: [fence], batchSize: batchSize, batchBytes: batchBytes)
    }
}

/// The bookkeeping of ``CoordinationSession/writeBatched(_:fence:batchSize:batchBytes:)``: which operations are still to
/// be written, in which batches, and what became of the others.
struct BatchedWrites {
    private let operations: [WriteOperation]
    private let fence: [WriteOperation]
    private var settled: [Result<WriteResult, CoordinationError>?]
    /// The batches still to be written, as indices of operations.
    private(set) var pending: [[Int]] = []

    init(_ operations: [WriteOperation], fence: [WriteOperation], batchSize: Int, batchBytes: Int) {
        precondition(batchSize > 0, "a batch has at least one operation, not \(batchSize)")
        self.operations = operations
        self.fence = fence
        settled = Array(repeating: nil, count: operations.count)
        var batch: [Int] = []
        var bytes = 0
        for (index, operation) in operations.enumerated() {
            let size = operation.encodedSize
            if !batch.isEmpty, batch.count == batchSize || bytes + size > batchBytes {
                pending.append(batch)
                (batch, bytes) = ([], 0)
            }
            batch.append(index)
            bytes += size
        }
        if !batch.isEmpty { pending.append(batch) }
    }

    /// What is to be committed next.
    func transactions() -> [[WriteOperation]] {
        pending.map { batch in fence + batch.map { operations[$0] } }
    }

    /// Takes the outcomes of ``transactions()`` and prepares the next round.
    mutating func settle(_ outcomes: [Result<[WriteResult], CoordinationError>]) throws(CoordinationError) {
        let batches = pending
        pending = []
        for (batch, outcome) in zip(batches, outcomes) {
            switch outcome {
            case .success(let results):
                for (index, result) in zip(batch, results.suffix(batch.count)) { settled[index] = .success(result) }
            case .failure(let error) where error.endsSession: throw error
            case .failure(let error): try settle(batch, failedWith: error)
            }
        }
    }

    private mutating func settle(
        _ batch: [Int], failedWith error: CoordinationError
    ) throws(CoordinationError) {
        guard let culprit = error.operationIndex.map({ $0 - fence.count }) else {
            for index in batch { settled[index] = .failure(error) }
            return
        }
        guard culprit >= 0 else { throw error }
        if error.code == .dataTooLarge, batch.count > 1 { return retryInHalves(batch[...]) }
        var error = error
        error.operationIndex = nil
        settled[batch[culprit]] = .failure(error)
        // What comes before the culprit was found to be possible; of the rest nothing is known, and in halves a batch
        // with many culprits needs few rounds.
        if culprit > 0 { pending.append(Array(batch[..<culprit])) }
        retryInHalves(batch[(culprit + 1)...])
    }

    private mutating func retryInHalves(_ batch: ArraySlice<Int>) {
        let middle = batch.startIndex + batch.count / 2
        for half in [batch[..<middle], batch[middle...]] where !half.isEmpty { pending.append(Array(half)) }
    }

    func results() -> [Result<WriteResult, CoordinationError>] {
        settled.enumerated().map { index, result in
            guard let result else { preconditionFailure("operation \(index) was neither written nor refused") }
            return result
        }
    }
}
