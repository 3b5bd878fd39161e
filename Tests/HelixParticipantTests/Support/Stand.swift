import Coordination
import HelixParticipant
import HelixRecords
import Logging
import StateModels
import Synchronization

/// A cluster in memory and a controller by hand: it writes messages as znodes and looks at what comes of them.
struct Stand {
    let service = MemoryCoordination()
    let session: any CoordinationSession
    let paths = ClusterPaths(cluster: "c")
    let clock = TestClock()
    let journal = Journal()
    let time = WallTime()

    /// - Parameter instance: added to the cluster beforehand, unless `nil`.
    init(adding instance: String? = "n1_1", autoJoin: Bool = false) async throws {
        session = try await service.openSession()
        for path in paths.clusterSetup { try await session.createWithParents(path) }
        var config = ClusterConfig(id: "c")
        config.allowsAutoJoin = autoJoin
        try await session.set(paths.clusterConfig, try config.encoded())
        for model in [StateModel.masterSlave, .onlineOffline, .leaderStandby] {
            try await session.create(paths.stateModel(model.name), try model.record.encoded())
        }
        if let instance { try await add(instance) }
    }

    func add(_ instance: String) async throws {
        for path in paths.instanceSetup(instance) { try await session.createWithParents(path) }
        try await session.set(paths.instanceConfig(instance), try InstanceConfig(id: instance).encoded())
    }

    func participant(
        _ instance: String = "n1_1", on service: (any CoordinationService)? = nil,
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        configuration: ParticipantConfiguration = ParticipantConfiguration()
    ) -> Participant {
        var configuration = configuration
        configuration.processName = "77@testhost"
        return Participant(
            cluster: "c", instance: instance, coordination: AnyService(base: service ?? self.service),
            configuration: configuration, logger: logger, clock: clock, now: { [time] in time.now() })
    }

    /// A participant with the master/slave model, whose handlers do what the script says.
    func masterSlave(
        on service: (any CoordinationService)? = nil,
        configuration: ParticipantConfiguration = ParticipantConfiguration(), _ script: @escaping Script = { _ in }
    ) -> Participant {
        let participant = participant(on: service, configuration: configuration)
        register(participant, script)
        return participant
    }

    func register(_ participant: Participant, _ script: @escaping Script = { _ in }) {
        participant.register(.masterSlave) { [journal] in Shard(replica: $0, journal: journal, script: script) }
    }

    /// Runs a participant for as long as the body takes, then cancels it.
    func running<Value: Sendable>(
        _ participant: Participant, _ body: @Sendable @escaping (String) async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                do {
                    try await participant.run()
                } catch is CancellationError {}
                return nil
            }
            group.addTask {
                try await eventually("\(participant.instance) joined") { participant.status.isJoined }
                return try await body(participant.status.session ?? "")
            }
            defer { group.cancelAll() }
            while let outcome = try await group.next() {
                if let outcome { return outcome }
            }
            throw NeverHappened(what: "the body of the test ended")
        }
    }

    // MARK: The controller's side

    /// A transition message for the instance's present session.
    func transition(
        _ id: String, _ partition: String, _ from: String, _ to: String, session: String, resource: String = "db"
    ) -> Message {
        var message = Message(id: id, type: .stateTransition)
        message.createdAt = time.now()
        message.source = "controller_1"
        message.sourceSession = "c0"
        message.target = "n1_1"
        message.targetSession = session
        message.resource = resource
        message.partition = partition
        message.stateModel = "MasterSlave"
        message.stateModelFactory = "DEFAULT"
        message.fromState = from
        message.toState = to
        message.retryCount = 3
        return message
    }

    /// The replies that lie in a queue.
    func replies(in queue: String) async throws -> [Message] {
        var replies: [Message] = []
        for id in try await session.children(queue) {
            let message = try Message(decoding: try await session.get("\(queue)/\(id)").data, path: "\(queue)/\(id)")
            if message.messageType == .taskReply { replies.append(message) }
        }
        return replies
    }

    func send(_ message: Message, to instance: String = "n1_1") async throws {
        try await session.create(paths.message(instance, message.id), try message.encoded())
    }

    /// Orders a transition and waits until it is recorded.
    func order(
        _ id: String, _ partition: String, _ from: String, _ to: String, session: String, resource: String = "db"
    ) async throws {
        try await send(transition(id, partition, from, to, session: session, resource: resource))
        let expected = to == "DROPPED" ? nil : to
        try await eventually("\(partition) is \(to)") {
            let state = try await current(session, resource)?[partition]?.currentState
            let isGone = try await self.session.exists(paths.message("n1_1", id)) == nil
            return state == expected && isGone
        }
    }

    func current(_ session: String, _ resource: String = "db", instance: String = "n1_1") async throws -> CurrentState?
    {
        let path = paths.currentState(instance, session: session, resource: resource)
        guard let (data, _) = try await self.session.getIfPresent(path) else { return nil }
        return try CurrentState(decoding: data, path: path)
    }

    func state(_ session: String, _ partition: String, _ resource: String = "db") async throws -> String? {
        try await current(session, resource)?[partition]?.currentState
    }

    var queue: [String] { get async throws { try await session.children(paths.messages("n1_1")) } }

    func message(_ id: String) async throws -> Message? {
        let path = paths.message("n1_1", id)
        guard let (data, _) = try await session.getIfPresent(path) else { return nil }
        return try Message(decoding: data, path: path)
    }

    func isGone(_ id: String) async throws {
        try await eventually("message \(id) is deleted") { try await message(id) == nil }
    }

    var live: LiveInstance? {
        get async throws {
            let path = paths.liveInstance("n1_1")
            guard let (data, _) = try await session.getIfPresent(path) else { return nil }
            return try LiveInstance(decoding: data, path: path)
        }
    }

    /// The participant's session as the service knows it.
    func sessionID(_ text: String) throws -> SessionID {
        guard let id = service.sessions.first(where: { $0.description == text }) else {
            throw NeverHappened(what: "session \(text) is open")
        }
        return id
    }
}

/// Calendar time that moves by a millisecond at each look.
final class WallTime: Sendable {
    private let time = Mutex<Int64>(1_700_000_000_000)
    func now() -> Int64 {
        time.withLock { time in
            time += 1
            return time
        }
    }
}

/// Makes `some CoordinationService` of any.
struct AnyService: CoordinationService {
    let base: any CoordinationService
    func openSession(_ configuration: SessionConfiguration) async throws(CoordinationError) -> any CoordinationSession {
        try await base.openSession(configuration)
    }
}
