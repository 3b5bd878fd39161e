public import FleetAgent
public import FleetEngine
import Synchronization

/// An Engine in memory that goes by a clock and by random numbers, and fails as it is told: calls are slow, fail, are
/// carried out without an answer or after nobody waits for one any more; streams break; containers end by plan.
///
/// It looks on while it works: of no task may two containers run at a time.
public final class MemoryEngine: ContainerEngine {
    /// What goes wrong, each as a share of the calls.
    public struct Faults: Sendable {
        /// A call fails, and says so.
        public var failures = 0.0
        /// A call is not carried out, and has no answer.
        public var losses = 0.0
        /// A call is carried out, and has no answer.
        public var lostAnswers = 0.0
        /// A call is carried out up to ten seconds after its caller was told that it took too long.
        public var lateness = 0.0
        /// Streams of events break at a call.
        public var breaks = 0.0
        /// How long calls take.
        public var latency: ClosedRange<Duration> = .milliseconds(1) ... .milliseconds(20)

        /// Nothing goes wrong.
        public init() {}
    }

    /// How containers of an image behave.
    public struct Plan: Sendable {
        /// How long they run by themselves; for ever unless set.
        public var runs: Duration?
        /// How they end by themselves.
        public var exitCode = 0
        /// How long after their start they are healthy.
        public var isHealthyAfter: Duration? = .zero
        /// How long they take to end when they are asked to.
        public var stops: Duration = .milliseconds(50)

        /// They run for ever.
        public init() {}
    }

    let clock: AgentClock
    let state: Mutex<MemoryHost>

    /// An Engine without containers.
    /// - Parameter random: what its faults and delays follow from.
    public init(clock: AgentClock, random: @escaping @Sendable () -> UInt64) {
        self.clock = clock
        state = Mutex(MemoryHost(random: random))
    }

    // MARK: What tests do to it

    /// What was wrong in what it was asked to do.
    public var violations: [String] { state.withLock { $0.violations } }

    /// What was ended because a caller wanted that, in order.
    public var endings: [MemoryEnding] { state.withLock { $0.endings } }

    /// How many containers were started.
    public var starts: Int { state.withLock { $0.starts } }

    /// Sets what goes wrong from now on.
    public func setFaults(_ faults: Faults) { state.withLock { $0.faults = faults } }

    /// Puts an image into the registry.
    public func publish(_ image: String, _ plan: Plan = Plan(), pullTime: Duration = .milliseconds(500)) {
        state.withLock { $0.registry[image] = .init(plan: plan, pullTime: pullTime) }
    }

    /// The registry does not answer, or does again.
    public func setRegistryAway(_ isAway: Bool) { state.withLock { $0.isRegistryAway = isAway } }

    /// Goes away, or comes back; containers run on.
    public func setDown(_ isDown: Bool) {
        state.withLock {
            $0.isDown = isDown
            if isDown { $0.breakStreams() }
        }
    }

    /// Goes away and takes its containers along, as a host does that loses its power.
    public func crash() {
        state.withLock { host in
            host.settle(at: clock.now)
            for id in host.order { host.end(id, code: 137, at: clock.now) }
            host.isDown = true
            host.breakStreams()
        }
    }

    /// Breaks the streams of events.
    public func breakStreams() { state.withLock { $0.breakStreams() } }

    /// Somebody else listens at a port, or no longer does.
    public func setForeign(_ port: Int, _ isTaken: Bool) {
        state.withLock { if isTaken { $0.foreignPorts.insert(port) } else { $0.foreignPorts.remove(port) } }
    }

    /// Kills the containers of a task that run, as an operator does.
    public func killContainers(of task: String) {
        state.withLock { host in
            host.settle(at: clock.now)
            for id in host.order where host.containers[id]?.task == task { host.end(id, code: 137, at: clock.now) }
        }
    }

    /// The image's own check of a task's containers that run comes to a verdict.
    public func setHealth(_ health: ContainerState.Health, of task: String) {
        state.withLock { host in
            host.settle(at: clock.now)
            for id in host.order where host.containers[id]?.task == task && host.containers[id]?.status == .running {
                host.setHealth(health, of: id, at: clock.now)
            }
        }
    }

    /// Makes a container that nobody asked for, and starts it.
    public func intrude(_ spec: ContainerSpec, name: String) {
        state.withLock { host in
            host.settle(at: clock.now)
            host.images.insert(spec.image)
            guard let id = try? host.create(spec, name: name, at: clock.now) else { return }
            try? host.start(id, at: clock.now)
        }
    }

