/// How a new version of a job takes the place of a former one.
public struct RolloutPolicy: Sendable, Hashable, Codable {
    /// What is done when too much fails.
    public enum FailureAction: String, Sendable, Hashable, Codable, CaseIterable {
        /// The last version that was rolled out well is rolled out again.
        case rollback
        /// Nothing more is started until somebody decides.
        case pause
        /// It goes on; what failed is tried again by the agents.
        case proceed
    }

    /// How many places may be on their way at the same time; at least 1.
    public var parallelism: Int
    /// Whether the new container is healthy before the former one goes. Both are there for a while.
    public var overlaps: Bool
    /// How long a container must have been healthy without a break before it counts, in milliseconds.
    public var minimumHealthyTime: Int64
    /// How long a container may take to get healthy before it counts as failed, in milliseconds.
    public var healthyDeadline: Int64
    /// How many places must be done before the others begin; one that fails among these is a failure of the whole. 0 for none.
    public var canaries: Int
    /// The part of all places that may fail, 0…1.
    public var failureRatio: Double
    /// What is done when more than that fail.
    public var onFailure: FailureAction

    /// One after the other, each healthy within five minutes, and back again at the first failure.
    public init(
        parallelism: Int = 1, overlaps: Bool = false, minimumHealthyTime: Int64 = 0, healthyDeadline: Int64 = 300_000,
        canaries: Int = 0, failureRatio: Double = 0, onFailure: FailureAction = .rollback
    ) {
        self.parallelism = max(1, parallelism)
        self.overlaps = overlaps
        self.minimumHealthyTime = minimumHealthyTime
        self.healthyDeadline = healthyDeadline
        self.canaries = canaries
        self.failureRatio = failureRatio
        self.onFailure = onFailure
    }
}

/// How a task is, as far as a rollout is concerned.
public struct TaskHealth: Sendable, Hashable {
    /// The kinds.
    public enum Kind: Sendable, Hashable {
        /// On its way, or being restarted.
        case starting
        /// Running, and past its health gate.
        case healthy
        /// It will not get healthy by itself; the text says why.
        case broken(String)
    }

    /// How it is.
    public var kind: Kind
    /// Since when, in milliseconds since 1970.
    public var since: Int64

    /// A task's health.
    public init(_ kind: Kind, since: Int64) {
        self.kind = kind
        self.since = since
    }
}
