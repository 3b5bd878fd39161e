import HelixRecords
import RebalancePipeline

/// A record before it is known what it is about.
struct RawRecord: RecordView {
    var record: ZNRecord
    init(record: ZNRecord) { self.record = record }
}

/// A record that is spread over several znodes, a bucket of partitions each (protocol reference 1.7), as far as it has been
/// read. It counts once all of its buckets have been.
struct SpreadRecord: Sendable {
    /// What is new in a record.
    enum News: Sendable {
        /// All of it; unreadable, if one of its buckets is.
        case whole(Found<RawRecord>)
        /// Of a current state what some replicas say now; `nil` of those that are gone.
        case replicas([String: [String: String]?])
    }

    private var buckets: [String: Found<RawRecord>] = [:]
    private var expected: Set<String>?
    private var isChanged = true
    /// The buckets that have changed since the record was put together.
    private var touched: Set<String> = []
    /// What those said then. `nil` when all of the record is new.
    private var former: [String: ZNRecord]?
    /// Whether only the states of replicas are kept, which is all that is needed of a current state.
    private let keepsStatesOnly: Bool
    /// One map for each state, which all replicas in it share.
    private var states: [String: [String: String]] = [:]

    /// What the record's own znode says.
    var head = ZNRecord(id: "") {
        didSet {
            isChanged = true
            if head != oldValue { former = nil }
        }
    }

    /// A record of which nothing has been read yet.
    init(keepsStatesOnly: Bool) { self.keepsStatesOnly = keepsStatesOnly }

    /// These are its buckets.
    mutating func expect(_ names: Set<String>) {
        for name in buckets.keys where !names.contains(name) { replace(name, with: nil) }
        expected = names
        isChanged = true
    }

    /// A bucket was read.
    mutating func take(_ bucket: Found<RawRecord>, _ name: String) {
        replace(name, with: keepsStatesOnly ? bucket.map { RawRecord(record: slimmed($0.record)) } : bucket)
        isChanged = true
    }

    private mutating func replace(_ name: String, with bucket: Found<RawRecord>?) {
        let known = buckets.removeValue(forKey: name)
        buckets[name] = bucket
        if known?.error != nil || bucket?.error != nil { former = nil }
        if touched.insert(name).inserted { former?[name] = known?.value?.record }
    }

    private mutating func slimmed(_ record: ZNRecord) -> ZNRecord {
        var slim = ZNRecord(id: record.id)
        for (partition, fields) in record.mapFields {
            let state = fields["CURRENT_STATE"] ?? ""
            let shared = states[state] ?? (state.isEmpty ? [:] : ["CURRENT_STATE": state])
            states[state] = shared
            slim.mapFields[partition] = shared
        }
        return slim
    }

    /// Whether there is something to put together.
    var isReady: Bool { isChanged && expected?.allSatisfy { buckets[$0] != nil } == true }

    /// What is new since the last time.
    mutating func join() -> News {
        let names = (expected ?? []).sorted()
        let partly: News? = if keepsStatesOnly, let former { news(since: former, names) } else { nil }
        (isChanged, touched, former) = (false, [], [:])
        for name in names {
            guard let error = buckets[name]?.error else { continue }
            former = nil
            return .whole(.unreadable(error))
        }
        return partly
            ?? .whole(
                .present(RawRecord(record: head.joined(buckets: names.compactMap { buckets[$0]?.value?.record }))))
    }

    private func news(since former: [String: ZNRecord], _ names: [String]) -> News {
        var replicas: [String: [String: String]?] = [:]
        for name in touched.sorted() {
            let before = former[name]?.mapFields ?? [:]
            let now = buckets[name]?.value?.record.mapFields ?? [:]
            for (partition, fields) in now where before[partition] != fields { replicas[partition] = .some(fields) }
            for partition in before.keys where now[partition] == nil {
                // It may be in another bucket, if the sizes of these have changed.
                let other = names.first { buckets[$0]?.value?.record.mapFields[partition] != nil }
                replicas[partition] = .some(other.flatMap { buckets[$0]?.value?.record.mapFields[partition] })
            }
        }
        return .replicas(replicas)
    }
}

extension Found {
    /// The same with another view of the record.
    func map<Other>(_ transform: (Value) -> Other) -> Found<Other> {
        switch self {
        case .absent: .absent
        case .present(let value): .present(transform(value))
        case .unreadable(let error): .unreadable(error)
        }
    }
}
