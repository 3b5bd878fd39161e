import RebalancePipeline

/// What of views is to be brought up to date.
struct ViewWork: Sendable {
    /// Of one view.
    enum Scope: Sendable, Hashable {
        case whole
        /// The partitions by index.
        case partitions(Set<Int>)
    }

    private(set) var scopes: [String: Scope] = [:]

    var isEmpty: Bool { scopes.isEmpty }

    /// The views of these resources have to be looked at.
    /// - Parameter changes: what has changed of them.
    mutating func add(_ resources: Set<String>, _ changes: ClusterSnapshot.Changes) {
        for resource in resources {
            if !changes.isEverything, !changes.resources.contains(resource),
                let partitions = changes.partitions[resource]
            {
                add(.partitions(partitions), of: resource)
            } else {
                add(.whole, of: resource)
            }
        }
    }

    /// More is to be done.
    mutating func add(_ scope: Scope, of resource: String) {
        if case .partitions(let new) = scope, let known = scopes[resource] {
            guard case .partitions(let former) = known else { return }
            scopes[resource] = .partitions(former.union(new))
        } else {
            scopes[resource] = scope
        }
    }

    /// A view has been looked at.
    mutating func remove(_ resource: String) { scopes[resource] = nil }
}

/// What a publisher of views has to do, and when.
struct ViewDesk: Sendable {
    /// A view that could not be written.
    private struct Postponement {
        var failures = 0
        /// Milliseconds since 1970.
        var until: Int64 = 0
    }

    /// What is known of the views that are there.
    var views: PublishedViews
    private var work = ViewWork()
    private var postponed: [String: Postponement] = [:]
    /// The latest; kept only while there is something to do, since it costs a copy when the other one changes.
    private var snapshot: ClusterSnapshot?

    init(views: PublishedViews) { self.views = views }

    /// Views are to be brought up to a snapshot.
    mutating func take(_ more: ViewWork, _ snapshot: ClusterSnapshot) {
        for (resource, scope) in more.scopes { work.add(scope, of: resource) }
        for resource in views.resources where snapshot.resources[resource] == nil { work.add(.whole, of: resource) }
        if !work.isEmpty { self.snapshot = snapshot }
    }

    /// What is to be done now, by name.
    func due(at time: Int64) -> (resources: [(name: String, scope: ViewWork.Scope)], snapshot: ClusterSnapshot)? {
        guard let snapshot else { return nil }
        let due = work.scopes.filter { (postponed[$0.key]?.until ?? 0) <= time }
        return due.isEmpty ? nil : (due.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, snapshot)
    }

    /// How long there is nothing to do; `nil` until somebody asks for something.
    func pause(at time: Int64) -> Duration? {
        work.scopes.keys.map { postponed[$0]?.until ?? 0 }.min().map { .milliseconds(max(1, $0 - time)) }
    }

    /// A view is as it should be, if what is to be written for that can be.
    mutating func settle(_ resource: String) {
        work.remove(resource)
        if work.isEmpty { snapshot = nil }
    }

    /// A view could not be written, or perhaps it was.
    mutating func retry(_ resource: String, _ snapshot: ClusterSnapshot) {
        work.add(.whole, of: resource)
        self.snapshot = snapshot
    }

    /// A view could not be written: it is put off, each time for longer, up to half a minute.
    /// - Returns: whether it is time to complain. What somebody else did in between has been put right before.
    mutating func postpone(_ resource: String, at time: Int64) -> Bool {
        var postponement = postponed[resource] ?? Postponement()
        postponement.failures += 1
        postponement.until = time + min(30_000, 10 << Int64(min(postponement.failures, 12)))
        postponed[resource] = postponement
        return postponement.failures == 3
    }

    /// A view was written: the next failure is a new one.
    mutating func written(_ resource: String) { postponed[resource] = nil }
}
