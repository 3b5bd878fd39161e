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
    private var buckets: [String: Found<RawRecord>] = [:]
    private var expected: Set<String>?
    private var isChanged = true

    /// What the record's own znode says.
    var head = ZNRecord(id: "") {
        didSet { isChanged = true }
    }

    /// These are its buckets.
    mutating func expect(_ names: Set<String>) {
        expected = names
        buckets = buckets.filter { names.contains($0.key) }
        isChanged = true
    }

    /// A bucket was read.
    mutating func take(_ bucket: Found<RawRecord>, _ name: String) {
        buckets[name] = bucket
        isChanged = true
    }

    /// Whether there is something to put together.
    var isReady: Bool { isChanged && expected?.allSatisfy { buckets[$0] != nil } == true }

    /// The whole record; unreadable, if one of its buckets is.
    mutating func join() -> Found<RawRecord> {
        isChanged = false
        let names = (expected ?? []).sorted()
        for name in names {
            if let error = buckets[name]?.error { return .unreadable(error) }
        }
        return .present(RawRecord(record: head.joined(buckets: names.compactMap { buckets[$0]?.value?.record })))
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
