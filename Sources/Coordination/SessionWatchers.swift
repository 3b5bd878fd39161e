/// The watchers that a session has handed out, so that they end with it. They are held weakly: a watcher that nobody
/// reads any more goes away.
package struct SessionWatchers {
    private struct Entry {
        weak var watcher: Watcher?
    }

    private var entries: [UInt: Entry] = [:]
    private var pruneAt = 16

    package init() {}

    package mutating func insert(_ watcher: Watcher) {
        if entries.count >= pruneAt {
            entries = entries.filter { $0.value.watcher != nil }
            pruneAt = max(16, entries.count * 2)
        }
        entries[watcher.id] = Entry(watcher: watcher)
    }

    /// The watcher of an id, if anybody still has it.
    package subscript(id: UInt) -> Watcher? { entries[id]?.watcher }

    /// How many are remembered, those that went away meanwhile included.
    var heldCount: Int { entries.count }

    package mutating func finishAll() {
        for id in entries.keys.sorted() { entries[id]?.watcher?.finish() }
        entries = [:]
    }
}
