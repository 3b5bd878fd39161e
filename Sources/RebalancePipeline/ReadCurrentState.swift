import StateModels

/// Stage 2: where a partition's replicas are, and what their instances are already doing.
enum ReadCurrentState {
    /// A replica; its state by index in the model.
    typealias Replica = (instance: Int32, state: Int)

    /// A transition under way.
    struct Move {
        var message: String
        var instance: Int32
        /// Where it ends, by index in the model; -1 where the model has no such state.
        var to: Int
        var createdAt: Int64
        var isUnprocessable: Bool
        /// Whether another instance is still to pass it on.
        var isRelayed: Bool
    }

    /// One partition as it is.
    struct PartitionState {
        /// The replicas on live instances, in order of instance name.
        var replicas: [Replica] = []
        /// Transitions under way that still make sense, in order of instance name.
        var pending: [Move] = []
        /// Messages that no longer fit the replica's state.
        var stale: [Stale] = []
        /// A state that the model does not have.
        var unknownState: (instance: Int32, state: String)?

        let initial: Int

        /// The state of the replica on an instance; the initial one where there is no replica.
        func state(of instance: Int32) -> Int {
            replicas.first { $0.instance == instance }?.state ?? initial
        }

        func holds(_ instance: Int32) -> Bool { replicas.contains { $0.instance == instance } }

        func pending(on instance: Int32) -> Move? { pending.first { $0.instance == instance } }
    }

    /// A message that no longer fits (protocol reference 6.4).
    struct Stale: Hashable {
        var message: String
        var instance: Int32
        /// The replica is where the message should bring it.
        var isDone: Bool
        /// The state that it could still bring about if its replica came back to where it begins; `nil` when there is
        /// no fear of that: it has been done, or given up, or is part of a batch, whose parts are taken all at once.
        var revivable: Int?
    }

    static func partition(
        _ partition: Int, of resource: ClusterSnapshot.Resource, _ configuration: ResourceConfiguration,
        _ standing: ClusterStanding, _ snapshot: ClusterSnapshot
    ) -> PartitionState {
        var state = PartitionState(initial: configuration.model.initialIndex)
        resource.current.forEach(in: partition) { instance, id in
            let index = configuration.modelState(id)
            if index < 0 {
                let isFirst = state.unknownState.map { standing.precedes(instance, $0.instance) } ?? true
                if isFirst { state.unknownState = (instance, snapshot.stateName(id)) }
            } else {
                state.replicas.append((instance, index))
            }
        }
        if state.replicas.count > 1 { state.replicas.sort { standing.precedes($0.instance, $1.instance) } }
        for pending in resource.pending[partition] {
            // What is passed on to a session that is over is void.
            let live = snapshot.instances[Int(pending.instance)].live
            if let session = pending.relaySession, session != live?.id { continue }
            take(pending, into: &state, configuration)
        }
        if state.pending.count > 1 {
            state.pending.sort {
                $0.instance != $1.instance
                    ? standing.precedes($0.instance, $1.instance)
                    : ($0.createdAt, $0.message) < ($1.createdAt, $1.message)
            }
        }
        return state
    }

    /// A message is stale when the replica is already where it ends, or not where it begins.
    private static func take(
        _ pending: ClusterSnapshot.PendingTransition, into state: inout PartitionState,
        _ configuration: ResourceConfiguration
    ) {
        let isThere = state.holds(pending.instance)
        let current = state.state(of: pending.instance)
        let to = configuration.modelState(pending.to)
        let isDone = isThere ? to == current : to == configuration.model.droppedIndex
        let isElsewhere = pending.from.map { configuration.modelState($0) != current } ?? false
        if isDone || isElsewhere {
            let isHarmless = isDone || pending.isUnprocessable || pending.isBatch || to < 0
            state.stale.append(
                Stale(
                    message: pending.message, instance: pending.instance, isDone: isDone,
                    revivable: isHarmless ? nil : to))
        } else {
            state.pending.append(
                Move(
                    message: pending.message, instance: pending.instance, to: to, createdAt: pending.createdAt,
                    isUnprocessable: pending.isUnprocessable, isRelayed: pending.relaySession != nil))
        }
    }
}

extension ReadConfiguration.ClusterStanding {
    /// The order of names.
    func precedes(_ a: Int32, _ b: Int32) -> Bool { nameRank[Int(a)] < nameRank[Int(b)] }
}

/// What stage 1 says of the cluster's instances.
typealias ClusterStanding = ReadConfiguration.ClusterStanding
