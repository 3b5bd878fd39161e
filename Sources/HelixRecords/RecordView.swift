/// A typed view of a `ZNRecord`.
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

    /// The record's id.
    public var id: String { record.id }
}

extension ZNRecord {
    /// A whole number, `nil` when the field is missing or is no number.
    package func int(_ key: String) -> Int? { simpleFields[key].flatMap { Int($0) } }

    /// "true" or "false" in any case; `nil` when the field is missing or anything else.
    package func bool(_ key: String) -> Bool? {
        switch simpleFields[key]?.lowercased() {
        case "true": true
        case "false": false
        default: nil
        }
    }
}
