public import FleetEngine

/// All tasks of a host, over one Engine.
///
/// The Engine's events tell what happens; a list of its containers tells what is, each time the events may have told
/// less than everything. Nothing else is needed: with no store of the cluster in reach tasks are kept up all the same,
/// and after a restart of the agent from what is on its disk.
///
/// The handlers of a participant say what the tasks are to come to: OFFLINE to PULLED is ``pull(_:_:)``, PULLED to RUNNING
/// ``start(_:_:)``, all that leads to OFFLINE ``stop(_:)``, and OFFLINE to DROPPED ``remove(_:)``. What happens between,
/// containers that end and are started again among it, is told in ``reports``.
///
/// ```swift
/// let host = try HostSupervisor(engine, store: disk, configuration)
/// await withDiscardingTaskGroup { group in
///     group.addTask { await host.run() }
///     group.addTask { for await report in host.reports { tell(report) } }
/// }
/// ```
public actor HostSupervisor {
    struct Entry {
        var supervisor: TaskSupervisor
        /// What is on disk.
        var saved: TaskRecord?
        var told: TaskReport?
        var trouble: (any Error)?
        /// How often it was told something.
        var tellings = 0
        var waiters: [Int: Signal] = [:]
    }

    enum Job: Sendable {
        case task(String, TaskAction)
        case kill(String)
        case remove(String)
    }

    /// What is to be told of the tasks, each time it changes. To be read by one.
    public nonisolated let reports: AsyncStream<TaskReport>

    let engine: any ContainerEngine
    let store: any AgentStore
    let configuration: HostConfiguration
    let clock: AgentClock
    let prober: any Prober
    let random: @Sendable () -> UInt64
    let secret: @Sendable (String) async throws -> [UInt8]
    let credentials: @Sendable (String) async -> RegistryCredentials?

    var tasks: [String: Entry] = [:]
    var allocator: PortAllocator
    /// Whose containers are, as far as they were seen.
    var owners: [String: String] = [:]
    /// What was found out of containers by looking at each.
    var inspected: [String: ContainerDetails] = [:]
    /// Since when containers have been seen not to run.
    var idleSince: [String: Duration] = [:]
    /// Pulls that can be called off.
    var callOffs: [String: Signal] = [:]
    /// Whether the Engine answers, as far as was seen.
    public internal(set) var isEngineThere = false
    let listWanted = Signal()
    let alarm = Signal()
    private let reporting: AsyncStream<TaskReport>.Continuation
    let jobs: AsyncStream<Job>
    let giving: AsyncStream<Job>.Continuation
    private var lastWaiter = 0

    /// The tasks that are on disk, which go on once ``run()`` does.
    /// - Parameters:
    ///   - secret: gets the content of a secret by its name.
    ///   - credentials: gets what the registry of an image wants, if anything.
    /// - Throws: ``AgentDiskError``.
    public init(
        _ engine: any ContainerEngine, store: any AgentStore, _ configuration: HostConfiguration,
        clock: AgentClock = .system, prober: any Prober = NetworkProber(),
        random: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) },
        secret: @escaping @Sendable (String) async throws -> [UInt8] = { throw SecretError(name: $0) },
        credentials: @escaping @Sendable (String) async -> RegistryCredentials? = { _ in nil }
    ) throws {
        self.engine = engine
        self.store = store
        self.configuration = configuration
        self.clock = clock
        self.prober = prober
        self.random = random
        self.secret = secret
        self.credentials = credentials
        (reports, reporting) = AsyncStream.makeStream()
        (jobs, giving) = AsyncStream.makeStream()
        let range = configuration.ports
        allocator = PortAllocator(
            range: range, startingAt: range.lowerBound + Int(random() % UInt64(max(1, range.count))))
        let now = clock.now
        for record in try store.records() {
            allocator.restore(record.ports, of: record.id, wanting: record.spec.portWishes)
            tasks[record.id] = Entry(supervisor: TaskSupervisor(record, at: now), saved: record)
        }
    }

    /// Keeps the tasks up until it is cancelled. Containers run on then.
    ///
    /// To be called once.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.watchEngine() }
            group.addTask { await self.keepTime() }
            for await job in jobs { group.addTask { await self.perform(job) } }
        }
        reporting.finish()
    }

    // MARK: What tasks are told

    /// Has the image of a task fetched. A container of the task that runs already runs on.
    ///
    /// Like all that tells a task something this returns when it has come about, however long it takes, and whoever is
    /// cancelled waits no longer: the task goes on towards what it was told.
    /// - Throws: ``TaskFailure`` when it was told something else meanwhile; ``AgentDiskError``; `CancellationError`.
    public func pull(_ task: String, _ spec: TaskSpec) async throws { try await tell(task, .pulled, spec) }

    /// Has a task run, healthy; if it is to run once, to its end. A container of the task that runs already is adopted.
    /// - Throws: ``TaskFailure`` when it has ended and is not to be started again, which holds until it was stopped; see
    ///   ``pull(_:_:)``.
    public func start(_ task: String, _ spec: TaskSpec) async throws { try await tell(task, .running, spec) }

    /// Has a task end: after its grace period it is asked to, and killed if it does not. Its container stays.
    public func stop(_ task: String) async throws { try await tell(task, .stopped, nil) }

    /// Has a task end, and its containers deleted; its ports are free then, and it is forgotten.
    public func remove(_ task: String) async throws { try await tell(task, .removed, nil) }

    /// How all tasks are, in the order of their names.
    public func currentReports() -> [TaskReport] {
        tasks.values.map(\.supervisor.report).sorted { $0.task < $1.task }
    }

    private func tell(_ task: String, _ goal: TaskGoal, _ spec: TaskSpec?) async throws {
        // Of a task that nobody knows there may be containers nevertheless.
        let spec = spec ?? tasks[task]?.supervisor.record.spec ?? TaskSpec(image: "")
        if tasks[task] == nil {
            let record = TaskRecord(id: task, spec: spec, goal: goal)
            tasks[task] = Entry(supervisor: TaskSupervisor(record, at: clock.now))
        }
        tasks[task]?.trouble = nil
        tasks[task]?.tellings += 1
        let telling = tasks[task]?.tellings
        let signal = Signal()
        lastWaiter += 1
        let waiter = lastWaiter
        tasks[task]?.waiters[waiter] = signal
        defer { tasks[task]?.waiters[waiter] = nil }
        apply(.told(goal, spec), to: task)
        while true {
            guard let entry = tasks[task] else {
                if goal == .removed { return }
                throw TaskFailure(task: task, goal: goal, "it was told to go")
            }
            if let trouble = entry.trouble { throw trouble }
            guard entry.tellings == telling else { throw TaskFailure(task: task, goal: goal, "it was told otherwise") }
            switch entry.supervisor.standing(towards: goal) {
            case .reached: return
            case .failed(let ending): throw TaskFailure(task: task, goal: goal, ending)
            case .underWay: await signal.wait()
            }
            try Task.checkCancellation()
        }
    }

    // MARK: What happens to tasks

    func apply(_ event: TaskEvent, to task: String) {
        guard var supervisor = tasks[task]?.supervisor else { return }
        let wokeAt = supervisor.wakesAt
        let actions = supervisor.handle(event, at: clock.now)
        tasks[task]?.supervisor = supervisor
        do {
            try save(task)
            for action in actions { giving.yield(.task(task, action)) }
        } catch {
            tasks[task]?.trouble = error
            let failure = EngineError(.failed, call: "save the state of \(task)", message: "\(error)")
            for action in actions where action.call != .callOff {
                apply(.finished(action.number, .failed(failure)), to: task)
                apply(.probed(action.number, failure: "\(error)"), to: task)
            }
        }
        if supervisor.wakesAt != wokeAt { alarm.set() }
        if supervisor.needsList { listWanted.set() }
        publish(task)
    }

    /// Writes down what the task has to remember, before anything is done.
    func save(_ task: String) throws {
        guard let entry = tasks[task], !entry.supervisor.isGone, entry.saved != entry.supervisor.record else { return }
        try store.save(entry.supervisor.record)
        tasks[task]?.saved = entry.supervisor.record
    }

    private func publish(_ task: String) {
        guard let entry = tasks[task] else { return }
        if entry.told != entry.supervisor.report {
            tasks[task]?.told = entry.supervisor.report
            reporting.yield(entry.supervisor.report)
        }
        if entry.supervisor.isGone {
            do {
                try store.forget(task)
                allocator.release(task)
                tasks[task] = nil
                owners = owners.filter { $0.value != task }
            } catch {
                tasks[task]?.trouble = error
            }
        }
        for (_, waiter) in entry.waiters.sorted(by: { $0.key < $1.key }) { waiter.set() }
    }

    private func keepTime() async {
        while !Task.isCancelled {
            let now = clock.now.elapsed
            for task in tasks.keys.sorted() {
                if let moment = tasks[task]?.supervisor.wakesAt, moment <= now { apply(.woke, to: task) }
            }
            let next = tasks.values.compactMap(\.supervisor.wakesAt).min()
            await alarm.wait(for: next.map { $0 - clock.now.elapsed }, by: clock)
        }
    }
}

/// Why a task does not come to what it was told.
public struct TaskFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What happened.
    public let description: String
    /// The exit code of its last container, if that is why.
    public let exitCode: Int?

    init(task: String, goal: TaskGoal, _ reason: String) {
        description = "\(task) was told to be \(goal.rawValue), and then \(reason)"
        exitCode = nil
    }

    init(task: String, goal: TaskGoal, _ ending: TaskRecord.Ending) {
        description = "\(task) is not to be started again: \(ending.reason)"
        exitCode = ending.exitCode
    }
}

/// Why a container does not get a secret.
public struct SecretError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The secret's name.
    public var name: String

    /// There is no such secret.
    public init(name: String) { self.name = name }

    /// What is missing, and what to do.
    public var description: String {
        "this agent knows no secret “\(name)”: store it first, or leave it out of the job"
    }
}
