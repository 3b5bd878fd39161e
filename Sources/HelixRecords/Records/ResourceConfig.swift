/// The settings of a resource beside its ideal state: `/CONFIGS/RESOURCE/R` (protocol reference 4.5).
public struct ResourceConfig: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

    /// MONITORING_DISABLED: whether the resource is left out of metrics; false unless set.
    public var isMonitoringDisabled: Bool {
        get { record[bool: "MONITORING_DISABLED", default: false] }
        set { record[bool: "MONITORING_DISABLED", default: false] = newValue }
    }

    /// NUM_PARTITIONS.
    public var numPartitions: Int? {
        get { record[count: "NUM_PARTITIONS"] }
        set { record[count: "NUM_PARTITIONS"] = newValue }
    }

    /// STATE_MODEL_DEF_REF.
    public var stateModel: String? {
        get { record[name: "STATE_MODEL_DEF_REF"] }
        set { record[name: "STATE_MODEL_DEF_REF"] = newValue }
    }

    /// STATE_MODEL_FACTORY_NAME; `nil` leaves it to the ideal state.
    public var stateModelFactory: String? {
        get { record[name: "STATE_MODEL_FACTORY_NAME"] }
        set { record[name: "STATE_MODEL_FACTORY_NAME"] = newValue }
    }

    /// REPLICAS, as text: a number or `ANY_LIVEINSTANCE`.
    public var replicas: String? {
        get { record[name: "REPLICAS"] }
        set { record[name: "REPLICAS"] = newValue }
    }

    /// MIN_ACTIVE_REPLICAS; it overrules the ideal state's.
    public var minActiveReplicas: Int? {
        get { record[count: "MIN_ACTIVE_REPLICAS"] }
        set { record[count: "MIN_ACTIVE_REPLICAS"] = newValue }
    }

    /// MAX_PARTITIONS_PER_INSTANCE; it overrules the ideal state's.
    public var maxPartitionsPerInstance: Int? {
        get { record[count: "MAX_PARTITIONS_PER_INSTANCE"] }
        set { record[count: "MAX_PARTITIONS_PER_INSTANCE"] = newValue }
    }

    /// INSTANCE_GROUP_TAG; it overrules the ideal state's.
    public var instanceGroupTag: String? {
        get { record[name: "INSTANCE_GROUP_TAG"] }
        set { record[name: "INSTANCE_GROUP_TAG"] = newValue }
    }

    /// HELIX_ENABLED; `nil` when it is not set here.
    public var isEnabled: Bool? {
        get { record.bool("HELIX_ENABLED") }
        set { record.simpleFields["HELIX_ENABLED"] = newValue.map { $0 ? "true" : "false" } }
    }

    /// RESOURCE_GROUP_NAME.
    public var resourceGroup: String? {
        get { record[name: "RESOURCE_GROUP_NAME"] }
        set { record[name: "RESOURCE_GROUP_NAME"] = newValue }
    }

    /// RESOURCE_TYPE.
    public var resourceType: String? {
        get { record[name: "RESOURCE_TYPE"] }
        set { record[name: "RESOURCE_TYPE"] = newValue }
    }

    /// EXTERNAL_VIEW_DISABLED; `nil` when it is not set here.
    public var isExternalViewDisabled: Bool? {
        get { record.bool("EXTERNAL_VIEW_DISABLED") }
        set { record.simpleFields["EXTERNAL_VIEW_DISABLED"] = newValue.map { $0 ? "true" : "false" } }
    }

    /// P2P_MESSAGE_ENABLED: whether transitions may be relayed between participants; `nil` leaves it to the cluster.
    /// Anything but "true" means no.
    public var isRelayEnabled: Bool? {
        get { record.simpleFields["P2P_MESSAGE_ENABLED"].map { $0.lowercased() == "true" } }
        set { record.simpleFields["P2P_MESSAGE_ENABLED"] = newValue.map { $0 ? "true" : "false" } }
    }

    /// REBALANCE_DELAY; `nil` leaves it to the ideal state and the cluster.
    public var rebalanceDelay: Duration? {
        get { record[milliseconds: "REBALANCE_DELAY"] }
        set { record[milliseconds: "REBALANCE_DELAY"] = newValue }
    }

    /// Whether a rebalance of the resource may be delayed, as far as its configuration goes: DELAY_REBALANCE_ENABLED (true
    /// unless set), which the legacy DELAY_REBALANCE_DISABLED overrules. Setting it removes the legacy field.
    public var isDelayedRebalanceEnabled: Bool {
        get { record.isDelayedRebalanceEnabled }
        set { record.isDelayedRebalanceEnabled = newValue }
    }

    /// `maxThreads`: how many transitions of the resource a participant may run at once.
    public var maxThreads: Int? {
        get { record[count: "maxThreads"] }
        set { record[count: "maxThreads"] = newValue }
    }

    /// Preference lists of the user's own, which overrule the computed ones.
    public var preferenceLists: [String: [String]] {
        get { record.listFields }
        set { record.listFields = newValue }
    }

    /// Whether the map TIMEOUT exists: where it does, it replaces the cluster's and the ideal state's timeouts.
    public var hasTimeouts: Bool { record.mapFields["TIMEOUT"] != nil }

    /// How long a transition may take by the map TIMEOUT, looked up as `ClusterConfig.timeout(from:to:partition:)`
    /// does.
    public func timeout(from: String, to: String, partition: String? = nil) -> Duration? {
        record.timeout(from: from, to: to, partition: partition)
    }

    /// How often a transition that took too long, or asked for it, is tried again by the map RETRY_COUNT, ours, looked up
    /// as TIMEOUT is; `nil` leaves it open.
    public func retryCount(from: String, to: String, partition: String? = nil) -> Int? {
        record.retryCount(from: from, to: to, partition: partition)
    }

    /// Sets or, with `nil`, removes the time that a transition may take; `*` stands for any state.
    public mutating func setTimeout(_ timeout: Duration?, from: String, to: String) {
        record.setTimeout(timeout, "\(from).\(to)")
    }

    /// What a replica of a partition weighs by PARTITION_CAPACITY_MAP: the partition's entry, else that of `DEFAULT`;
    /// empty when there is neither.
    /// - Throws: `RecordError` when the entry is no JSON object.
    public func partitionCapacity(_ partition: String) throws(RecordError) -> [String: Int] {
        let map = record.mapFields["PARTITION_CAPACITY_MAP"] ?? [:]
        guard let text = map[partition] ?? map["DEFAULT"] else { return [:] }
        return try FlatObject.decode(text, of: "CONFIGS/RESOURCE/\(id) PARTITION_CAPACITY_MAP")
            .compactMapValues { Int($0) }
    }

    /// The partitions that have an entry of their own in PARTITION_CAPACITY_MAP.
    package var partitionsWithCapacity: Set<String> {
        Set((record.mapFields["PARTITION_CAPACITY_MAP"] ?? [:]).keys)
    }

    /// Sets what a replica of a partition weighs; `DEFAULT` stands for all partitions without an entry.
    public mutating func setPartitionCapacity(_ capacity: [String: Int], partition: String = "DEFAULT") {
        let members = capacity.sorted { $0.key < $1.key }.map { (key: $0.key, value: String($0.value)) }
        record.mapFields["PARTITION_CAPACITY_MAP", default: [:]][partition] = FlatObject.encode(members)
    }
}
