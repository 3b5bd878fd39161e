internal import Coordination
internal import HelixRecords
internal import MessageQueue

/// What is to be written in this session and what has been written: the current states, and the messages that are done.
///
/// A value without I/O. All that has come in for a resource since its last write goes out in one transaction: the
/// current state, and the deletion of the messages that led to it. What fails is tried again; nothing is
/// forgotten while the session lives.
struct CommitLedger: Sendable {
    /// One transaction, and what it is good for.
    struct Commit: Sendable {
        let resource: String
        let operations: [WriteOperation]
        /// What the first operations do with the znodes of the record; the others delete messages.
        let changes: [(page: String, change: ResourceAccount.PageChange)]
        let messages: [String]
        /// Messages that are done and recorded by it, for those who wait for an answer.
        let answered: [Message]
        /// What it passes on, one for each of its operations after the record's own.
        let relays: [Relay]
        let revision: UInt64
    }

    private let paths: ClusterPaths
    private let instance: String
    private let session: String
    private var accounts: [String: ResourceAccount] = [:]
    /// The resources whose current states are spread over buckets.
    private var bucketSizes: [String: Int] = [:]
    private var ready: Set<String> = []
    private var deletions: [String] = []
    private var postponedDeletions: [String] = []
    private var deletionRetryAt: Duration?
    /// The most deletions in one transaction.
    private let batchSize = 500
    /// How long what a replica says of itself may wait for company.
    private let noteDelay: Duration

    init(paths: ClusterPaths, instance: String, session: String, noteDelay: Duration = .zero) {
        self.paths = paths
        self.instance = instance
        self.session = session
        self.noteDelay = noteDelay
    }

    /// Takes note of what stands in the tree already; what came in before counts more.
    /// - Parameter buckets: the versions of the buckets, by name, of a record that is spread.
    mutating func open(_ state: CurrentState, version: Int32, buckets: [String: Int32] = [:]) {
        let known = accounts.removeValue(forKey: state.id)
        var account = known ?? ResourceAccount(state, path: path(state.id))
        account.open(state, version: version, buckets: buckets)
        if account.isDirty { ready.insert(state.id) }
        if state.bucketSize > 0 { bucketSizes[state.id] = state.bucketSize }
        accounts[state.id] = account
    }

    /// The current state of a resource is to be spread over buckets of so many partitions.
    mutating func spread(_ resource: String, bucketSize: Int) {
        bucketSizes[resource] = bucketSize
        guard var account = accounts.removeValue(forKey: resource) else { return }
        account.spread(bucketSize: bucketSize)
        if account.isDirty, account.retryAt == nil { ready.insert(resource) }
        accounts[resource] = account
    }

    private func path(_ resource: String) -> String {
        paths.currentState(instance, session: session, resource: resource)
    }

    // MARK: What comes in

    mutating func add(_ outcome: Outcome, at now: Duration = .zero) {
        let resource = outcome.key.resource
        let model = outcome.model
        let blank = emptyState(resource, model)
        var account = accounts.removeValue(forKey: resource) ?? ResourceAccount(blank, path: path(resource))
        account.restart(blank)
        account.apply(outcome)
        account.finish(outcome.finished, concluding: outcome.relays)
        if case .note = outcome.change, noteDelay > .zero {
            if account.isDirty, account.noteDueAt == nil { account.noteDueAt = now + noteDelay }
        } else if account.retryAt == nil {
            ready.insert(resource)
        }
        accounts[resource] = account
    }

    private func emptyState(_ resource: String, _ model: RegisteredModel) -> CurrentState {
        var state = CurrentState(
            resource: resource, sessionID: session, stateModel: model.reference.model,
            stateModelFactory: model.reference.factory)
        state.bucketSize = bucketSizes[resource] ?? 0
        state.isBatchMessageMode = false
        return state
    }

    /// Messages to delete that go with no current state.
    mutating func discard(_ ids: [String]) { deletions += ids }

    // MARK: What goes out

    /// The resources whose version has to be read before they can be written, sorted.
    func uncertain() -> [String] { ready.filter { accounts[$0]?.isUncertain == true }.sorted() }

    /// Whether a resource's record is spread over buckets.
    func isSpread(_ resource: String) -> Bool { accounts[resource].map { $0.bucketSize > 0 } ?? false }

