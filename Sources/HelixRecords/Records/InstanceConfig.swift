/// The settings of an instance: `/CONFIGS/PARTICIPANT/I` (protocol reference 4.3).
public struct InstanceConfig: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

    /// HELIX_HOST; where it is missing, the part of the instance's name before the last `_`.
    public var host: String {
        get { record.simpleFields["HELIX_HOST"] ?? nameParts.host }
        set { record.simpleFields["HELIX_HOST"] = newValue }
    }

    /// HELIX_PORT; where it is missing, the part of the instance's name after the last `_`.
    public var port: String? {
        get { record[name: "HELIX_PORT"] ?? nameParts.port }
        set { record[name: "HELIX_PORT"] = newValue }
    }

    private var nameParts: (host: String, port: String?) {
        guard let separator = id.lastIndex(of: "_") else { return (id, nil) }
        return (String(id[..<separator]), String(id[id.index(after: separator)...]))
    }

    /// HELIX_ZONE_ID: the fault zone of a cluster that has no topology.
    public var zone: String? {
        get { record[name: "HELIX_ZONE_ID"] }
        set { record[name: "HELIX_ZONE_ID"] = newValue }
    }

    /// DOMAIN, `k=v,k=v`: the instance's place in the topology, in the order in which it is written; empty when there
    /// is none.
    /// - Throws: `RecordError` when a pair has not exactly one `=` with a text on both sides.
    public var domain: [(key: String, value: String)] {
        get throws(RecordError) {
            var domain: [(key: String, value: String)] = []
            for pair in record[name: "DOMAIN"]?.split(separator: ",", omittingEmptySubsequences: false) ?? [] {
                let sides = pair.split(separator: "=", omittingEmptySubsequences: false)
                    .map { $0.trimming(while: \.isWhitespace) }
                guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
                    throw RecordError(
                        path: "CONFIGS/PARTICIPANT/\(id)",
                        reason:
                            "DOMAIN is \"\(record.simpleFields["DOMAIN"] ?? "")\", where \"\(pair)\" is no pair; "
                            + "expected key=value,key=value")
                }
                domain.append((sides[0], sides[1]))
            }
            return domain
        }
    }

    /// Writes DOMAIN.
    public mutating func setDomain(_ domain: [(key: String, value: String)]) {
        record[name: "DOMAIN"] =
            domain.isEmpty ? nil : domain.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    /// TAG_LIST.
    public var tags: [String] {
        get { record[list: "TAG_LIST"] }
        set { record[list: "TAG_LIST"] = newValue }
    }

    // MARK: Enabled or not

    /// HELIX_ENABLED, the legacy flag: true unless set. What counts is ``effectiveOperation``; to change it use
    /// ``setOperation(_:source:reason:at:)``.
    public var isEnabled: Bool {
        get { record[bool: "HELIX_ENABLED", default: true] }
        set { record[bool: "HELIX_ENABLED", default: true] = newValue }
    }

    /// HELIX_ENABLED_TIMESTAMP, ms: when the flag last changed; a delayed rebalance counts from it.
    public var enabledTimestamp: Int64? {
        get { record[timestamp: "HELIX_ENABLED_TIMESTAMP"].flatMap { $0 < 0 ? nil : $0 } }
        set { record[timestamp: "HELIX_ENABLED_TIMESTAMP"] = newValue }
    }

    /// HELIX_DISABLED_REASON; empty unless set.
    public var disabledReason: String { record.simpleFields["HELIX_DISABLED_REASON"] ?? "" }

    /// Whether replicas may be placed on the instance: its effective operation is ENABLE or DISABLE.
    public var isAssignable: Bool { effectiveOperation.isAssignable }
    /// Whether replicas may leave the initial state on the instance: its effective operation is ENABLE.
    public var isEnabledForAssignment: Bool { effectiveOperation == .enable }
    /// Whether routing tables show the instance: its effective operation is neither SWAP_IN nor UNKNOWN.
    public var isRoutable: Bool { effectiveOperation.isRoutable }

    /// DELAY_REBALANCE_ENABLED: whether a rebalance may wait for this instance; true unless set.
    public var isDelayedRebalanceEnabled: Bool {
        get { record[bool: "DELAY_REBALANCE_ENABLED", default: true] }
        set { record[bool: "DELAY_REBALANCE_ENABLED", default: true] = newValue }
    }

    // MARK: Disabled partitions

    static let disabledPartitionField = "HELIX_DISABLED_PARTITION"
    /// The key of the map HELIX_DISABLED_PARTITION that stands for every partition of every resource.
    public static let allResources = "ALL_RESOURCES"

    /// The partitions of a resource that are disabled on this instance: those of the map HELIX_DISABLED_PARTITION, and
    /// of the legacy list of that name, which holds for all resources. `all` says that every partition of every
    /// resource is.
    public func disabledPartitions(resource: String) -> (all: Bool, partitions: Set<String>) {
        let map = record.mapFields[Self.disabledPartitionField] ?? [:]
        let legacy = record.listFields[Self.disabledPartitionField] ?? []
        return (map[Self.allResources] != nil, Self.partitions(map[resource]).union(legacy))
    }

    private static func partitions(_ text: String?) -> Set<String> {
        Set(text?.split(separator: ",").map { $0.trimming(while: \.isWhitespace) }.filter { !$0.isEmpty } ?? [])
    }

    /// Enables or disables partitions of a resource on this instance. Enabling takes them out of the legacy list too.
    public mutating func setPartitions(_ partitions: some Sequence<String>, resource: String, enabled: Bool) {
        var map = record.mapFields[Self.disabledPartitionField] ?? [:]
        var disabled = Self.partitions(map[resource])
        if enabled {
            let named = Set(partitions)
            disabled.subtract(named)
            record[list: Self.disabledPartitionField].removeAll { named.contains($0) }
        } else {
            disabled.formUnion(partitions)
        }
        map[resource] = disabled.isEmpty ? nil : disabled.sorted().joined(separator: ",")
        record.mapFields[Self.disabledPartitionField] = map.isEmpty ? nil : map
    }

    /// Enables or disables every partition of every resource on this instance.
    public mutating func setAllPartitions(enabled: Bool) {
        var map = record.mapFields[Self.disabledPartitionField] ?? [:]
        map[Self.allResources] = enabled ? nil : ""
        record.mapFields[Self.disabledPartitionField] = map.isEmpty ? nil : map
    }

    // MARK: Capacity

    /// INSTANCE_WEIGHT: the instance's share relative to others; 0 excludes it, `nil` means the default share.
    public var weight: Int? {
        get { record[count: "INSTANCE_WEIGHT"] }
        set { record[count: "INSTANCE_WEIGHT"] = newValue }
    }

    /// INSTANCE_CAPACITY_MAP: what the instance can carry, where that differs from the cluster's default.
    public var capacity: [String: Int] {
        get { record[counts: "INSTANCE_CAPACITY_MAP"] }
        set { record[counts: "INSTANCE_CAPACITY_MAP"] = newValue }
    }

    /// INSTANCE_INFO_MAP: free information.
    public var info: [String: String] {
        get { record.mapFields["INSTANCE_INFO_MAP"] ?? [:] }
        set { record.mapFields["INSTANCE_INFO_MAP"] = newValue.isEmpty ? nil : newValue }
    }

    /// `{MSG_TYPE}.maxThreads`: how many messages of a type the instance may handle at once; `nil` leaves it to the
    /// cluster, and there to 40.
    public func maxThreads(_ type: MessageType) -> Int? { record[count: "\(type.rawValue).maxThreads"] }

    /// Sets or, with `nil`, removes how many messages of a type the instance may handle at once.
    public mutating func setMaxThreads(_ count: Int?, _ type: MessageType) {
        record[count: "\(type.rawValue).maxThreads"] = count
    }

    /// MAX_CONCURRENT_TASK; `nil` leaves it to the cluster.
    public var maxConcurrentTasks: Int? {
        get { record[count: "MAX_CONCURRENT_TASK"] }
        set { record[count: "MAX_CONCURRENT_TASK"] = newValue }
    }

    // MARK: Identity

    /// The value of the topology's last key in the instance's domain, else its name: two instances with the same
    /// logical id are the two ends of a swap.
    /// - Throws: `RecordError` when the domain is malformed.
    public func logicalID(in cluster: ClusterConfig) throws(RecordError) -> String {
        let key = cluster.topologyKeys.last ?? "INSTANCE"
        return try domain.last { $0.key == key }?.value ?? id
    }
}

extension Substring {
    func trimming(while isUnwanted: (Character) -> Bool) -> String {
        var rest = drop(while: isUnwanted)
        while let last = rest.last, isUnwanted(last) { rest.removeLast() }
        return String(rest)
    }
}
