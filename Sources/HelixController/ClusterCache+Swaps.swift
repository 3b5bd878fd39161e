import HelixRecords
import RebalancePipeline

/// Reading together what is changed together.
///
/// When one instance takes the place of another, both configurations change in one transaction, and with them the lists
/// and maps that name them (protocol reference 9.5). The events come one after the other: whoever looked after the first
/// would see two instances with one role, or none, and move replicas for nothing.
extension ClusterCache {
    /// What is to be read along with the configurations among these places: nothing but for instances that have the
    /// logical id of another.
    func companions(of places: Set<CachePlace>) -> Set<CachePlace> {
        let changed = Set(places.compactMap { if case .instanceConfig(let name) = $0 { name } else { nil } })
        guard !changed.isEmpty else { return [] }
        let cluster = snapshot.clusterConfig.value ?? ClusterConfig(id: paths.cluster)
        var groups: [String: [String]] = [:]
        for instance in snapshot.instances {
            guard let id = try? instance.config.value?.logicalID(in: cluster) else { continue }
            groups[id, default: []].append(instance.name)
        }
        let pairs = groups.values.filter { $0.count > 1 && !changed.isDisjoint(with: $0) }
        guard !pairs.isEmpty else { return [] }
        var companions = Set(pairs.flatMap { $0 }.map(CachePlace.instanceConfig))
        for resource in snapshot.resources.values {
            if resource.idealState.value?.rebalanceMode?.isPlacedByController == false {
                companions.insert(.idealState(resource.name))
            }
            if resource.config.value?.preferenceLists.isEmpty == false {
                companions.insert(.resourceConfig(resource.name))
            }
        }
        return companions
    }
}