    /// The version found, `nil` when there is no znode, and those of its buckets by name.
    mutating func found(_ version: Int32?, of resource: String, buckets: [String: Int32] = [:]) {
        accounts[resource]?.found(version, buckets)
    }

    /// The transactions to commit now, one for each resource that has something to write.
    /// - Returns: also the resources whose record cannot be encoded, with the reason.
    mutating func takeCommits(at now: Duration) -> (commits: [Commit], faults: [(String, RecordError)]) {
        var commits: [Commit] = []
        var faults: [(String, RecordError)] = []
        for resource in ready.sorted() {
            guard let account = accounts[resource], !account.isUncertain else { continue }
            ready.remove(resource)
            do throws(RecordError) {
                accounts[resource]?.settleEmptyPages()
                if let commit = try commit(of: account, resource) {
                    commits.append(commit)
                } else {
                    accounts[resource]?.noteDueAt = nil
                    accounts[resource]?.apart = []
                    deletions += account.apart
                }
            } catch {
                faults.append((resource, error))
                postpone(resource, at: now)
            }
        }
        return (commits, faults)
    }

    /// The deletions that go with no current state, to be written now.
    mutating func takeDeletions() -> [String] {
        let ids = deletions
        deletions = []
        return ids
    }

    private func commit(of account: ResourceAccount, _ resource: String) throws(RecordError) -> Commit? {
        let writes = try account.writes()
        // A message stays until everything that came of it is recorded.
        let isDue = { (revision: UInt64) in writes.openSince.map { revision < $0 } ?? true }
        let messages = account.messages.prefix(batchSize).prefix { isDue($0.revision) }.map(\.value)
        let leaving = account.concluded.isEmpty ? [] : Set(messages)
        let answered = account.concluded.prefix { isDue($0.revision) }.map(\.value)
            .filter { $0.relayMessages.isEmpty || leaving.contains($0.id) }
        let relays = relays(of: answered)
        // In this order, since in this order others hear of it: who sees a carrier gone has heard of what it carried.
        let operations =
            writes.operations + relays.map(\.operation) + messages.map { .delete(paths.message(instance, $0)) }
        if operations.isEmpty { return nil }
        return Commit(
            resource: resource, operations: operations, changes: writes.changes, messages: messages,
            answered: answered, relays: relays.map(\.relay), revision: account.revision)
    }

    /// What is passed on with the messages that it came with: one transaction, so that it arrives if, and only if, its
    /// carrier goes, and whoever sees that the carrier is gone finds it in its receiver's queue.
    private func relays(of carriers: [Message]) -> [(relay: Relay, operation: WriteOperation)] {
        carriers.flatMap { carrier in
            carrier.relayMessages.compactMap { target, message in
                // One that cannot be encoded is left to the controller, as one that nobody passed on.
                (try? message.encoded()).map { data in
                    (Relay(carrier: carrier.id, target: target), .create(paths.message(target, message.id), data: data))
                }
            }
        }
    }

    // MARK: What became of it

    /// A transaction was committed.
    /// - Returns: the messages whose consequences may go out now.
    mutating func succeeded(_ commit: Commit, _ results: [WriteResult]) -> [Message] {
        guard var account = accounts.removeValue(forKey: commit.resource) else { return [] }
        account.wrote(commit.changes, results, at: commit.revision)
        account.messages.removeFirst(commit.messages.count)
        let answered = Set(commit.answered.map(\.id))
        if !answered.isEmpty { account.concluded.removeAll { answered.contains($0.value.id) } }
        if !account.isDirty {
            deletions += account.apart
            account.apart = []
            account.noteDueAt = nil
        }
        account.missing = 0
        account.failures = 0
        if account.isDirty || !account.messages.isEmpty || !account.concluded.isEmpty { ready.insert(commit.resource) }
        if account.isWritten || !account.states.isEmpty || account.isDirty || !account.messages.isEmpty {
            accounts[commit.resource] = account
        }
        return commit.answered.filter { $0.correlationID != nil }
    }

    /// What has to be done before a transaction that failed can be tried again.
    enum Remedy: Sendable, Hashable {
        /// It is tried again in the next round.
        case none
        /// The folder of the session's current states has to be created first.
        case createFolder
        /// Wait, and tell somebody.
        case wait
    }