    /// All containers, the newest first.
    public func containers() -> [MemoryContainer] {
        state.withLock { host in
            host.settle(at: clock.now)
            return host.order.reversed().compactMap { host.containers[$0] }
        }
    }

    // MARK: Calls

    private enum Fate { case plain, fails, lost, answerLost, late(Duration) }

    /// Carries a call out, or not.
    private func call<Result: Sendable>(
        _ name: String, isChange: Bool = true, lasting time: Duration = .zero,
        _ effect: @escaping @Sendable (inout MemoryHost, AgentTime) throws -> Result
    ) async throws -> Result {
        let (fate, delay) = state.withLock { host -> (Fate, Duration) in
            let faults = host.faults
            if host.chance(faults.breaks) { host.breakStreams() }
            let delay = host.duration(in: faults.latency)
            if host.chance(faults.failures) { return (.fails, delay) }
            if host.chance(faults.losses) { return (.lost, delay) }
            guard isChange else { return (.plain, delay) }
            if host.chance(faults.lostAnswers) { return (.answerLost, delay) }
            if host.chance(faults.lateness) { return (.late(host.duration(in: .zero ... .seconds(10))), delay) }
            return (.plain, delay)
        }
        try await clock.sleep(delay + time)
        let clock = clock
        let result: Result = try state.withLock { host in
            host.settle(at: clock.now)
            if host.isDown { throw EngineError(.unreachable, call: name, message: "nobody listens") }
            switch fate {
            case .plain: return try effect(&host, clock.now)
            case .fails: throw EngineError(.failed, call: name, message: "the storage is on fire")
            case .lost: throw EngineError(.connectionLost, call: name, message: "cut off before")
            case .answerLost:
                _ = try? effect(&host, clock.now)
                throw EngineError(.connectionLost, call: name, message: "cut off after")
            case .late(let lateness):
                host.schedule(at: clock.now.elapsed + lateness) { host, now in _ = try? effect(&host, now) }
                throw EngineError(.timedOut, call: name, message: "no answer")
            }
        }
        return result
    }

    /// See ``ContainerEngine/ping()``.
    public func ping() async throws -> EngineInformation { throw Self.notHere("ping") }

    /// See ``ContainerEngine/pull(_:credentials:)``.
    public func pull(_ image: String, credentials: RegistryCredentials?) async throws -> EngineStream<PullProgress> {
        let time = state.withLock { $0.registry[image]?.pullTime ?? .milliseconds(100) }
        try await call("pull \(image)", lasting: time) { host, _ in
            if host.isRegistryAway {
                throw EngineError(.timedOut, call: "pull \(image)", message: "the registry does not answer")
            }
            guard host.registry[image] != nil else {
                throw EngineError(.imageMissing, call: "pull \(image)", message: "manifest unknown")
            }
            host.images.insert(image)
        }
        return EngineStream([PullProgress(status: "Downloading", layer: "a", current: 1, total: 2)])
    }

    /// See ``ContainerEngine/image(_:)``.
    public func image(_ name: String) async throws -> ImageDetails {
        try await call("look up \(name)", isChange: false) { host, _ in
            guard host.images.contains(name) else {
                throw EngineError(.imageMissing, call: "look up \(name)", message: "no such image")
            }
            return ImageDetails(id: name)
        }
    }

    /// See ``ContainerEngine/create(_:name:)``.
    public func create(_ spec: ContainerSpec, name: String?) async throws -> CreatedContainer {
        try await call("create \(name ?? "")") { host, now in
            CreatedContainer(id: try host.create(spec, name: name ?? "unnamed\(host.order.count)", at: now))
        }
    }

    /// See ``ContainerEngine/start(_:)``.
    public func start(_ container: String) async throws {
        try await call("start \(container)") { host, now in try host.start(container, at: now) }
    }

    /// See ``ContainerEngine/stop(_:within:)``.
    public func stop(_ container: String, within limit: Duration?) async throws {
        let takes = state.withLock { $0.containers[container]?.plan.stops ?? .zero }
        let time = min(takes, limit ?? .seconds(10))
        try await call("stop \(container)", lasting: time) { host, now in
            _ = try host.find(container)
            host.endOnDemand(container, code: takes == time ? 143 : 137, at: now)
        }
    }

