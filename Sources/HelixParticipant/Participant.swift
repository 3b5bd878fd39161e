public import Coordination
internal import HelixRecords
public import Logging
internal import MessageQueue
public import ServiceLifecycle
public import StateModels
internal import Synchronization

/// A member of a cluster that carries replicas: it joins, makes the transitions that the controller orders by calling
/// your handlers, and reports what became of them.
///
/// ```swift
/// let participant = Participant(cluster: "orders", instance: "node1_8080", coordination: zooKeeper)
/// participant.register(.masterSlave) { replica in OrderShard(replica) }  // OrderShard: MasterSlaveHandler
/// try await ServiceGroup(services: [participant], logger: logger).run()
/// ```
///
/// Everything happens in ``run()``, inside one session after another. When a session becomes uncertain, replicas in the
/// top state are told to stop serving (``TransitionHandler/suspended()``); when it expires, what runs is cancelled,
/// every replica is reset, and the participant joins again with a new session.
///
/// On graceful shutdown it takes no more messages, brings its replicas to the initial state, those in the top state
/// first, and leaves the cluster.
public final class Participant: Service, Sendable {
    /// The cluster.
    public let cluster: String
    /// The instance's name in the cluster, usually `host_port`.
    public let instance: String

    private let coordination: any CoordinationService
    private let configuration: ParticipantConfiguration
    private let logger: Logger
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Int64
    private let messageIDs: MessageIDs
    private let registry = ModelRegistry()
    private let stage: Stage
    private let departure = Departure()
    private let flapping: FlappingDetector
    private let hasRun = Atomic(false)
    private let joinedSession = Mutex<String?>(nil)

    /// A participant that does nothing before ``run()``.
    ///
    /// - Parameters:
    ///   - cluster: the cluster's name; it must be set up.
    ///   - instance: the instance's name, unique in the cluster.
    ///   - coordination: where the cluster meets.
    ///   - logger: gets the metadata `helix.cluster`, `helix.instance` and, where it applies, `helix.session`,
    ///     `helix.resource` and `helix.partition`.
    ///   - clock: measures timeouts and pauses.
    ///   - now: the calendar time for what is written, in milliseconds since 1970.
    ///   - makeMessageID: unique ids for replies; random UUIDs unless set.
    public init(
        cluster: String, instance: String, coordination: some CoordinationService,
        configuration: ParticipantConfiguration = ParticipantConfiguration(),
        logger: Logger = Logger(label: "helix.participant"), clock: any Clock<Duration> = ContinuousClock(),
        now: (@Sendable () -> Int64)? = nil, makeMessageID: (@Sendable () -> String)? = nil
    ) {
        var logger = logger
        logger[metadataKey: LogKey.cluster] = "\(cluster)"
        logger[metadataKey: LogKey.instance] = "\(instance)"
        self.cluster = cluster
        self.instance = instance
        self.coordination = coordination
        self.configuration = configuration
        self.logger = logger
        self.clock = clock
        self.now = now ?? SystemTime.milliseconds
        messageIDs = makeMessageID.map { MessageIDs($0) } ?? .uuid
        flapping = FlappingDetector(configuration)
        stage = Stage(
            cluster: cluster, instance: instance, configuration: configuration, logger: logger, clock: clock,
            now: self.now)
    }

    // MARK: Handlers

    /// Registers the handlers of a built-in model. One handler is made for each replica, before its first transition.
    ///
    /// - Parameters:
    ///   - factory: the name by which resources choose among several factories for one model
    ///     (STATE_MODEL_FACTORY_NAME).
    ///   - makeHandler: what it throws puts the replica into ERROR.
    public func register<Handler>(
        _ model: BuiltInModel<Handler>, factory: String = "DEFAULT",
        _ makeHandler: @escaping @Sendable (Replica) throws -> Handler
    ) {
        add(model.model, factory) { [erase = model.erase] in erase(try makeHandler($0)) }
    }

    /// Registers the handlers of a model of your own. They get every transition in one method.
    ///
    /// - Parameters:
    ///   - factory: the name by which resources choose among several factories for one model.
    ///   - makeHandler: what it throws puts the replica into ERROR.
    public func register(
        custom model: StateModel, factory: String = "DEFAULT",
        _ makeHandler: @escaping @Sendable (Replica) throws -> any TransitionHandler
    ) {
        add(model, factory, makeHandler)
    }

    /// Registers what is to be done for each transition of a model. Leaving ERROR, and being dropped from ERROR or the
    /// initial state, may be left out: nothing is done then.
    ///
    /// - Parameter factory: the name by which resources choose among several factories for one model.
    /// - Throws: `RegistrationError` that names every transition which is missing or not in the model.
    public func register(
        _ model: StateModel, factory: String = "DEFAULT", transitions: [Transition: TransitionAction]
    ) throws(RegistrationError) {
        try TransitionTable.check(transitions, against: model)
        let table = TransitionTable(initialState: model.initialState, actions: transitions)
        add(model, factory) { _ in table }
    }

