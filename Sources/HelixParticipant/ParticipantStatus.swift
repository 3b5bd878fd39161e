/// What a participant knows of itself, for health checks.
public struct ParticipantStatus: Sendable, Hashable {
    /// A replica and its state.
    public struct ReplicaState: Sendable, Hashable {
        /// The resource.
        public let resource: String
        /// The partition.
        public let partition: String
        /// The state that the replica is in.
        public let state: String
        /// Whether its handler is at work.
        public let isBusy: Bool
    }

    /// Whether the participant is a live instance of its cluster.
    public var isJoined = false
    /// The session it is live with, `nil` when there is none.
    public var session: String?
    /// Whether the session is uncertain, so that top states do not serve.
    public var isSuspended = false
    /// Whether the cluster is frozen.
    public var isFrozen = false
    /// The number of transitions that wait or run.
    public var pendingTransitions = 0
    /// The replicas, by resource and partition.
    public var replicas: [ReplicaState] = []

    /// Whether it is joined and sure of its session.
    public var isReady: Bool { isJoined && !isSuspended }
}

extension ReplicaTable {
    /// What there is to know of the replicas.
    var status: ParticipantStatus {
        ParticipantStatus(
            isSuspended: isSuspended, isFrozen: isFrozen, pendingTransitions: pendingCount,
            replicas: sortedKeys.compactMap { key in
                entries[key].map { entry in
                    ParticipantStatus.ReplicaState(
                        resource: key.resource, partition: key.partition, state: entry.state,
                        isBusy: entry.call != nil)
                }
            })
    }
}
