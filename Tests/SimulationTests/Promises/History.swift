import Coordination
import HelixSimulation

/// All states of all znodes in the order in which they were committed. Every read of every client must be explained by
/// it.
struct History {
    /// What a read found.
    enum Finding: Hashable {
        case absent
        case data([UInt8], modified: Int64)
        case present(modified: Int64)
        case children([String], modified: Int64)
    }

    /// What is read of a znode.
    enum Side: Hashable { case data, children }

    struct Subject: Hashable {
        let side: Side
        let path: String
    }

    fileprivate struct Version: Dated {
        let zxid: Int64
        let data: [UInt8]?
        let owner: SessionID?
    }

    fileprivate struct Family: Dated {
        let zxid: Int64
        let names: Set<String>?
    }

    private var versions: [String: [Version]] = [:]
    private var families: [String: [Family]] = ["/": [Family(zxid: 0, names: [])]]
    private var owned: [SessionID: Set<String>] = [:]
    private(set) var ended: Set<SessionID> = []
    private(set) var last: Int64 = 0

    /// Takes in what was committed.
    /// - Returns: what is wrong with it.
    mutating func take(_ transaction: CommittedTransaction) -> [String] {
        var faults: [String] = []
        if transaction.zxid <= last { faults.append("zxid \(transaction.zxid) comes after \(last)") }
        last = transaction.zxid
        if ended.contains(transaction.session) { faults.append("\(transaction.session) writes after its end") }
        if transaction.endsSession {
            let gone = Set(transaction.operations.map(\.path))
            if gone != ephemerals(of: transaction.session) {
                faults.append("\(transaction.session) leaves with \(gone)")
            }
            ended.insert(transaction.session)
        }
        for operation in transaction.operations { faults += take(operation, transaction) }
        return faults
    }

    private mutating func take(_ operation: WriteOperation, _ transaction: CommittedTransaction) -> [String] {
        let path = operation.path
        let exists = versions[path]?.last?.data != nil
        switch operation {
        case .create(_, let data, let mode, _):
            put(
                Version(zxid: transaction.zxid, data: data, owner: mode.isEphemeral ? transaction.session : nil),
                at: path)
            families[path, default: []].append(Family(zxid: transaction.zxid, names: []))
            changeChildren(of: path, transaction.zxid) { $0.insert($1) }
            return exists ? ["\(path) is created twice"] : []
        case .set(_, let data, _):
            put(Version(zxid: transaction.zxid, data: data, owner: versions[path]?.last?.owner), at: path)
        case .delete:
            put(Version(zxid: transaction.zxid, data: nil, owner: nil), at: path)
            families[path, default: []].append(Family(zxid: transaction.zxid, names: nil))
            changeChildren(of: path, transaction.zxid) { $0.remove($1) }
        case .check: return ["a check is no write"]
        }
        return exists ? [] : ["\(path) is written and does not exist"]
    }

    private mutating func put(_ version: Version, at path: String) {
        if versions[path] == nil { versions[path] = [Version(zxid: 0, data: nil, owner: nil)] }
        if let former = versions[path]?.last?.owner { owned[former]?.remove(path) }
        if let owner = version.owner { owned[owner, default: []].insert(path) }
        if versions[path]?.last?.zxid == version.zxid { versions[path]?.removeLast() }
        versions[path, default: []].append(version)
    }

    private mutating func changeChildren(
        of path: String, _ zxid: Int64, _ change: (inout Set<String>, _ name: String) -> Void
    ) {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let parent = slash == path.startIndex ? "/" : String(path[..<slash])
        var names = families[parent]?.last?.names ?? []
        change(&names, String(path[path.index(after: slash)...]))
        if families[parent]?.last?.zxid == zxid { families[parent]?.removeLast() }
        families[parent, default: []].append(Family(zxid: zxid, names: names))
    }

    private func ephemerals(of session: SessionID) -> Set<String> {
        owned[session] ?? []
    }

    // MARK: Questions

    /// The first transaction, not before `floor`, after which a read finds this; `nil` when there is none.
    func explanation(of finding: Finding, at path: String, from floor: Int64) -> Int64? {
        switch finding {
        case .absent:
            if versions[path] == nil { floor } else { Self.first(versions[path], floor) { $0.data == nil } }
        case .data(let data, let zxid): Self.first(versions[path], floor) { $0.data == data && $0.zxid == zxid }
        case .present(let zxid): Self.first(versions[path], floor) { $0.data != nil && $0.zxid == zxid }
        case .children(let names, _): Self.first(families[path], floor) { [names = Set(names)] in $0.names == names }
        }
    }

    /// Looks at what was valid at `floor`, and at what came after it.
    private static func first<State: Dated>(_ states: [State]?, _ floor: Int64, where fits: (State) -> Bool) -> Int64? {
        guard let states else { return nil }
        let start = states.lastIndex { $0.zxid <= floor } ?? 0
        return states[start...].first(where: fits).map { max(floor, $0.zxid) }
    }
}

/// What is valid from a transaction on.
private protocol Dated {
    var zxid: Int64 { get }
}
