import Coordination
import FleetAgent
import FleetJobs
import FleetModel
import HelixParticipant
import StateModels

/// Carries a task from state to state by telling the host's supervisor what it is to come to.
///
/// What the supervisor was told stands when a transition is cancelled or its session is lost: containers run on, and are
/// taken over by the transitions of the next session. That is why ``TransitionHandler/reset()`` does nothing.
struct TaskHandler: TransitionHandler {
    let replica: Replica
    let host: HostSupervisor
    let records: HostRecords
    let secrets: SecretReader
    let book: TaskBook

    private var task: String { replica.partition }

    func transition(_ context: TransitionContext) async throws {
        // The participant leaves, and the agent with it: nothing is stopped for that.
        guard context.messageID != nil else { return }
        book.order(replica)
        do {
            try await carryOut(context)
        } catch let error as CoordinationError {
            throw TransitionRetry(after: .seconds(1), reason: "\(error)")
        } catch let failure as TaskFailure {
            throw TaskOver(failure, book.report(task), agent: book.agent)
        }
        if let detail = book.detail(task) { context.report(detail: detail) }
    }

    private func carryOut(_ context: TransitionContext) async throws {
        switch context.to {
        case TaskState.pulled where context.from == TaskState.offline: try await host.pull(task, try await spec())
        case TaskState.running, TaskState.completed: try await host.start(task, try await spec())
        case TaskState.offline:
            try await demandGrounds(removal: false)
            try await host.stop(task)
        case StateModel.dropped:
            try await demandGrounds(removal: true)
            try await host.remove(task)
        // An operator says so; what runs, runs.
        case StateModel.error: break
        default: throw UnknownTransition(from: context.from, to: context.to)
        }
    }

    private func spec() async throws -> TaskSpec {
        let job = try await records.job(of: replica.resource)
        secrets.note(job)
        return TaskSpec(job, labels: ["fleet.job": job.id.description])
    }

    /// Nothing that runs is ended without a reason on record.
    private func demandGrounds(removal: Bool) async throws {
        let grounds = try await records.grounds(for: task, of: replica.resource, removal: removal)
        if case .missing(let reason) = grounds { throw OrderError(reason: "the container is left alone: \(reason)") }
    }
}
