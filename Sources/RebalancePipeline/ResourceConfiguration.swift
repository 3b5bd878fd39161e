import HelixRecords
import StateModels

/// A resource whose records make sense.
struct ResourceConfiguration: Sendable {
    var name: String
    var model: StateModel
    /// What the model is called where it is referred to, whatever its record calls itself.
    var modelName: String
    var stateModelFactory: String
    /// `nil` when the ideal state is gone: all replicas are to be dropped.
    var idealState: IdealState?
    var config: ResourceConfig?
    var mode: IdealState.RebalanceMode
    var isEnabled: Bool
    /// How many replicas a partition should have.
    var replicas: Int
    /// How many replicas must stay up while others move.
    var minActive: Int
    /// How long replicas wait for an instance that went away or was disabled, in milliseconds; 0 for not at all.
    var delay: Int64
    /// Only instances with this tag may have replicas.
    var tag: String?
    /// Who keeps the top state where too many have it.
    var topConflictPolicy: TopStateConflictPolicy
    /// State id of the snapshot → index in the model, -1 where the model has no such state.
    var modelStates: [Int]
    /// By state of the model: whether the way there or from there leads through a state with a fixed bound.
    var isNarrow: [Bool]
    /// Partitions disabled on an instance; absent where none is.
    var disabled: [Int32: (all: Bool, partitions: Set<String>)]
    /// By position among the wanted partitions: what a replica weighs, by dimension; empty when nothing is weighed.
    var weights: [[Int]] = []

    /// A partition may have one replica more than it should while it moves, unless it can do with fewer meanwhile.
    func extraReplicas(of wish: Wish) -> Int { minActive < wish.count ? 0 : 1 }

    /// Whether a strategy says where replicas are to be, and not a user: then old replicas stay until new ones have
    /// settled.
    var isPlacedByController: Bool { mode.isPlacedByController }

    func isDisabled(_ partition: String, on instance: Int32) -> Bool {
        guard let disabled = disabled[instance] else { return false }
        return disabled.all || disabled.partitions.contains(partition)
    }

    /// The index of a state in the model, -1 when the model has no such state. States that were named after this
    /// configuration was made are none of the model's.
    func modelState(_ id: UInt16) -> Int { Int(id) < modelStates.count ? modelStates[Int(id)] : -1 }
}

extension ReadConfiguration {
    /// What stage 1 makes of a resource.
    enum Outcome: Sendable {
        /// The resource makes sense.
        case ready(ResourceConfiguration)
        /// It is left as it is, for this reason.
        case frozen(Problem)
        /// It is none of this controller's business, or there is nothing of it but a configuration.
        case nothing

        var configuration: ResourceConfiguration? {
            if case .ready(let configuration) = self { return configuration }
            return nil
        }
    }

    static func resource(
        _ resource: ClusterSnapshot.Resource, _ standing: ClusterStanding, in snapshot: ClusterSnapshot
    ) -> Outcome {
        func frozen(_ text: String) -> Outcome { .frozen(Problem(resource: resource.name, text: text)) }
        if let error = snapshot.clusterConfig.error {
            return frozen("frozen as it is, because the cluster's configuration is unreadable: \(error)")
        }
        if let error = resource.idealState.error ?? resource.config.error {
            return frozen("frozen as it is, because a record is unreadable: \(error)")
        }
        if let error = resource.unreadable.values.min(by: { $0.path < $1.path }) {
            return frozen("frozen as it is, because a current state is unreadable: \(error)")
        }
        let idealState = resource.idealState.value
        if let idealState, let text = obstacle(in: idealState, snapshot) { return frozen(text) }
        guard let modelName = idealState?.stateModel ?? reportedModel(resource, standing) else { return .nothing }
        // The task framework's replicas have no ideal state, and are not to be dropped for that.
        if idealState == nil, modelName == StateModel.task.name { return .nothing }
        switch snapshot.stateModels[modelName] ?? .absent {
        case .absent:
            return frozen("the state model \(modelName) does not exist; add it, or correct STATE_MODEL_DEF_REF")
        case .unreadable(let error):
            return frozen("frozen as it is, because its state model is unreadable: \(error)")
        case .present(let model):
            return weighed(
                configuration(resource, idealState, model, named: modelName, standing, snapshot), resource, standing)
        }
    }

    /// Why an ideal state cannot be worked with, if that is so.
    private static func obstacle(in idealState: IdealState, _ snapshot: ClusterSnapshot) -> String? {
        if let config = snapshot.clusterConfig.value, !config.admits(idealState) {
            return "left as it is: no rule (IdealStateRule!) in the cluster's configuration admits it"
        }
        if idealState.stateModel == nil { return "no state model is named; set STATE_MODEL_DEF_REF" }
        // Buckets that are not there, or not yet, are not the same as no partitions.
        if idealState.bucketSize > 0, idealState.partitions.isEmpty, idealState.numPartitions != 0 {
            return "left as it is: it has buckets (BUCKET_SIZE) and none of them holds a partition; write them again"
        }
        switch idealState.rebalanceMode {
        case nil:
            return "frozen as it is: REBALANCE_MODE is none of FULL_AUTO, SEMI_AUTO, CUSTOMIZED and USER_DEFINED"
        case .task:
            return "left as it is: REBALANCE_MODE is TASK, and this controller does not run the task framework"
        case .fullAuto, .userDefined:
            // What is missing is not 0: that would drop all replicas.
            guard idealState.record.simpleFields["REPLICAS"] == nil else { break }
            return "frozen as it is: REPLICAS is missing; say how many replicas a partition should have"
        case .semiAuto, .customized: break
        }
        guard idealState.replicas == nil else { return nil }
        return "frozen as it is: REPLICAS is neither a number nor \(IdealState.anyLiveInstance)"
    }

