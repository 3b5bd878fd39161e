import HelixRecords
import StateModels

/// The part of stage 5 that hands a top state over without the controller in between: the order to its holder to step
/// down carries the order to its successor to step up, which the holder passes on when it has (P2P_MESSAGE_ENABLED,
/// protocol reference 4.9.4).
///
/// As long as the carrier is in its receiver's queue the promotion counts as one under way (``Occupancy``): nobody else
/// is promoted. When the carrier is gone the promotion is in the successor's queue, or it is void: the holder failed, or
/// could not pass it on, and then the next pass promotes as if there had been none.
enum RelayedPromotion {
    /// Who is promoted, and from where.
    struct Successor {
        var instance: Int32
        var from: Int
    }

    /// Whether a resource allows it: its own configuration says so, or else the cluster's.
    static func isEnabled(for configuration: ResourceConfiguration, _ snapshot: ClusterSnapshot) -> Bool {
        configuration.config?.isRelayEnabled ?? snapshot.clusterConfig.value?.isRelayEnabled ?? false
    }

    /// Names the successor in the order to the only holder of the top state, if there is one who is but one step below
    /// it and waits for nothing else.
    static func name(
        in passed: inout [ComputeTransitions.Candidate], among candidates: [ComputeTransitions.Candidate],
        _ state: ReadCurrentState.PartitionState, asked: [AskedTransition], _ configuration: ResourceConfiguration,
        _ snapshot: ClusterSnapshot
    ) {
        guard isEnabled(for: configuration, snapshot), case .atMost(1) = configuration.model.states[0].bound else {
            return
        }
        let promotions = candidates.filter { $0.to == 0 }
        let holders = state.replicas.filter { $0.state == 0 }
        let isMore =
            state.pending.contains { $0.to <= 0 && !$0.isUnprocessable } || state.stale.contains { $0.revivable == 0 }
        guard !isMore, promotions.count == 1, let next = promotions.first, holders.count == 1,
            let index = passed.firstIndex(where: { $0.instance == holders[0].instance && $0.from == 0 }),
            next.instance != holders[0].instance, !next.isLeaving, state.holds(next.instance),
            snapshot.instances[Int(next.instance)].live != nil, !asked.contains(where: { $0.isAbout(next) })
        else { return }
        passed[index].successor = Successor(instance: next.instance, from: next.from)
    }
}
