import HelixRecords
import HelixSimulation
import StateModels
import TestSupport

/// The data of a cluster's znodes: three instances and two resources, both in use.
struct HostileCluster: Sendable {
    /// What is in the tree, by path.
    private(set) var znodes: [String: [UInt8]] = [:]
    /// The paths in the order in which they are read.
    var sortedPaths: [String] { znodes.keys.sorted() }

    static let paths = ClusterPaths(cluster: "test")
    static let instances = ["node_1", "node_2", "node_3"]
    /// The resource whose records get spoilt when one resource is looked at, and the one that must not care.
    static let victim = "db"
    static let steady = "steady"

    /// A healthy cluster of random modes, models and states. The steady resource has lists of its user's own, so that
    /// it does not depend on what else is to be placed.
    init(using generator: inout SeededGenerator) throws {
        try put(SampleRecords.clusterConfig, at: Self.paths.clusterConfig)
        if generator.once(in: 4) {
            let signal = MaintenanceSignal(reason: "disks", trigger: generator.pick([.user, .controller]), at: 1)
            try put(signal.record, at: Self.paths.maintenance)
        }
        for model in StateModel.builtIn { try put(model.record, at: Self.paths.stateModel(model.name)) }
        for (index, instance) in Self.instances.enumerated() {
            try put(Self.config(of: instance), at: Self.paths.instanceConfig(instance))
            guard !generator.once(in: 6) else { continue }
            let live = LiveInstance.make(instance: instance, sessionID: "session\(index + 1)", process: "1@host")
            try put(live.record, at: Self.paths.liveInstance(instance))
        }
        let modes: [IdealState.RebalanceMode] = [.fullAuto, .semiAuto, .customized]
        try addResource(Self.victim, generator.pick(modes), &generator)
        try addResource(Self.steady, generator.pick([.semiAuto, .customized]), &generator)
    }

    mutating func set(_ data: [UInt8], at path: String) { znodes[path] = data }

    private mutating func put(_ record: ZNRecord, at path: String) throws { znodes[path] = try record.encoded() }

    private static func config(of instance: String) -> ZNRecord {
        var record = SampleRecords.instanceConfig
        record.id = instance
        record.mapFields["HELIX_DISABLED_PARTITION"] = nil
        record.simpleFields["DOMAIN"] = "zone=\(instance),instance=\(instance)"
        return record
    }

    private mutating func addResource(
        _ name: String, _ mode: IdealState.RebalanceMode, _ generator: inout SeededGenerator
    ) throws {
        let model = generator.pick([StateModel.masterSlave, .onlineOffline, .leaderStandby])
        var idealState = IdealState(record: ZNRecord(id: name))
        idealState.rebalanceMode = mode
        idealState.stateModel = model.name
        idealState.replicas = .count(2)
        let partitions = (0..<3).map { "\(name)_\($0)" }
        idealState.numPartitions = partitions.count
        for partition in partitions {
            let list = Self.instances.shuffled(using: &generator).prefix(2)
            switch mode {
            case .customized:
                idealState.instanceStateMap[partition] = Dictionary(
                    uniqueKeysWithValues: zip(list, [model.topState, model.states[1].name]))
            case .semiAuto: idealState.preferenceLists[partition] = Array(list)
            default: idealState.preferenceLists[partition] = []
            }
        }
        try put(idealState.record, at: Self.paths.idealState(name))
        try put(ZNRecord(id: name), at: Self.paths.resourceConfig(name))
        try addReports(of: name, partitions, model, &generator)
    }

    /// What instances report, and the messages that they have not yet read.
    private mutating func addReports(
        of name: String, _ partitions: [String], _ model: StateModel, _ generator: inout SeededGenerator
    ) throws {
        for (index, instance) in Self.instances.enumerated() {
            let session = "session\(index + 1)"
            var report = CurrentState(resource: name, sessionID: session, stateModel: model.name)
            for partition in partitions where generator.once(in: 2) {
                report[partition] = ReplicaState(currentState: generator.pick(model.states).name)
            }
            try put(report.record, at: Self.paths.currentState(instance, session: session, resource: name))
            guard generator.once(in: 2) else { continue }
            var message = Message(record: SampleRecords.message)
            message.targetSession = session
            message.resource = name
            message.stateModel = model.name
            message.partitions = [generator.pick(partitions)]
            let transition = generator.pick(model.transitions)
            (message.fromState, message.toState) = (transition.from, transition.to)
            message.record.id = "\(name)-\(index)"
            try put(message.record, at: Self.paths.message(instance, message.id))
        }
    }

    /// The paths of what is said of one resource alone. Messages are not among them: they name the resource that they
    /// are about themselves.
    func paths(of resource: String) -> [String] {
        sortedPaths.filter { $0.hasSuffix("/\(resource)") }
    }

    /// Spoils a znode: other fields, other bytes, or the record of another kind.
    mutating func spoil(_ path: String, _ generator: inout SeededGenerator) throws {
        guard var data = znodes[path] else { return }
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: data = try SampleRecords.spoilt(&generator).encoded()
        case 1: data = ByteMutation.noise(&generator)
        case 2, 3: ByteMutation.apply(to: &data, &generator)
        default:
            // Bytes that were spoilt before may be no record any more.
            guard var record = try? ZNRecord(decoding: data, path: path) else { return }
            RecordMutation.apply(to: &record, &generator)
            data = try record.encoded()
        }
        znodes[path] = data
    }
}
