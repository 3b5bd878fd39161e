import RebalancePipeline

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
    private var resources: Set<String> = []
    private var postponed: [String: Postponement] = [:]
    /// The latest; kept only while there is something to do, since it costs a copy when the other one changes.
    private var snapshot: ClusterSnapshot?

    init(views: PublishedViews) { self.views = views }

    /// Views are to be brought up to a snapshot.
    mutating func take(_ resources: Set<String>, _ snapshot: ClusterSnapshot) {
        self.resources.formUnion(resources)
        self.resources.formUnion(views.resources.filter { snapshot.resources[$0] == nil })
        if !self.resources.isEmpty { self.snapshot = snapshot }
    }

    /// What is to be done now, by name.
    func due(at time: Int64) -> (resources: [String], snapshot: ClusterSnapshot)? {
        guard let snapshot else { return nil }
        let due = resources.filter { (postponed[$0]?.until ?? 0) <= time }
        return due.isEmpty ? nil : (due.sorted(), snapshot)
    }

    /// How long there is nothing to do; `nil` until somebody asks for something.
    func pause(at time: Int64) -> Duration? {
        resources.map { postponed[$0]?.until ?? 0 }.min().map { .milliseconds(max(1, $0 - time)) }
    }

    /// A view is as it should be, if what is to be written for that can be.
    mutating func settle(_ resource: String) {
        resources.remove(resource)
        if resources.isEmpty { snapshot = nil }
    }

    /// A view could not be written, or perhaps it was.
    mutating func retry(_ resource: String, _ snapshot: ClusterSnapshot) {
        resources.insert(resource)
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
