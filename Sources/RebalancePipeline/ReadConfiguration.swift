import HelixRecords
import Placement
import StateModels

/// Stage 1: what the records say about instances and a resource, made ready for the stages that follow.
enum ReadConfiguration {
    /// How every instance stands in the cluster; by instance index.
    struct Standing: Sendable {
        var isLive: Bool
        /// Live, configured, and neither disabled, evacuating, swapping in nor unknown.
        var isEligible: Bool
        /// May hold replicas, though perhaps in the initial state only.
        var isAssignable: Bool
        /// The configuration cannot be read: nothing is asked of the instance and nothing is taken from it.
        var frozenBy: RecordError?
        var tags: Set<String>
    }

    /// The whole cluster's standing.
    struct ClusterStanding: Sendable {
        var instances: [Standing]
        /// Instance indices in order of name.
        var byName: [Int32]
        /// Place of an instance in the order of names.
        var nameRank: [Int]
        var liveCount: Int
        var names: NameTable

        func name(of instance: Int32) -> String { names[Int(instance)] }

        func index(of name: String) -> Int32? { names.index(of: name).map(Int32.init) }
    }

    static func standing(of snapshot: ClusterSnapshot) -> ClusterStanding {
        let instances = snapshot.instances.map { instance in
            let config = instance.config.value
            let frozenBy = instance.config.error
            let isLive = instance.live != nil
            return Standing(
                isLive: isLive,
                isEligible: isLive && (frozenBy != nil || config?.isEnabledForAssignment == true),
                isAssignable: frozenBy != nil || config?.isAssignable == true,
                frozenBy: frozenBy,
                tags: Set(config?.tags ?? []))
        }
        let byName = snapshot.instances.indices.sorted { snapshot.instances[$0].name < snapshot.instances[$1].name }
        var nameRank = [Int](repeating: 0, count: byName.count)
        for (rank, index) in byName.enumerated() { nameRank[index] = rank }
        return ClusterStanding(
            instances: instances, byName: byName.map(Int32.init), nameRank: nameRank,
            liveCount: instances.count(where: \.isLive), names: snapshot.instanceNames)
    }

    /// A resource whose records make sense.
    struct ResourceConfiguration: Sendable {
        var name: String
        var model: StateModel
        var stateModelFactory: String
        /// `nil` when the ideal state is gone: all replicas are to be dropped.
        var idealState: IdealState?
        var mode: IdealState.RebalanceMode
        var isEnabled: Bool
        var replicas: Int
        /// How many replicas must stay up while others move.
        var minActive: Int
        var config: ResourceConfig?
        /// State id of the snapshot → index in the model, -1 where the model has no such state.
        var modelStates: [Int]
        /// Partitions disabled on an instance; absent where none is.
        var disabled: [Int32: (all: Bool, partitions: Set<String>)]

        /// The partitions that should exist.
        var wanted: Set<String>

        /// A partition may have this many replicas more than it should while it moves.
        var extraReplicas: Int { minActive < replicas ? 0 : 1 }

        func isDisabled(_ partition: String, on instance: Int32) -> Bool {
            guard let disabled = disabled[instance] else { return false }
            return disabled.all || disabled.partitions.contains(partition)
        }
    }

    /// Either a resource that makes sense, or the reason why it is left as it is.
    enum Outcome: Sendable {
        case ready(ResourceConfiguration)
        case frozen(Problem, path: String)
    }

    static func resource(_ resource: ClusterSnapshot.Resource, in snapshot: ClusterSnapshot) -> Outcome {
        let paths = ClusterPaths(cluster: snapshot.cluster)
        func frozen(_ path: String, _ text: String) -> Outcome {
            .frozen(Problem(resource: resource.name, text: text), path: path)
        }
        if let error = snapshot.clusterConfig.error {
            return frozen(error.path, "frozen as it is, because the cluster's configuration is unreadable: \(error)")
        }
        if let error = resource.idealState.error ?? resource.config.error {
            return frozen(error.path, "frozen as it is, because a record is unreadable: \(error)")
        }
        if let error = resource.unreadable.sorted(by: { $0.key < $1.key }).first?.value {
            return frozen(error.path, "frozen as it is, because a current state is unreadable: \(error)")
        }
        let idealState = resource.idealState.value
        let path = paths.idealState(resource.name)
        if let fault = idealState?.problems().first {
            return frozen(path, "frozen as it is: \(fault)")
        }
        guard let modelName = idealState?.stateModel ?? resource.reportedModels.sorted(by: { $0.key < $1.key }).first?.value
        else { return frozen(path, "no state model is named; set STATE_MODEL_DEF_REF") }
        switch snapshot.stateModels[modelName] ?? .absent {
        case .absent:
            return frozen(
                paths.stateModel(modelName),
                "the state model \(modelName) does not exist; add it, or correct STATE_MODEL_DEF_REF")
        case .unreadable(let error):
            return frozen(error.path, "frozen as it is, because its state model is unreadable: \(error)")
        case .present(let model):
            guard let mode = idealState?.rebalanceMode ?? (idealState == nil ? .fullAuto : nil) else {
                return frozen(path, "REBALANCE_MODE is none of FULL_AUTO, SEMI_AUTO, CUSTOMIZED and USER_DEFINED")
            }
            return .ready(configuration(resource, idealState, mode, model, snapshot))
        }
    }

    private static func configuration(
        _ resource: ClusterSnapshot.Resource, _ idealState: IdealState?, _ mode: IdealState.RebalanceMode,
        _ model: StateModel, _ snapshot: ClusterSnapshot
    ) -> ResourceConfiguration {
        let replicas = replicaCount(idealState, liveCount: snapshot.instances.count { $0.live != nil })
        var disabled: [Int32: (all: Bool, partitions: Set<String>)] = [:]
        for (index, instance) in snapshot.instances.enumerated() {
            guard let found = instance.config.value?.disabledPartitions(resource: resource.name),
                found.all || !found.partitions.isEmpty
            else { continue }
            disabled[Int32(index)] = found
        }
        return ResourceConfiguration(
            name: resource.name, model: model, stateModelFactory: idealState?.stateModelFactory ?? "DEFAULT",
            idealState: idealState, mode: mode, isEnabled: idealState?.isEnabled ?? true, replicas: replicas,
            minActive: idealState?.minActiveReplicas ?? replicas, config: resource.config.value,
            modelStates: snapshot.stateIDs.map { model.index(of: snapshot.stateName(UInt16($0))) ?? -1 },
            disabled: disabled, wanted: Set(idealState?.partitions ?? []))
    }

    private static func replicaCount(_ idealState: IdealState?, liveCount: Int) -> Int {
        switch idealState?.replicas {
        case .count(let count): count
        case .anyLiveInstance: liveCount
        case nil:
            idealState?.partitions.first.map { first in
                idealState?.rebalanceMode == .customized
                    ? idealState?.instanceStateMap[first]?.count ?? 0 : idealState?.preferenceLists[first]?.count ?? 0
            } ?? 0
        }
    }
}
