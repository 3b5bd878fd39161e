internal import Coordination
internal import Synchronization

/// What the C client answered to one request.
enum Reply: Sendable {
    case failed(ClientCode)
    /// It was not sent.
    case refused(CoordinationError)
    case done
    case path(String)
    case stat(Stat)
    case data([UInt8], Stat)
    case children([String], Stat)
    case results([WriteResult])
    /// The operation of a transaction that failed.
    case failedOperation(ClientCode, index: Int)
}

/// All requests that wait for their answers, of all sessions.
///
/// The C client carries one pointer from a request to its answer. It gets a number instead, a *token*, by which the
/// request is found here: so nothing leaks when the client drops an answer, which it does when it is closed, and nothing
/// dangles when one comes late. A batch of requests waits together, with one continuation and a countdown.
struct InFlightTable {
    /// How many requests a batch can have at most.
    static let batchLimit = 4096

    private struct Batch {
        let session: UInt
        var replies: [Reply]
        var outstanding: Int
        /// `nil` once it was resumed.
        var continuation: CheckedContinuation<[Reply], Never>?
        /// What the C client still writes to when it answers: freed when it has answered, or was closed.
        var buffers: [Int: TransactionBuffers] = [:]
    }

    private var batches: [UInt: Batch] = [:]
    private var last: UInt = 0

    /// The number of batches of a session.
    func count(in session: UInt) -> Int { batches.values.count { $0.session == session } }

    /// Enters a batch.
    /// - Returns: the token of its first request; the others follow.
    mutating func begin(
        _ count: Int, in session: UInt, _ continuation: CheckedContinuation<[Reply], Never>
    ) -> UInt {
        precondition((1...Self.batchLimit).contains(count), "a batch of \(count) requests")
        last += 1
        batches[last] = Batch(
            session: session, replies: Array(repeating: .failed(.closing), count: count), outstanding: count,
            continuation: continuation)
        return last * UInt(Self.batchLimit)
    }

    mutating func keep(_ buffers: TransactionBuffers, for token: UInt) {
        batches[token / UInt(Self.batchLimit)]?.buffers[Int(token % UInt(Self.batchLimit))] = buffers
    }

    /// The buffers of a transaction that was just answered.
    mutating func takeBuffers(for token: UInt) -> TransactionBuffers? {
        batches[token / UInt(Self.batchLimit)]?.buffers.removeValue(forKey: Int(token % UInt(Self.batchLimit)))
    }

    /// What to resume, once the lock is released.
    struct Finished {
        fileprivate let continuation: CheckedContinuation<[Reply], Never>
        fileprivate let replies: [Reply]

        func resume() { continuation.resume(returning: replies) }
    }

    /// Enters an answer. Answers that nobody waits for any more are ignored.
    mutating func settle(_ token: UInt, _ reply: Reply) -> Finished? {
        let id = token / UInt(Self.batchLimit)
        guard let left = batches[id]?.outstanding else { return nil }
        batches[id]?.replies[Int(token % UInt(Self.batchLimit))] = reply
        batches[id]?.outstanding = left - 1
        guard left == 1, let batch = batches.removeValue(forKey: id) else { return nil }
        return batch.continuation.map { Finished(continuation: $0, replies: batch.replies) }
    }

    /// Lets all who wait in a session go on; what has not been answered fails with `code`. The buffers stay until
    /// ``forget(_:)``.
    mutating func abandon(_ session: UInt, _ code: ClientCode) -> [Finished] {
        var finished: [Finished] = []
        for id in batches.keys.sorted() where batches[id]?.session == session {
            guard let continuation = batches[id]?.continuation, let replies = batches[id]?.replies else { continue }
            batches[id]?.continuation = nil
            finished.append(
                Finished(
                    continuation: continuation,
                    replies: replies.map { reply in
                        if case .failed(.closing) = reply { .failed(code) } else { reply }
                    }))
        }
        return finished
    }

    /// Frees what is left of a session whose handle is closed.
    ///
    /// A batch that began only after ``abandon(_:_:)`` stays: none of its requests can reach the handle any more, and
    /// its task is about to find that out by itself.
    mutating func forget(_ session: UInt) {
        batches = batches.filter { $0.value.session != session || $0.value.continuation != nil }
    }
}

/// The requests in flight of this process: global, because the C client's callbacks have nothing else to go by.
let inFlight = Mutex(InFlightTable())

/// Enters an answer and lets the task go on whose batch it completes.
func settle(_ token: UInt, _ reply: Reply) {
    inFlight.withLock { $0.settle(token, reply) }?.resume()
}
