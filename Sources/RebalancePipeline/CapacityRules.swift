import HelixRecords

/// What the records say about weights and capacities, for resources whose rebalancer is WAGED (protocol reference 4.3 to
/// 4.5).
///
/// - INSTANCE_CAPACITY_KEYS are the dimensions. Every one of them is a limit.
/// - PREFERRED_SCORING_KEYS are those whose utilisation is to be even; all of them where none is named.
/// - REBALANCE_PREFERENCE decides how far the highest utilisation may be above the lowest possible before replicas move:
///   2.5 % of it where EVENNESS and LESS_MOVEMENT weigh the same, in proportion more or less where they do not, and
///   between 0.5 % and 25 %. FORCE_BASELINE_CONVERGE asks for the best placement at once, whatever it moves: 0.5 %.
struct CapacityRules: Sendable, Hashable {
    let dimensions: [String]
    /// Positions in ``dimensions``; empty for all.
    let evenDimensions: [Int]
    /// In thousandths.
    let tolerance: Int

    private let cluster: String
    private let defaultCapacity: [String: Int]
    private let defaultWeight: [String: Int]

    /// - Returns: `nil` where nothing is weighed.
    init?(_ config: ClusterConfig?) {
        guard let config, !config.capacityKeys.isEmpty else { return nil }
        var seen: Set<String> = []
        dimensions = config.capacityKeys.filter { seen.insert($0).inserted }
        let preferred = config.preferredScoringKeys
        evenDimensions = dimensions.indices.filter { [dimensions] in preferred.contains(dimensions[$0]) }
        tolerance = Self.tolerance(config.rebalancePreference)
        cluster = config.id
        defaultCapacity = config.defaultInstanceCapacity
        defaultWeight = config.defaultPartitionWeight
    }

    private static func tolerance(_ preference: ClusterConfig.RebalancePreference) -> Int {
        let (least, most) = (5, 250)
        if preference.forcesBaseline { return least }
        if preference.evenness == 0 { return most }
        return min(most, max(least, 25 * preference.lessMovement / preference.evenness))
    }

    /// What an instance can carry, by dimension: INSTANCE_CAPACITY_MAP, and where that is silent
    /// DEFAULT_INSTANCE_CAPACITY_MAP.
    /// - Throws: `RecordError` when a key is in neither, or negative.
    func capacities(of instance: InstanceConfig) throws(RecordError) -> [Int] {
        let own = instance.capacity
        var capacities: [Int] = []
        for key in dimensions {
            guard let capacity = own[key] ?? defaultCapacity[key], capacity >= 0 else {
                throw RecordError(
                    path: "CONFIGS/PARTICIPANT/\(instance.id)",
                    reason:
                        "INSTANCE_CAPACITY_MAP gives no capacity of 0 or more for \(key), and"
                        + " DEFAULT_INSTANCE_CAPACITY_MAP of CONFIGS/CLUSTER/\(cluster) fills no gap; add \(key)")
            }
            capacities.append(capacity)
        }
        return capacities
    }

    /// What one replica of each partition weighs, by dimension: its entry in PARTITION_CAPACITY_MAP, else the entry
    /// DEFAULT there, and where that is silent DEFAULT_PARTITION_WEIGHT_MAP.
    /// - Throws: `Problem` when an entry cannot be read, or a key is nowhere, or negative.
    func weights(
        of partitions: some Sequence<String>, _ resource: String, _ config: ResourceConfig?
    ) throws(Problem) -> [[Int]] {
        let named = config?.partitionsWithCapacity ?? []
        var common: [Int]?
        var weights: [[Int]] = []
        for partition in partitions {
            if !named.contains(partition), let common {
                weights.append(common)
                continue
            }
            let own = try weight(of: partition, resource, config)
            if !named.contains(partition) { common = own }
            weights.append(own)
        }
        return weights
    }

    private func weight(
        of partition: String, _ resource: String, _ config: ResourceConfig?
    ) throws(Problem) -> [Int] {
        var own: [String: Int] = [:]
        do throws(RecordError) {
            own = try config?.partitionCapacity(partition) ?? [:]
        } catch {
            throw Problem(resource: resource, text: "frozen as it is, because weights are unreadable: \(error)")
        }
        var weight: [Int] = []
        for key in dimensions {
            guard let amount = own[key] ?? defaultWeight[key], amount >= 0 else {
                throw Problem(
                    resource: resource,
                    text:
                        "frozen as it is: PARTITION_CAPACITY_MAP of CONFIGS/RESOURCE/\(resource) gives no weight of 0"
                        + " or more for \(key) of \(partition), and DEFAULT_PARTITION_WEIGHT_MAP of"
                        + " CONFIGS/CLUSTER/\(cluster) fills no gap; add \(key)")
            }
            weight.append(amount)
        }
        return weight
    }
}

extension ResourceConfiguration {
    /// Whether the resource is placed by weights where the cluster has capacities.
    var isWaged: Bool { isPlacedByController && idealState?.rebalancerClass == Rebalancer.waged }
}
