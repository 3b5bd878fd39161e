/// A typed view of a `ZNRecord`.
///
/// Views never fail and never lose anything: a field that is missing or cannot be read has its default, and a
/// field that the view does not know stays as it is. Setting an optional property to `nil` removes the field.
public protocol RecordView: Sendable, Hashable {
    /// The record, with all its fields, also those that the view does not know.
    var record: ZNRecord { get set }
    /// The view of a record. Never fails: a field that cannot be read has its default.
    init(record: ZNRecord)
}

extension RecordView {
    /// Decodes a znode's data.
    /// - Throws: `RecordError` when the data is no record.
    public init(decoding data: [UInt8], path: String) throws(RecordError) {
        self.init(record: try ZNRecord(decoding: data, path: path))
    }

    /// The view of a new record without fields.
    public init(id: String) { self.init(record: ZNRecord(id: id)) }

    /// The record's id.
    public var id: String { record.id }

    /// Encodes the record for its znode.
    /// - Throws: `RecordError` when it is larger than the write limit.
    public func encoded(path: String? = nil) throws(RecordError) -> [UInt8] { try record.encoded(path: path) }
}