    private static func reportedModel(_ resource: ClusterSnapshot.Resource, _ standing: ClusterStanding) -> String? {
        firstReport(of: resource, standing).flatMap { resource.reportedModels[$0] }
    }

    /// The first instance by name that reports the resource.
    private static func firstReport(of resource: ClusterSnapshot.Resource, _ standing: ClusterStanding) -> Int32? {
        resource.reportedModels.keys.min { standing.nameRank[Int($0)] < standing.nameRank[Int($1)] }
    }

    /// Adds the weights of a resource that is placed by them.
    private static func weighed(
        _ configuration: ResourceConfiguration, _ resource: ClusterSnapshot.Resource, _ standing: ClusterStanding
    ) -> Outcome {
        guard configuration.isWaged, let rules = standing.capacityRules else { return .ready(configuration) }
        var configuration = configuration
        do throws(Problem) {
            configuration.weights = try rules.weights(
                of: resource.wanted.lazy.map { resource.partitions[Int($0)] }, resource.name, configuration.config)
            return .ready(configuration)
        } catch {
            return .frozen(error)
        }
    }

    // MARK: A resource that makes sense

    private static func configuration(
        _ resource: ClusterSnapshot.Resource, _ idealState: IdealState?, _ model: StateModel, named modelName: String,
        _ standing: ClusterStanding, _ snapshot: ClusterSnapshot
    ) -> ResourceConfiguration {
        let config = resource.config.value
        let tag = config?.instanceGroupTag ?? idealState?.instanceGroupTag
        let replicas = replicaCount(idealState, tag, standing)
        let reportedFactory = firstReport(of: resource, standing).flatMap { resource.reportedFactories[$0] }
        return ResourceConfiguration(
            name: resource.name, model: model, modelName: modelName,
            stateModelFactory: idealState?.stateModelFactory ?? reportedFactory ?? "DEFAULT",
            idealState: idealState, config: config, mode: idealState?.rebalanceMode ?? .fullAuto,
            isEnabled: idealState?.isEnabled ?? true, replicas: replicas,
            minActive: min(replicas, config?.minActiveReplicas ?? idealState?.minActiveReplicas ?? replicas),
            delay: DelayWindow.length(idealState, config, snapshot.clusterConfig.value),
            tag: tag, topConflictPolicy: snapshot.topConflictPolicy(of: resource),
            modelStates: snapshot.stateIDs.map { model.index(of: snapshot.stateName(UInt16($0))) ?? -1 },
            isNarrow: model.narrowStates, disabled: disabledPartitions(resource.name, snapshot))
    }

    /// - Returns: at most a million, so that nobody need fear for sums.
    private static func replicaCount(
        _ idealState: IdealState?, _ tag: String?, _ standing: ClusterStanding
    ) -> Int {
        switch idealState?.replicas {
        case .count(let count): min(count, 1_000_000)
        case .anyLiveInstance: standing.eligible(tag: tag).count
        case nil: 0
        }
    }

    private static func disabledPartitions(
        _ resource: String, _ snapshot: ClusterSnapshot
    ) -> [Int32: (all: Bool, partitions: Set<String>)] {
        var disabled: [Int32: (all: Bool, partitions: Set<String>)] = [:]
        for (index, instance) in snapshot.instances.enumerated() {
            guard let found = instance.config.value?.disabledPartitions(resource: resource),
                found.all || !found.partitions.isEmpty
            else { continue }
            disabled[Int32(index)] = found
        }
        return disabled
    }
}

extension ReadConfiguration.ClusterStanding {
    /// The instances that may get replicas of a resource with a tag, or without, in order of name.
    func eligible(tag: String?) -> [Int32] {
        byName.filter { self[$0].isEligible && (tag.map(self[$0].tags.contains) ?? true) }
    }

    /// The instances that hold a resource, or will when they are back: those that may get replicas, and those that are
    /// waited for.
    func active(_ configuration: ResourceConfiguration, at time: Int64) -> [Int32] {
        byName.filter {
            (self[$0].isEligible || DelayWindow.end(of: self[$0], configuration, at: time) != nil)
                && (configuration.tag.map(self[$0].tags.contains) ?? true)
        }
    }

    /// All instances that could get replicas if they were there and enabled.
    func assignable(tag: String?) -> [Int32] {
        byName.filter {
            (self[$0].duty == .serving || self[$0].duty == .disabled) && (tag.map(self[$0].tags.contains) ?? true)
        }
    }
}

extension StateModel {
    /// By state: whether the way there or from there leads through a state with a fixed bound, in which replicas could
    /// be in each other's way. Models that were checked have no such states.
    fileprivate var narrowStates: [Bool] {
        states.indices.map { state in
            (way(from: initialIndex, to: state) + way(from: state, to: droppedIndex)).contains { passed in
                if passed == state || passed == droppedIndex { return false }
                if case .atMost = states[passed].bound { return true }
                return false
            }
        }
    }

    /// The states on the way from one to another, the first one left out, the last one in.
    func way(from: Int, to: Int) -> [Int] {
        var way: [Int] = []
        var state = from
        while state != to, let next = nextHop(from: state, to: to), way.count < states.count {
            way.append(next)
            state = next
        }
        return way
    }
}