    /// See ``ContainerEngine/kill(_:signal:)``.
    public func kill(_ container: String, signal: String) async throws {
        try await call("kill \(container)") { host, now in
            guard try host.find(container).status == .running else {
                throw EngineError(.notRunning, call: "kill", message: "\(container) is not running")
            }
            host.endOnDemand(container, code: 137, at: now)
        }
    }

    /// See ``ContainerEngine/remove(_:force:volumes:)``.
    public func remove(_ container: String, force: Bool, volumes: Bool) async throws {
        try await call("remove \(container)") { host, now in
            if try host.find(container).status == .running {
                guard force else { throw EngineError(.conflict, call: "remove", message: "\(container) is running") }
                host.endOnDemand(container, code: 137, at: now)
            }
            host.remove(container, at: now)
        }
    }

    /// See ``ContainerEngine/wait(for:)``.
    public func wait(for container: String) async throws -> Int {
        while true {
            let code = try await call("wait for \(container)", isChange: false) { host, _ -> Int? in
                let found = try host.find(container)
                return found.status == .running ? nil : found.exitCode ?? 0
            }
            if let code { return code }
        }
    }

    /// See ``ContainerEngine/inspect(_:)``.
    public func inspect(_ container: String) async throws -> ContainerDetails {
        try await call("inspect \(container)", isChange: false) { host, _ in try host.find(container).details }
    }

    /// See ``ContainerEngine/list(_:)``.
    public func list(_ filter: ContainerFilter) async throws -> [ContainerSummary] {
        try await call("list", isChange: false) { host, _ in
            host.order.reversed().compactMap { host.containers[$0]?.summary }
                .filter { container in filter.labels.allSatisfy { container.labels[$0] == $1 } }
        }
    }

    /// See ``ContainerEngine/execute(_:in:)``.
    public func execute(_ command: ExecSpec, in container: String) async throws -> Execution {
        try await call("exec", isChange: false) { host, now in
            let found = try host.find(container)
            guard found.status == .running else {
                throw EngineError(.notRunning, call: "exec", message: "\(container) is not running")
            }
            return Execution(id: found.isHealthy(at: now) ? "0" : "1", output: EngineStream([]))
        }
    }

    /// See ``ContainerEngine/exitCode(of:)``.
    public func exitCode(of execution: Execution) async throws -> Int { Int(execution.id) ?? 1 }

    /// See ``ContainerEngine/events(since:_:)``.
    public func events(since time: Int64?, _ filter: EventFilter) async throws -> EngineStream<EngineEvent> {
        let signal = Signal()
        let number = try await call("events", isChange: false) { host, _ in host.subscribe(signal) }
        return EngineStream {
            {
                while true {
                    let (event, pause) = try self.state.withLock { host in
                        host.settle(at: self.clock.now)
                        return (try host.nextEvent(for: number), host.nextDue.map { $0 - self.clock.now.elapsed })
                    }
                    if let event { return event }
                    await signal.wait(for: pause, by: self.clock)
                    try Task.checkCancellation()
                }
            }
        }
    }

    /// See ``ContainerEngine/put(_:into:at:)``.
    public func put(_ files: Archive, into container: String, at directory: String) async throws {
        try await call("put") { host, _ in _ = try host.find(container) }
    }

    // MARK: What no agent asks for

    private static func notHere(_ call: String) -> EngineError {
        EngineError(.badRequest, call: call, message: "an Engine in memory cannot do that")
    }

    /// See ``ContainerEngine/removeImage(_:)``.
    public func removeImage(_ name: String) async throws { throw Self.notHere("remove image") }
    /// See ``ContainerEngine/sample(_:)``.
    public func sample(_ container: String) async throws -> ContainerSample { throw Self.notHere("sample") }
    /// See ``ContainerEngine/logs(of:_:)``.
    public func logs(of container: String, _ options: LogOptions) -> EngineStream<OutputChunk> { EngineStream([]) }
    /// See ``ContainerEngine/archive(_:of:)``.
    public func archive(_ path: String, of container: String) async throws -> Archive { throw Self.notHere("archive") }
    /// See ``ContainerEngine/networks()``.
    public func networks() async throws -> [String] { [] }
    /// See ``ContainerEngine/createNetwork(_:labels:)``.
    public func createNetwork(_ name: String, labels: [String: String]) async throws { throw Self.notHere("network") }
    /// See ``ContainerEngine/removeNetwork(_:)``.
    public func removeNetwork(_ name: String) async throws { throw Self.notHere("network") }
}
