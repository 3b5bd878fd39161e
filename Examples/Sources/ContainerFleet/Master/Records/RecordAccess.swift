import Coordination
import FleetModel

/// Who may do what with the fleet's records in the store, besides those who may do everything there.
///
/// It is about the records that masters make from then on; those of the cluster itself are open, as Helix has them.
public struct RecordAccess: Sendable, Hashable {
    /// Of most records.
    var records: [AccessControl]
    /// Of secrets.
    var secrets: [AccessControl]
    /// Of who may call the masters, and of what was asked.
    var accounts: [AccessControl]

    /// Everybody may do everything.
    public static let open = RecordAccess(
        records: AccessControl.open, secrets: AccessControl.open, accounts: AccessControl.open)

    /// Only who has the masters' credentials may write; others may read, but not what is about callers.
    /// - Parameter agents: who alone reads secrets, `user:base64(SHA-1("user:password"))`; everybody unless set.
    public static func masters(agents: String? = nil) -> RecordAccess {
        let own = AccessControl.creatorOnly
        let readers = agents.map { [AccessControl(permissions: .read, scheme: "digest", id: $0)] }
        return RecordAccess(
            records: own + AccessControl.readOnly, secrets: own + (readers ?? AccessControl.readOnly), accounts: own)
    }

    /// A write with what it is to be protected by if it makes a record of the fleet.
    func protecting(_ operation: WriteOperation, _ paths: FleetPaths) -> WriteOperation {
        guard case .create(let path, let data, let mode, _) = operation else { return operation }
        func isIn(_ folder: String) -> Bool { path == folder || path.hasPrefix(folder + "/") }
        guard isIn(paths.root) else { return operation }
        let acl = isIn(paths.secrets) ? secrets : isIn(paths.tokens) || isIn(paths.audit) ? accounts : records
        return .create(path, data: data, mode: mode, acl: acl)
    }
}
