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
    /// What every live instance reports, by resource and partition.
    var states: [String: [String: [String: String]]] = [:]
    var models: [String: StateModel] = [:]
    /// The parts of batch messages that are done.
    var doneParts: [String: Set<String>] = [:]
    /// Looks at every change of a replica's state: instance, resource, partition.
    var onChange: ((World, String, String, String) -> Void)?
    private var messageCount = 0
    private var sessions = 0

    init(models: [StateModel] = StateModel.builtIn) {
        for model in models { add(model) }
        snapshot.setClusterConfig(.present(ClusterConfig(record: ZNRecord(id: "test"))))
    }

    // MARK: Setting up

    mutating func add(_ model: StateModel) {
        models[model.name] = model
        snapshot.setStateModel(model.name, .present(model))
    }

    mutating func addInstances(_ names: [String], batches: Bool = false) {
        for name in names {
            if snapshot.instanceIndex(name).flatMap({ snapshot.instances[$0].config.value }) == nil {
                snapshot.setInstanceConfig(name, .present(InstanceConfig(record: ZNRecord(id: name))))
            }
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
        var config = InstanceConfig(record: ZNRecord(id: name))
        if let index = snapshot.instanceIndex(name) { config = snapshot.instances[index].config.value ?? config }
        change(&config)
        snapshot.setInstanceConfig(name, .present(config))
    }

    mutating func operate(_ name: String, _ operation: InstanceOperation) {
        configure(name) { $0.setOperation(operation, at: 1) }
    }

    mutating func enterMaintenance(_ reason: String? = "disks", trigger: MaintenanceSignal.Trigger = .user) {
        snapshot.setMaintenance(.present(MaintenanceSignal(reason: reason, trigger: trigger, at: snapshot.time)))
    }

    mutating func exitMaintenance() { snapshot.setMaintenance(.absent) }

    mutating func configureCluster(_ change: (inout ClusterConfig) -> Void) {
        var config = snapshot.clusterConfig.value ?? ClusterConfig(record: ZNRecord(id: "test"))
        change(&config)
        snapshot.setClusterConfig(.present(config))
    }

    mutating func configureResource(_ name: String, _ change: (inout ResourceConfig) -> Void) {
        var config = snapshot.resources[name]?.config.value ?? ResourceConfig(record: ZNRecord(id: name))
        change(&config)
        snapshot.setResourceConfig(name, .present(config))
    }

    mutating func addResource(
        _ name: String, model: StateModel = .masterSlave, mode: IdealState.RebalanceMode = .fullAuto,
        partitions: Int = 1, replicas: Int, change: (inout IdealState) -> Void = { _ in }
    ) {
        var idealState = IdealState(record: ZNRecord(id: name))
        idealState.numPartitions = partitions
        idealState.replicas = .count(replicas)
        idealState.stateModel = model.name
        idealState.rebalanceMode = mode
        for partition in 0..<partitions {
            if mode == .customized {
                idealState.instanceStateMap["\(name)_\(partition)"] = [:]
            } else {
                idealState.preferenceLists["\(name)_\(partition)"] = []
            }
        }
        change(&idealState)
        if models[model.name] != model { add(model) }
        snapshot.setIdealState(name, .present(idealState))
    }

    /// A SEMI_AUTO resource of one partition, `{name}_0`.
    mutating func addList(_ name: String, model: StateModel = .masterSlave, _ list: [String], minActive: Int? = nil) {
        addResource(name, model: model, mode: .semiAuto, replicas: list.count) {
            $0.preferenceLists = ["\(name)_0": list]
            $0.minActiveReplicas = minActive
        }
    }

    mutating func edit(_ name: String, _ change: (inout IdealState) -> Void) {
        var idealState = snapshot.resources[name]!.idealState.value!
        change(&idealState)
        snapshot.setIdealState(name, .present(idealState))
    }

    mutating func drop(_ name: String) { snapshot.setIdealState(name, .absent) }

    // MARK: The controller

    /// One pass; what it asks for lies in the instances' queues after it, and what it wants deleted is gone.
    @discardableResult
    mutating func pass() -> [PlannedTransition] {
        let transitions = passWithoutSending()
        for message in decision.obsoleteMessages { snapshot.removeMessage(message.instance, id: message.id) }
        var batches: [[PlannedTransition]] = []
        for transition in transitions {
            let isPart = { (other: PlannedTransition) in
                other.acceptsBatchMessages && other.relays.isEmpty && transition.relays.isEmpty
                    && other.instance == transition.instance
                    && other.resource == transition.resource && other.from == transition.from
                    && other.to == transition.to
            }
            if let index = batches.firstIndex(where: { isPart($0[0]) }) {
                batches[index].append(transition)
            } else {
                batches.append([transition])
            }
        }
        for batch in batches { send(batch) }
        for cancellation in decision.cancellations { send(cancellation) }
        for resource in decision.unrecorded {
            guard let lists = decision.placement(of: resource, in: snapshot) else { continue }
            edit(resource) { $0.preferenceLists = lists }
        }
        return transitions
    }

    /// One pass whose messages get lost.
    @discardableResult
    mutating func passWithoutSending() -> [PlannedTransition] {
        snapshot.forgetVanishedResources()
        rebalancer.update(&decision, with: snapshot, changes: snapshot.takeChanges())
        return decision.transitions
    }

    private mutating func send(_ batch: [PlannedTransition]) {
        let first = batch[0]
        post(first.instance, first.resource, batch.map(\.partition), from: first.from, to: first.to) { message in
            message.targetSession = first.session
            message.stateModel = first.stateModel
            message.target = first.instance
            for relay in first.relays {
                var relayed = Message(id: "\(message.id)r", type: .stateTransition)
                relayed.targetSession = relay.session
                relayed.resource = relay.resource
                relayed.partition = relay.partition
                relayed.stateModel = relay.stateModel
                relayed.fromState = relay.from
                relayed.toState = relay.to
                message.attach(relayed, relayingTo: relay.instance)
            }
        }
    }

    private mutating func send(_ cancellation: PlannedCancellation) {
        post(
            cancellation.instance, cancellation.resource, [cancellation.partition], from: cancellation.from,
            to: cancellation.to
        ) { message in
            message.messageType = .cancellation
            message.targetSession = cancellation.session
        }
    }

    /// A message appears in an instance's queue.
    @discardableResult
    mutating func post(
        _ instance: String, _ resource: String, _ partitions: [String], from: String, to: String,
        change: (inout Message) -> Void = { _ in }
    ) -> String {
        messageCount += 1
        var message = Message(id: "m\(messageCount)", type: .stateTransition)
        message.targetSession = session(of: instance)
        message.resource = resource
        message.partitions = partitions
        message.stateModel = model(of: resource).name
        message.fromState = from
        message.toState = to
        message.createdAt = snapshot.time
        change(&message)
        snapshot.addMessage(instance, id: message.id, message)
        return message.id
    }

    func session(of instance: String) -> String? {
        snapshot.instanceIndex(instance).flatMap { snapshot.instances[$0].live?.id }
    }

    func model(of resource: String) -> StateModel {
        let known = snapshot.resources[resource]
        let name = known?.idealState.value?.stateModel ?? known?.reportedModels.values.min() ?? ""
        return models[name] ?? .masterSlave
    }

    // MARK: The instances

    /// What lies in the queues of live instances, in order of name and age.
    var pending: [(instance: String, id: String)] {
        snapshot.instances.sorted { $0.name < $1.name }.flatMap { instance in
            instance.live == nil
                ? [] : instance.messages.keys.sorted { ($0.count, $0) < ($1.count, $1) }.map { (instance.name, $0) }
        }
    }

    func message(_ instance: String, _ id: String) -> Message? {
        snapshot.instanceIndex(instance).flatMap { snapshot.instances[$0].messages[id] }
    }

    /// An instance does what a message asks: state and message change together. Of a batch it does one part.
    mutating func complete(_ instance: String, _ id: String, into outcome: String? = nil) {
        guard let message = message(instance, id), let resource = message.resource, states[instance] != nil else {
            return
        }
        if message.messageType == .cancellation { return callOff(instance, id, message) }
        let session = session(of: instance)
        let isMine = message.targetSession == session || message.targetSession == "*"
        let open = message.partitions.filter { !doneParts[id, default: []].contains($0) }
        var relays: [(instance: String, message: Message)] = []
        // An instance refuses what is meant for another session, or does not begin where the replica is.
        if isMine, let partition = open.first {
            let current = states[instance]![resource]?[partition] ?? model(of: resource).initialState
            if message.fromState == "*" || message.fromState == current {
                set(instance, resource, partition, outcome ?? message.toState)
                if outcome == nil { relays = message.relayMessages }
            }
            doneParts[id, default: []].insert(partition)
        }
        if !isMine || open.count <= 1 { snapshot.removeMessage(instance, id: id) }
        // As one transaction: the next look finds the carrier gone and what it carried in its receiver's queue.
        for (target, relayed) in relays { snapshot.addMessage(target, id: relayed.id, relayed) }
    }

    /// An instance calls off the transition that a cancellation names, if it has it.
    private mutating func callOff(_ instance: String, _ id: String, _ cancellation: Message) {
        for other in pending where other.instance == instance {
            guard let message = message(instance, other.id), message.messageType == .stateTransition,
                message.resource == cancellation.resource, message.fromState == cancellation.fromState,
                message.toState == cancellation.toState, message.partitions.contains(cancellation.partition ?? "")
            else { continue }
            doneParts[other.id, default: []].insert(cancellation.partition ?? "")
            if message.partitions.allSatisfy({ doneParts[other.id, default: []].contains($0) }) {
                snapshot.removeMessage(instance, id: other.id)
            }
        }
        snapshot.removeMessage(instance, id: id)
    }

    /// A replica's state changes, and is reported.
    mutating func set(_ instance: String, _ resource: String, _ partition: String, _ state: String?) {
        states[instance]![resource, default: [:]][partition] = state == "DROPPED" ? nil : state
        report(instance, resource)
        onChange?(self, instance, resource, partition)
    }

    mutating func report(_ instance: String, _ resource: String) {
        let reported = states[instance]?[resource] ?? [:]
        guard !reported.isEmpty else { return snapshot.setCurrentState(instance, resource, .absent) }
        var record = CurrentState(
            resource: resource, sessionID: session(of: instance)!, stateModel: model(of: resource).name)
        for (partition, state) in reported { record[partition] = ReplicaState(currentState: state) }
        snapshot.setCurrentState(instance, resource, .present(record))
    }

    /// Passes and completions, in random order if a generator is given, until nothing is under way.
    /// - Returns: how many steps that took; `nil` if it never came to rest.
    @discardableResult
    mutating func settle(
        using generator: inout some RandomNumberGenerator, limit: Int = 20_000, before end: Int64 = .max,
        check: (World) -> Void = { _ in }
    ) -> Int? {
        for step in 0..<limit {
            // Several may complete before the controller looks again.
            if step % 3 == 0 || pending.isEmpty { pass() }
            guard let next = pending.randomElement(using: &generator) else {
                guard let deadline = decision.nextDeadline, deadline < end else { return step }
                snapshot.time = max(snapshot.time, deadline)
                continue
            }
            snapshot.time += 1
            complete(next.instance, next.id)
            check(self)
        }
        return nil
    }

    @discardableResult
    mutating func settle(limit: Int = 20_000, before end: Int64 = .max) -> Int? {
        var generator = SeededGenerator(seed: 0)
        return settle(using: &generator, limit: limit, before: end)
    }
}

func names(_ range: Range<Int>) -> [String] { range.map { "node_\(100 + $0)" } }
