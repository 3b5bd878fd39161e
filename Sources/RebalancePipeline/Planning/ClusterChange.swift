public import HelixRecords

/// Something that can be done to a cluster, to be tried on a snapshot of it first.
public enum ClusterChange: Sendable, Hashable {
    /// An instance joins: a new one, or one that is configured and not live. What the configuration says is added to
    /// what is there.
    case join(InstanceConfig)
    /// An instance goes for good: its process ends, and its configuration is dropped.
    case remove(instance: String)
    /// An instance is evacuated: it goes on serving until others have taken over.
    case drain(instance: String)
    /// A resource that the controller places gets another number of replicas.
    case setReplicas(resource: String, IdealState.Replicas)
    /// A resource is added.
    case addResource(IdealState)
    /// Capacities of an instance are set (INSTANCE_CAPACITY_MAP); the others stay.
    case setCapacity(instance: String, [String: Int])
    /// Weights of a resource's replicas are set (PARTITION_CAPACITY_MAP), of one partition or, with `nil`, of those
    /// that have no weights of their own; the others stay.
    case setWeights(resource: String, partition: String?, [String: Int])

    /// The ideal state of a resource that the controller places, with partitions `{name}_0`, `{name}_1` and so on.
    public static func addResource(
        _ name: String, partitions: Int, replicas: IdealState.Replicas, stateModel: String
    ) -> ClusterChange {
        var idealState = IdealState(id: name)
        idealState.numPartitions = partitions
        idealState.replicas = replicas
        idealState.stateModel = stateModel
        idealState.rebalanceMode = .fullAuto
        for partition in 0..<partitions { idealState.preferenceLists["\(name)_\(partition)"] = [] }
        return .addResource(idealState)
    }
}

/// A change that makes no sense for the cluster as it is.
public struct ClusterChangeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was found, what was expected, and what to do.
    public let description: String
}
