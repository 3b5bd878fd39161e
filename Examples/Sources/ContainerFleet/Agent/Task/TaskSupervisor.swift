import FleetEngine

/// One task of a host: a value that is told what happens and says what is to be done. It knows no Engine, no clock and
/// no disk.
///
/// It plans nothing ahead. After each event it compares what it knows of the task's containers with the goal, and asks
/// for one call that brings them closer, never for a second one before the first is over. When the outcome of a call
/// is lost, it asks for nothing before it has seen a list of the containers that was begun after that. So what was
/// carried out in spite of a lost answer is found, and of a task there are never two containers that run.
public struct TaskSupervisor: Sendable {
    struct Flight: Sendable, Hashable {
        var number: Int
        var call: TaskAction.Call
    }

    struct Run: Sendable, Hashable {
        var container: String
        var began: Duration
        var health: HealthWatch
        var probe: Int?
        /// Why it is not to run on.
        var verdict: String?
        var ranOutOfMemory = false
    }

    /// Its name.
    public var id: String { record.id }
    /// What has to be on disk before anything that it asks for is done.
    public internal(set) var record: TaskRecord
    /// When it wants to be woken, if ever, by the clock that nobody sets.
    public internal(set) var wakesAt: Duration?
    /// What is to be told of it.
    public private(set) var report: TaskReport
    /// What containers of the spec have for a label.
    private(set) var fingerprint: String

    // What is known of the Engine.
    /// The newest first.
    var containers: [FoundContainer] = []
    var isListed = false
    private var isBeingListed = false
    private var changedSinceList: Set<String> = []
    var flight: Flight?
    private var lastNumber = 0
    var hasImage = false
    private var layers: [String: PullShare] = [:]
    private var progressShown = Duration.zero

    // What goes on.
    var run: Run?
    /// A container that was made to be started.
    var fresh: String?
    var history = RestartHistory()
    /// Nothing is started before.
    var restartsAt: Duration?
    /// Nothing at all is asked for before, since the last answers were of no use.
    var holdsUntil: Duration?
    private var troubles = 0
    /// The container announced no longer is asked to end then.
    var graceEnds: Duration?
    var stopsTried = 0

    /// A task that was told what its record says, of whose containers nothing is known yet.
    public init(_ record: TaskRecord, at now: AgentTime) {
        self.record = record
        fingerprint = record.spec.fingerprint
        report = TaskReport(
            task: record.id, goal: record.goal, phase: .unknown, throttle: .none, since: now.calendar,
            image: record.spec.image, ports: record.ports, exitCode: record.ending?.exitCode, restarts: 0)
    }

    /// Whether a list of the containers has to begin before it can go on.
    public var needsList: Bool { !isListed && !isBeingListed }

    /// Whether nothing is left of it.
    public var isGone: Bool { record.goal == .removed && report.phase == .removed }

    /// Tells it what happened.
    /// - Returns: what is to be done, in this order.
    public mutating func handle(_ event: TaskEvent, at now: AgentTime) -> [TaskAction] {
        var actions: [TaskAction] = []
        switch event {
        case .told(let goal, let spec): actions = told(goal, spec)
        case .listBegan:
            isBeingListed = true
            changedSinceList = []
        case .listed(let found): listed(found)
        case .engineLost: forgetContainers()
        case .changed(let container, let change): changed(container, change)
        case .finished(let number, let outcome):
            guard let call = flight?.call, flight?.number == number else { return [] }
            flight = nil
            finished(call, outcome, at: now)
        case .probed(let number, let failure):
            guard run?.probe == number else { return [] }
            run?.probe = nil
            run?.health.tried(failure, at: now.elapsed)
            if let failure, !(run?.health.isOpen ?? true) { report.reason = failure }
        case .progressed(let number, let progress):
            guard flight?.number == number else { return [] }
            progressed(progress, at: now)
            return []
        case .allotted(let ports):
            record.ports = ports
            report.ports = ports
        case .woke: break
        }
        return actions + advance(at: now)
    }

    // MARK: What happens

    private mutating func told(_ goal: TaskGoal, _ spec: TaskSpec) -> [TaskAction] {
        if spec != record.spec {
            hasImage = false
            record.ending = nil
            // What runs is not what it should be any more.
            run = nil
            record.spec = spec
            fingerprint = spec.fingerprint
            report.image = spec.image
        }
        // To have the image here is less than to run: what runs, runs on.
        guard goal != record.goal, goal != .pulled || record.goal != .running else { return [] }
        let isToRun = goal == .running || goal == .pulled
        if goal == .pulled, spec.pull == .always { hasImage = false }
        record.goal = goal
        report.goal = goal
        stopsTried = 0
        restartsAt = nil
        if isToRun { graceEnds = nil } else { forgetTheRuns() }
        guard !isToRun, let flight, flight.call == .fetch else { return [] }
        self.flight = nil
        return [TaskAction(number: flight.number, call: .callOff)]
    }

