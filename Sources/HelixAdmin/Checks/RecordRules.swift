import HelixRecords

/// What the fields of a record must be. Fields that no rule names may be anything: users keep their own there.
struct RecordRules: Sendable {
    /// Simple fields by name.
    var simple: [String: FieldRule] = [:]
    /// Simple fields by the end of their name.
    var simpleSuffixes: [String: FieldRule] = [:]
    /// The items of list fields.
    var lists: [String: FieldRule] = [:]
    /// The values of map fields.
    var maps: [String: FieldRule] = [:]
    /// What the record as a whole asks for and cannot have.
    var problems: @Sendable (ZNRecord) -> [String] = { _ in [] }

    /// Everything is allowed.
    static let none = RecordRules()

    /// Checks the fields that change; what was wrong before is left alone, so that one fault does not keep anybody from
    /// correcting another.
    /// - Throws: ``AdministrationError`` with `.invalidValue`, naming every fault.
    func check(from old: ZNRecord, to new: ZNRecord, name: String) throws(AdministrationError) {
        let before = Set(problems(old))
        let faults =
            simpleFaults(old, new) + listFaults(old, new) + mapFaults(old, new)
            + problems(new).filter { !before.contains($0) }
        if faults.isEmpty { return }
        throw AdministrationError(
            .invalidValue, "\(name) was not changed: \(faults.joined(separator: "; "))")
    }

    private func simpleFaults(_ old: ZNRecord, _ new: ZNRecord) -> [String] {
        new.simpleFields.sorted { $0.key < $1.key }.compactMap { key, value in
            if old.simpleFields[key] == value { return nil }
            let rule = simple[key] ?? simpleSuffixes.first { key.hasSuffix($0.key) }?.value
            return rule.flatMap { Self.fault(key, value, $0) }
        }
    }

    private func listFaults(_ old: ZNRecord, _ new: ZNRecord) -> [String] {
        new.listFields.sorted { $0.key < $1.key }.flatMap { key, items -> [String] in
            guard let rule = lists[key] else { return [] }
            let known = Set(old.listFields[key] ?? [])
            return items.filter { !known.contains($0) }.compactMap { Self.fault("an item of \(key)", $0, rule) }
        }
    }

    private func mapFaults(_ old: ZNRecord, _ new: ZNRecord) -> [String] {
        new.mapFields.sorted { $0.key < $1.key }.flatMap { key, entries -> [String] in
            guard let rule = maps[key] else { return [] }
            return entries.sorted { $0.key < $1.key }
                .filter { old.mapFields[key]?[$0.key] != $0.value }
                .compactMap { Self.fault("\($0.key) of \(key)", $0.value, rule) }
        }
    }

    private static func fault(_ field: String, _ value: String, _ rule: FieldRule) -> String? {
        rule.accepts(value) ? nil : "\(field) is \"\(value)\", expected \(rule.expected)"
    }
}

extension RecordRules {
    private static let delayedRebalance: [String: FieldRule] = [
        "DELAY_REBALANCE_ENABLED": .boolean, "DELAY_REBALANCE_DISABLED": .boolean,
    ]

    /// Protocol reference 4.4.
    static let cluster = RecordRules(
        simple: delayedRebalance.merging([
            "allowParticipantAutoJoin": .boolean, "TOPOLOGY": .topology, "FAULT_ZONE_TYPE": .text,
            "TOPOLOGY_AWARE_ENABLED": .boolean, "PERSIST_BEST_POSSIBLE_ASSIGNMENT": .boolean,
            "PERSIST_INTERMEDIATE_ASSIGNMENT": .boolean, "DELAY_REBALANCE_TIME": .milliseconds,
            "STATE_TRANSITION_CANCELLATION_ENABLED": .boolean, "MISS_TOP_STATE_DURATION_THRESHOLD": .milliseconds,
            "RESOURCE_PRIORITY_FIELD": .text, "REBALANCE_TIMER_PERIOD": .milliseconds,
            "MAX_CONCURRENT_TASK_PER_INSTANCE": .count, "MAX_PARTITIONS_PER_INSTANCE": .count,
            "GLOBAL_MAX_PARTITIONS_ALLOWED_PER_INSTANCE": .count, "MAX_OFFLINE_INSTANCES_ALLOWED": .count,
            "NUM_OFFLINE_INSTANCES_FOR_AUTO_EXIT": .count, "TARGET_EXTERNALVIEW_ENABLED": .boolean,
            "ERROR_PARTITION_THRESHOLD_FOR_LOAD_BALANCE": .count,
            "ERROR_OR_RECOVERY_PARTITION_THRESHOLD_FOR_LOAD_BALANCE": .count,
            "OFFLINE_NODE_TIME_OUT_FOR_MAINTENANCE_MODE": .milliseconds,
            "OFFLINE_DURATION_FOR_PURGE_MS": .milliseconds, "PARTICIPANT_DEREGISTRATION_TIMEOUT": .milliseconds,
            "GLOBAL_TARGET_TASK_THREAD_POOL_SIZE": .count, "GLOBAL_REBALANCE_ASYNC_MODE": .boolean,
            "LAST_ON_DEMAND_REBALANCE_TIMESTAMP": .milliseconds, "P2P_MESSAGE_ENABLED": .boolean,
            "HELIX_DISABLE_PIPELINE_TRIGGERS": .boolean, "VIEW_CLUSTER": .boolean,
            "VIEW_CLUSTER_REFRESH_PERIOD": .positive, "BATCH_MESSAGE_MODE": .boolean, "enableCompression": .boolean,
            "listField.bound": .count, "TOP_STATE_CONFLICT_POLICY": .oneOf(TopStateConflictPolicy.self),
        ]) { $1 },
        simpleSuffixes: [".maxThreads": .positive],
        maps: [
            "TIMEOUT": .milliseconds, "RETRY_COUNT": .number("a number from 0", 0...Int.max),
            "DEFAULT_INSTANCE_CAPACITY_MAP": .number("a number from 0", 0...Int.max),
            "DEFAULT_PARTITION_WEIGHT_MAP": .number("a number from 0", 0...Int.max),
            "REBALANCE_PREFERENCE": .number("a number from 0 to 1000", 0...1000),
        ],
        problems: { ClusterConfig(record: $0).problems() + preferenceProblems($0) })

