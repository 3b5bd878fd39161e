/// How a task is: all that an agent tells of it.
public struct TaskReport: Sendable, Hashable, Codable {
    /// Whose.
    public var task: String
    /// What it is to come to.
    public var goal: TaskGoal
    /// What it does.
    public var phase: TaskPhase
    /// What holds it up.
    public var throttle: TaskThrottle
    /// Why it is so, if that is not plain.
    public var reason: String?
    /// Since when it has been in this phase, in milliseconds since 1970.
    public var since: Int64
    /// The image.
    public var image: String
    /// Its container, or its last one.
    public var container: String?
    /// Ports of the host, by the names that the spec has for them.
    public var ports: [String: Int]
    /// How its last container ended.
    public var exitCode: Int?
    /// How its last container ended that was to run on, also when another one has taken its place.
    public var lastEnd: TaskEnd?
    /// How often it was started again since it was told to run, or since the agent was started.
    public var restarts: Int
    /// How far a pull has come.
    public var pulled: PullShare?
}

/// That a container ended which was to run on.
public struct TaskEnd: Sendable, Hashable, Codable {
    /// The container.
    public var container: String
    /// Its exit code, if it is known.
    public var exitCode: Int?
    /// When that was seen, in milliseconds since 1970.
    public var time: Int64
}

/// How far a pull has come, in bytes of the layers that are known so far.
public struct PullShare: Sendable, Hashable, Codable {
    /// Bytes that are here.
    public var done: Int64
    /// Bytes that there are.
    public var total: Int64
}

/// What a task is to come to.
public enum TaskGoal: String, Sendable, Hashable, Codable {
    /// Its image is here.
    case pulled
    /// It runs, healthy; one that runs once has done so.
    case running
    /// It does not run; its last container stays.
    case stopped
    /// Nothing is left of it.
    case removed
}

/// What a task does.
public enum TaskPhase: String, Sendable, Hashable, Codable {
    /// It was told nothing yet, or the Engine was not heard yet.
    case unknown = "UNKNOWN"
    /// Its image is fetched.
    case pullingImage = "PULLING_IMAGE"
    /// Its image is here.
    case pulled = "PULLED"
    /// Its container is made.
    case creating = "CREATING"
    /// Its container is started.
    case starting = "STARTING"
    /// Its container runs, and is not known to be healthy.
    case healthChecking = "HEALTHCHECKING"
    /// Its container runs, and is healthy as far as it is asked.
    case running = "RUNNING"
    /// Its container has ended by itself.
    case exited = "EXITED"
    /// It was to run once, and has.
    case completed = "COMPLETED"
    /// Its container is to end.
    case stopping = "STOPPING"
    /// Its container has ended since it was told to.
    case stopped = "STOPPED"
    /// It could not be started, or was not healthy.
    case failed = "FAILED"
    /// Nothing is left of it.
    case removed = "REMOVED"
}

/// What holds a task up.
public enum TaskThrottle: String, Sendable, Hashable, Codable {
    /// Nothing.
    case none = "NO"
    /// Its last ten runs lasted less than a minute together.
    case flapping = "FLAPPING"
    /// There is no such image.
    case imageMissing = "IMAGE_MISSING"
    /// The image could not be fetched.
    case imagePullFailed = "IMAGE_PULL_FAILED"
    /// Somebody else has a port that it wants.
    case portConflict = "PORT_CONFLICT"
}
