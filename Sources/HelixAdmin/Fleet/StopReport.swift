/// What is looked at before an instance may be stopped.
public enum StopCheck: String, Sendable, Hashable, CaseIterable {
    /// It has a configuration.
    case exists
    /// It is alive.
    case alive
    /// It is enabled.
    case enabled
    /// The cluster is led by a controller, and neither paused nor in maintenance: others can take over.
    case cluster
    /// Nothing else is going on with it: it is neither being evacuated nor part of a swap.
    case operation
    /// None of its replicas is in ERROR.
    case errors
    /// No messages wait for it.
    case messages
    /// Without it every partition has as many active replicas as it must have: MIN_ACTIVE_REPLICAS, else all but one, and
    /// at least one.
    case siblings
    /// Each of its top states can be taken over at once by somebody else.
    case topState = "top-state"
}

/// Why an instance should not be stopped now.
public struct StopObstacle: Sendable, Hashable, CustomStringConvertible {
    /// What was looked at.
    public var check: StopCheck
    /// What was found.
    public var description: String
}

/// Whether one instance may be stopped now.
public struct StopVerdict: Sendable, Hashable {
    /// The instance.
    public var instance: String
    /// Its fault zone; `nil` where zones do not count, or it is not known.
    public var zone: String?
    /// All that speaks against it.
    public var obstacles: [StopObstacle]

    /// Whether nothing speaks against it.
    public var mayStop: Bool { obstacles.isEmpty }
}

/// Which instances may be stopped now, all of them together.
public struct StopReport: Sendable, Hashable {
    /// The instances in the order in which they were looked at: fault zone by fault zone, each under the assumption that
    /// those before it that may stop are stopped.
    public var verdicts: [StopVerdict]

    /// Those that may be stopped together.
    public var stoppable: [String] { verdicts.filter(\.mayStop).map(\.instance) }
}
