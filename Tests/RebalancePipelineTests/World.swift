import HelixRecords
import Placement
import StateModels
import Testing

@testable import RebalancePipeline

/// Numbers that are the same in every run for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A cluster in which instances do what messages ask, in any order: the pipeline's whole surroundings, as values.
struct World {
    var snapshot = ClusterSnapshot(cluster: "test")
    var decision = Decision()
    var rebalancer = Rebalancer()
    /// What every instance reports, by resource and partition.
    var states: [String: [String: [String: String]]] = [:]
    var models: [String: StateModel] = [:]
    private var messageCount = 0
    private var sessions = 0

    init(models: [StateModel] = StateModel.builtIn) {
        for model in models {
            self.models[model.name] = model
            snapshot.setStateModel(model.name, .present(model))
        }
        snapshot.setClusterConfig(.present(ClusterConfig(record: ZNRecord(id: "test"))))
    }

    // MARK: Setting up

    mutating func addInstances(_ names: [String], batches: Bool = false) {
        for name in names {
            snapshot.setInstanceConfig(name, .present(InstanceConfig(record: ZNRecord(id: name))))
            start(name, batches: batches)
        }
    }

    mutating func start(_ name: String, batches: Bool = false) {
        sessions += 1
        states[name] = [:]
        snapshot.setLiveInstance(name, .init(id: "session\(sessions)", acceptsBatchMessages: batches))
    }

    mutating func kill(_ name: String) {
        states[name] = nil
        snapshot.setLiveInstance(name, nil)
    }

    mutating func configure(_ name: String, _ change: (inout InstanceConfig) -> Void) {
        var config = snapshot.instances[snapshot.instanceIndex(name)!].config.value!
        change(&config)
        snapshot.setInstanceConfig(name, .present(config))
    }

    mutating func addResource(
        _ name: String, model: StateModel = .masterSlave, mode: IdealState.RebalanceMode = .fullAuto, partitions: Int,
        replicas: Int, change: (inout IdealState) -> Void = { _ in }
    ) {
        var idealState = IdealState(record: ZNRecord(id: name))
        idealState.numPartitions = partitions
        idealState.replicas = .count(replicas)
        idealState.stateModel = model.name
        idealState.rebalanceMode = mode
        for partition in 0..<partitions { idealState.preferenceLists["\(name)_\(partition)"] = [] }
        change(&idealState)
        models[model.name] = model
        snapshot.setIdealState(name, .present(idealState))
    }

    mutating func edit(_ name: String, _ change: (inout IdealState) -> Void) {
        var idealState = snapshot.resources[name]!.idealState.value!
        change(&idealState)
        snapshot.setIdealState(name, .present(idealState))
    }

    // MARK: Running

    /// One pass; what it asks for lies in the instances' queues after it.
    @discardableResult
    mutating func pass() -> [PlannedTransition] {
        rebalancer.update(&decision, with: snapshot, changes: snapshot.takeChanges())
        for transition in decision.transitions {
            messageCount += 1
            var message = Message(id: "m\(messageCount)", type: .stateTransition)
            message.targetSession = transition.session
            message.resource = transition.resource
            message.partition = transition.partition
            message.stateModel = transition.stateModel
            message.fromState = transition.from
            message.toState = transition.to
            message.createdAt = snapshot.time
            snapshot.addMessage(transition.instance, id: message.id, message)
        }
        return decision.transitions
    }

    var pending: [(instance: String, id: String)] {
        snapshot.instances.flatMap { instance in
            instance.live == nil ? [] : instance.messages.keys.sorted().map { (instance.name, $0) }
        }
    }

    /// An instance does what a message asks: state and message change together.
    mutating func complete(_ instance: String, _ id: String, into outcome: String? = nil) {
        let index = snapshot.instanceIndex(instance)!
        let message = snapshot.instances[index].messages[id]!
        let resource = message.resource!
        let partition = message.partition!
        // An instance refuses what is meant for another session, or does not begin where the replica is.
        guard message.targetSession == snapshot.instances[index].live?.id,
            message.fromState == states[instance]![resource]?[partition] ?? models[message.stateModel!]!.initialState
        else {
            snapshot.removeMessage(instance, id: id)
            return
        }
        let state = outcome ?? message.toState!
        states[instance]![resource, default: [:]][partition] = state == "DROPPED" ? nil : state
        report(instance, resource)
        snapshot.removeMessage(instance, id: id)
    }

    mutating func report(_ instance: String, _ resource: String) {
        let model = snapshot.resources[resource]?.idealState.value?.stateModel
            ?? snapshot.resources[resource]?.reportedModels.values.first ?? "MasterSlave"
        let session = snapshot.instances[snapshot.instanceIndex(instance)!].live!.id
        var record = CurrentState(resource: resource, sessionID: session, stateModel: model)
        for (partition, state) in states[instance]?[resource] ?? [:] {
            record[partition] = ReplicaState(currentState: state)
        }
        snapshot.setCurrentState(instance, resource, .present(record))
    }

    /// Passes and completions in random order until nothing is under way.
    /// - Returns: how many transitions that took; `nil` if it never came to rest.
    @discardableResult
    mutating func settle(
        using generator: inout some RandomNumberGenerator, limit: Int = 100_000, check: (World) -> Void = { _ in }
    ) -> Int? {
        for step in 0..<limit {
            // Several may complete before the controller looks again.
            if step % 3 == 0 || pending.isEmpty { pass() }
            guard let next = pending.randomElement(using: &generator) else {
                guard let deadline = decision.nextDeadline else { return step }
                snapshot.time = max(snapshot.time, deadline)
                continue
            }
            snapshot.time += 1
            complete(next.instance, next.id)
            check(self)
        }
        return nil
    }

    // MARK: Looking

    /// How many replicas of each partition are in each state.
    func counts(_ resource: String) -> [String: [String: Int]] {
        var counts: [String: [String: Int]] = [:]
        for reported in states.values {
            for (partition, state) in reported[resource] ?? [:] {
                counts[partition, default: [:]][state, default: 0] += 1
            }
        }
        return counts
    }

    func holders(_ resource: String, _ partition: String, in state: String) -> [String] {
        states.filter { $0.value[resource]?[partition] == state }.keys.sorted()
    }

    /// How many replicas of a resource each live instance has in a state; any state for `nil`.
    func load(_ resource: String, in state: String? = nil) -> [String: Int] {
        states.mapValues { reported in
            (reported[resource] ?? [:]).values.count { state == nil || $0 == state }
        }
    }
}

func names(_ range: Range<Int>) -> [String] { range.map { "node_\(100 + $0)" } }
