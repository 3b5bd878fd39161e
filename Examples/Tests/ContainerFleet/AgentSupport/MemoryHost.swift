import FleetAgent
public import FleetEngine

/// A container of an Engine in memory.
public struct MemoryContainer: Sendable {
    /// What it is called by.
    public var id: String
    /// Its name.
    public var name: String
    /// What it was made from.
    public var spec: ContainerSpec
    /// Where it is in its life.
    public var status = ContainerState.Status.created
    /// How it ended.
    public var exitCode: Int?
    /// Its own address.
    public var address: String
    /// What the image's own check says.
    public var health: ContainerState.Health?
    var plan: MemoryEngine.Plan
    var startedAt: Duration?

    /// Whose it is.
    public var task: String { spec.labels[FleetLabel.task] ?? "" }

    var endsAt: Duration? {
        guard status == .running, let startedAt, let runs = plan.runs else { return nil }
        return startedAt + runs
    }

    func isHealthy(at now: AgentTime) -> Bool {
        guard status == .running, let startedAt, let delay = plan.isHealthyAfter else { return false }
        return now.elapsed >= startedAt + delay
    }

    var summary: ContainerSummary {
        ContainerSummary(id: id, name: name, image: spec.image, labels: spec.labels, status: status)
    }

    var details: ContainerDetails {
        ContainerDetails(
            id: id, name: name, image: spec.image, labels: spec.labels,
            state: ContainerState(status, exitCode: exitCode, health: health), addresses: ["bridge": address],
            ports: spec.ports)
    }
}

/// That a container was ended because somebody asked the Engine for that.
public struct MemoryEnding: Sendable {
    /// The container, as it was.
    public var container: MemoryContainer
    /// Whether it was healthy.
    public var wasHealthy: Bool
    /// When.
    public var time: Duration
}

/// What an Engine in memory has: a value that changes with calls and with time.
struct MemoryHost: Sendable {
    struct Published: Sendable {
        var plan: MemoryEngine.Plan
        var pullTime: Duration
    }

    private struct Subscriber: Sendable {
        var signal: Signal
        var queue: [EngineEvent] = []
        var isBroken = false
    }

    private struct Late: Sendable {
        var due: Duration
        var number: Int
        var effect: @Sendable (inout MemoryHost, AgentTime) -> Void
    }

    let random: @Sendable () -> UInt64
    var faults = MemoryEngine.Faults()
    var isDown = false
    var isRegistryAway = false
    var registry: [String: Published] = [:]
    var images: Set<String> = []
    var foreignPorts: Set<Int> = []
    var containers: [String: MemoryContainer] = [:]
    /// In the order in which they were made.
    var order: [String] = []
    var violations: [String] = []
    var endings: [MemoryEnding] = []
    /// How many containers were started.
    var starts = 0
    private var subscribers: [Int: Subscriber] = [:]
    private var late: [Late] = []
    private var lastNumber = 0

    init(random: @escaping @Sendable () -> UInt64) { self.random = random }

    func chance(_ share: Double) -> Bool { share > 0 && Double(random() >> 11) * 0x1p-53 < share }

    func duration(in range: ClosedRange<Duration>) -> Duration {
        let span = range.upperBound - range.lowerBound
        return range.lowerBound + span * (Double(random() >> 11) * 0x1p-53)
    }

    // MARK: Time

    mutating func schedule(at due: Duration, _ effect: @escaping @Sendable (inout MemoryHost, AgentTime) -> Void) {
        lastNumber += 1
        late.append(Late(due: due, number: lastNumber, effect: effect))
        for number in subscribers.keys.sorted() { subscribers[number]?.signal.set() }
    }

    /// When something will happen by itself.
    var nextDue: Duration? {
        let ends = order.compactMap { containers[$0]?.endsAt }
        return (ends + late.map(\.due)).min()
    }

    /// Lets happen what is due.
    mutating func settle(at now: AgentTime) {
        while let due = nextDue, due <= now.elapsed {
            if let index = late.firstIndex(where: { $0.due == due }) {
                late.remove(at: index).effect(&self, now)
            } else if let id = order.first(where: { containers[$0]?.endsAt == due }) {
                end(id, code: containers[id]?.plan.exitCode ?? 0, at: now)
            }
        }
    }

