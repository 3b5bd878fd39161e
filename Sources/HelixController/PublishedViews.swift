import Coordination
import HelixRecords

/// The views of one kind as they are in ZooKeeper, as far as that is known: what has to be written to change one.
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

    /// The znode below which the views are.
    private let folder: String
    private var views: [String: Znodes] = [:]
    /// Views of which it is not known what is there.
    private(set) var unknown: Set<String> = []

    init(folder: String) { self.folder = folder }

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
        // Where there is a view, its own znode is written after its buckets: who reads it finds them.
        let isNew = there[""] == nil
        let order = { (part: String) in part.isEmpty == isNew ? 0 : 1 }
        for (part, record) in wanted.sorted(by: { (order($0.key), $0.key) < (order($1.key), $1.key) }) {
            if let change = try change(part, of: resource, to: record, from: there[part]) { changes.append(change) }
        }
        // A znode goes after what is below it.
        for part in there.keys.sorted(by: >) where wanted[part] == nil {
            let operation = WriteOperation.delete(path(of: resource, part))
            changes.append(Change(resource: resource, part: part, record: nil, operation: operation))
        }
        return changes
    }

    /// What has to be written so that some partitions of a view in buckets have these replicas, and the others what they
    /// have.
    /// - Parameter maps: the states by instance, by partition; empty where the partition is to go.
    /// - Returns: `nil` when that cannot be told without looking at the whole view.
    /// - Throws: `RecordError` when a bucket is too large, or a partition fits none.
    func changes(
        to maps: [String: [String: String]], of resource: String, bucketSize: Int
    ) throws(RecordError) -> [Change]? {
        guard bucketSize > 0, let there = views[resource], case let head?? = there[""],
            head.bucketSize == bucketSize
        else { return nil }
        var buckets: [String: ZNRecord] = [:]
        for (partition, map) in maps {
            let name = try head.bucketName(of: partition)
            if buckets[name] == nil, let known = there[name] {
                guard let known else { return nil }
                buckets[name] = known
            }
            let isGone = map.isEmpty
            buckets[name, default: ZNRecord(id: name, simpleFields: head.simpleFields)].mapFields[partition] =
                isGone ? nil : map
        }
        var changes: [Change] = []
        for (name, record) in buckets.sorted(by: { $0.key < $1.key }) {
            if !record.mapFields.isEmpty {
                if let change = try change(name, of: resource, to: record, from: there[name]) { changes.append(change) }
            } else if there[name] != nil {
                let operation = WriteOperation.delete(path(of: resource, name))
                changes.append(Change(resource: resource, part: name, record: nil, operation: operation))
            }
        }
        return changes
    }

    /// - Parameter known: what is there; `nil` when nothing is, `.some(nil)` when it cannot be read.
    private func change(
        _ part: String, of resource: String, to record: ZNRecord, from known: ZNRecord??
    ) throws(RecordError) -> Change? {
        if let known, known == record { return nil }
        let path = path(of: resource, part)
        let data = try record.encoded(path: path)
        let operation = known == nil ? WriteOperation.create(path, data: data) : .set(path, data: data)
        return Change(resource: resource, part: part, record: record, operation: operation)
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
        let path = "\(folder)/\(resource)"
        return part.isEmpty ? path : "\(path)/\(part)"
    }
}
