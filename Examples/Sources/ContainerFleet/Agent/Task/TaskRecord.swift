/// What an agent has to remember of a task over its own end: what it was told, and what cannot be seen from the
/// containers.
public struct TaskRecord: Sendable, Hashable, Codable {
    /// How a task is over that is not to be started again.
    public struct Ending: Sendable, Hashable, Codable {
        /// Whether it did what it was there for.
        public var isSuccess: Bool
        /// The exit code of its last container, if it had one.
        public var exitCode: Int?
        /// What happened.
        public var reason: String
    }

    /// Whose.
    public var id: String
    /// What it is.
    public var spec: TaskSpec
    /// What it is to come to.
    public var goal: TaskGoal
    /// The ports of the host that it has, by the names that the spec has for them.
    public var ports: [String: Int] = [:]
    /// How often it has failed, if it may fail only so often.
    public var failures = 0
    /// The container whose end was counted last, if ends are counted.
    public var counted: String?
    /// How it is over.
    public var ending: Ending?

    /// What was told.
    public init(id: String, spec: TaskSpec, goal: TaskGoal) {
        self.id = id
        self.spec = spec
        self.goal = goal
    }

    /// Whether the number of failures matters, and has to outlive the agent.
    var countsEnds: Bool { spec.isRunOnce || spec.restart != .always }
}
