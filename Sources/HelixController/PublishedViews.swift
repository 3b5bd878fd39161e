import Coordination
import HelixRecords

/// The external views as they are in ZooKeeper, as far as that is known: what has to be written to change one.
struct PublishedViews: Sendable {
    /// The znodes of a view: its own under the empty name, its buckets by theirs. `nil` is one that is there and cannot be
    /// read.
    typealias Znodes = [String: ZNRecord?]

    /// A znode to be written.
    struct Change: Sendable {
        let resource: String
        /// The empty name for the view's own znode, else a bucket's.
        let part: String
        /// What is to be in it; `nil` when it is to go.
        let record: ZNRecord?
        let operation: WriteOperation
    }

    private let paths: ClusterPaths
    private var views: [String: Znodes] = [:]
    /// Views of which it is not known what is there.
    private(set) var unknown: Set<String> = []

    init(paths: ClusterPaths) { self.paths = paths }

    /// The resources that have a view, or may have one.
    var resources: Set<String> { Set(views.keys).union(unknown) }

    /// What the view of a resource says now; `nil` when there is none or it cannot be read.
    func view(of resource: String) -> ExternalView? {
        guard let znodes = views[resource], case let head?? = znodes[""] else { return nil }
        guard head.isBucketized else { return ExternalView(record: head) }
        return ExternalView(
            record: head.joined(buckets: znodes.keys.sorted().compactMap { $0 == "" ? nil : znodes[$0] ?? nil }))
    }

    /// It has to be looked up again what is there of a resource's view.
    mutating func doubt(_ resource: String) {
        views[resource] = nil
        unknown.insert(resource)
    }

    /// It was looked up what is there.
    mutating func found(_ znodes: Znodes, of resource: String) {
        unknown.remove(resource)
        views[resource] = znodes.isEmpty ? nil : znodes
    }

    /// What has to be written so that a resource has this view, or none.
    /// - Throws: `RecordError` when the view is too large, or its partitions fit no buckets.
    func changes(to view: ExternalView?, of resource: String) throws(RecordError) -> [Change] {
        let there = views[resource] ?? [:]
        var wanted: [String: ZNRecord] = [:]
        if let view {
            let (head, buckets) = try view.record.bucketized()
            wanted[""] = head
            for bucket in buckets { wanted[bucket.id] = bucket }
        }
        var changes: [Change] = []
        for (part, record) in wanted.sorted(by: { $0.key < $1.key }) {
            let path = path(of: resource, part)
            let known = there[part]
            if let known, known == record { continue }
            let data = try record.encoded(path: path)
            let operation = known == nil ? WriteOperation.create(path, data: data) : .set(path, data: data)
            changes.append(Change(resource: resource, part: part, record: record, operation: operation))
        }
        // A znode goes after what is below it.
        for part in there.keys.sorted(by: >) where wanted[part] == nil {
            let operation = WriteOperation.delete(path(of: resource, part))
            changes.append(Change(resource: resource, part: part, record: nil, operation: operation))
        }
        return changes
    }

    /// A change was written.
    mutating func done(_ change: Change) {
        if unknown.contains(change.resource) { return }
        var znodes = views[change.resource] ?? [:]
        if let record = change.record {
            znodes[change.part] = .some(record)
        } else {
            znodes.removeValue(forKey: change.part)
        }
        views[change.resource] = znodes.isEmpty ? nil : znodes
    }

    private func path(of resource: String, _ part: String) -> String {
        let path = paths.externalView(resource)
        return part.isEmpty ? path : "\(path)/\(part)"
    }
}
