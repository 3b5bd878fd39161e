/// The watchers that a session has handed out, so that they end with it. They are held weakly: a watcher that nobody
/// reads any more goes away.
package struct SessionWatchers {
    private struct Entry {
        weak var watcher: Watcher?
    }

    private var entries: [Entry] = []
    private var pruneAt = 16

    package init() {}

    package mutating func append(_ watcher: Watcher) {
        if entries.count >= pruneAt {
            entries.removeAll { $0.watcher == nil }
            pruneAt = max(16, entries.count * 2)
        }
        entries.append(Entry(watcher: watcher))
    }

    /// Those that are still in use.
    package func living() -> [Watcher] { entries.compactMap(\.watcher) }

    package mutating func finishAll() {
        for entry in entries { entry.watcher?.finish() }
        entries = []
    }
}
