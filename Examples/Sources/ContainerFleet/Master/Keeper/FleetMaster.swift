public import Coordination
import FleetModel
import HelixAdmin
public import HelixController
import HelixRecords
import HelixSpectator
public import Logging
public import ServiceLifecycle
import StateModels
import Synchronization

/// A master of a fleet: a controller of its cluster, and the keeper of its deployments.
///
/// Run as many as you like. All of them answer questions and take requests (``fleet``); the one whose controller leads
/// brings the cluster to what was asked for. It is woken by changes and by deadlines, never by ticks.
public final class FleetMaster: Service, Sendable {
    /// The cluster.
    public let cluster: String
    /// The master's name, unique in the cluster.
    public let name: String
    /// What can be asked of the fleet through this master.
    public let fleet: Fleet

    private let coordination: any CoordinationService
    private let configuration: MasterConfiguration
    private let controller: Controller
    private let spectator: Spectator
    private let logger: Logger
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Int64
    private let makeID: @Sendable () -> String
    private let bell = Bell()
    /// Whether it has known once how everything is.
    private let hasLooked = Atomic(false)

    /// A master that does nothing before ``run()``.
    /// - Parameters:
    ///   - clock: measures pauses and deadlines.
    ///   - now: milliseconds since 1970; the system's unless set.
    ///   - makeID: makes the identity of a new fleet.
    ///   - environment: time and message ids of the controller.
    public init(
        cluster: String, name: String, coordination: some CoordinationService,
        configuration: MasterConfiguration = MasterConfiguration(), logger: Logger = Logger(label: "fleet.master"),
        clock: any Clock<Duration> = ContinuousClock(), now: (@Sendable () -> Int64)? = nil,
        makeID: (@Sendable () -> String)? = nil, environment: ControllerEnvironment = .system
    ) {
        self.cluster = cluster
        self.name = name
        self.coordination = coordination
        self.configuration = configuration
        self.logger = logger
        self.clock = clock
        self.now = now ?? FleetText.milliseconds
        self.makeID = makeID ?? { (0..<4).map { _ in String(UInt32.random(in: .min ... .max), radix: 16) }.joined() }
        var settings = configuration.controller
        settings.sessionTimeout = configuration.sessionTimeout
        settings.credentials = configuration.credentials
        controller = Controller(
            cluster: cluster, name: name, coordination: coordination, configuration: settings, logger: logger,
            clock: clock, environment: environment)
        var following = SpectatorConfiguration(source: .currentStates)
        following.sessionTimeout = configuration.sessionTimeout
        following.credentials = configuration.credentials
        spectator = Spectator(
            cluster: cluster, coordination: coordination, configuration: following, logger: logger, clock: clock,
            now: self.now)
        fleet = Fleet(cluster: cluster, master: name, clock: clock, access: configuration.access, now: self.now)
    }

    /// Whether it is the one that acts.
    public var isLeading: Bool { controller.status.isLeading }

    /// Works until the task is cancelled or the service group shuts down gracefully.
    /// - Throws: ``FleetError`` of code `STORE_NOT_USABLE` when the store is not this fleet's.
    public func run() async throws {
        try await settingUp()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.controller.run() }
            group.addTask { try await self.spectator.run() }
            group.addTask {
                for await table in self.spectator.routingTables {
                    self.fleet.publish { $0.table = table }
                    self.bell.ring()
                }
            }
            group.addTask { for await _ in self.controller.leaderships() { self.bell.ring() } }
            group.addTask { try await self.keepSessions() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private var sessionConfiguration: SessionConfiguration {
        SessionConfiguration(
            timeout: configuration.sessionTimeout, credentials: configuration.credentials, logger: logger)
    }

    // MARK: Beginning

    /// Sets the cluster and the fleet's records up, again and again while the store cannot be reached.
    private func settingUp() async throws {
        while true {
            do {
                try await coordination.withSession(sessionConfiguration) { try await self.setUp(in: $0) }
                return
            } catch let error as CoordinationError where error.isTransient || error.endsSession {
                logger.info("The store cannot be reached yet", metadata: ["error": "\(error)"])
                try await clock.sleep(for: .seconds(1))
            }
        }
    }

    private func setUp(in session: any CoordinationSession) async throws {
        let administrator = Administrator(session: session, logger: logger, now: now)
        try await administrator.addCluster(cluster)
        let models = try await administrator.stateModels(in: cluster)
        for model in [StateModel.container, .runOnce] where !models.contains(model.name) {
            do {
                try await administrator.addStateModel(model, in: cluster)
            } catch let error as AdministrationError where error.code == .alreadyExists {}
        }
        try await administrator.updateClusterConfig(cluster) { config in
            config.allowsAutoJoin = true
            if config.deregistrationTimeout == nil, let retention = configuration.hostRetention {
                config.deregistrationTimeout = retention
            }
            if config.capacityKeys.isEmpty { Loads.apply([], to: &config) }
        }
        _ = try await store(session).setUp(makeID: makeID)
    }

    private func store(_ session: any CoordinationSession, in leadership: Leadership? = nil) -> FleetStore {
        FleetStore(
            cluster: cluster, session: session, leadership: leadership, now: now, access: configuration.access)
    }

    // MARK: Sessions

    private func keepSessions() async throws {
        while !Task.isCancelled {
            do {
                try await coordination.withSession(sessionConfiguration) { try await self.serve(in: $0) }
            } catch {
                if Task.isCancelled { return }
                logger.notice("Reading everything anew", metadata: ["error": "\(error)"])
                try? await clock.sleep(for: .milliseconds(500))
            }
            fleet.open(nil)
        }
    }

    private func serve(in session: any CoordinationSession) async throws {
        fleet.open(session)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var follower = RecordFollower(cluster: self.cluster, session: session)
                try await follower.follow { change in
                    self.fleet.publish(change)
                    self.bell.ring()
                }
            }
            group.addTask { try await self.keep(session) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Looks whenever something may have changed.
    private func keep(_ session: any CoordinationSession) async throws {
        var memory = KeeperDesk.Memory()
        while !Task.isCancelled {
            var deadline: Int64?
            let (view, changes) = fleet.look(now: now())
            if let table = view.table, view.leader != nil, !table.isStale {
                do {
                    deadline = try await look(&memory, view, changes, session)
                } catch is Deposed {
                    logger.notice("Deposed; what was about to be written is left to the next leader")
                }
            }
            let time = now()
            await bell.wait(
                atMost: deadline.map { .milliseconds(max(1, $0 - time)) }, on: clock)
            try await clock.sleep(for: configuration.gathering)
        }
    }

    private func look(
        _ memory: inout KeeperDesk.Memory, _ view: FleetView, _ changes: TaskBoard.Changes,
        _ session: any CoordinationSession
    ) async throws -> Int64? {
        let isFirst = !hasLooked.exchange(true, ordering: .relaxed)
        guard view.leader == name, let leadership = controller.leadership else { return nil }
        let store = store(session, in: leadership)
        var desk = KeeperDesk(
            cluster: cluster, store: store, configuration: configuration, logger: logger, memory: memory)
        var deadline: Int64?
        do {
            deadline = try await desk.look(view, now: now())
        } catch let error as FleetError {
            logger.error("The fleet is left as it is", metadata: ["error": "\(error)"])
            deadline = now() + 5_000
        }
        memory = desk.memory
        // What the first look finds was there before. That of a later session finds what happened between them.
        if !isFirst { try await TaskRecorder.take(changes, of: view.jobs, store, now: now()) }
        return deadline
    }
}
