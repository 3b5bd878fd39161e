import HelixRecords
import StateModels

/// Stage 3: which replicas a partition should have, in which state.
///
/// Where replicas are to be is a preference list, in every mode but CUSTOMIZED; who is in which state follows from the
/// list's order, the state model's bounds, and who is live and enabled (protocol reference 6.6).
enum ComputeIdealState {
    typealias Configuration = ReadConfiguration.ResourceConfiguration
    typealias Standing = ReadConfiguration.ClusterStanding
    typealias PartitionState = ReadCurrentState.PartitionState

    /// What one replica should become; `note` tells why it is not yet what it should be in the end.
    struct Target {
        var instance: Int32
        var state: Int
        var note: HoldReason?
    }

    /// What all replicas of a partition should become.
    struct PartitionTarget {
        var replicas: [Target] = []
        /// When this should be looked at again though nothing changed, in milliseconds since 1970.
        var deadline: Int64?
    }

    /// - Parameter list: the preference list; `nil` when the partition is not wanted any more.
    static func target(
        partition: String, list: [Int32]?, _ state: PartitionState, _ configuration: Configuration,
        _ standing: Standing, time: Int64
    ) -> PartitionTarget {
        guard let list else { return PartitionTarget(replicas: all(state, become: configuration.model.droppedIndex)) }
        guard configuration.isEnabled else {
            return PartitionTarget(
                replicas: all(state, become: configuration.model.initialIndex, except: configuration.model.errorIndex))
        }
        if configuration.mode == .customized {
            return PartitionTarget(replicas: customized(partition, state, configuration, standing))
        }
        var assignment = StateAssignment(
            partition: partition, list: list, state: state, configuration: configuration, standing: standing,
            time: time)
        return assignment.target()
    }

    private static func all(_ state: PartitionState, become target: Int, except: Int? = nil) -> [Target] {
        state.replicas.map { Target(instance: $0.instance, state: $0.state == except ? $0.state : target) }
    }

    /// The map is the target, for instances that are live, assignable and not disabled.
    private static func customized(
        _ partition: String, _ state: PartitionState, _ configuration: Configuration, _ standing: Standing
    ) -> [Target] {
        let map = configuration.idealState?.instanceStateMap[partition] ?? [:]
        let model = configuration.model
        var targets: [Target] = []
        for instance in standing.byName {
            let place = standing.instances[Int(instance)]
            let isPresent = state.holds(instance)
            let wanted = map[standing.name(of: instance)].flatMap(model.index(of:))
            guard place.isLive, place.isAssignable, isPresent || wanted != nil else { continue }
            let isDisabled = !place.isEligible || configuration.isDisabled(partition, on: instance)
            let current = state.state(of: instance)
            if isDisabled {
                targets.append(
                    Target(
                        instance: instance, state: current == model.errorIndex ? current : model.initialIndex))
            } else if let wanted {
                targets.append(Target(instance: instance, state: wanted))
            } else {
                targets.append(Target(instance: instance, state: model.droppedIndex))
            }
        }
        return targets
    }
}
