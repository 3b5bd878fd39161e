/// The settings of a cluster: `/CONFIGS/CLUSTER/C` (protocol reference 4.4).
public struct ClusterConfig: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

    // MARK: Membership and topology

    /// allowParticipantAutoJoin: whether an unknown participant may add itself; false unless set.
    public var allowsAutoJoin: Bool {
        get { record[bool: "allowParticipantAutoJoin", default: false] }
        set { record[bool: "allowParticipantAutoJoin", default: false] = newValue }
    }

    /// TOPOLOGY, such as `/zone/rack/host/instance`: the keys of an instance's domain, the widest first.
    public var topology: String? {
        get { record[name: "TOPOLOGY"] }
        set { record[name: "TOPOLOGY"] = newValue }
    }

    /// The keys of ``topology``; empty when there is none.
    public var topologyKeys: [String] { topology?.split(separator: "/").map(String.init) ?? [] }

    /// FAULT_ZONE_TYPE: the topology key across whose values replicas are spread; `nil` means the last key.
    public var faultZoneType: String? {
        get { record[name: "FAULT_ZONE_TYPE"] }
        set { record[name: "FAULT_ZONE_TYPE"] = newValue }
    }

    /// TOPOLOGY_AWARE_ENABLED: whether fault zones count at all; false unless set.
    public var isTopologyAware: Bool {
        get { record[bool: "TOPOLOGY_AWARE_ENABLED", default: false] }
        set { record[bool: "TOPOLOGY_AWARE_ENABLED", default: false] = newValue }
    }

    // MARK: Placement

    /// PERSIST_BEST_POSSIBLE_ASSIGNMENT: whether the computed target is written into ideal states; false unless set.
    public var persistsBestPossibleAssignment: Bool {
        get { record[bool: "PERSIST_BEST_POSSIBLE_ASSIGNMENT", default: false] }
        set { record[bool: "PERSIST_BEST_POSSIBLE_ASSIGNMENT", default: false] = newValue }
    }

    /// PERSIST_INTERMEDIATE_ASSIGNMENT: whether the throttled target is written into ideal states; false unless set.
    public var persistsIntermediateAssignment: Bool {
        get { record[bool: "PERSIST_INTERMEDIATE_ASSIGNMENT", default: false] }
        set { record[bool: "PERSIST_INTERMEDIATE_ASSIGNMENT", default: false] = newValue }
    }

    /// DELAY_REBALANCE_TIME: how long replicas of an instance that went away wait for it; `nil` means not at all.
    public var rebalanceDelay: Duration? {
        get { record[milliseconds: "DELAY_REBALANCE_TIME"] }
        set { record[milliseconds: "DELAY_REBALANCE_TIME"] = newValue }
    }

    /// Whether rebalances may be delayed: DELAY_REBALANCE_ENABLED (true unless set), which the legacy
    /// DELAY_REBALANCE_DISABLED overrules. Setting it removes the legacy field.
    public var isDelayedRebalanceEnabled: Bool {
        get { record.isDelayedRebalanceEnabled }
        set { record.isDelayedRebalanceEnabled = newValue }
    }

    /// LAST_ON_DEMAND_REBALANCE_TIMESTAMP, ms: delays that began before it are over.
    public var lastOnDemandRebalance: Int64? {
        get { record[timestamp: "LAST_ON_DEMAND_REBALANCE_TIMESTAMP"].flatMap { $0 < 0 ? nil : $0 } }
        set { record[timestamp: "LAST_ON_DEMAND_REBALANCE_TIMESTAMP"] = newValue }
    }

    /// MAX_PARTITIONS_PER_INSTANCE: above it the cluster enters maintenance mode; `nil` means any number.
    public var maxPartitionsPerInstance: Int? {
        get { record[count: "MAX_PARTITIONS_PER_INSTANCE"] }
        set { record[count: "MAX_PARTITIONS_PER_INSTANCE"] = newValue }
    }

    /// GLOBAL_MAX_PARTITIONS_ALLOWED_PER_INSTANCE: the cap over all resources of the sticky strategy; `nil` means none.
    public var globalMaxPartitionsPerInstance: Int? {
        get { record[count: "GLOBAL_MAX_PARTITIONS_ALLOWED_PER_INSTANCE"] }
        set { record[count: "GLOBAL_MAX_PARTITIONS_ALLOWED_PER_INSTANCE"] = newValue }
    }

    /// RESOURCE_PRIORITY_FIELD: the simple field of resource configurations or ideal states that ranks resources.
    public var resourcePriorityField: String? {
        get { record[name: "RESOURCE_PRIORITY_FIELD"] }
        set { record[name: "RESOURCE_PRIORITY_FIELD"] = newValue }
    }

    /// REBALANCE_TIMER_PERIOD: how often to rebalance without an event; `nil` means never.
    public var rebalanceTimerPeriod: Duration? {
        get { record[milliseconds: "REBALANCE_TIMER_PERIOD"] }
        set { record[milliseconds: "REBALANCE_TIMER_PERIOD"] = newValue }
    }

    // MARK: Transitions

    /// BATCH_MESSAGE_MODE: whether transitions of one kind travel as one message; false unless set.
    public var isBatchMessageMode: Bool {
        get { record[bool: "BATCH_MESSAGE_MODE", default: false] }
        set { record[bool: "BATCH_MESSAGE_MODE", default: false] = newValue }
    }

    /// STATE_TRANSITION_CANCELLATION_ENABLED: whether running transitions may be cancelled; false unless set.
    public var isCancellationEnabled: Bool {
        get { record[bool: "STATE_TRANSITION_CANCELLATION_ENABLED", default: false] }
        set { record[bool: "STATE_TRANSITION_CANCELLATION_ENABLED", default: false] = newValue }
    }

    /// P2P_MESSAGE_ENABLED: whether transitions may be relayed between participants; false unless set.
    public var isRelayEnabled: Bool {
        get { record[bool: "P2P_MESSAGE_ENABLED", default: false] }
        set { record[bool: "P2P_MESSAGE_ENABLED", default: false] = newValue }
    }

    /// MISS_TOP_STATE_DURATION_THRESHOLD: how long a partition may lack its top state before that counts as a failure.
    public var missingTopStateThreshold: Duration? {
        get { record[milliseconds: "MISS_TOP_STATE_DURATION_THRESHOLD"] }
        set { record[milliseconds: "MISS_TOP_STATE_DURATION_THRESHOLD"] = newValue }
    }

    /// How long a transition may take by the map TIMEOUT: the entry of the partition, else `FROM.TO`, `*.TO`, `FROM.*`,
    /// `*.*`; `nil` for as long as it likes.
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

    /// `{MSG_TYPE}.maxThreads`: how many messages of a type a participant may handle at once.
    public func maxThreads(_ type: MessageType) -> Int? { record[count: "\(type.rawValue).maxThreads"] }

    /// ERROR_OR_RECOVERY_PARTITION_THRESHOLD_FOR_LOAD_BALANCE, else the legacy
    /// ERROR_PARTITION_THRESHOLD_FOR_LOAD_BALANCE where that is not 0, else 1: with more partitions in error than
    /// this, load is balanced downwards only.
    public var errorPartitionThreshold: Int {
        get {
            record[count: "ERROR_OR_RECOVERY_PARTITION_THRESHOLD_FOR_LOAD_BALANCE"]
                ?? record[count: "ERROR_PARTITION_THRESHOLD_FOR_LOAD_BALANCE"].flatMap { $0 == 0 ? nil : $0 } ?? 1
        }
        set { record[count: "ERROR_OR_RECOVERY_PARTITION_THRESHOLD_FOR_LOAD_BALANCE"] = newValue }
    }
}