    /// Half of a preference would be read as none.
    private static func preferenceProblems(_ record: ZNRecord) -> [String] {
        guard let map = record.mapFields["REBALANCE_PREFERENCE"] else { return [] }
        return (map["EVENNESS"] == nil) == (map["LESS_MOVEMENT"] == nil)
            ? [] : ["REBALANCE_PREFERENCE has only one of EVENNESS and LESS_MOVEMENT, expected both or neither"]
    }

    /// Protocol reference 4.3.
    static let instance = RecordRules(
        simple: [
            "HELIX_PORT": .number("a port from 0 to 65535", 0...65_535), "DOMAIN": .domain, "HELIX_ENABLED": .boolean,
            "HELIX_ENABLED_TIMESTAMP": .milliseconds,
            "HELIX_DISABLED_TYPE": .oneOf(["CLOUD_EVENT", "USER_OPERATION", "DEFAULT_INSTANCE_DISABLE_TYPE"]),
            "INSTANCE_WEIGHT": .count, "DELAY_REBALANCE_ENABLED": .boolean, "MAX_CONCURRENT_TASK": .count,
            "TARGET_TASK_THREAD_POOL_SIZE": .count, "enableCompression": .boolean,
        ],
        simpleSuffixes: [".maxThreads": .positive],
        lists: ["TAG_LIST": .text],
        maps: ["INSTANCE_CAPACITY_MAP": .number("a number from 0", 0...Int.max)])

    /// Protocol reference 4.5.
    static let resource = RecordRules(
        simple: delayedRebalance.merging([
            "MONITORING_DISABLED": .boolean, "NUM_PARTITIONS": .count, "REPLICAS": .replicas,
            "MIN_ACTIVE_REPLICAS": .count, "MAX_PARTITIONS_PER_INSTANCE": .count, "HELIX_ENABLED": .boolean,
            "GROUP_ROUTING_ENABLED": .boolean, "EXTERNAL_VIEW_DISABLED": .boolean, "P2P_MESSAGE_ENABLED": .boolean,
            "REBALANCE_DELAY": .milliseconds, "REBALANCE_TIMER_PERIOD": .milliseconds,
            "REBALANCE_MODE": .oneOf(IdealState.RebalanceMode.self, also: ["NONE"]), "maxThreads": .positive,
            "enableCompression": .boolean, "TOP_STATE_CONFLICT_POLICY": .oneOf(TopStateConflictPolicy.self),
        ]) { $1 },
        maps: [
            "TIMEOUT": .milliseconds, "RETRY_COUNT": .number("a number from 0", 0...Int.max),
            "PARTITION_CAPACITY_MAP": .capacities,
        ],
        problems: { record in
            guard let map = record.mapFields["PARTITION_CAPACITY_MAP"], !map.isEmpty, map["DEFAULT"] == nil else {
                return []
            }
            return ["PARTITION_CAPACITY_MAP has no entry DEFAULT, expected one for the partitions that are not named"]
        })

    /// Protocol reference 4.2.
    static let idealState = RecordRules(
        simple: delayedRebalance.merging([
            "NUM_PARTITIONS": .number("a number from 0", 0...Int.max), "STATE_MODEL_DEF_REF": .text,
            "REPLICAS": .replicas, "MIN_ACTIVE_REPLICAS": .count,
            "REBALANCE_MODE": .oneOf(IdealState.RebalanceMode.self, also: ["NONE"]),
            "IDEAL_STATE_MODE": .oneOf(["AUTO", "AUTO_REBALANCE", "CUSTOMIZED"]), "REBALANCE_DELAY": .milliseconds,
            "REBALANCE_TIMER_PERIOD": .milliseconds, "MAX_PARTITIONS_PER_INSTANCE": .count,
            "HELIX_ENABLED": .boolean, "GROUP_ROUTING_ENABLED": .boolean, "EXTERNAL_VIEW_DISABLED": .boolean,
            "BUCKET_SIZE": .count, "BATCH_MESSAGE_MODE": .boolean, "enableCompression": .boolean,
            "FAILBACK": .oneOf(IdealState.Failback.self),
        ]) { $1 },
        simpleSuffixes: ["_TIMEOUT": .milliseconds],
        problems: { IdealState(record: $0).problems() })
}