    // MARK: Containers

    func find(_ id: String) throws -> MemoryContainer {
        guard let container = containers[id] else {
            throw EngineError(.notFound, call: "find", message: "no such container: \(id)")
        }
        return container
    }

    mutating func create(_ spec: ContainerSpec, name: String, at now: AgentTime) throws -> String {
        guard images.contains(spec.image) else {
            throw EngineError(.imageMissing, call: "create", message: "no such image: \(spec.image)")
        }
        if containers.values.contains(where: { $0.name == name }) {
            throw EngineError(.nameConflict, call: "create", message: "the name \(name) is in use")
        }
        lastNumber += 1
        let id = "c\(lastNumber)"
        let plan = registry[spec.image]?.plan ?? .init()
        containers[id] = MemoryContainer(
            id: id, name: name, spec: spec, address: "10.0.\(lastNumber / 250).\(lastNumber % 250)", plan: plan)
        order.append(id)
        tell("create", id, at: now)
        return id
    }

    mutating func start(_ id: String, at now: AgentTime) throws {
        var container = try find(id)
        if container.status == .running { return }
        let wanted = Set(container.spec.ports.compactMap(\.hostPort))
        let taken = containers.values.filter { $0.status == .running }.flatMap { $0.spec.ports.compactMap(\.hostPort) }
        if !wanted.isDisjoint(with: foreignPorts.union(taken)) {
            throw EngineError(.portInUse, call: "start", message: "address already in use")
        }
        container.status = .running
        container.startedAt = now.elapsed
        containers[id] = container
        starts += 1
        tell("start", id, at: now)
        let running = order.filter { containers[$0]?.status == .running && containers[$0]?.task == container.task }
        if !container.task.isEmpty && running.count > 1 {
            violations.append("\(running.joined(separator: " and ")) of \(container.task) run at \(now.elapsed)")
        }
    }

    /// Ends a container because a caller wants that.
    mutating func endOnDemand(_ id: String, code: Int, at now: AgentTime) {
        guard let container = containers[id], container.status == .running else { return }
        endings.append(
            MemoryEnding(container: container, wasHealthy: container.isHealthy(at: now), time: now.elapsed))
        end(id, code: code, at: now)
    }

    mutating func end(_ id: String, code: Int, at now: AgentTime) {
        guard containers[id]?.status == .running else { return }
        containers[id]?.status = .exited
        containers[id]?.exitCode = code
        tell("die", id, ["exitCode": String(code)], at: now)
    }

    mutating func setHealth(_ health: ContainerState.Health, of id: String, at now: AgentTime) {
        containers[id]?.health = health
        tell("health_status", detail: health.rawValue, id, at: now)
    }

    mutating func remove(_ id: String, at now: AgentTime) {
        tell("destroy", id, at: now)
        containers[id] = nil
        order.removeAll { $0 == id }
    }

    // MARK: Events

    private mutating func tell(
        _ action: String, detail: String? = nil, _ id: String, _ more: [String: String] = [:], at now: AgentTime
    ) {
        guard let container = containers[id] else { return }
        var attributes = container.spec.labels.merging(more) { $1 }
        attributes["name"] = container.name
        let event = EngineEvent(action, detail: detail, id: id, attributes: attributes, time: now.calendar * 1_000_000)
        for number in subscribers.keys.sorted() where subscribers[number]?.isBroken == false {
            subscribers[number]?.queue.append(event)
            subscribers[number]?.signal.set()
        }
    }

    mutating func subscribe(_ signal: Signal) -> Int {
        lastNumber += 1
        subscribers[lastNumber] = Subscriber(signal: signal)
        return lastNumber
    }

    mutating func nextEvent(for number: Int) throws -> EngineEvent? {
        guard let subscriber = subscribers[number] else { return nil }
        if !subscriber.queue.isEmpty { return subscribers[number]?.queue.removeFirst() }
        guard subscriber.isBroken else { return nil }
        subscribers[number] = nil
        throw EngineError(.connectionLost, call: "events", message: "the stream broke")
    }

    mutating func breakStreams() {
        for number in subscribers.keys.sorted() {
            subscribers[number]?.isBroken = true
            subscribers[number]?.signal.set()
        }
    }
}
