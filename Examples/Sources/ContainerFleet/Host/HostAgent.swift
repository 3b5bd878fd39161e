public import Coordination
public import FleetAgent
public import FleetEngine
public import FleetModel
import HelixAdmin
import HelixParticipant
import HelixRecords
public import Logging
public import ServiceLifecycle
import StateModels
import Synchronization

/// The agent of a host: a member of the cluster that runs its tasks as containers on the local Engine.
///
/// It keeps what it was told on its disk, and goes on by that whether or not there is a store; the cluster tells it what
/// is different, and is told what happens. When it ends, containers run on.
public final class HostAgent: Service, Sendable {
    /// How an agent behaves.
    public struct Configuration: Sendable {
        /// The cluster.
        public var cluster: String
        /// The host, unique in the cluster.
        public var host: String
        /// What the host is like. Labels are added to those that it has; what is unset stays as it is.
        public var description = HostDescription()
        /// How containers are run.
        public var containers: HostConfiguration
        /// The session timeout to ask for: so long after the agent's death others get what can be elsewhere. 30 seconds
        /// unless set.
        public var sessionTimeout: Duration = .seconds(30)
        /// Credentials for the store.
        public var credentials: [Credential] = []
        /// Where those who want logs reach the agent, `host:port`; `nil` when it does not answer.
        public var endpoint: String?
        /// The process as the cluster shows it; `pid@host` unless set.
        public var processName: String?

        /// The agent of a host.
        public init(cluster: String, host: String) {
            self.cluster = cluster
            self.host = host
            containers = HostConfiguration(cluster: cluster, host: host)
        }
    }

    /// The tasks of the host.
    public let tasks: HostSupervisor
    private let configuration: Configuration
    private let guarded: GuardedCoordination
    private let records: HostRecords
    private let secrets: SecretReader
    private let book: TaskBook
    private let logger: Logger
    private let sessions: AsyncStream<any CoordinationSession>
    private let current = Mutex<Participant?>(nil)
    private let clock: AgentClock
    private let makeMessageID: (@Sendable () -> String)?

