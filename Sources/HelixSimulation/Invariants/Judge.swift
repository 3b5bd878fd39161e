package import Coordination
import Synchronization

/// Watches a simulated cluster: sees every transaction as it is committed, is told what handlers do, and notes what must
/// never happen.
public final class Judge: Sendable {
    private struct Content {
        var invariants: ClusterInvariants
        var violations: [Violation] = []
        var lastCommit = Duration.zero
        var transactions = 0
    }

    private let cluster: String
    private let clock: SimulatedClock
    private let timeline: Timeline
    private let content: Mutex<Content>
    private let news = Mailbox<Void>()
    private let excuses = Mutex<[String: Duration]>([:])

    init(cluster: String, clock: SimulatedClock, timeline: Timeline) {
        self.cluster = cluster
        self.clock = clock
        self.timeline = timeline
        content = Mutex(Content(invariants: ClusterInvariants(cluster: cluster)))
    }

    /// What has happened that must not, in order.
    public var violations: [Violation] { content.withLock { $0.violations } }

    /// When the cluster was written to last.
    public var lastCommit: Duration { content.withLock { $0.lastCommit } }

    /// How many transactions have been committed.
    public var transactions: Int { content.withLock { $0.transactions } }

    /// Notes that a rule was broken.
    public func note(_ rule: String, _ text: String) {
        let violation = Violation(time: clock.now.elapsed, rule: rule, text: text)
        timeline.note("", "VIOLATION \(rule): \(text)")
        content.withLock { $0.violations.append(violation) }
        news.post(())
    }

    /// Waits for a rule to be broken; returns early when the task is cancelled.
    package func someViolation() async {
        if violations.isEmpty { _ = await news.next() }
    }

    /// Looks at what the cluster's records say now.
    package func inspect<Value: Sendable>(_ look: (ClusterInvariants) -> Value) -> Value {
        content.withLock { look($0.invariants) }
    }

    /// A session may break every rule, so that it is seen what the others make of it.
    package func exempt(_ session: SessionID) {
        content.withLock { _ = $0.invariants.outsiders.insert(session) }
    }

    func take(_ transaction: CommittedTransaction) {
        let faults = content.withLock { content in
            if !transaction.operations.isEmpty {
                content.lastCommit = transaction.time
                content.transactions += 1
            }
            return content.invariants.take(transaction)
        }
        if timeline.isRecording {
            let summary = TransactionSummary(transaction, cluster: cluster).description
            if !summary.isEmpty { timeline.note("", summary) }
        }
        for fault in faults { note(fault.rule, fault.text) }
    }

    /// Something happened to a process that no coordination service can shield it from, such as a long pause: what it
    /// does until shortly after that only fencing tokens can make harmless.
    package func excuse(_ process: String, for duration: Duration) {
        let end = clock.now.elapsed + duration + .seconds(1)
        excuses.withLock { $0[process] = max($0[process] ?? .zero, end) }
    }

    /// Whether what a process does now is excused.
    package func isExcused(_ process: String) -> Bool {
        excuses.withLock { $0[process] ?? .zero } >= clock.now.elapsed
    }
}

extension WriteOperation {
    /// What it writes.
    var data: [UInt8]? {
        switch self {
        case .create(_, let data, _, _), .set(_, let data, _): data
        case .delete, .check: nil
        }
    }
}
