// What a message says of a transition (protocol reference 4.9.1, 4.9.2, 4.9.5).
extension Message {
    /// RESOURCE_NAME.
    public var resource: String? {
        get { record[name: "RESOURCE_NAME"] }
        set { record[name: "RESOURCE_NAME"] = newValue }
    }

    /// PARTITION_NAME; in a batch, the first of its partitions.
    public var partition: String? {
        get { record[name: "PARTITION_NAME"] }
        set { record[name: "PARTITION_NAME"] = newValue }
    }

    /// BATCH_MESSAGE_MODE: whether the message is about several partitions.
    public var isBatch: Bool {
        get { record[bool: "BATCH_MESSAGE_MODE", default: false] }
        set { record.simpleFields["BATCH_MESSAGE_MODE"] = newValue ? "true" : nil }
    }

    /// The partitions that the message is about: the list PARTITION_NAME of a batch, else the single partition. Setting
    /// more than one makes a batch of it.
    public var partitions: [String] {
        get { isBatch ? record.listFields["PARTITION_NAME"] ?? [] : partition.map { [$0] } ?? [] }
        set {
            partition = newValue.first
            isBatch = newValue.count > 1
            record.listFields["PARTITION_NAME"] = isBatch ? newValue : nil
        }
    }

    /// FROM_STATE; `*` for any.
    public var fromState: String? {
        get { record[name: "FROM_STATE"] }
        set { record[name: "FROM_STATE"] = newValue }
    }

    /// TO_STATE.
    public var toState: String? {
        get { record[name: "TO_STATE"] }
        set { record[name: "TO_STATE"] = newValue }
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

    /// BUCKET_SIZE, of the resource; written only above 0.
    public var bucketSize: Int {
        get { record.bucketSize }
        set { record[count: "BUCKET_SIZE"] = newValue > 0 ? newValue : nil }
    }

    /// RESOURCE_GROUP_NAME, of the resource.
    public var resourceGroup: String? {
        get { record[name: "RESOURCE_GROUP_NAME"] }
        set { record[name: "RESOURCE_GROUP_NAME"] = newValue }
    }

    /// RESOURCE_TAG, of the resource.
    public var resourceTag: String? {
        get { record[name: "RESOURCE_TAG"] }
        set { record[name: "RESOURCE_TAG"] = newValue }
    }

    /// TIMEOUT: how long the transition may take; `nil` for as long as it likes.
    public var timeout: Duration? {
        get { record[milliseconds: "TIMEOUT"].flatMap { $0 > .zero ? $0 : nil } }
        set { record[milliseconds: "TIMEOUT"] = newValue }
    }

    /// RETRY_COUNT: how often to try again after a failure.
    public var retryCount: Int? {
        get { record[count: "RETRY_COUNT"] }
        set { record[count: "RETRY_COUNT"] = newValue }
    }

    /// ClusterEventName: what made the controller send it.
    public var eventName: String? {
        get { record[name: "ClusterEventName"] }
        set { record[name: "ClusterEventName"] = newValue }
    }

    /// Why a transition is made.
    public enum RebalanceType: String, Sendable, Hashable, CaseIterable {
        /// A replica that is needed is missing.
        case recovery = "RECOVERY_REBALANCE"
        /// The balance should be better.
        case load = "LOAD_REBALANCE"
    }

    /// ST_REBALANCE_TYPE.
    public var rebalanceType: RebalanceType? {
        get { record[value: "ST_REBALANCE_TYPE"] }
        set { record[value: "ST_REBALANCE_TYPE"] = newValue }
    }

    /// CURRENT_ACTIVE_REPLICA_NUMBER: how many replicas of the partition were active when the message was made; `nil`
    /// where that does not matter, on the wire -1.
    public var activeReplicas: Int? {
        get { record[count: "CURRENT_ACTIVE_REPLICA_NUMBER"] }
        set { record[int: "CURRENT_ACTIVE_REPLICA_NUMBER"] = newValue ?? -1 }
    }

    /// PARENT_MSG_ID: the batch that a message in memory was part of.
    public var parentID: String? {
        get { record[name: "PARENT_MSG_ID"] }
        set { record[name: "PARENT_MSG_ID"] = newValue }
    }

    /// What a state transition lacks, one sentence each; empty when it can be sent (protocol reference 4.9.2).
    public func problems() -> [String] {
        let required = [
            "TGT_NAME", "PARTITION_NAME", "RESOURCE_NAME", "STATE_MODEL_DEF", "TO_STATE", "FROM_STATE",
            "TGT_SESSION_ID",
        ]
        var problems = required.filter { key in
            record.simpleFields[key]?.allSatisfy(\.isWhitespace) ?? true
        }.map { "\($0) is missing from message \(id); set it" }
        if isBatch, partitions.isEmpty {
            problems.append("message \(id) is a batch without partitions; set the list PARTITION_NAME")
        }
        return problems
    }
}
