/// What an instance says of its own accord of the partitions of a resource, in states that mean something to its
/// application only: `/INSTANCES/I/CUSTOMIZEDSTATES/T/R` (protocol reference 4.17). It does not end with the session.
public struct CustomizedState: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

    /// The partitions of which something is said, in natural order.
    public var partitions: [String] { record.mapFields.keys.naturallySorted() }

    /// CURRENT_STATE of a partition, `nil` when nothing is said of it.
    public subscript(partition: String) -> String? { record.mapFields[partition]?["CURRENT_STATE"] }

    /// Says something of a partition. What else was said of it stays; PREVIOUS_STATE is what was said before.
    /// - Parameters:
    ///   - startTime: since when it is so, ms since 1970 (START_TIME).
    ///   - endTime: when that was over, ms since 1970 (END_TIME); `nil` when it goes on.
    ///   - fields: further fields of the application's own.
    public mutating func set(
        _ state: String, for partition: String, startTime: Int64, endTime: Int64? = nil, fields: [String: String] = [:]
    ) {
        var map = record.mapFields[partition] ?? [:]
        map["PREVIOUS_STATE"] = map["CURRENT_STATE"]
        map["END_TIME"] = endTime.map { String($0) }
        map.merge(fields) { $1 }
        map["CURRENT_STATE"] = state
        map["START_TIME"] = String(startTime)
        record.mapFields[partition] = map
    }

    /// Says nothing of a partition any more.
    public mutating func remove(_ partition: String) { record.mapFields[partition] = nil }
}

/// Which types of customised states the controller aggregates into views: `/CONFIGS/CUSTOMIZED_STATE/C` (protocol
/// reference 4.17).
public struct CustomizedStateConfig: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

    /// AGGREGATION_ENABLED_TYPES.
    public var aggregatedTypes: [String] {
        get { record.listFields["AGGREGATION_ENABLED_TYPES"] ?? [] }
        set { record.listFields["AGGREGATION_ENABLED_TYPES"] = newValue }
    }
}