    private mutating func forgetTheRuns() {
        record.ending = nil
        record.failures = 0
        history = RestartHistory()
        report.restarts = 0
        report.throttle = .none
        // What ended before is not to be counted when it is told to run again.
        if record.countsEnds { record.counted = containers.first?.id ?? record.counted }
    }

    private mutating func listed(_ found: [FoundContainer]) {
        guard isBeingListed else { return }
        let known = containers
        let changed = changedSinceList
        // What changed while the list was made, the list may or may not show.
        var merged = known.filter { old in changed.contains(old.id) && !found.contains { $0.id == old.id } }
        for container in found {
            if changed.contains(container.id) {
                merged += known.filter { $0.id == container.id }
            } else {
                merged.append(container)
            }
        }
        containers = merged
        isBeingListed = false
        isListed = true
        if let container = run?.container, let health = containers.first(where: { $0.id == container })?.health {
            run?.health.verdict = health
        }
    }

    mutating func forgetContainers() {
        isListed = false
        isBeingListed = false
        fresh = nil
        run?.probe = nil
        run?.health.forget()
    }

    private mutating func changed(_ id: String, _ change: ContainerChange) {
        changedSinceList.insert(id)
        guard let index = containers.firstIndex(where: { $0.id == id }) else {
            // Somebody else's, or one of a call whose answer did not come: a list tells.
            if change == .started, flight == nil { isListed = false }
            return
        }
        switch change {
        case .started:
            if containers[index].status == .created { containers[index].status = .running }
            if containers[index].status.isExited { isListed = false }
        case .ranOutOfMemory:
            if run?.container == id { run?.ranOutOfMemory = true }
        case .exited(let code):
            let ranOut = run?.container == id && run?.ranOutOfMemory == true
            containers[index].status = .exited(code: code, outOfMemory: ranOut)
        case .gone: containers.remove(at: index)
        case .health(let health):
            containers[index].health = health
            if run?.container == id { run?.health.verdict = health }
        }
    }

    private mutating func progressed(_ progress: PullProgress, at now: AgentTime) {
        guard let layer = progress.layer, let total = progress.total, total > 0 else { return }
        layers[layer] = PullShare(done: min(progress.current ?? 0, total), total: total)
        guard now.elapsed >= progressShown + .milliseconds(500) else { return }
        progressShown = now.elapsed
        report.pulled = layers.values.reduce(into: PullShare(done: 0, total: 0)) {
            $0.done += $1.done
            $0.total += $1.total
        }
    }

    // MARK: Asking

    /// Asks for a call; the next is asked for when it is over.
    mutating func ask(_ call: TaskAction.Call) -> [TaskAction] {
        lastNumber += 1
        flight = Flight(number: lastNumber, call: call)
        if call == .fetch { layers = [:] }
        return [TaskAction(number: lastNumber, call: call)]
    }

    /// Asks for a probe, which other calls do not wait for.
    mutating func askForProbe(_ check: Check, timeout: Duration, of container: String) -> [TaskAction] {
        lastNumber += 1
        run?.probe = lastNumber
        return [TaskAction(number: lastNumber, call: .probe(container, check, timeout: timeout))]
    }

    mutating func wake(at moment: Duration) { wakesAt = min(wakesAt ?? moment, moment) }

    /// Waits longer with each answer in a row that was of no use.
    mutating func hold(at now: Duration) {
        holdsUntil = now + min(.milliseconds(100) * (1 << min(troubles, 10)), RestartHistory.longest)
        troubles += 1
    }

    mutating func answered() {
        troubles = 0
        holdsUntil = nil
    }

    mutating func setStatus(_ status: ContainerStatus?, of id: String) {
        changedSinceList.insert(id)
        guard let status else { return containers.removeAll { $0.id == id } }
        if let index = containers.firstIndex(where: { $0.id == id }) {
            containers[index].status = status
        } else {
            containers.insert(FoundContainer(id: id, fingerprint: fingerprint, status: status), at: 0)
        }
    }

    // MARK: Telling

    mutating func enter(_ phase: TaskPhase, reason: String? = nil, at now: AgentTime) {
        if report.phase != phase {
            report.since = now.calendar
            report.pulled = nil
        }
        report.phase = phase
        report.reason = reason
    }

    mutating func tell(_ change: (inout TaskReport) -> Void) { change(&report) }
}
