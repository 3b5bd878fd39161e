/// The znodes of a coordination service as one value: what a ZooKeeper server keeps in memory, and how each operation
/// changes it. Knows no sessions' lives, no watches and no clock.
///
/// The names of a znode's children are kept sorted, so that whoever reads them sees the same order in every run.
package struct ZnodeTree: Sendable {
    struct Znode: Sendable {
        var data: [UInt8] = []
        var acl = AccessControl.open
        /// Without what follows from the other fields; see ``currentStat``.
        var stat = Stat()
        var children: [String] = []
        /// How many children were ever created here: sequential names are numbered by it.
        var creations: Int32 = 0

        var currentStat: Stat {
            var stat = stat
            stat.dataLength = data.count
            stat.childrenCount = children.count
            // Creations and deletions together: whoever was created and is not here was deleted.
            stat.childrenVersion = creations &* 2 &- Int32(truncatingIfNeeded: children.count)
            return stat
        }
    }

    /// The last transaction.
    package private(set) var zxid: Int64 = 0
    var znodes: [String: Znode] = ["/": Znode()]
    var ephemerals: [SessionID: Set<String>] = [:]

    /// A tree with nothing but its root.
    package init() {}

    /// The number of znodes, the root included.
    package var count: Int { znodes.count }

    /// Begins a transaction; failed ones use a number up as well.
    @discardableResult
    package mutating func nextZxid() -> Int64 {
        zxid += 1
        return zxid
    }

    /// Performs a read, without its watch.
    package func read(_ operation: ReadOperation, by requester: Requester) throws(CoordinationError) -> ReadResult {
        try operation.validated()
        guard let znode = znodes[operation.path] else {
            if case .exists = operation { return .stat(nil) }
            throw CoordinationError(.noNode, operation: operation.name, path: operation.path)
        }
        if case .exists = operation { return .stat(znode.currentStat) }
        guard requester.may(.read, znode.acl) else {
            throw CoordinationError(.notAuthorized, operation: operation.name, path: operation.path)
        }
        if case .get = operation { return .data(znode.data, znode.currentStat) }
        return .children(znode.children, znode.currentStat)
    }

    /// What is known of a znode; `nil` when there is none.
    package func stat(of path: String) -> Stat? { znodes[path]?.currentStat }

    /// The data of a znode; `nil` when there is none.
    package func data(of path: String) -> [UInt8]? { znodes[path]?.data }

    /// The names of a znode's children, sorted.
    package func children(of path: String) -> [String] { znodes[path]?.children ?? [] }

    /// The ephemeral znodes of a session, sorted.
    package func ephemerals(of session: SessionID) -> [String] {
        ephemerals[session, default: []].sorted()
    }
}

extension [String] {
    /// Where `name` is or would be, in a sorted array.
    private func position(of name: String) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < name { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func insertSorted(_ name: String) {
        if let last, last < name { append(name) } else { insert(name, at: position(of: name)) }
    }

    mutating func removeSorted(_ name: String) {
        let position = position(of: name)
        if position < count, self[position] == name { remove(at: position) }
    }
}
