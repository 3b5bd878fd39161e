/// The one-shot watches that are armed, by ZooKeeper's rules: an `exists` or a `get` waits for the data of a path, a
/// `children` for its children; a deletion fires both; and one event reaches a watcher once, however it was armed.
struct WatchTable {
    /// What a watch waits for.
    enum Subject: Hashable {
        case data(String)
        case children(String)
    }

    struct Armed {
        let session: SessionID
        let watcher: Watcher
    }

    /// In the order of arming, so that watches fire in the same order in every run.
    private struct Waiting {
        var order: [Armed] = []
        var members: Set<UInt> = []

        mutating func insert(_ armed: Armed) -> Bool {
            guard members.insert(armed.watcher.id).inserted else { return false }
            order.append(armed)
            return true
        }
    }

    private var waiting: [Subject: Waiting] = [:]
    private var subjects: [SessionID: Set<Subject>] = [:]

    /// The number of watches.
    var count: Int { waiting.values.reduce(0) { $0 + $1.order.count } }

    /// Arms the watch of a read that has succeeded. Arming it twice changes nothing.
    mutating func arm(_ operation: ReadOperation, in session: SessionID) {
        guard let watcher = operation.watcher else { return }
        let subject: Subject =
            switch operation {
            case .get(let path, _), .exists(let path, _): .data(path)
            case .children(let path, _): .children(path)
            }
        if waiting[subject, default: Waiting()].insert(Armed(session: session, watcher: watcher)) {
            subjects[session, default: []].insert(subject)
        }
    }

    /// Takes out the watches that `event` fires.
    mutating func fire(_ event: WatchEvent) -> [Armed] {
        switch event.kind {
        case .created, .dataChanged: return take(.data(event.path))
        case .childrenChanged: return take(.children(event.path))
        case .deleted:
            var fired = Waiting()
            for armed in take(.data(event.path)) + take(.children(event.path)) { _ = fired.insert(armed) }
            return fired.order
        }
    }

    /// Forgets the watches of a session that has ended.
    mutating func removeAll(of session: SessionID) {
        for subject in subjects.removeValue(forKey: session) ?? [] {
            guard var left = waiting.removeValue(forKey: subject) else { continue }
            left.order.removeAll { armed in
                guard armed.session == session else { return false }
                left.members.remove(armed.watcher.id)
                return true
            }
            if !left.order.isEmpty { waiting[subject] = left }
        }
    }

    private mutating func take(_ subject: Subject) -> [Armed] {
        guard let fired = waiting.removeValue(forKey: subject)?.order else { return [] }
        for armed in fired { subjects[armed.session]?.remove(subject) }
        return fired
    }
}
