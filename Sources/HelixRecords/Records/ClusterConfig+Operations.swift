// The settings of maintenance, of views, of capacities.
extension ClusterConfig {
    /// MAX_OFFLINE_INSTANCES_ALLOWED: with more instances offline the cluster enters maintenance mode; `nil` means
    /// never.
    public var maxOfflineInstances: Int? {
        get { record[count: "MAX_OFFLINE_INSTANCES_ALLOWED"] }
        set { record[count: "MAX_OFFLINE_INSTANCES_ALLOWED"] = newValue }
    }

    /// NUM_OFFLINE_INSTANCES_FOR_AUTO_EXIT: with no more instances offline the cluster leaves the maintenance mode
    /// that it entered by itself; `nil` means never. At most ``maxOfflineInstances``.
    public var offlineInstancesForAutoExit: Int? {
        get { record[count: "NUM_OFFLINE_INSTANCES_FOR_AUTO_EXIT"] }
        set { record[count: "NUM_OFFLINE_INSTANCES_FOR_AUTO_EXIT"] = newValue }
    }

    /// OFFLINE_NODE_TIME_OUT_FOR_MAINTENANCE_MODE: an instance that was away for longer during maintenance is not used
    /// until maintenance ends; `nil` means no such limit.
    public var offlineTimeoutInMaintenance: Duration? {
        get { record[milliseconds: "OFFLINE_NODE_TIME_OUT_FOR_MAINTENANCE_MODE"] }
        set { record[milliseconds: "OFFLINE_NODE_TIME_OUT_FOR_MAINTENANCE_MODE"] = newValue }
    }

    /// OFFLINE_DURATION_FOR_PURGE_MS: how long an instance must be offline to be purged by an administrator.
    public var offlineDurationForPurge: Duration? {
        get { record[milliseconds: "OFFLINE_DURATION_FOR_PURGE_MS"] }
        set { record[milliseconds: "OFFLINE_DURATION_FOR_PURGE_MS"] = newValue }
    }

    /// PARTICIPANT_DEREGISTRATION_TIMEOUT: the controller drops instances that are offline for longer; `nil` means
    /// never.
    public var deregistrationTimeout: Duration? {
        get { record[milliseconds: "PARTICIPANT_DEREGISTRATION_TIMEOUT"] }
        set { record[milliseconds: "PARTICIPANT_DEREGISTRATION_TIMEOUT"] = newValue }
    }

    /// TARGET_EXTERNALVIEW_ENABLED: whether the target of each resource is published too; false unless set.
    public var publishesTargetExternalView: Bool {
        get { record[bool: "TARGET_EXTERNALVIEW_ENABLED", default: false] }
        set { record[bool: "TARGET_EXTERNALVIEW_ENABLED", default: false] = newValue }
    }

    /// MAX_CONCURRENT_TASK_PER_INSTANCE; 40 unless set.
    public var maxConcurrentTasksPerInstance: Int {
        get { record[count: "MAX_CONCURRENT_TASK_PER_INSTANCE"] ?? 40 }
        set { record[count: "MAX_CONCURRENT_TASK_PER_INSTANCE"] = newValue }
    }

    /// GLOBAL_REBALANCE_ASYNC_MODE: whether WAGED computes its baseline in the background; true unless set.
    public var isGlobalRebalanceAsynchronous: Bool {
        get { record[bool: "GLOBAL_REBALANCE_ASYNC_MODE", default: true] }
        set { record[bool: "GLOBAL_REBALANCE_ASYNC_MODE", default: true] = newValue }
    }

    /// VIEW_CLUSTER: whether the cluster only aggregates the views of others; false unless set.
    public var isViewCluster: Bool {
        get { record[bool: "VIEW_CLUSTER", default: false] }
        set { record[bool: "VIEW_CLUSTER", default: false] = newValue }
    }

    /// VIEW_CLUSTER_REFRESH_PERIOD, on the wire in seconds; 30 unless set.
    public var viewClusterRefreshPeriod: Duration {
        get { .seconds(record[count: "VIEW_CLUSTER_REFRESH_PERIOD"] ?? 30) }
        set { record[count: "VIEW_CLUSTER_REFRESH_PERIOD"] = Int(newValue.components.seconds) }
    }

    /// VIEW_CLUSTER_SOURCES, a JSON text each.
    public var viewClusterSources: [String] {
        get { record[list: "VIEW_CLUSTER_SOURCES"] }
        set { record[list: "VIEW_CLUSTER_SOURCES"] = newValue }
    }

