/// That the controller should do nothing: `/CONTROLLER/PAUSE` (protocol reference 4.13). Its presence is the signal.
public struct PauseSignal: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

    /// A signal.
    /// - Parameter at: now, ms since 1970.
    public init(reason: String?, at: Int64) {
        self.init(id: "pause")
        self.reason = reason
        triggerTime = WireTime(milliseconds: at).isoText
    }

    /// REASON.
    public var reason: String? {
        get { record[name: "REASON"] }
        set { record[name: "REASON"] = newValue }
    }

    /// CLUSTER_FREEZE: whether participants freeze too; false unless set.
    public var freezesCluster: Bool {
        get { record[bool: "CLUSTER_FREEZE", default: false] }
        set { record[bool: "CLUSTER_FREEZE", default: false] = newValue }
    }

    /// CANCEL_PENDING_ST: whether transitions that are on their way are cancelled; false unless set.
    public var cancelsPendingTransitions: Bool {
        get { record[bool: "CANCEL_PENDING_ST", default: false] }
        set { record[bool: "CANCEL_PENDING_ST", default: false] = newValue }
    }

    /// FROM_HOST: where the signal was given.
    public var fromHost: String? {
        get { record[name: "FROM_HOST"] }
        set { record[name: "FROM_HOST"] = newValue }
    }

    /// TRIGGER_TIME, ISO 8601.
    public var triggerTime: String? {
        get { record[name: "TRIGGER_TIME"] }
        set { record[name: "TRIGGER_TIME"] = newValue }
    }
}

/// That the cluster is in maintenance mode: `/CONTROLLER/MAINTENANCE` (protocol reference 4.13). Its presence is the
/// signal.
public struct MaintenanceSignal: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

    /// Who put the cluster into maintenance.
    public enum Trigger: String, Sendable, Hashable, CaseIterable {
        /// The controller, because something went wrong.
        case controller = "CONTROLLER"
        /// Somebody.
        case user = "USER"
        /// It is not known.
        case unknown = "UNKNOWN"
    }

    /// What went wrong when the controller put the cluster into maintenance.
    public enum AutoTriggerReason: String, Sendable, Hashable, CaseIterable {
        /// Too many instances are away or may not be used.
        case maxInstancesUnableToAcceptReplicas = "MAX_INSTANCES_UNABLE_TO_ACCEPT_ONLINE_REPLICAS"
        /// An instance would hold too many partitions.
        case maxPartitionsPerInstanceExceeded = "MAX_PARTITION_PER_INSTANCE_EXCEEDED"
        /// Too many instances are away, in the words of older controllers.
        case maxOfflineInstancesExceeded = "MAX_OFFLINE_INSTANCES_EXCEEDED"
        /// It was not the controller.
        case notApplicable = "NOT_APPLICABLE"
    }

    /// A signal.
    /// - Parameter at: now, ms since 1970.
    public init(
        reason: String?, trigger: Trigger, autoTriggerReason: AutoTriggerReason = .notApplicable, at: Int64
    ) {
        self.init(id: "maintenance")
        self.reason = reason
        self.trigger = trigger
        self.autoTriggerReason = autoTriggerReason
        timestamp = at
    }

    /// REASON.
    public var reason: String? {
        get { record[name: "REASON"] }
        set { record[name: "REASON"] = newValue }
    }

    /// TRIGGERED_BY; `.unknown` where it is missing or anything else.
    public var trigger: Trigger {
        get { record[value: "TRIGGERED_BY"] ?? .unknown }
        set { record[value: "TRIGGERED_BY"] = newValue }
    }

    /// AUTO_TRIGGER_REASON; `.notApplicable` where it is missing or anything else.
    public var autoTriggerReason: AutoTriggerReason {
        get { record[value: "AUTO_TRIGGER_REASON"] ?? .notApplicable }
        set { record[value: "AUTO_TRIGGER_REASON"] = newValue }
    }

    /// TIMESTAMP, ms since 1970.
    public var timestamp: Int64? {
        get { record[timestamp: "TIMESTAMP"] }
        set { record[timestamp: "TIMESTAMP"] = newValue }
    }
}

/// How far the cluster has come towards the mode that was asked for: `/STATUS/C` (protocol reference 4.13).
public struct ClusterStatus: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

    /// A mode of management.
    public enum Mode: String, Sendable, Hashable, CaseIterable {
        /// As always.
        case normal = "NORMAL"
        /// Controller and participants stand still.
        case clusterFreeze = "CLUSTER_FREEZE"
        /// The controller stands still.
        case controllerPause = "CONTROLLER_PAUSE"
        /// Nothing is placed anew.
        case maintenance = "MAINTENANCE"
    }

    /// A status.
    public init(mode: Mode, isCompleted: Bool) {
        self.init(id: "STATUS")
        self.mode = mode
        self.isCompleted = isCompleted
    }

    /// MANAGEMENT_MODE; `.normal` where it is missing or anything else.
    public var mode: Mode {
        get { record[value: "MANAGEMENT_MODE"] ?? .normal }
        set { record[value: "MANAGEMENT_MODE"] = newValue }
    }

    /// MANAGEMENT_MODE_STATUS: whether the mode has been reached.
    public var isCompleted: Bool {
        get { record.simpleFields["MANAGEMENT_MODE_STATUS"] == "COMPLETED" }
        set { record.simpleFields["MANAGEMENT_MODE_STATUS"] = newValue ? "COMPLETED" : "IN_PROGRESS" }
    }
}
