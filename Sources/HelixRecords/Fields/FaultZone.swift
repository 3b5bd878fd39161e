/// Where an instance is in the cluster's topology: replicas of a partition go to different fault zones.
package struct FaultZone: Sendable, Hashable {
    /// The values of the topology keys down to the fault zone type: racks of one name in two rooms are two zones.
    package var path: [String]

    /// What the zone itself is called.
    package var name: String { path.last ?? "" }

    package init(path: [String]) { self.path = path }
}

/// How a cluster says where its instances are (protocol reference 4.4, TOPOLOGY and FAULT_ZONE_TYPE).
package enum ZoneScheme: Sendable {
    /// Every instance is a zone of its own.
    case none
    /// HELIX_ZONE_ID is the zone.
    case zoneID
    /// DOMAIN says it, by these keys; the last one is the fault zone type. The end node is the instance itself unless
    /// DOMAIN names it.
    case domain(keys: [String], endsAtInstance: Bool)

    package init(_ config: ClusterConfig?) {
        guard let config, config.isTopologyAware else {
            self = .none
            return
        }
        let keys = config.topologyKeys
        guard !keys.isEmpty else {
            self = .zoneID
            return
        }
        // A type that is no key is a problem of the cluster's configuration, which says so itself.
        let last = config.faultZoneType.map { keys.firstIndex(of: $0) } ?? keys.count - 1
        self = last.map { .domain(keys: Array(keys[...$0]), endsAtInstance: $0 == keys.count - 1) } ?? .none
    }

    /// The zone of an instance, `nil` when zones do not count.
    /// - Throws: `RecordError` when its configuration does not say where it is.
    package func zone(of instance: InstanceConfig) throws(RecordError) -> FaultZone? {
        switch self {
        case .none: return nil
        case .zoneID:
            if let zone = instance.zone { return FaultZone(path: [zone]) }
            throw missing("HELIX_ZONE_ID", of: instance)
        case .domain(let keys, let endsAtInstance):
            let domain = Dictionary(try instance.domain.map { ($0.key, $0.value) }) { first, _ in first }
            var path: [String] = []
            for (index, key) in keys.enumerated() {
                let isInstance = endsAtInstance && index == keys.count - 1
                guard let value = domain[key] ?? (isInstance ? instance.id : nil) else {
                    throw missing("the key \(key) of DOMAIN", of: instance)
                }
                path.append(value)
            }
            return FaultZone(path: path)
        }
    }

    private func missing(_ what: String, of instance: InstanceConfig) -> RecordError {
        RecordError(
            path: "CONFIGS/PARTICIPANT/\(instance.id)",
            reason: "\(what) is missing, so its fault zone is unknown; add it")
    }
}
