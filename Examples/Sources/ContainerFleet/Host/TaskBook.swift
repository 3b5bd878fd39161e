import FleetAgent
import FleetModel
import HelixParticipant
import Synchronization

/// What the agent last knew of its tasks, and through which replicas the cluster is told.
final class TaskBook: Sendable {
    private struct Entry {
        var report: TaskReport?
        var replica: Replica?
        /// Whether the cluster has said since the session began what the task is to come to.
        var isOrdered = false
    }

    private let entries = Mutex<[String: Entry]>([:])
    /// Where the agent answers those who want logs.
    let agent: String?

    init(agent: String?) { self.agent = agent }

    /// A session begins, in which the cluster has said nothing yet.
    func beginSession() {
        entries.withLock { entries in
            for task in entries.keys { entries[task]?.isOrdered = false }
        }
    }

    /// The cluster orders something.
    func order(_ replica: Replica) {
        entries.withLock { entries in
            entries[replica.partition, default: Entry()].replica = replica
            entries[replica.partition]?.isOrdered = true
        }
    }

    func isOrdered(_ task: String) -> Bool { entries.withLock { $0[task]?.isOrdered ?? false } }

    /// How a task was.
    func report(_ task: String) -> TaskReport? { entries.withLock { $0[task]?.report } }

    /// What the cluster is told of a task.
    func detail(_ task: String) -> String? { report(task).map { TaskDetail($0, agent: agent).text } }

    /// Tells the cluster how a task is; and that it does not run any more, if it did and is to.
    func take(_ report: TaskReport) {
        let (replica, former) = entries.withLock { entries in
            let former = entries[report.task]?.report
            entries[report.task, default: Entry()].report = report
            if report.phase == .removed { entries[report.task] = nil }
            return (entries[report.task]?.replica, former)
        }
        guard let replica else { return }
        let text = TaskDetail(report, agent: agent).text
        let hasFallen = former?.phase == .running && report.phase != .running && report.goal == .running
        if hasFallen {
            do {
                return try replica.report(from: TaskState.running, to: TaskState.failed, detail: text)
            } catch {
                // It was not RUNNING for the cluster either.
            }
        }
        replica.report(detail: text)
    }
}
