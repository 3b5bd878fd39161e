import Coordination

/// A server of the ensemble: a copy of the tree, perhaps behind the others, and the watches of those connected to it.
struct Server {
    var tree = ZnodeTree()
    /// How many entries of the log it has applied.
    var applied = 0
    var isApplyScheduled = false
    var isDown = false
    /// The connections whose answer waits until it has caught up.
    var waiting: [Int] = []
    /// How far it is behind, in nanoseconds.
    var lag: ClosedRange<Int64> = 0...2_000_000
    /// The connections that wait for an event at a znode, in the order of arming.
    private var watches: [WatchSubject: [Int]] = [:]
    private var subjects: [Int: Set<WatchSubject>] = [:]

    mutating func arm(_ subject: WatchSubject, for connection: Int) {
        guard subjects[connection, default: []].insert(subject).inserted else { return }
        watches[subject, default: []].append(connection)
    }

    /// Takes out the connections that an event is for, each once.
    mutating func fire(_ event: WatchEvent) -> [Int] {
        var fired: [Int] = []
        for subject in WatchSubject.fired(by: event) {
            for connection in watches.removeValue(forKey: subject) ?? [] {
                subjects[connection]?.remove(subject)
                if !fired.contains(connection) { fired.append(connection) }
            }
        }
        return fired
    }

    mutating func forget(_ connection: Int) {
        for subject in subjects.removeValue(forKey: connection) ?? [] {
            watches[subject]?.removeAll { $0 == connection }
            if watches[subject]?.isEmpty == true { watches[subject] = nil }
        }
    }

    /// Applies an entry of the log.
    /// - Returns: what watches have to hear of it.
    mutating func apply(_ entry: LogEntry) -> [WatchEvent] {
        applied += 1
        switch entry {
        case .transaction(let operations, let requester, let time):
            // What fails, fails on every server, and only uses up a number.
            do { return try tree.apply(operations, by: requester, at: time).events } catch { return [] }
        case .openSession:
            tree.nextZxid()
            return []
        case .endSession(let session): return tree.endSession(session)
        }
    }
}
