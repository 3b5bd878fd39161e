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
        enum RecordChange: Sendable, Hashable { case none, create, set, delete }

        let resource: String
        let operations: [WriteOperation]
        let change: RecordChange
        let messages: [String]
        let relays: [Message]
        let revision: UInt64
    }

    private let paths: ClusterPaths
    private let instance: String
    private let session: String
    private var accounts: [String: ResourceAccount] = [:]
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
    mutating func open(_ state: CurrentState, version: Int32) {
        var account =
            accounts.removeValue(forKey: state.id) ?? ResourceAccount(encoder: encoder(state), version: version)
        let isNew = account.revision == 0
        for partition in state.partitions where account.states[partition] == nil {
            account.states[partition] = state[partition]?.currentState
            if !isNew { account.encoder.set(state[partition], for: partition) }
        }
        if !isNew {
            account.revision += 1
            account.version = version
            ready.insert(state.id)
        }
        accounts[state.id] = account
    }

    private func path(_ resource: String) -> String {
        paths.currentState(instance, session: session, resource: resource)
    }

    private func encoder(_ state: CurrentState) -> CurrentStateEncoder {
        CurrentStateEncoder(state, path: path(state.id))
    }

    // MARK: What comes in

    mutating func add(_ outcome: Outcome, at now: Duration = .zero) {
        let resource = outcome.key.resource
        let model = outcome.model
        var account =
            accounts.removeValue(forKey: resource)
            ?? ResourceAccount(encoder: encoder(emptyState(resource, model)), version: nil)
        // A resource whose last partition went may come back with another model.
        if account.states.isEmpty { account.encoder = encoder(emptyState(resource, model)) }
        account.apply(outcome)
        account.messages += outcome.finished
        if let relays = outcome.relays { account.relays.append(relays) }
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
        state.bucketSize = 0
        state.isBatchMessageMode = false
        return state
    }

    /// Messages to delete that go with no current state.
    mutating func discard(_ ids: [String]) { deletions += ids }

    // MARK: What goes out

    /// The resources whose version has to be read before they can be written, sorted.
    func uncertain() -> [String] { ready.filter { accounts[$0]?.isUncertain == true }.sorted() }

    /// The version found, `nil` when there is no znode.
    mutating func found(_ version: Int32?, of resource: String) {
        accounts[resource]?.version = version
        accounts[resource]?.isUncertain = false
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
                if let commit = try commit(of: account, resource) {
                    commits.append(commit)
                } else {
                    accounts[resource]?.writtenRevision = account.revision
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
        var operations: [WriteOperation] = []
        let change: Commit.RecordChange
        switch (account.isDirty, account.encoder.isEmpty, account.version) {
        case (false, _, _), (true, true, nil): change = .none
        case (true, true, let version?):
            change = .delete
            operations = [.delete(path(resource), version: version)]
        case (true, false, let version?):
            change = .set
            operations = [.set(path(resource), data: try account.encoder.encoded(), version: version)]
        case (true, false, nil):
            change = .create
            operations = [.create(path(resource), data: try account.encoder.encoded())]
        }
        let messages = Array(account.messages.prefix(batchSize))
        operations += messages.map { .delete(paths.message(instance, $0)) }
        if operations.isEmpty { return nil }
        return Commit(
            resource: resource, operations: operations, change: change, messages: messages, relays: account.relays,
            revision: account.revision)
    }

    // MARK: What became of it

    /// A transaction was committed.
    /// - Returns: the messages whose consequences may go out now.
    mutating func succeeded(_ commit: Commit, _ results: [WriteResult]) -> [Message] {
        guard var account = accounts.removeValue(forKey: commit.resource) else { return [] }
        switch (commit.change, results.first) {
        case (.set, .set(let stat)): account.version = stat.version
        case (.create, _): account.version = 0
        case (.delete, _): account.version = nil
        default: break
        }
        account.writtenRevision = max(account.writtenRevision, commit.revision)
        account.messages.removeFirst(commit.messages.count)
        account.relays.removeFirst(commit.relays.count)
        deletions += account.apart
        account.apart = []
        account.missing = 0
        account.failures = 0
        if !account.isDirty { account.noteDueAt = nil }
        if account.isDirty || !account.messages.isEmpty || !account.relays.isEmpty { ready.insert(commit.resource) }
        if account.version != nil || !account.states.isEmpty || account.isDirty || !account.messages.isEmpty {
            accounts[commit.resource] = account
        }
        return commit.relays
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
        let recordCount = commit.change == .none ? 0 : 1
        ready.insert(resource)
        if let index = error.operationIndex, index >= recordCount {
            let culprit = commit.messages[index - recordCount]
            if error.code == .noNode {
                drop(culprit, of: resource, siblings: commit.messages)
            } else {
                separate([culprit], from: resource)
            }
            return .none
        } else if commit.change != .none {
            switch (error.code, commit.change) {
            case (.noNode, .create): return .createFolder
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
        accounts[resource]?.isUncertain = true
        postpone(resource, at: now)
        return .wait
    }

    /// A message was deleted by somebody else: it is done. Where several were, the rest are deleted one by one instead
    /// of finding the next culprit in yet another round, but not before the state is recorded.
    private mutating func drop(_ id: String, of resource: String, siblings: [String]) {
        accounts[resource]?.messages.removeAll { $0 == id }
        accounts[resource]?.missing += 1
        if let missing = accounts[resource]?.missing, missing >= 3 {
            separate(siblings.filter { $0 != id }, from: resource)
        }
    }

    private mutating func separate(_ messages: [String], from resource: String) {
        let apart = Set(messages)
        accounts[resource]?.messages.removeAll { apart.contains($0) }
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
                !$0.isDirty && $0.messages.isEmpty && $0.apart.isEmpty && $0.relays.isEmpty
            }
    }
}
