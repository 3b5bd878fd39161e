import HelixRecords
import Testing

@testable import RebalancePipeline
@testable import StateModels

/// A random cluster with one resource to which anything may happen; everything follows from the seed.
struct Churn {
    var world = World()
    var generator: SeededGenerator
    let seed: UInt64
    let model: StateModel
    let mode: IdealState.RebalanceMode
    private(set) var replicas: Int
    let minActive: Int?
    let partitions: [String]
    let instances: [String]
    let isBatching: Bool
    /// How many replicas a partition was ever meant to have at most.
    private var mostWanted: Int

    static let models: [StateModel] = [
        .masterSlave, .leaderStandby, .onlineOffline, .onlineOfflineWithBootstrap, .storageSchemata, .twoTops,
        .upwards, .bootstrapped, .direct, .narrow,
    ]

    init(seed: UInt64) {
        self.seed = seed
        generator = SeededGenerator(seed: seed)
        model = Self.models.randomElement(using: &generator)!
        // A map of a model with such a fault may name what cannot be reached.
        let isSound = model != .narrow
        mode = [.fullAuto, .fullAuto, .semiAuto, isSound ? .customized : .fullAuto].randomElement(using: &generator)!
        replicas = Int.random(in: 1...3, using: &generator)
        minActive = Bool.random(using: &generator) ? nil : Int.random(in: 0...replicas, using: &generator)
        partitions = (0..<Int.random(in: 1...4, using: &generator)).map { "db_\($0)" }
        instances = Array(["a", "b", "c", "d", "e"].prefix(Int.random(in: 2...5, using: &generator)))
        isBatching = Bool.random(using: &generator)
        mostWanted = replicas
        world.addInstances(instances, batches: isBatching)
        let (mode, minActive, count) = (mode, minActive, partitions.count)
        world.addResource("db", model: model, mode: mode, partitions: count, replicas: replicas) {
            $0.minActiveReplicas = minActive
        }
        for partition in partitions { rewrite(partition) }
    }

    var name: String {
        "seed \(seed): \(model.name) \(mode.rawValue) \(partitions.count)x\(replicas), at least "
            + "\(minActive ?? replicas), on \(instances.count)\(isBatching ? ", in batches" : "")"
    }

    // MARK: What users write

    private mutating func rewrite(_ partition: String) {
        switch mode {
        case .semiAuto:
            let count = Int.random(in: 1...replicas, using: &generator)
            let list = Array(instances.shuffled(using: &generator).prefix(count))
            world.edit("db") { $0.preferenceLists[partition] = list }
        case .customized:
            let map = randomMap()
            mostWanted = max(mostWanted, map.count)
            world.edit("db") { $0.instanceStateMap[partition] = map }
        default:
            let list = Array(instances.shuffled(using: &generator).prefix(Int.random(in: 0...2, using: &generator)))
            mostWanted = max(mostWanted, list.count)
            world.configureResource("db") { $0.preferenceLists[partition] = list }
        }
    }

    /// A map that the model allows.
    private mutating func randomMap() -> [String: String] {
        let chosen = Array(instances.shuffled(using: &generator).prefix(replicas))
        let counts = model.stateCounts(candidates: chosen.count, replicas: chosen.count)
        var left = chosen
        var map: [String: String] = [:]
        for (index, count) in counts.enumerated() {
            for instance in left.prefix(count) { map[instance] = model.states[index].name }
            left.removeFirst(min(count, left.count))
        }
        return map
    }

    // MARK: What happens

    mutating func happen() {
        let instance = instances.randomElement(using: &generator)!
        let partition = partitions.randomElement(using: &generator)!
        switch Int.random(in: 0..<20, using: &generator) {
        case 0, 1: world.kill(instance)
        case 2, 3: if world.states[instance] == nil { world.start(instance, batches: isBatching) }
        case 4: restart(instance)
        case 5: operate(instance, [.disable, .evacuate, .unknown, .swapIn].randomElement(using: &generator)!)
        case 6: operate(instance, .enable)
        case 7:
            let isEnabled = Bool.random(using: &generator)
            world.configure(instance) { $0.setPartitions([partition], resource: "db", enabled: isEnabled) }
        case 8:
            let isEnabled = Bool.random(using: &generator)
            if world.snapshot.resources["db"]!.idealState.value != nil { world.edit("db") { $0.isEnabled = isEnabled } }
        case 9: world.snapshot.setPaused(Bool.random(using: &generator))
        case 10: world.decision = Decision()  // another leader
        case 18: if world.snapshot.isInMaintenance { world.exitMaintenance() } else { world.enterMaintenance() }
        case 11: fail(partition)
        case 12: resetErrors()
        case 13: spoil(instance)
        case 15: resize()
        case 16: throttle()
        case 17:
            let isEnabled = Bool.random(using: &generator)
            world.configureCluster { $0.isCancellationEnabled = isEnabled }
        case 14: world.snapshot.time += Int64.random(in: 0...70_000, using: &generator)
        default: if world.snapshot.resources["db"]!.idealState.value != nil { rewrite(partition) }
        }
    }

    private mutating func resize() {
        guard mode == .fullAuto, world.snapshot.resources["db"]!.idealState.value != nil else { return }
        // A fourth would have no other state than the initial one in that model.
        replicas = Int.random(in: 1...(model == .direct ? 3 : 4), using: &generator)
        mostWanted = max(mostWanted, replicas)
        world.edit("db") { [replicas] in $0.replicas = .count(replicas) }
    }

