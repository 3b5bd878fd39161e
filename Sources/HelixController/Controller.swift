public import Coordination
import HelixRecords
public import Logging
import RebalancePipeline
public import ServiceLifecycle
import Synchronization

/// Runs a cluster: takes part in the election of its leader and, as leader, carries its replicas to where they should be.
///
/// ```swift
/// let controller = Controller(cluster: "orders", name: "controller-1", coordination: .zooKeeper("127.0.0.1:2181"))
/// try await controller.run()
/// ```
///
/// Run as many as you like: one leads, the others stand by and take over when its session ends. A leader writes only
/// through the session that owns CONTROLLER/LEADER, and every write is checked against that znode, so nothing of a deposed
/// leader can land.
public final class Controller: Service, Sendable {
    /// The cluster that it runs.
    public let cluster: String
    /// Its name in the election and in histories.
    public let name: String

    private let coordination: any CoordinationService
    private let configuration: ControllerConfiguration
    private let context: ControllerContext
    private let statusBox = Mutex(ControllerStatus.connecting)
    private let leadershipBox = LeadershipBox()

    /// - Parameters:
    ///   - cluster: the cluster to run; it must have been created.
    ///   - name: unique among the controllers of the cluster, often `host_port`.
    ///   - coordination: where the cluster lives.
    ///   - configuration: timings and strategies.
    ///   - logger: where to log.
    ///   - clock: measures pauses; another one than the default is for simulations.
    ///   - environment: calendar time and message ids; another one than the default is for simulations.
    public init(
        cluster: String, name: String, coordination: some CoordinationService,
        configuration: ControllerConfiguration = ControllerConfiguration(),
        logger: Logger = Logger(label: "helix.controller"),
        clock: any Clock<Duration> = ContinuousClock(),
        environment: ControllerEnvironment = .system
    ) {
        self.cluster = cluster
        self.name = name
        self.coordination = coordination
        self.configuration = configuration
        var logger = logger
        logger[metadataKey: "helix.cluster"] = "\(cluster)"
        logger[metadataKey: "helix.controller"] = "\(name)"
        context = ControllerContext(
            paths: ClusterPaths(cluster: cluster), name: name, configuration: configuration, logger: logger,
            clock: clock, environment: environment, metrics: ControllerMetrics(cluster: cluster))
    }

    /// What the controller is doing now.
    public var status: ControllerStatus { statusBox.withLock { $0 } }

    /// The term of office that it serves now; `nil` unless it leads.
    public var leadership: Leadership? { leadershipBox.current }

    /// Its terms of office from now on, the present one first; `nil` when it does not lead. Who is slow gets the last one.
    public func leaderships() -> AsyncStream<Leadership?> { leadershipBox.follow() }

    /// Whether the last decision of this controller, while it leads, left something to be done, now or at a certain time.
    package var hasPlans: Bool { context.hasPlans.isUp }

    /// Takes part until the task is cancelled or the service group shuts down gracefully; then it resigns at once.
    ///
    /// - Throws: `ControllerError` when the cluster is not set up; `CoordinationError` when the service cannot be
    ///   used at all. The end of a session is no error: the controller opens another one.
    public func run() async throws {
        defer { move(to: .stopped) }
        let shutdown = Mailbox<Void>()
        _ = try await withGracefulShutdownHandler {
            try await shutdown.cancels { try await self.keepSessions() }
        } onGracefulShutdown: {
            shutdown.finish()
        }
    }

    private func keepSessions() async throws {
        while !Task.isCancelled {
            move(to: .connecting)
            do {
                try await coordination.withSession(sessionConfiguration) { session in
                    try await self.serve(in: session)
                }
            } catch {
                if Task.isCancelled { return }
                try await recover(from: error)
            }
        }
    }

    private var sessionConfiguration: SessionConfiguration {
        SessionConfiguration(
            timeout: configuration.sessionTimeout, credentials: configuration.credentials, logger: context.logger)
    }

    /// One session: stand by, then lead. Whoever was deposed begins anew with another session, so that nothing of the
    /// former term is left.
    private func serve(in session: any CoordinationSession) async throws {
        try await session.persistently(context) {
            // A server that is behind does not know yet of what was set up a moment ago.
            try await session.sync(context.paths.root)
            try await ClusterSetup.check(session, context.paths)
        }
        move(to: .standby)
        let (office, cache) = try await standBy(in: session)
        move(to: .leading(session: session.id.description))
        leadershipBox.set(Leadership(office))
        defer { leadershipBox.set(nil) }
        do {
            try await LeaderTerm(office: office, context: context, cache: cache).run()
        } catch let error where !Self.isEndOfTerm(error) {
            throw TermFailure(cause: error)
        }
    }

    /// Waits for the office, and gets to know the cluster meanwhile.
    private func standBy(in session: any CoordinationSession) async throws -> (Office, ClusterCache?) {
        let election = LeaderElection(session: session, context: context)
        guard let interval = configuration.standbyInterval else { return (try await election.win(), nil) }
        let context = context
        return try await withThrowingTaskGroup(of: ClusterCache?.self) { group in
            group.addTask {
                var standby = StandbyCache(session: session, context: context)
                return await standby.follow(every: interval)
            }
            let office = try await election.win()
            group.cancelAll()
            return (office, try await group.next() ?? nil)
        }
    }

    private static func isEndOfTerm(_ error: any Error) -> Bool {
        if let error = error as? CoordinationError { return error.endsSession }
        return error is Deposed || error is CancellationError
    }

    /// Another session may do better; what none can help is thrown.
    private func recover(from error: any Error) async throws {
        switch error {
        case is Deposed:
            context.logger.notice("Deposed; taking part in the election again")
        case let error as CoordinationError where error.endsSession || error.isTransient:
            context.logger.info("The session is over; opening another", metadata: ["error": "\(error)"])
        case let failure as TermFailure:
            context.logger.error(
                "Leading failed; another controller may take over", metadata: ["error": "\(failure.cause)"])
            try await pause()
        default:
            throw error
        }
    }

    private func pause() async throws {
        do {
            try await context.clock.sleep(for: .seconds(1))
        } catch  where Task.isCancelled {}  // then run() ends
    }

    private func move(to status: ControllerStatus) {
        let former = statusBox.withLock { current in
            defer { current = status }
            return current
        }
        guard former != status else { return }
        context.metrics.isLeading(status.isLeading)
        context.logger.info("Controller moved on", metadata: ["status": "\(status)"])
    }
}

/// What a controller is doing.
public enum ControllerStatus: Sendable, Hashable {
    /// It has no session.
    case connecting
    /// It has a session; another controller leads.
    case standby
    /// It leads, through the session with this id.
    case leading(session: String)
    /// It has ended.
    case stopped

    /// Whether it leads.
    public var isLeading: Bool {
        if case .leading = self { return true }
        return false
    }
}

/// A term that ended for a reason that nobody foresaw.
private struct TermFailure: Error {
    let cause: any Error
}
