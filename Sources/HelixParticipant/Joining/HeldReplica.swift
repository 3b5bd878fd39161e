internal import HelixRecords

/// A replica of which an instance has something, whether or not the cluster knows of it: see
/// ``ParticipantConfiguration/heldReplicas``.
public struct HeldReplica: Sendable, Hashable {
    /// The resource.
    public var resource: String
    /// The partition.
    public var partition: String
    /// The resource's state model, by its name. A replica of a model that is neither registered nor the cluster's is left
    /// out.
    public var stateModel: String
    /// Which of several factories for the model (STATE_MODEL_FACTORY_NAME).
    public var factory: String

    /// A replica.
    public init(resource: String, partition: String, stateModel: String, factory: String = "DEFAULT") {
        self.resource = resource
        self.partition = partition
        self.stateModel = stateModel
        self.factory = factory
    }
}

extension [HeldReplica] {
    /// What the last session's records would say if they had all that is not in `known`, in the order of the resources.
    func records(without known: Set<ReplicaKey>) -> [CurrentState] {
        var records: [String: CurrentState] = [:]
        for replica in self {
            let key = ReplicaKey(resource: replica.resource, partition: replica.partition)
            guard !known.contains(key) else { continue }
            records[
                replica.resource,
                default: CurrentState(
                    resource: replica.resource, sessionID: "", stateModel: replica.stateModel,
                    stateModelFactory: replica.factory)][replica.partition] = ReplicaState(currentState: "")
        }
        return records.keys.sorted().compactMap { records[$0] }
    }
}