    private mutating func throttle() {
        let throttles = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
            ThrottleConfig(
                [.cluster, .resource, .instance].randomElement(using: &generator)!,
                [.any, .load, .recovery].randomElement(using: &generator)!,
                limit: Int.random(in: 1...3, using: &generator))
        }
        world.configureCluster { $0.throttles = throttles }
    }

    private mutating func operate(_ instance: String, _ operation: InstanceOperation) {
        world.configure(instance) { $0.operations = [InstanceOperationEntry(operation, source: .admin)] }
        world.configure(instance) { $0.isEnabled = operation != .disable }
    }

    private mutating func restart(_ instance: String) {
        world.kill(instance)
        world.start(instance, batches: isBatching)
    }

    /// A replica finds itself broken, whatever it was asked for.
    private mutating func fail(_ partition: String) {
        guard let holder = world.map("db", partition).keys.sorted().randomElement(using: &generator) else { return }
        world.set(holder, "db", partition, "ERROR")
    }

    private mutating func resetErrors() {
        for partition in partitions {
            for (instance, state) in world.map("db", partition).sorted(by: { $0.key < $1.key }) where state == "ERROR" {
                let isBusy = world.pending.contains { other in
                    other.instance == instance
                        && world.message(instance, other.id)?.partitions.contains(partition) == true
                }
                if !isBusy { world.post(instance, "db", [partition], from: "ERROR", to: model.initialState) }
            }
        }
    }

    private mutating func spoil(_ instance: String) {
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: world.snapshot.setInstanceConfig(instance, .unreadable(.corrupt))
        case 1:
            if world.states[instance] != nil { world.snapshot.setCurrentState(instance, "db", .unreadable(.corrupt)) }
        case 2: world.snapshot.setStateModel(model.name, .unreadable(.corrupt))
        default: world.snapshot.setResourceConfig("db", .unreadable(.corrupt))
        }
    }

    /// A message is executed, fails, is refused, or given up.
    mutating func step() {
        world.snapshot.time += 1
        guard let next = world.pending.randomElement(using: &generator) else { return }
        switch Int.random(in: 0..<30, using: &generator) {
        case 0: world.complete(next.instance, next.id, into: "ERROR")
        case 1, 2: world.snapshot.removeMessage(next.instance, id: next.id)
        case 3:
            guard let message = world.message(next.instance, next.id), world.doneParts[next.id] == nil else { return }
            var given = message
            given.messageState = .unprocessable
            world.snapshot.addMessage(next.instance, id: next.id, given)
        default:
            if world.message(next.instance, next.id)?.messageState == .unprocessable { return }
            world.complete(next.instance, next.id)
        }
    }

    // MARK: What must hold

    /// Watches every change of a state: where one comes in there must have been room.
    mutating func watch() {
        let name = name
        let limit = max(mostWanted, min(minActive ?? mostWanted, mostWanted) + 1)
        world.onChange = { world, instance, resource, partition in
            let map = world.map(resource, partition)
            guard let state = map[instance], let model = world.models[world.model(of: resource).name] else { return }
            let count = map.values.count { $0 == state }
            let bound: Int
            switch model.states.first(where: { $0.name == state })?.bound {
            case .atMost(let most)?: bound = most
            case .replicas?: bound = limit
            case .participants?: bound = world.states.count
            default: return
            }
            if count > bound {
                Issue.record("\(count) in \(state), the bound is \(bound): \(partition) \(map), \(name)")
            }
        }
    }

    mutating func cureEverything() {
        for instance in instances {
            world.configure(instance) { $0 = InstanceConfig(record: ZNRecord(id: instance)) }
            if world.states[instance] == nil { world.start(instance, batches: isBatching) }
            world.report(instance, "db")
        }
        world.add(model)
        if world.snapshot.resources["db"]!.config.error != nil { world.snapshot.setResourceConfig("db", .absent) }
        world.edit("db") { $0.isEnabled = true }
        world.snapshot.setPaused(false)
        world.exitMaintenance()
        for (instance, id) in world.pending where world.message(instance, id)?.messageState == .unprocessable {
            world.snapshot.removeMessage(instance, id: id)
        }
    }

    /// - Returns: whether the cluster came to rest.
    mutating func comeToRest() -> Bool {
        for _ in 0..<3 {
            guard world.settle(using: &generator) != nil else { return false }
            resetErrors()
        }
        return world.settle(using: &generator) != nil
    }

    /// How many replicas of a partition should be in which state in the end.
    func expected(_ partition: String) -> [String: Int] {
        let known = world.snapshot.resources["db"]!
        let idealState = known.idealState.value!
        if mode == .customized {
            return Dictionary(idealState.instanceStateMap[partition]!.values.map { ($0, 1) }, uniquingKeysWith: +)
        }
        var size = min(replicas, instances.count)
        if mode == .semiAuto { size = idealState.preferenceLists[partition]!.count }
        if mode == .fullAuto, let list = known.config.value?.preferenceLists[partition], !list.isEmpty {
            size = list.count
        }
        let counts = model.stateCounts(candidates: size, replicas: size)
        let named = zip(model.states.map(\.name), counts).filter { $0.1 > 0 }
        return Dictionary(named.map { ($0.0, $0.1) }, uniquingKeysWith: +)
    }
}
