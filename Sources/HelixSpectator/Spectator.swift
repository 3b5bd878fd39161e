public import Coordination
import HelixRecords
public import Logging
public import ServiceLifecycle
import Synchronization

/// Follows where the replicas of a cluster are, without taking part in it.
///
/// Run it as a service, next to what needs the routes:
///
/// ```swift
/// let spectator = Spectator(cluster: "orders", coordination: .zooKeeper("127.0.0.1:2181"))
/// try await ServiceGroup(services: [spectator, server], logger: logger).run()
///
/// // in the server
/// for await routes in spectator.routingTables {
///     let leader = routes.instances(serving: "orders", partition: "orders_7", in: "LEADER").first
/// }
/// ```
///
/// or, in a program without services, for as long as a body runs, with ``withRoutingTables(_:)``.
///
/// - A change costs the change: a watch leads to one read of the znode that changed, and only the resource it belongs
///   to is made anew.
/// - A spectator never shows an older map after a newer one: in each session, and after each reconnect, the server that
///   it reads from has to catch up first.
/// - While the coordination service cannot be reached the last table stays, marked ``RoutingTable/isStale``.
/// - A record that cannot be read is reported in ``RoutingTable/problems``, and what was known of it before stays.
public final class Spectator: Service, Sendable {
    /// The cluster that it follows.
    public let cluster: String

    private let coordination: any CoordinationService
    private let configuration: SpectatorConfiguration
    private let logger: Logger
    private let clock: any Clock<Duration>
    private let board: RoutingBoard
    private let hasRun = Atomic(false)

    /// - Parameters:
    ///   - cluster: the cluster to follow. If it does not exist yet, the table is empty, with a problem that says so.
    ///   - coordination: where the cluster lives.
    ///   - configuration: what the tables are made of, and timings.
    ///   - logger: where to log.
    ///   - clock: measures pauses; another one than the default is for simulations.
    ///   - now: milliseconds since 1970, the system's unless set.
    public init(
        cluster: String, coordination: some CoordinationService,
        configuration: SpectatorConfiguration = SpectatorConfiguration(),
        logger: Logger = Logger(label: "helix.spectator"),
        clock: any Clock<Duration> = ContinuousClock(),
        now: (@Sendable () -> Int64)? = nil
    ) {
        self.cluster = cluster
        self.coordination = coordination
        self.configuration = configuration
        self.clock = clock
        var logger = logger
        logger[metadataKey: "helix.cluster"] = "\(cluster)"
        self.logger = logger
        board = RoutingBoard(
            state: RoutingState(cluster: cluster, source: configuration.source),
            now: now ?? SystemTime.milliseconds, logger: logger, metrics: SpectatorMetrics(cluster: cluster))
    }

    /// The tables: the present one as soon as everything has been read once, then each that differs. They come while
    /// ``run()`` runs, and end with it.
    public var routingTables: RoutingTables { RoutingTables(latest: board.latest) }

    /// The latest table; `nil` until everything has been read once.
    public var routingTable: RoutingTable? { board.latest.value }

    /// A table that shows everything that had been written when this was called: the spectator lets its server catch up
    /// and reads all again. Several calls at once share one reading.
    ///
    /// ``routingTable`` is usually a few milliseconds behind the cluster. That is what routing wants; use this one where a
    /// decision depends on missing nothing, for example who has the newest data when a master is promoted.
    ///
    /// Waits for ``run()`` to run, and for as long as the coordination service cannot be reached.
    /// - Throws: `CancellationError`; `SpectatorError` when the spectator has ended.
    public func upToDateTable() async throws -> RoutingTable {
        let request = board.requests.make()
        if await board.requests.isAnswered(request), let table = board.latest.value { return table }
        try Task.checkCancellation()
        throw SpectatorError(
            description: "the spectator of cluster \(cluster) has ended; ask while run() runs, or make a new one")
    }

    /// Follows the cluster until the task is cancelled or the service group shuts down gracefully.
    ///
    /// The end of a session is no error: the spectator opens another one, and the last table stays meanwhile.
    /// - Throws: `SpectatorError` when it has run already; `CoordinationError` when the service cannot be used at all.
    public func run() async throws {
        guard !hasRun.exchange(true, ordering: .acquiringAndReleasing) else {
            throw SpectatorError(
                description: "the spectator of cluster \(cluster) has run already; make a new one to run again")
        }
        defer {
            board.latest.finish()
            board.requests.finish()
        }
        let shutdown = Mailbox<Void>()
        _ = try await withGracefulShutdownHandler {
            try await shutdown.cancels { try await self.keepSessions() }
        } onGracefulShutdown: {
            shutdown.finish()
        }
    }

    /// Runs the spectator for as long as `body` runs, and hands it the tables: for programs without services.
    ///
    /// ```swift
    /// let leader = try await spectator.withRoutingTables { tables in
    ///     await tables.first { _ in true }?.instances(serving: "orders", partition: "orders_7", in: "LEADER").first
    /// }
    /// ```
    /// - Throws: what the body throws, and what ``run()`` throws.
    public func withRoutingTables<Value: Sendable>(
        _ body: @escaping @Sendable (RoutingTables) async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                try await self.run()
                return nil
            }
            group.addTask { try await body(self.routingTables) }
            while let outcome = try await group.next() {
                if let value = outcome { return value }
            }
            throw CancellationError()
        }
    }

    private func keepSessions() async throws {
        while !Task.isCancelled {
            do {
                try await coordination.withSession(sessionConfiguration) { session in
                    try await RoutingReader(
                        session: session, board: self.board, refreshInterval: self.configuration.refreshInterval,
                        clock: self.clock
                    ).run()
                }
            } catch  where Task.isCancelled {
                return
            } catch let error as CoordinationError where error.endsSession || error.isTransient {
                logger.info("The session is over; opening another", metadata: ["error": "\(error)"])
            }
            if !Task.isCancelled { board.markStale() }
        }
    }

    private var sessionConfiguration: SessionConfiguration {
        SessionConfiguration(
            timeout: configuration.sessionTimeout, credentials: configuration.credentials, logger: logger)
    }
}
