/// Where a copy stands: which master made its last change, and which change of that master's it was.
///
/// A master has one fencing token for as long as it is master, and tokens only grow. So of two copies the one whose
/// position is greater has everything that the other one has and that was acknowledged.
struct Position: Comparable, Sendable, Hashable, CustomStringConvertible {
    var token: Int64
    var number: Int64

    static let zero = Position(token: 0, number: 0)

    static func < (a: Position, b: Position) -> Bool { (a.token, a.number) < (b.token, b.number) }

    var description: String { "\(token) \(number)" }
}

/// A change of one key; no value means that the key is deleted.
struct Change: Sendable, Hashable {
    var key: String
    var value: String?
}

/// All that a copy holds, as it travels from node to node.
struct Snapshot: Sendable, Hashable {
    var position: Position
    var data: [String: String]
}

/// One node's copy of a partition, and the rules by which copies follow their master. It knows no network and no time.
struct PartitionCopy: Sendable {
    private(set) var data: [String: String] = [:]
    private(set) var position = Position.zero
    /// The newest master that this copy has heard of: whoever shows an older token is refused.
    private(set) var newestToken: Int64 = 0

    var snapshot: Snapshot { Snapshot(position: position, data: data) }

    // MARK: Following

    /// Promises to refuse all masters older than this one.
    /// - Returns: whether that can be promised; not if there is a newer one.
    mutating func promise(to token: Int64) -> Bool {
        guard token >= newestToken else { return false }
        newestToken = token
        return true
    }

    /// Takes over one change, if it is the next one. What is known already is not taken over again; where something is
    /// missing in between, the copy stays as it is, and its position tells the master to send everything.
    mutating func follow(_ change: Change, at next: Position) -> Bool {
        guard promise(to: next.token) else { return false }
        if next.token == position.token, next.number == position.number + 1 {
            data[change.key] = change.value
            position = next
        }
        return true
    }

    /// Takes over everything that the master has.
    mutating func follow(_ snapshot: Snapshot) -> Bool {
        guard promise(to: snapshot.position.token) else { return false }
        adopt(snapshot)
        return true
    }

    /// Takes over what another copy has, if that is more. An old snapshot that comes late changes nothing.
    mutating func adopt(_ snapshot: Snapshot) {
        guard snapshot.position > position else { return }
        (data, position) = (snapshot.data, snapshot.position)
        newestToken = max(newestToken, position.token)
    }

    // MARK: Leading

    /// From here on changes are this master's: what was there before is its change number 0.
    mutating func lead(with token: Int64) { position = Position(token: token, number: 0) }

    /// Makes a change as the master.
    mutating func make(_ change: Change) {
        data[change.key] = change.value
        position.number += 1
    }

    /// Throws all data away, but not the promise.
    mutating func drop() { (data, position) = ([:], .zero) }
}
