import Coordination
import HelixSimulation
import Synchronization

/// Who has asked for what in a run, what became of it, and which of the ensemble's promises were broken.
final class PromiseBook: Sendable {
    /// A write that a client has submitted.
    struct Submission {
        let session: SessionID
        /// The transaction that it was a part of, by the number of its first write.
        let transaction: UInt64
    }

    /// What a client learnt of a write.
    enum Fate: Hashable { case pending, applied, refused, unknown }

    private struct Client {
        let session: any CoordinationSession
        let process: SimulatedProcess
        var isExcused = false
    }

    private struct Content {
        var history = History()
        var violations: [String] = []
        var submissions: [UInt64: Submission] = [:]
        var fates: [UInt64: Fate] = [:]
        var committed: [UInt64: Int64] = [:]
        var latest: [SessionID: UInt64] = [:]
        var deletions: [SessionID: [String: Int64]] = [:]
        var clients: [SessionID: Client] = [:]
        var pausedUntil: [String: Duration] = [:]
        var counts: [String: Int] = [:]
        var isOver = false
        var lastNumber: UInt64 = 0
    }

    private let clock: SimulatedClock
    private let content = Mutex(Content())

    init(_ clock: SimulatedClock) { self.clock = clock }

    var violations: [String] { content.withLock { $0.violations } }
    /// How often each remarkable thing has happened.
    var counts: [String: Int] { content.withLock { $0.counts } }
    var lastCommit: Int64 { content.withLock { $0.history.last } }
    var isOver: Bool { content.withLock { $0.isOver } }

    func end() { content.withLock { $0.isOver = true } }

    func violation(_ text: String) {
        content.withLock { $0.violations.append("\(clock.now.elapsed) \(text)") }
    }

    func count(_ thing: String) { content.withLock { $0.counts[thing, default: 0] += 1 } }

    // MARK: Sessions

    func opened(_ session: any CoordinationSession, _ process: SimulatedProcess) {
        content.withLock { $0.clients[session.id] = Client(session: session, process: process) }
    }

    /// An operator ends the sessions of a process: nobody can be told before.
    func excuse(_ process: SimulatedProcess) {
        content.withLock { content in
            for id in content.clients.keys where content.clients[id]?.process === process {
                content.clients[id]?.isExcused = true
            }
        }
    }

    func pauses(_ process: SimulatedProcess, for duration: Duration) {
        let end = clock.now.elapsed + duration + .milliseconds(50)
        content.withLock { $0.pausedUntil[process.name] = max(end, $0.pausedUntil[process.name] ?? .zero) }
    }

    // MARK: Commits

    func take(_ transaction: CommittedTransaction) {
        let now = clock.now.elapsed
        content.withLock { content in
            let faults = content.history.take(transaction) + Self.faults(of: transaction, at: now, &content)
            content.violations += faults.map { "\(now) zxid \(transaction.zxid): \($0)" }
        }
    }

    private static func faults(
        of transaction: CommittedTransaction, at now: Duration, _ content: inout Content
    ) -> [String] {
        if transaction.endsSession {
            guard let client = content.clients[transaction.session], client.session.state == .connected,
                !client.isExcused, content.pausedUntil[client.process.name] ?? .zero < now
            else { return [] }
            return ["\(transaction.session) of \(client.process) expires and was not told before"]
        }
        var faults: [String] = []
        for operation in transaction.operations {
            if case .delete(let path, _) = operation {
                content.deletions[transaction.session, default: [:]][path] = transaction.zxid
            }
            guard let number = operation.number else { continue }
            content.committed[number] = transaction.zxid
            if let latest = content.latest[transaction.session], latest >= number {
                faults.append("\(transaction.session) overtakes itself: \(number) after \(latest)")
            }
            content.latest[transaction.session] = number
        }
        return faults
    }

    // MARK: Writes

    /// A number that no other write bears; later ones are greater.
    func nextNumber() -> UInt64 {
        content.withLock { content in
            content.lastNumber += 1
            return content.lastNumber
        }
    }

    func submitted(_ numbers: [UInt64], in session: SessionID) {
        content.withLock { content in
            for number in numbers {
                content.submissions[number] = Submission(session: session, transaction: numbers[0])
                content.fates[number] = .pending
            }
        }
    }

    /// A client learns what became of writes that belong together.
    func settled(_ numbers: [UInt64], _ fate: Fate) {
        content.withLock { content in
            for number in numbers { content.fates[number] = fate }
        }
    }

    /// The transaction of a write, if it was committed.
    func zxid(of number: UInt64) -> Int64? { content.withLock { $0.committed[number] } }

    func deletion(of path: String, in session: SessionID) -> Int64? {
        content.withLock { $0.deletions[session]?[path] }
    }

    /// Checks, when all is over, that everybody was told the truth.
    func judgeWrites() {
        content.withLock { content in
            for (number, fate) in content.fates.sorted(by: { $0.key < $1.key }) {
                let isCommitted = content.committed[number] != nil
                if fate == .applied, !isCommitted {
                    content.violations.append("write \(number) was acknowledged, and lost")
                }
                if fate == .refused, isCommitted {
                    content.violations.append("write \(number) was refused, and applied")
                }
                if fate == .unknown {
                    content.counts[isCommitted ? "lost, applied" : "lost, not applied", default: 0] += 1
                }
                guard let first = content.submissions[number]?.transaction else { continue }
                if content.committed[first] != content.committed[number] {
                    content.violations.append(
                        "write \(number) and \(first) are one transaction, and were not applied as one")
                }
            }
        }
    }

    // MARK: Reads

    func explanation(of finding: History.Finding, at path: String, from floor: Int64) -> Int64? {
        content.withLock { $0.history.explanation(of: finding, at: path, from: floor) }
    }
}

extension WriteOperation {
    /// The number that a write of these tests bears as its data.
    var number: UInt64? {
        switch self {
        case .create(_, let data, _, _), .set(_, let data, _): UInt64(String(decoding: data, as: UTF8.self))
        case .delete, .check: nil
        }
    }
}
