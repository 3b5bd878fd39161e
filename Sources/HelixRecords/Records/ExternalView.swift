/// What a resource looks like to those who route to it: `/EXTERNALVIEW/R`, and `/TARGETEXTERNALVIEW/R` for what it will
/// (protocol reference 4.10).
public struct ExternalView: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

    /// A view without replicas that carries the simple fields of the ideal state, as readers of Helix expect.
    public init(copyingFieldsOf idealState: IdealState) {
        self.init(record: ZNRecord(id: idealState.id, simpleFields: idealState.record.simpleFields))
    }

    /// The state of a partition's replica on each instance, `nil` when it has no replica anywhere.
    public subscript(partition: String) -> [String: String]? {
        get { record.mapFields[partition] }
        set { record.mapFields[partition] = newValue }
    }

    /// The partitions that have replicas, in natural order.
    public var partitions: [String] { record.mapFields.keys.naturallySorted() }

    /// STATE_MODEL_DEF_REF.
    public var stateModel: String? { record[name: "STATE_MODEL_DEF_REF"] }

    /// RESOURCE_GROUP_NAME.
    public var resourceGroup: String? { record[name: "RESOURCE_GROUP_NAME"] }

    /// INSTANCE_GROUP_TAG.
    public var instanceGroupTag: String? { record[name: "INSTANCE_GROUP_TAG"] }

    /// BUCKET_SIZE: how many partitions one child znode holds; 0 for a record in one piece.
    public var bucketSize: Int { record.bucketSize }

    /// The preference lists of a target view; an external view has none.
    public var preferenceLists: [String: [String]] {
        get { record.listFields }
        set { record.listFields = newValue }
    }
}