    /// A transaction failed: it is prepared to be tried again.
    mutating func failed(_ commit: Commit, _ error: CoordinationError, at now: Duration) -> Remedy {
        let resource = commit.resource
        let recordCount = commit.changes.count
        ready.insert(resource)
        let relayEnd = recordCount + commit.relays.count
        if let index = error.operationIndex, (recordCount..<relayEnd).contains(index) {
            accounts[resource]?.drop(commit.relays[index - recordCount])
            return .none
        } else if let index = error.operationIndex, index >= relayEnd {
            let culprit = commit.messages[index - relayEnd]
            if error.code == .noNode {
                drop(culprit, of: resource, siblings: commit.messages)
            } else {
                separate([culprit], from: resource)
            }
            return .none
        } else if recordCount > 0 {
            let culprit = commit.changes[error.operationIndex ?? 0]
            switch (error.code, culprit.change) {
            case (.noNode, .create) where culprit.page == ResourceAccount.head: return .createFolder
            case (.noNode, _), (.badVersion, _), (.nodeExists, _):
                accounts[resource]?.isUncertain = true
                return .none
            default: break
            }
        }
        if error.code == .dataTooLarge, !commit.messages.isEmpty {
            separate(commit.messages, from: resource)
            return .none
        }
        if error.code == .dataTooLarge, recordCount > 1 {
            accounts[resource]?.byteLimit /= 2
            return .none
        }
        // Nobody knows whether it was applied. What is passed on must not arrive twice; the controller sees to it.
        accounts[resource]?.dropRelays(of: Set(commit.relays.map(\.carrier)))
        accounts[resource]?.isUncertain = true
        postpone(resource, at: now)
        return .wait
    }

    /// A message was deleted by somebody else: it is done. Where several were, the rest are deleted one by one instead
    /// of finding the next culprit in yet another round, but not before the state is recorded.
    private mutating func drop(_ id: String, of resource: String, siblings: [String]) {
        accounts[resource]?.messages.removeAll { $0.value == id }
        accounts[resource]?.dropRelays(of: [id])
        accounts[resource]?.missing += 1
        if let missing = accounts[resource]?.missing, missing >= 3 {
            separate(siblings.filter { $0 != id }, from: resource)
        }
    }

    private mutating func separate(_ messages: [String], from resource: String) {
        let apart = Set(messages)
        accounts[resource]?.dropRelays(of: apart)
        accounts[resource]?.messages.removeAll { apart.contains($0.value) }
        if accounts[resource]?.isDirty == true {
            accounts[resource]?.apart += messages
        } else {
            deletions += messages
        }
    }

    // MARK: Waiting

    /// Tries to delete a message again later.
    mutating func postponeDeletion(of id: String, at now: Duration) {
        postponedDeletions.append(id)
        deletionRetryAt = deletionRetryAt ?? now + .milliseconds(100)
    }

    /// Tries a resource again later, the longer the more often it failed.
    mutating func postpone(_ resource: String, at now: Duration) {
        guard let failures = accounts[resource]?.failures else { return }
        let delay = min(Duration.milliseconds(100) * (1 << min(failures, 6)), .seconds(5))
        accounts[resource]?.failures += 1
        accounts[resource]?.retryAt = now + delay
        ready.remove(resource)
    }

    /// How long until something postponed is to be tried again.
    func nextRetry(after now: Duration) -> Duration? {
        let due = accounts.values.compactMap(\.dueAt) + [deletionRetryAt].compactMap { $0 }
        return due.min().map { max($0 - now, .zero) }
    }

    /// Readies what was postponed and is due; `all` does not wait. (The order does not matter: it goes into a set.)
    mutating func retry(at now: Duration, all: Bool = false) {
        for (resource, account) in accounts
        where account.dueAt.map({ $0 <= now || (all && account.retryAt != nil) }) ?? false {
            accounts[resource]?.retryAt = nil
            accounts[resource]?.noteDueAt = nil
            ready.insert(resource)
        }
        if let due = deletionRetryAt, all || due <= now {
            deletionRetryAt = nil
            deletions += postponedDeletions
            postponedDeletions = []
        }
    }

    /// Whether there is something to write now.
    var hasWork: Bool { !ready.isEmpty || !deletions.isEmpty }

    /// Whether everything has been written.
    var isSettled: Bool {
        deletions.isEmpty && postponedDeletions.isEmpty
            && accounts.values.allSatisfy {
                !$0.isDirty && $0.messages.isEmpty && $0.apart.isEmpty && $0.concluded.isEmpty
            }
    }
}
