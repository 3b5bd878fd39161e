public import FleetAgent
public import FleetModel

extension TaskDetail {
    /// What the cluster is told of a task.
    /// - Parameter agent: where the agent answers those who want logs.
    public init(_ report: TaskReport, agent: String? = nil) {
        self.init()
        phase = report.phase.rawValue
        container = report.container.map { String($0.prefix(12)) }
        ports = report.ports.isEmpty ? nil : report.ports
        throttle = report.throttle == .none ? nil : report.throttle.rawValue
        reason = report.reason
        exit = report.exitCode
        former = report.lastEnd.map {
            FormerContainer(container: String($0.container.prefix(12)), exit: $0.exitCode, time: $0.time)
        }
        restarts = report.restarts == 0 ? nil : report.restarts
        pulled = report.pulled.flatMap { $0.total > 0 ? Int($0.done * 100 / $0.total) : nil }
        self.agent = agent
    }
}

/// A task that will not come to what it was told: the error's text is a detail, which is what the cluster keeps beside
/// ERROR.
struct TaskOver: Error, CustomStringConvertible {
    let detail: TaskDetail

    /// Why, and all else that is known of the task.
    init(_ failure: TaskFailure, _ report: TaskReport?, agent: String?) {
        var detail = report.map { TaskDetail($0, agent: agent) } ?? TaskDetail()
        detail.phase = TaskPhase.failed.rawValue
        detail.reason = failure.description
        detail.exit = failure.exitCode ?? detail.exit
        self.detail = detail
    }

    var description: String { detail.text }
}
