// Records that are spread over several znodes, a bucket of partitions each (protocol reference 1.7).
extension ZNRecord {
    /// Whether the znode holds only the simple fields, and its children the rest.
    public var isBucketized: Bool { bucketSize > 0 }

    /// A bucketized record put together: the simple fields of the parent, the lists and maps of its children.
    /// - Parameter buckets: the records of the parent's children.
    public func joined(buckets: some Sequence<ZNRecord>) -> ZNRecord {
        var whole = ZNRecord(id: id, simpleFields: simpleFields)
        for bucket in buckets {
            whole.listFields.merge(bucket.listFields) { $1 }
            whole.mapFields.merge(bucket.mapFields) { $1 }
        }
        return whole
    }

    /// The record taken apart: its parent, and its children by name, which are their ids too.
    /// - Throws: `RecordError` when a partition's name does not end in `_` and a number, so that it belongs to no
    ///   bucket.
    public func bucketized() throws(RecordError) -> (parent: ZNRecord, buckets: [ZNRecord]) {
        let parent = ZNRecord(id: id, simpleFields: simpleFields)
        guard isBucketized else { return (self, []) }
        var buckets: [String: ZNRecord] = [:]
        for (key, list) in listFields {
            let name = try bucketName(of: key)
            buckets[name, default: ZNRecord(id: name, simpleFields: simpleFields)].listFields[key] = list
        }
        for (key, map) in mapFields {
            let name = try bucketName(of: key)
            buckets[name, default: ZNRecord(id: name, simpleFields: simpleFields)].mapFields[key] = map
        }
        return (parent, buckets.keys.naturallySorted().compactMap { buckets[$0] })
    }

    /// The bucket of a partition in a record that is spread: `X_n` belongs to `X_p{s}-p{e}`, where s is the multiple of the
    /// bucket size at or below n.
    /// - Throws: `RecordError` when the name does not end in `_` and a number.
    public func bucketName(of partition: String) throws(RecordError) -> String {
        guard isBucketized, let separator = partition.lastIndex(of: "_"),
            let number = Int(partition[partition.index(after: separator)...]), number >= 0
        else {
            throw RecordError(
                path: id,
                reason: "partition \"\(partition)\" does not end in _ and a number, so that it fits no bucket of "
                    + "\(bucketSize); rename it or remove BUCKET_SIZE")
        }
        let start = number / bucketSize * bucketSize
        return "\(partition[..<separator])_p\(start)-p\(start &+ bucketSize &- 1)"
    }
}
