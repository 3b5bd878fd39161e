import Coordination
import Synchronization

/// A process of a simulated system: tasks that live and die together, and that a pause stops together.
///
/// It is the executor of its tasks: what ``run(_:)`` runs stays on it, with all its child tasks.
public final class SimulatedProcess: TaskExecutor, CustomStringConvertible {
    /// Its name in timelines.
    public let name: String
    /// Its number among the processes of the simulation, in the order in which they were made.
    let id: Int
    let scheduler: Scheduler
    private let alive = Atomic(true)
    private let end = Mailbox<Void>()

    init(name: String, id: Int, scheduler: Scheduler) {
        self.name = name
        self.id = id
        self.scheduler = scheduler
    }

    /// The name.
    public var description: String { name }

    /// Whether it has not been killed.
    public var isAlive: Bool { alive.load(ordering: .relaxed) }

    /// Whether it stands still.
    public var isPaused: Bool { scheduler.isPaused(id) }

    /// Takes a job to be run in its turn.
    public func enqueue(_ job: consuming ExecutorJob) { scheduler.enqueue(UnownedJob(job), of: id) }

    /// Runs `body` on this process until it is done or the process is killed. A body that was killed is cancelled, and
    /// nothing that it still does reaches the ensemble; what it throws then is of no interest.
    func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let end = end
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: self) {
                do { try await body() } catch  where !self.isAlive {}
            }
            group.addTask { _ = await end.next() }
            try await group.next()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// Ends it at once.
    /// - Returns: whether it was alive.
    func kill() -> Bool {
        guard alive.exchange(false, ordering: .relaxed) else { return false }
        scheduler.resume(id)
        end.finish()
        return true
    }
}
