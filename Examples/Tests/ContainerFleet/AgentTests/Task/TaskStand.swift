import FleetAgent
import FleetEngine

/// A task whose Engine and clock are the test.
struct TaskStand {
    private(set) var supervisor: TaskSupervisor
    private(set) var now = AgentTime(elapsed: .seconds(1_000), calendar: 1_000_000)
    /// The phases that it went through, with its container's name if it was known.
    private(set) var phases: [String] = []
    /// What it asked for and was not told the outcome of.
    private(set) var open: [TaskAction] = []
    private var containers = 0

    init(_ spec: TaskSpec = TaskSpec(image: "web:1"), goal: TaskGoal = .running, record: TaskRecord? = nil) {
        supervisor = TaskSupervisor(record ?? TaskRecord(id: "web_0", spec: spec, goal: goal), at: now)
    }

    var report: TaskReport { supervisor.report }
    /// What it waits for.
    var asked: [TaskAction.Call] { open.map(\.call) }
    var fingerprint: String { "a" }

    mutating func send(_ event: TaskEvent) {
        let actions = supervisor.handle(event, at: now)
        for action in actions {
            if action.call == .callOff { open.removeAll { $0.number == action.number } } else { open.append(action) }
        }
        let phase = report.phase.rawValue + (report.container.map { " \($0)" } ?? "")
        if phases.last != phase { phases.append(phase) }
    }

    /// Shows it the containers there are.
    mutating func list(_ containers: [FoundContainer] = []) {
        send(.listBegan)
        send(.listed(containers))
    }

    /// Answers the only call that it waits for.
    mutating func answer(_ outcome: CallOutcome = .done) {
        guard let index = open.firstIndex(where: { if case .probe = $0.call { false } else { true } }) else { return }
        let action = open.remove(at: index)
        if action.call == .create, outcome == .done {
            containers += 1
            return send(.finished(action.number, .created("c\(containers)")))
        }
        send(.finished(action.number, outcome))
    }

    mutating func answer(_ kind: EngineError.Kind) {
        answer(.failed(EngineError(kind, call: "call", message: "so it is")))
    }

    /// Tells the outcome of the probe that it waits for.
    mutating func probe(_ failure: String?) {
        guard let index = open.firstIndex(where: { if case .probe = $0.call { true } else { false } }) else { return }
        send(.probed(open.remove(at: index).number, failure: failure))
    }

    /// Lets time pass, and wakes it when it wants to be.
    mutating func advance(by duration: Duration) {
        let end = now.elapsed + duration
        while let moment = supervisor.wakesAt, moment <= end {
            pass(max(.zero, moment - now.elapsed))
            send(.woke)
        }
        pass(end - now.elapsed)
    }

    private mutating func pass(_ duration: Duration) {
        now.elapsed += duration
        now.calendar += duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000
    }

    /// Has it come to a container that runs.
    mutating func run() {
        list()
        for _ in 0..<3 { answer() }
    }

    /// Its container ends.
    mutating func exit(_ code: Int) {
        if let container = report.container { send(.changed(container: container, .exited(code: code))) }
    }
}
