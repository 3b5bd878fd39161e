public import StateModels

/// The states of a task, as agents report them and masters order them.
public enum TaskState {
    /// The container runs, and is healthy.
    public static let running = "RUNNING"
    /// It was to run once, and has ended with 0.
    public static let completed = "COMPLETED"
    /// The image is here.
    public static let pulled = "PULLED"
    /// The container ended by itself, or is not healthy; its agent starts it again.
    public static let failed = "FAILED"
    /// Nothing runs. A container that ran is kept.
    public static let offline = "OFFLINE"
}

extension StateModel {
    /// What a task goes through that runs until it is told to stop.
    ///
    /// FAILED is where it comes by itself; nobody orders that. From there it is ordered to RUNNING as from any other state,
    /// and comes there when its agent has started it again.
    public static let container = defined("Container") {
        State(TaskState.running, atMost: .replicas)
        State(TaskState.pulled)
        State(TaskState.failed)
        State(TaskState.offline)
        Transition(TaskState.running, to: TaskState.offline)
        Transition(TaskState.failed, to: TaskState.offline)
        Transition(TaskState.pulled, to: TaskState.offline)
        Transition(TaskState.pulled, to: TaskState.running)
        Transition(TaskState.failed, to: TaskState.running)
        Transition(TaskState.offline, to: TaskState.pulled)
        Transition(TaskState.running, to: TaskState.failed)
    }

    /// What a task goes through that runs once: the transition to COMPLETED is the run.
    public static let runOnce = defined("RunOnce") {
        State(TaskState.completed, atMost: .replicas)
        State(TaskState.pulled)
        State(TaskState.offline)
        Transition(TaskState.completed, to: TaskState.offline)
        Transition(TaskState.pulled, to: TaskState.offline)
        Transition(TaskState.pulled, to: TaskState.completed)
        Transition(TaskState.offline, to: TaskState.pulled)
    }

    /// A model that is written here, so that whatever is wrong with it is wrong in every test.
    private static func defined(_ name: String, @StateModelBuilder _ content: () -> [StateModelPart]) -> StateModel {
        do {
            return try StateModel(name, initial: TaskState.offline, content)
        } catch {
            preconditionFailure("\(error)")
        }
    }
}
