import HelixRecords
import StateModels

/// Where the replicas of a partition should be, before it is looked at what is there.
struct Wish {
    /// The preference list, the most preferred instance first; empty in CUSTOMIZED mode.
    var list: [Int32]
    /// How many replicas there should be. More than the list is long when there are not enough instances.
    var count: Int
    /// In maintenance: why nothing is placed or dropped.
    var maintenance: HoldReason?
    /// In maintenance: how many of the list were placed there. The others hold the partition all the same.
    var placed = 0
}

/// Stage 3: which replicas a partition should have, in which state.
///
/// Where replicas are to be is a preference list, in every mode but CUSTOMIZED; who is in which state follows from the
/// list's order, the state model's bounds, and who is live and enabled (protocol reference 6.6).
enum ComputeIdealState {
    typealias PartitionState = ReadCurrentState.PartitionState

    /// What one replica should become for now.
    struct Target {
        var instance: Int32
        var state: Int
        /// What it should be in the end, where that is something else.
        var goal: Int?
        /// Why it is not yet what it should be in the end.
        var note: HoldReason?
        /// The replica has to make way for others, so nobody may get in its way.
        var isLeaving = false
    }

    /// What all replicas of a partition should become.
    struct PartitionTarget {
        var replicas: [Target] = []
        /// When this should be looked at again though nothing changed, in milliseconds since 1970.
        var deadline: Int64?
        /// What is wrong with what is asked for.
        var fault: String?
        /// How many replicas are missing for which maintenance leaves no place.
        var unplaced = 0
    }

    /// - Parameters:
    ///   - wish: `nil` when the partition is not wanted any more.
    ///   - reluctant: instances that have been asked to take the top state many times without effect.
    ///   - conflict: more replicas are in the top state than may be.
    static func target(
        partition: String, wish: Wish?, _ state: PartitionState, _ configuration: ResourceConfiguration,
        _ standing: ClusterStanding, reluctant: Set<Int32>, conflict: TopConflict? = nil, time: Int64
    ) -> PartitionTarget {
        let model = configuration.model
        guard let wish else {
            return PartitionTarget(
                replicas: state.replicas.map {
                    Target(instance: $0.instance, state: model.droppedIndex, isLeaving: true)
                })
        }
        guard configuration.isEnabled else {
            return PartitionTarget(
                replicas: state.replicas.map {
                    let isInError = $0.state == model.errorIndex
                    return Target(
                        instance: $0.instance, state: isInError ? $0.state : model.initialIndex, isLeaving: !isInError)
                })
        }
        if configuration.mode == .customized {
            return customized(partition, state, configuration, standing)
        }
        var assignment = StateAssignment(
            partition: partition, wish: wish, state: state, configuration: configuration, standing: standing,
            reluctant: reluctant, time: time)
        var target = assignment.target()
        if let conflict { assignment.settle(conflict, &target.replicas) }
        return target
    }

    /// The map is the target. Instances that are disabled keep what they have in the initial state; a replica in ERROR
    /// stays there as long as it is wanted.
    private static func customized(
        _ partition: String, _ state: PartitionState, _ configuration: ResourceConfiguration,
        _ standing: ClusterStanding
    ) -> PartitionTarget {
        let map = configuration.idealState?.instanceStateMap[partition] ?? [:]
        let model = configuration.model
        var target = PartitionTarget()
        let mapped = map.keys.compactMap(standing.index(of:)).filter { standing[$0].isLive && !state.holds($0) }
        for instance in (mapped + state.replicas.map(\.instance)).sorted(by: standing.precedes) {
            let current = state.holds(instance) ? state.state(of: instance) : nil
            let name = map[standing.name(of: instance)]
            let wanted = name.map { model.index(of: $0) ?? -1 }
            if wanted == -1, let name {
                target.fault =
                    "\(standing.name(of: instance)) is to be \(name), which is no state of \(model.name); correct the "
                    + "ideal state. The replica stays as it is"
                continue
            }
            let isDisabled = standing[instance].duty == .disabled || configuration.isDisabled(partition, on: instance)
            switch (standing[instance].duty, current) {
            case (.excluded, nil), (.evacuating, nil), (.mirroring, nil): continue
            case (.excluded, _?):
                target.replicas.append(Target(instance: instance, state: model.droppedIndex, isLeaving: true))
            case (_, nil) where isDisabled: continue
            case (_, let current?) where current == model.errorIndex && (isDisabled || wanted != nil):
                target.replicas.append(Target(instance: instance, state: current))
            case (_, _?) where isDisabled:
                target.replicas.append(Target(instance: instance, state: model.initialIndex, isLeaving: true))
            default:
                target.replicas.append(
                    Target(instance: instance, state: wanted ?? model.droppedIndex, isLeaving: wanted == nil))
            }
        }
        return target
    }
}
