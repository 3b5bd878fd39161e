/// One instance in another's place (protocol reference 9.5).
extension InstanceConfig {
    // All that the format knows, but what says where the instance is: host, port, zone, domain and free information.
    private static let heritableFields = [
        "HELIX_ENABLED", "HELIX_ENABLED_TIMESTAMP", "HELIX_DISABLED_REASON", "HELIX_DISABLED_TYPE", "INSTANCE_WEIGHT",
        "DELAY_REBALANCE_ENABLED", "MAX_CONCURRENT_TASK", "TARGET_TASK_THREAD_POOL_SIZE",
    ]
    private static let heritableLists = ["TAG_LIST", "HELIX_DISABLED_PARTITION", "HELIX_INSTANCE_OPERATIONS"]
    private static let heritableMaps = ["HELIX_DISABLED_PARTITION", "INSTANCE_CAPACITY_MAP"]

    /// Takes over from an instance that this one replaces whatever does not say where an instance is. Fields that the
    /// format does not know stay as they are.
    public mutating func takeOver(from other: InstanceConfig) {
        for key in Self.heritableFields { record.simpleFields[key] = other.record.simpleFields[key] }
        for key in Self.heritableLists { record.listFields[key] = other.record.listFields[key] }
        for key in Self.heritableMaps { record.mapFields[key] = other.record.mapFields[key] }
    }
}

extension ZNRecord {
    /// Puts one instance in the place of another wherever a preference list or a map of states names it.
    package mutating func replaceInstance(_ old: String, by new: String) {
        for (key, list) in listFields where list.contains(old) {
            listFields[key] = list.filter { $0 != new }.map { $0 == old ? new : $0 }
        }
        for (key, map) in mapFields {
            guard let value = map[old] else { continue }
            mapFields[key]?[old] = nil
            mapFields[key]?[new] = value
        }
    }
}
