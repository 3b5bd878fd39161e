/// Limits on messages by their attributes: `/CONFIGS/CONSTRAINT/MESSAGE_CONSTRAINT` (protocol reference 4.15).
public struct ClusterConstraints: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

    /// The id of the record that limits messages.
    public static let messageConstraintID = "MESSAGE_CONSTRAINT"

    /// What a constraint can look at.
    public enum Attribute: String, Sendable, Hashable, CaseIterable {
        /// The message's type.
        case messageType = "MESSAGE_TYPE"
        /// `FROM-TO`.
        case transition = "TRANSITION"
        /// The resource.
        case resource = "RESOURCE"
        /// The target instance.
        case instance = "INSTANCE"
        /// The partition.
        case partition = "PARTITION"
        /// The target state.
        case state = "STATE"
    }

    /// One constraint.
    public struct Item: Sendable, Hashable {
        /// The constraint's name.
        public var id: String
        /// A regular expression for each attribute it looks at; the whole value must match.
        public var attributes: [Attribute: String]
        /// How many messages may be under way for each combination of values; `nil` means any number.
        public var limit: Int?

        /// A constraint.
        public init(id: String, attributes: [Attribute: String], limit: Int?) {
            self.id = id
            self.attributes = attributes
            self.limit = limit
        }
    }

    /// The constraints by name. Those without attributes or without a value are left out; a value that is no number
    /// limits nothing.
    public var items: [Item] {
        record.mapFields.sorted { $0.key < $1.key }.compactMap { id, fields in
            guard let value = fields["CONSTRAINT_VALUE"] else { return nil }
            let attributes = fields.reduce(into: [Attribute: String]()) { attributes, field in
                if let attribute = Attribute(rawValue: field.key) { attributes[attribute] = field.value }
            }
            return attributes.isEmpty ? nil : Item(id: id, attributes: attributes, limit: Int(value))
        }
    }

    /// Adds a constraint, or replaces the one of its name.
    public mutating func set(_ item: Item) {
        var fields: [String: String] = [:]
        for (attribute, pattern) in item.attributes { fields[attribute.rawValue] = pattern }
        fields["CONSTRAINT_VALUE"] = item.limit.map { String($0) } ?? "ANY"
        record.mapFields[item.id] = fields
    }

    /// Removes a constraint.
    public mutating func remove(_ id: String) { record.mapFields[id] = nil }
}