    private func add(
        _ model: StateModel, _ factory: String,
        _ makeHandler: @escaping @Sendable (Replica) throws -> any TransitionHandler
    ) {
        let reference = ModelReference(model: model.name, factory: factory)
        registry.add(RegisteredModel(reference: reference, model: model, makeHandler: makeHandler))
    }

    // MARK: State

    /// What the participant knows of itself now.
    public var status: ParticipantStatus {
        var status = stage.inspect(\.status)
        status.session = joinedSession.withLock { $0 }
        status.isJoined = status.session != nil
        return status
    }

    /// Declares that a replica has failed, for example because its disk has: it goes to ERROR, where an operator can
    /// reset it. A running transition is cancelled first. Does nothing if there is no such replica here.
    ///
    /// - Parameter reason: what people read in the cluster's current state.
    public func declareFailure(resource: String, partition: String, reason: String) {
        stage.fail(ReplicaKey(resource: resource, partition: partition), reason: reason)
    }

    // MARK: Running

    /// Joins the cluster and works until graceful shutdown, cancellation, or an error that trying again cannot cure.
    /// Can be called once.
    ///
    /// It returns when the last handler has, so a handler that ignores cancellation holds it up.
    /// - Throws: `ParticipantError`; `CoordinationError` when the coordination service refuses; `CancellationError`.
    public func run() async throws {
        guard !hasRun.exchange(true, ordering: .sequentiallyConsistent) else {
            throw ParticipantError(
                code: .alreadyRun, cluster: cluster, instance: instance,
                reason: "run() was called before; make a new participant")
        }
        let outcome: Result<Void, any Error> = await withGracefulShutdownHandler {
            do {
                return .success(try await work())
            } catch {
                return .failure(error)
            }
        } onGracefulShutdown: {
            self.departure.request()
        }
        // Resets that fell due after the stage had closed.
        while case let orders = stage.orders.drain(), !orders.isEmpty {
            for case .call(let job, let task) in orders { await stage.run(job, in: task) }
        }
        try outcome.get()
    }

    private func work() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                defer { self.stage.orders.post(.end) }
                try await self.attendSessions()
            }
            group.addTask { await self.stage.runAlarms() }
            var isOpen = true
            while isOpen, let orders = await stage.orders.next() {
                for order in orders {
                    switch order {
                    case .call(let job, let task): group.addTask { await self.stage.run(job, in: task) }
                    case .end: isOpen = false
                    }
                }
            }
            group.cancelAll()
        }
    }

    private func attendSessions() async throws {
        while !departure.isRequested {
            do {
                try await attendOne()
            } catch let error as CoordinationError where error.endsSession && !Task.isCancelled {
                logger.warning("the session is over; joining again with a new one", error: error)
            } catch let error as CoordinationError where (error.isTransient || error.code == .noNode) {
                logger.warning("the membership failed; joining again", error: error)
                try await clock.sleep(for: .milliseconds(500))
            } catch let error as RecordError {
                // Only somebody else can cure it; until then this is no reason to take the whole service down.
                logger.error(
                    "a record that is needed to join cannot be read; trying again until it is put right", error: error)
                try await clock.sleep(for: .seconds(5))
            }
            try Task.checkCancellation()
        }
    }

    /// One session, and what is left to do when it is over. The wish to leave ends it at once while there is nothing to
    /// hand over.
    private func attendOne() async throws {
        let outcome: Result<Void, any Error> = await withTaskGroup(of: Result<Void, any Error>.self) { group in
            group.addTask {
                do { return .success(try await self.attendSession()) } catch { return .failure(error) }
            }
            group.addTask {
                _ = await self.departure.isWishedByOutsider()
                return .success(())
            }
            defer { group.cancelAll() }
            return await group.next() ?? .success(())
        }
        await endSession()
        try outcome.get()
    }

    private func attendSession() async throws {
        let configuration = SessionConfiguration(
            timeout: configuration.sessionTimeout, credentials: configuration.credentials, logger: logger)
        try await coordination.withSession(configuration) { session in
            var logger = self.logger
            logger[metadataKey: LogKey.session] = "\(session.id)"
            let member = Membership(
                session: session, paths: ClusterPaths(cluster: self.cluster), instance: self.instance,
                configuration: self.configuration, clock: self.clock, now: self.now,
                messageIDs: self.messageIDs, logger: logger)
            let attendance = Attendance(
                member: member, registry: self.registry, stage: self.stage, departure: self.departure,
                flapping: self.flapping
            ) { id in self.joinedSession.withLock { $0 = id } }
            try await attendance.run()
        }
    }

    /// Cancels what runs, resets the replicas, and waits for that as long as it is worth while.
    private func endSession() async {
        departure.endMembership()
        joinedSession.withLock { $0 = nil }
        stage.endSession()
        if await !isDone(within: configuration.resetTimeout, on: clock, { await self.stage.idle() }) {
            logger.warning(
                "handlers have not returned; their replicas take no transitions until they do",
                metadata: ["count": "\(stage.inspect(\.callCount))"])
        }
    }
}
