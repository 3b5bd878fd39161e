extension IdealState {
    /// STATE_MODEL_DEF_REF: the name of the state model.
    public var stateModel: String? {
        get { record[name: "STATE_MODEL_DEF_REF"] }
        set { record[name: "STATE_MODEL_DEF_REF"] = newValue }
    }

    /// STATE_MODEL_FACTORY_NAME: which of a participant's factories serves the resource; "DEFAULT" unless set.
    public var stateModelFactory: String {
        get { record[name: "STATE_MODEL_FACTORY_NAME"] ?? "DEFAULT" }
        set { record[name: "STATE_MODEL_FACTORY_NAME"] = newValue }
    }

    /// REBALANCER_CLASS_NAME, the name of a Java class that a controller maps to its own.
    public var rebalancerClass: String? {
        get { record[name: "REBALANCER_CLASS_NAME"] }
        set { record[name: "REBALANCER_CLASS_NAME"] = newValue }
    }

    /// REBALANCE_STRATEGY, the name of a Java class or "DEFAULT".
    public var rebalanceStrategy: String? {
        get { record[name: "REBALANCE_STRATEGY"] }
        set { record[name: "REBALANCE_STRATEGY"] = newValue }
    }

    /// When the top state goes back to an instance that had it before it went away.
    public enum Failback: String, Sendable, Hashable, CaseIterable {
        /// As soon as evenness asks for it.
        case immediate = "IMMEDIATE"
        /// Not until somebody asks for a rebalance: it comes back in a lower state.
        case never = "NEVER"
    }

    /// FAILBACK: when the top state goes back to an instance that returns; at once unless set. Java controllers do not know
    /// the field.
    public var failback: Failback {
        get { record[name: "FAILBACK"].flatMap(Failback.init) ?? .immediate }
        set { record[name: "FAILBACK"] = newValue == .immediate ? nil : newValue.rawValue }
    }

    /// REBALANCE_DELAY: how long replicas of an instance that went away wait for it; `nil` leaves it to the cluster.
    public var rebalanceDelay: Duration? {
        get { record[milliseconds: "REBALANCE_DELAY"] }
        set { record[milliseconds: "REBALANCE_DELAY"] = newValue }
    }

    /// Whether a rebalance may be delayed: DELAY_REBALANCE_ENABLED (true unless set), which the legacy
    /// DELAY_REBALANCE_DISABLED overrules. Setting it removes the legacy field.
    public var isDelayedRebalanceEnabled: Bool {
        get { record.isDelayedRebalanceEnabled }
        set { record.isDelayedRebalanceEnabled = newValue }
    }

    /// HELIX_ENABLED: whether the resource is served; true unless set.
    public var isEnabled: Bool {
        get { record[bool: "HELIX_ENABLED", default: true] }
        set { record[bool: "HELIX_ENABLED", default: true] = newValue }
    }

    /// EXTERNAL_VIEW_DISABLED: whether no external view is published; false unless set.
    public var isExternalViewDisabled: Bool {
        get { record[bool: "EXTERNAL_VIEW_DISABLED", default: false] }
        set { record[bool: "EXTERNAL_VIEW_DISABLED", default: false] = newValue }
    }

    /// MAX_PARTITIONS_PER_INSTANCE: how many replicas of the resource one instance may hold; `nil` means any number.
    public var maxPartitionsPerInstance: Int? {
        get { record[count: "MAX_PARTITIONS_PER_INSTANCE"] }
        set { record[count: "MAX_PARTITIONS_PER_INSTANCE"] = newValue }
    }

    /// INSTANCE_GROUP_TAG: only instances with this tag may hold replicas.
    public var instanceGroupTag: String? {
        get { record[name: "INSTANCE_GROUP_TAG"] }
        set { record[name: "INSTANCE_GROUP_TAG"] = newValue }
    }

    /// RESOURCE_GROUP_NAME: resources of one group can be routed to together.
    public var resourceGroup: String? {
        get { record[name: "RESOURCE_GROUP_NAME"] }
        set { record[name: "RESOURCE_GROUP_NAME"] = newValue }
    }

    /// RESOURCE_TYPE, the application's own.
    public var resourceType: String? {
        get { record[name: "RESOURCE_TYPE"] }
        set { record[name: "RESOURCE_TYPE"] = newValue }
    }

    /// GROUP_ROUTING_ENABLED: whether spectators route by the resource's group; false unless set.
    public var isGroupRoutingEnabled: Bool {
        get { record[bool: "GROUP_ROUTING_ENABLED", default: false] }
        set { record[bool: "GROUP_ROUTING_ENABLED", default: false] = newValue }
    }

    /// BUCKET_SIZE: how many partitions one child znode holds; 0 for a record in one piece.
    public var bucketSize: Int {
        get { record.bucketSize }
        set { record.bucketSize = newValue }
    }

    /// BATCH_MESSAGE_MODE: whether transitions of one kind travel as one message; false unless set.
    public var isBatchMessageMode: Bool {
        get { record[bool: "BATCH_MESSAGE_MODE", default: false] }
        set { record[bool: "BATCH_MESSAGE_MODE", default: false] = newValue }
    }

    /// `{FROM}-{TO}_TIMEOUT`: how long a transition may take; `nil` for as long as it likes.
    public func transitionTimeout(from: String, to: String) -> Duration? {
        record[milliseconds: "\(from)-\(to)_TIMEOUT"].flatMap { $0 > .zero ? $0 : nil }
    }

    /// Sets or, with `nil`, removes the time that a transition may take.
    public mutating func setTransitionTimeout(_ timeout: Duration?, from: String, to: String) {
        record[milliseconds: "\(from)-\(to)_TIMEOUT"] = timeout
    }
}

extension ZNRecord {
    /// Shared by the records that carry the switch and its legacy opposite.
    var isDelayedRebalanceEnabled: Bool {
        get { bool("DELAY_REBALANCE_DISABLED") != true && (bool("DELAY_REBALANCE_ENABLED") ?? true) }
        set {
            self[bool: "DELAY_REBALANCE_ENABLED", default: true] = newValue
            simpleFields["DELAY_REBALANCE_DISABLED"] = nil
        }
    }

    /// BUCKET_SIZE, 0 when it is missing or makes no sense.
    package var bucketSize: Int {
        get { self[count: "BUCKET_SIZE"] ?? 0 }
        set { self[count: "BUCKET_SIZE"] = newValue }
    }
}