    /// INSTANCE_CAPACITY_KEYS: the capacities that WAGED counts.
    public var capacityKeys: [String] {
        get { record[list: "INSTANCE_CAPACITY_KEYS"] }
        set { record[list: "INSTANCE_CAPACITY_KEYS"] = newValue }
    }

    /// PREFERRED_SCORING_KEYS: the capacities that WAGED balances by; empty means all.
    public var preferredScoringKeys: [String] {
        get { record[list: "PREFERRED_SCORING_KEYS"] }
        set { record[list: "PREFERRED_SCORING_KEYS"] = newValue }
    }

    /// DEFAULT_INSTANCE_CAPACITY_MAP: what an instance can carry unless its configuration says otherwise.
    public var defaultInstanceCapacity: [String: Int] {
        get { record[counts: "DEFAULT_INSTANCE_CAPACITY_MAP"] }
        set { record[counts: "DEFAULT_INSTANCE_CAPACITY_MAP"] = newValue }
    }

    /// DEFAULT_PARTITION_WEIGHT_MAP: what a replica weighs unless its resource's configuration says otherwise.
    public var defaultPartitionWeight: [String: Int] {
        get { record[counts: "DEFAULT_PARTITION_WEIGHT_MAP"] }
        set { record[counts: "DEFAULT_PARTITION_WEIGHT_MAP"] = newValue }
    }

    /// REBALANCE_PREFERENCE: what WAGED weighs against each other.
    public struct RebalancePreference: Sendable, Hashable {
        /// EVENNESS, 0 to 1000.
        public var evenness: Int
        /// LESS_MOVEMENT, 0 to 1000.
        public var lessMovement: Int
        /// FORCE_BASELINE_CONVERGE: whether to move straight to the baseline.
        public var forcesBaseline: Bool

        /// Equal weight to both aims, and no force, unless told.
        public init(evenness: Int = 1, lessMovement: Int = 1, forcesBaseline: Bool = false) {
            self.evenness = evenness
            self.lessMovement = lessMovement
            self.forcesBaseline = forcesBaseline
        }
    }

    /// REBALANCE_PREFERENCE; the default when evenness and movement are not both there and between 0 and 1000.
    public var rebalancePreference: RebalancePreference {
        get {
            let map = record[counts: "REBALANCE_PREFERENCE"]
            var preference = RebalancePreference(forcesBaseline: map["FORCE_BASELINE_CONVERGE", default: 0] > 0)
            if let evenness = map["EVENNESS"], let movement = map["LESS_MOVEMENT"], 0...1000 ~= evenness,
                0...1000 ~= movement
            {
                (preference.evenness, preference.lessMovement) = (evenness, movement)
            }
            return preference
        }
        set {
            record[counts: "REBALANCE_PREFERENCE"] = [
                "EVENNESS": newValue.evenness, "LESS_MOVEMENT": newValue.lessMovement,
                "FORCE_BASELINE_CONVERGE": newValue.forcesBaseline ? 1 : 0,
            ]
        }
    }

    /// ABNORMAL_STATES_RESOLVER_MAP: state model → Java class.
    public var abnormalStateResolvers: [String: String] {
        get { record.mapFields["ABNORMAL_STATES_RESOLVER_MAP"] ?? [:] }
        set { record.mapFields["ABNORMAL_STATES_RESOLVER_MAP"] = newValue.isEmpty ? nil : newValue }
    }

    /// Whether a resource is to be managed: where the cluster has rules (`IdealStateRule!{name}`), only one whose ideal
    /// state has all the simple fields of at least one rule.
    public func admits(_ idealState: IdealState) -> Bool {
        let rules = record.simpleFields.filter { $0.key.hasPrefix("IdealStateRule!") }
        return rules.isEmpty
            || rules.values.contains { rule in
                Self.fields(ofRule: rule).allSatisfy { idealState.record.simpleFields[$0.key] == $0.value }
            }
    }

    /// Splits `k=v,k=v`, where a backslash takes the next character as it is.
    private static func fields(ofRule rule: String) -> [(key: String, value: String)] {
        var fields: [(key: String, value: String)] = []
        var key: String?
        var text = ""
        var isEscaped = false
        for character in rule + "," {
            switch character {
            case _ where isEscaped:
                text.append(character)
                isEscaped = false
            case "\\": isEscaped = true
            case "=" where key == nil: (key, text) = (text, "")
            case ",":
                if let key { fields.append((key, text)) }
                (key, text) = (nil, "")
            default: text.append(character)
            }
        }
        return fields
    }
}
