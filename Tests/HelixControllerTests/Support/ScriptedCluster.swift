import Coordination
import HelixRecords
import Logging
import StateModels
import TestSupport
import Testing

@testable import HelixController

/// A cluster's znodes made by hand, in a recorded service.
struct ScriptedCluster: Sendable {
    let paths: ClusterPaths
    let session: any CoordinationSession
    let service: RecordedService

    /// Runs `body` with a cluster of these instances, none of them live.
    static func with(
        instances: [String] = [], _ body: @escaping @Sendable (ScriptedCluster) async throws -> Void
    ) async throws {
        let service = RecordedService()
        try await service.withSession { session in
            let cluster = ScriptedCluster(paths: ClusterPaths(cluster: "test"), session: session, service: service)
            for path in cluster.paths.clusterSetup { try await session.createWithParents(path) }
            try await session.set(cluster.paths.clusterConfig, ZNRecord(id: "test").encoded())
            for instance in instances { try await cluster.addInstance(instance) }
            try await body(cluster)
        }
    }

    func addInstance(_ name: String) async throws {
        for path in paths.instanceSetup(name) { try await session.createWithParents(path) }
        try await session.set(paths.instanceConfig(name), ZNRecord(id: name).encoded())
    }

    func addResource(
        _ name: String, partitions: Int = 1, replicas: Int = 1, change: (inout IdealState) -> Void = { _ in }
    ) async throws {
        var idealState = IdealState(record: ZNRecord(id: name))
        idealState.numPartitions = partitions
        idealState.replicas = .count(replicas)
        idealState.stateModel = "MasterSlave"
        idealState.rebalanceMode = .fullAuto
        for partition in 0..<partitions { idealState.preferenceLists["\(name)_\(partition)"] = [] }
        change(&idealState)
        try await session.create(paths.idealState(name), idealState.record.encoded())
    }

    /// An instance that is live and does nothing.
    func join(_ name: String, session text: String, batches: Bool = false) async throws {
        var live = LiveInstance.make(instance: name, sessionID: text, process: "1@test")
        live.acceptsBatchMessages = batches
        try await session.create(paths.liveInstance(name), live.record.encoded(), mode: .ephemeral)
    }

    func report(
        _ instance: String, session text: String, _ resource: String, _ states: [String: String]
    ) async throws {
        var state = CurrentState(resource: resource, sessionID: text, stateModel: "MasterSlave")
        for (partition, name) in states { state[partition] = ReplicaState(currentState: name) }
        let path = paths.currentState(instance, session: text, resource: resource)
        try await session.createWithParents(path)
        try await session.set(path, state.record.encoded())
    }

    func message(
        _ id: String, to instance: String, session text: String, _ resource: String, _ partition: String,
        from: String = "OFFLINE", to target: String = "SLAVE"
    ) -> Message {
        var message = Message(id: id, type: .stateTransition)
        message.createdAt = 1_700_000_000_000
        message.source = "test"
        message.target = instance
        message.targetSession = text
        message.resource = resource
        message.partition = partition
        message.stateModel = "MasterSlave"
        message.fromState = from
        message.toState = target
        return message
    }

    func send(_ message: Message) async throws {
        try await session.create(
            paths.message(try #require(message.target), message.id), message.record.encoded())
    }

    // MARK: Looking

    func view(_ resource: String) async throws -> ExternalView? {
        guard let (data, _) = try await session.getIfPresent(paths.externalView(resource)) else { return nil }
        return try ExternalView(decoding: data, path: resource)
    }

    /// The messages in an instance's queue, in order of their ids.
    func messages(_ instance: String) async throws -> [Message] {
        var messages: [Message] = []
        for id in try await session.children(paths.messages(instance)) {
            let path = paths.message(instance, id)
            guard let (data, _) = try await session.getIfPresent(path) else { continue }
            messages.append(try Message(decoding: data, path: path))
        }
        return messages
    }

    /// Waits until the external view fulfils a condition.
    func awaitView(
        _ resource: String, _ condition: @Sendable ([String: [String: String]]) -> Bool
    ) async throws {
        try await eventually(within: .seconds(60), "the view of \(resource)") {
            condition(try await view(resource)?.record.mapFields ?? [:])
        }
    }

    /// Waits until every partition has these states, in any places.
    func awaitStates(_ resource: String, partitions: Int, _ states: [String]) async throws {
        try await awaitView(resource) { view in
            view.count == partitions && view.values.allSatisfy { $0.values.sorted() == states.sorted() }
        }
    }

    /// Waits until nothing has been written for a while.
    func awaitStillness(of pause: Duration = .milliseconds(250)) async throws {
        var last = service.count
        try await eventually(within: .seconds(60), "stillness") {
            try await ContinuousClock().sleep(for: pause)
            let now = service.count
            let isStill = now == last
            last = now
            return isStill
        }
    }

    /// What does not hold in what was written so far.
    func check() async -> InvariantChecker {
        var checker = InvariantChecker(cluster: paths.cluster)
        checker.replay(service.log)
        return checker
    }
}

/// Faults are made on purpose here, and need not be told.
let quietLogger: Logger = {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
}()

/// A controller for tests, with short pauses.
func makeController(
    _ name: String = "controller", in service: some CoordinationService,
    change: (inout ControllerConfiguration) -> Void = { _ in }
) -> Controller {
    var configuration = ControllerConfiguration()
    configuration.viewInterval = .milliseconds(1)
    configuration.journalInterval = .milliseconds(1)
    change(&configuration)
    return Controller(
        cluster: "test", name: name, coordination: service, configuration: configuration, logger: quietLogger)
}

/// What runs a participant.
func running(_ participant: ScriptedParticipant) -> @Sendable () async throws -> Void {
    { try await participant.run() }
}

/// What runs a controller.
func running(_ controller: Controller) -> @Sendable () async throws -> Void { { try await controller.run() } }
