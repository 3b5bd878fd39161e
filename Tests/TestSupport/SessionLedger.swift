internal import Coordination

/// Which sessions are over, and what is theirs.
struct SessionLedger: Sendable {
    private var ended: Set<SessionID> = []
    private var ending: Set<SessionID> = []
    private var owners: [String: SessionID] = [:]

    /// Takes in a change.
    /// - Returns: what does not hold.
    mutating func take(_ change: TransactionLog.Change) -> [String] {
        switch change.kind {
        case .create: owners[change.path] = change.isEphemeral ? change.session : nil
        case .delete, .deleteWithSession: owners[change.path] = nil
        case .closeSession: ending.insert(change.session)
        case .set, .check, .createSession: break
        }
        let isWrite = change.kind == .create || change.kind == .set || change.kind == .delete
        guard isWrite, ended.contains(change.session) else { return [] }
        return ["\(change.session), which is over, wrote \(change.path)"]
    }

    /// What does not hold after a transaction.
    mutating func check() -> [String] {
        guard !ending.isEmpty else { return [] }
        defer { ending = [] }
        ended.formUnion(ending)
        return owners.filter { ending.contains($0.value) }.sorted { $0.key < $1.key }.map {
            "\($0.key) outlives \($0.value), which owns it"
        }
    }
}
