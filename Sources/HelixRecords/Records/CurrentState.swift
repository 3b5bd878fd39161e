/// The states of a resource's replicas on one instance in one session: `/INSTANCES/I/CURRENTSTATES/S/R` (protocol
/// reference 4.7).
public struct CurrentState: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

    /// A record without replicas.
    public init(resource: String, sessionID: String, stateModel: String, stateModelFactory: String = "DEFAULT") {
        self.init(id: resource)
        self.sessionID = sessionID
        self.stateModel = stateModel
        self.stateModelFactory = stateModelFactory
    }

    /// SESSION_ID, as it stands in the live instance's record. A record with another one than the live session's
    /// says nothing about the present.
    public var sessionID: String? {
        get { record[name: "SESSION_ID"] }
        set { record[name: "SESSION_ID"] = newValue }
    }

    /// STATE_MODEL_DEF.
    public var stateModel: String? {
        get { record[name: "STATE_MODEL_DEF"] }
        set { record[name: "STATE_MODEL_DEF"] = newValue }
    }

    /// STATE_MODEL_FACTORY_NAME; "DEFAULT" unless set.
    public var stateModelFactory: String {
        get { record[name: "STATE_MODEL_FACTORY_NAME"] ?? "DEFAULT" }
        set { record[name: "STATE_MODEL_FACTORY_NAME"] = newValue }
    }

    /// BATCH_MESSAGE_MODE; false unless set.
    public var isBatchMessageMode: Bool {
        get { record[bool: "BATCH_MESSAGE_MODE", default: false] }
        set { record[bool: "BATCH_MESSAGE_MODE", default: false] = newValue }
    }

    /// BUCKET_SIZE: how many partitions one child znode holds; 0 for a record in one piece.
    public var bucketSize: Int {
        get { record.bucketSize }
        set { record.bucketSize = newValue }
    }

    /// The partitions in natural order.
    public var partitions: [String] { record.mapFields.keys.naturallySorted() }

    /// A partition's replica, `nil` when the instance has none. Setting `nil` removes it.
    public subscript(partition: String) -> ReplicaState? {
        get { record.mapFields[partition].map(ReplicaState.init(fields:)) }
        set { record.mapFields[partition] = newValue?.fields }
    }
}

/// One replica in a current state. Fields that it does not name are kept.
public struct ReplicaState: Sendable, Hashable {
    /// The replica's fields as they stand in the record.
    public var fields: [String: String]

    /// A replica with the given fields.
    public init(fields: [String: String]) { self.fields = fields }

    /// A replica in a state.
    public init(currentState: String) { self.init(fields: ["CURRENT_STATE": currentState]) }

    /// CURRENT_STATE; `nil` where a participant of another make left it out.
    public var currentState: String? {
        get { fields["CURRENT_STATE"] }
        set { fields["CURRENT_STATE"] = newValue }
    }

    /// INFO: what the handler said of its last transition.
    public var info: String? {
        get { fields["INFO"] }
        set { fields["INFO"] = newValue }
    }

    /// START_TIME of the last transition, ms since 1970.
    public var startTime: Int64? {
        get { fields["START_TIME"].flatMap { Int64($0) } }
        set { fields["START_TIME"] = newValue.map { String($0) } }
    }

    /// END_TIME of the last transition, ms since 1970.
    public var endTime: Int64? {
        get { fields["END_TIME"].flatMap { Int64($0) } }
        set { fields["END_TIME"] = newValue.map { String($0) } }
    }

    /// PREVIOUS_STATE: the state before the last transition.
    public var previousState: String? {
        get { fields["PREVIOUS_STATE"] }
        set { fields["PREVIOUS_STATE"] = newValue }
    }

    /// TRIGGERED_BY: the controller that asked for the last transition, or the participant that relayed it.
    public var triggeredBy: String? {
        get { fields["TRIGGERED_BY"] }
        set { fields["TRIGGERED_BY"] = newValue }
    }

    /// REQUESTED_STATE: a state that the participant asks for.
    public var requestedState: String? {
        get { fields["REQUESTED_STATE"] }
        set { fields["REQUESTED_STATE"] = newValue }
    }
}