    /// An agent that does nothing before ``run()``.
    /// - Parameters:
    ///   - disk: what it remembers over its own end.
    ///   - clock: the time that everything goes by; another one than the system's is for simulations, as are another
    ///     `prober`, and what follows it.
    ///   - random: what names of containers and first ports are made of.
    ///   - makeMessageID: unique ids of replies; random UUIDs unless set.
    /// - Throws: ``AgentDiskError``.
    public init(
        _ configuration: Configuration, engine: any ContainerEngine, disk: any AgentStore,
        coordination: any CoordinationService, clock: AgentClock = .system, prober: any Prober = NetworkProber(),
        random: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) },
        makeMessageID: (@Sendable () -> String)? = nil, logger: Logger = Logger(label: "fleet.agent")
    ) throws {
        self.configuration = configuration
        self.logger = logger
        self.clock = clock
        self.makeMessageID = makeMessageID
        let fleet = FleetPaths(cluster: configuration.cluster)
        let (sessions, opening) = AsyncStream.makeStream(of: (any CoordinationSession).self)
        self.sessions = sessions
        let book = TaskBook(agent: configuration.endpoint)
        self.book = book
        let facts = HostFacts(configuration, clock)
        guarded = GuardedCoordination(coordination, fleet, disk, logger: logger) { session in
            book.beginSession()
            await facts.write(in: session, logger)
            opening.yield(session)
        }
        let records = HostRecords(
            host: configuration.host, guarded: guarded, disk: disk, fleet: fleet,
            cluster: ClusterPaths(cluster: configuration.cluster))
        self.records = records
        let secrets = SecretReader()
        self.secrets = secrets
        tasks = try HostSupervisor(
            engine, store: disk, configuration.containers, clock: clock, prober: prober, random: random,
            secret: { try await secrets.content($0) { try await records.secret($0) } },
            credentials: { await secrets.credentials($0) { try await records.secret($0) } })
        for spoilt in disk.spoiltFiles { logger.warning("\(spoilt)") }
    }

    /// Whether it takes part in the cluster now.
    public var isJoined: Bool { current.withLock { $0?.status.isJoined ?? false } }

    /// Works until graceful shutdown or cancellation.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.tasks.run() }
            group.addTask {
                for await report in self.tasks.reports { self.book.take(report) }
            }
            group.addTask { await self.lookForMissedStops() }
            defer { group.cancelAll() }
            try await participate()
        }
    }

    /// Takes part in the cluster. What stands against that is no reason to end: containers are kept up all the same.
    private func participate() async throws {
        let isLeaving = Atomic(false)
        let leaving = Signal()
        try await withGracefulShutdownHandler {
            while !isLeaving.load(ordering: .relaxed) {
                let participant = participant()
                current.withLock { $0 = participant }
                do {
                    try await participant.run()
                } catch is CancellationError {
                    throw CancellationError()
                } catch {
                    try Task.checkCancellation()
                    if isLeaving.load(ordering: .relaxed) { return }
                    logger.error("Not in the cluster; containers run on", metadata: ["error": "\(error)"])
                    await leaving.wait(for: .seconds(5), by: clock)
                }
            }
        } onGracefulShutdown: {
            isLeaving.store(true, ordering: .relaxed)
            leaving.set()
        }
    }

    private func participant() -> Participant {
        var settings = ParticipantConfiguration()
        settings.sessionTimeout = configuration.sessionTimeout
        settings.credentials = configuration.credentials
        if let name = configuration.processName { settings.processName = name }
        // A transition to RUNNING takes as long as a container takes to get healthy.
        settings.concurrentTransitions = 1_000
        var instance = InstanceConfig(id: configuration.host)
        configuration.description.apply(to: &instance)
        settings.instanceConfig = instance
        let (disk, host) = (records.disk, configuration.host)
        settings.heldReplicas = { ((try? disk.records()) ?? []).compactMap { HeldReplica($0, of: host) } }
        let participant = Participant(
            cluster: configuration.cluster, instance: configuration.host, coordination: guarded,
            configuration: settings, logger: logger, clock: clock.base, now: { [clock] in clock.now.calendar },
            makeMessageID: makeMessageID)
        for model in [StateModel.container, .runOnce] {
            participant.register(custom: model) { [tasks, records, secrets, book] replica in
                TaskHandler(replica: replica, host: tasks, records: records, secrets: secrets, book: book)
            }
        }
        return participant
    }

    private func lookForMissedStops() async {
        let missed = MissedStops(
            host: tasks, records: records, book: book, hostName: configuration.host, logger: logger)
        await withDiscardingTaskGroup { group in
            for await session in sessions { group.addTask { await missed.look(in: session) } }
            group.cancelAll()
        }
    }
}

/// Writes into the instance's configuration what the host is like.
///
/// Once: what masters change afterwards stands until the agent is started again.
private final class HostFacts: Sendable {
    let cluster: String
    let host: String
    let description: HostDescription
    let clock: AgentClock
    private let isWritten = Atomic(false)

    init(_ configuration: HostAgent.Configuration, _ clock: AgentClock) {
        self.clock = clock
        (cluster, host, description) = (configuration.cluster, configuration.host, configuration.description)
    }

    /// A host that is not known yet joins with its facts.
    func write(in session: any CoordinationSession, _ logger: Logger) async {
        guard !isWritten.load(ordering: .relaxed) else { return }
        let description = description
        let administrator = Administrator(session: session, logger: logger, now: { [clock] in clock.now.calendar })
        do {
            guard try await session.exists(ClusterPaths(cluster: cluster).instanceConfig(host)) != nil else {
                return isWritten.store(true, ordering: .relaxed)
            }
            try await administrator.updateInstance(host, in: cluster) { config in
                var known = HostDescription(config)
                known.labels.merge(description.labels) { $1 }
                known.cpus = description.cpus ?? known.cpus
                known.memory = description.memory ?? known.memory
                known.zone = description.zone ?? known.zone
                known.apply(to: &config)
            }
            isWritten.store(true, ordering: .relaxed)
        } catch {
            logger.warning("What the host is like could not be written", metadata: ["error": "\(error)"])
        }
    }
}

extension HeldReplica {
    /// A task of a host; `nil` when its name is none of the fleet's.
    fileprivate init?(_ task: TaskRecord, of host: String) {
        guard let resource = TaskName.resource(of: task.id, on: host) else { return nil }
        let model: StateModel = task.spec.isRunOnce ? .runOnce : .container
        self.init(resource: resource, partition: task.id, stateModel: model.name)
    }
}
