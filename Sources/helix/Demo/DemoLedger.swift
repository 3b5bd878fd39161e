import Synchronization

/// What the replicas really do, told by their handlers: the truth against which the promises are held.
final class DemoLedger: Sendable {
    private struct Book {
        var masters: [String: Set<String>] = [:]
        var dead: Set<String> = []
        var violations = 0
    }

    private let book = Mutex(Book())

    /// How often a replica became master while another one was.
    var violations: Int { book.withLock { $0.violations } }

    /// A replica begins to be master. `life` is the name of a process: one that was killed does nothing any more.
    func becomesMaster(_ partition: String, _ life: String) {
        book.withLock { book in
            guard !book.dead.contains(life) else { return }
            book.masters[partition, default: []].insert(life)
            if book.masters[partition]!.count > 1 { book.violations += 1 }
        }
    }

    /// A replica is master no longer.
    func ceasesToBeMaster(_ partition: String, _ life: String) {
        _ = book.withLock { $0.masters[partition]?.remove(life) }
    }

    /// A process is killed.
    func kill(_ life: String) {
        book.withLock { book in
            book.dead.insert(life)
            for partition in book.masters.keys { book.masters[partition]?.remove(life) }
        }
    }
}
