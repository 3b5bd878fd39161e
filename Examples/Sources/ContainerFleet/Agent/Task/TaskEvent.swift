public import FleetEngine

/// A moment, by two clocks.
public struct AgentTime: Sendable, Hashable {
    /// The time that has passed since some moment, by a clock that nobody sets.
    public var elapsed: Duration
    /// Milliseconds since 1970.
    public var calendar: Int64

    /// A moment.
    public init(elapsed: Duration, calendar: Int64) {
        self.elapsed = elapsed
        self.calendar = calendar
    }
}

/// What happens to a task.
public enum TaskEvent: Sendable, Hashable {
    /// It is told what to come to.
    case told(TaskGoal, TaskSpec)
    /// A list of the containers is asked for: what is known from now on may be newer than the list.
    case listBegan
    /// The task's containers, the newest first.
    case listed([FoundContainer])
    /// The Engine went away; what happens there is not seen.
    case engineLost
    /// A container of the task changed.
    case changed(container: String, ContainerChange)
    /// A call that was asked for is over.
    case finished(Int, CallOutcome)
    /// A probe that was asked for is over.
    /// - Parameter failure: what was wrong, if anything.
    case probed(Int, failure: String?)
    /// A pull that was asked for gets on.
    case progressed(Int, PullProgress)
    /// It has these ports of the host.
    case allotted([String: Int])
    /// Time has passed.
    case woke
}

/// A container that was found on the host.
public struct FoundContainer: Sendable, Hashable {
    /// What the Engine calls it.
    public var id: String
    /// What it was made from, as its label says.
    public var fingerprint: String
    /// What it does.
    public var status: ContainerStatus
    /// What the image's own health check says.
    public var health: ContainerState.Health?

    /// A container.
    public init(
        id: String, fingerprint: String, status: ContainerStatus, health: ContainerState.Health? = nil
    ) {
        self.id = id
        self.fingerprint = fingerprint
        self.status = status
        self.health = health
    }
}

/// What a container does, as far as it matters here.
public enum ContainerStatus: Sendable, Hashable {
    /// It was made, and never started.
    case created
    /// It runs.
    case running
    /// It has ended.
    /// - Parameter code: how, if that is known.
    case exited(code: Int?, outOfMemory: Bool)

    /// Whether it has ended.
    public var isExited: Bool { if case .exited = self { true } else { false } }
}

/// What happens to a container.
public enum ContainerChange: Sendable, Hashable {
    /// It was started.
    case started
    /// It used more memory than it may; its end follows.
    case ranOutOfMemory
    /// It ended.
    case exited(code: Int?)
    /// It was removed.
    case gone
    /// The image's own health check came to a verdict.
    case health(ContainerState.Health)
}

/// What came of a call.
public enum CallOutcome: Sendable, Hashable {
    /// It was carried out.
    case done
    /// A container was made.
    case created(String)
    /// It was not, or nobody knows.
    case failed(EngineError)
}

/// What a task asks for.
public struct TaskAction: Sendable, Hashable {
    /// What is to be done.
    public enum Call: Sendable, Hashable {
        /// Fetch the image, as the spec says when.
        case fetch
        /// Make a container, with ports and secrets; it is not started.
        case create
        /// Start a container.
        case start(String)
        /// Ask a container to end, and kill it after a time.
        case stop(String, within: Duration)
        /// Kill a container.
        case kill(String)
        /// Delete a container that does not run.
        case remove(String)
        /// Try whether a container is healthy.
        case probe(String, Check, timeout: Duration)
        /// Give up the call with the same number. Nobody waits for its outcome.
        case callOff
    }

    /// By which its outcome is told.
    public var number: Int
    /// What is to be done.
    public var call: Call
}
