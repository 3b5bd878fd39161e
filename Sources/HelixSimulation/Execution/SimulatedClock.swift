/// The time of a simulation. It passes only when nobody has anything to do, so waiting for an hour costs nothing.
public struct SimulatedClock: Clock {
    /// A moment of a simulation, by the time since its start.
    public struct Instant: InstantProtocol, Sendable, Hashable {
        /// The time since the start of the simulation.
        public let elapsed: Duration

        /// A later moment.
        public func advanced(by duration: Duration) -> Instant { Instant(elapsed: elapsed + duration) }

        /// The time from this moment to another.
        public func duration(to other: Instant) -> Duration { other.elapsed - elapsed }

        /// Whether a moment is earlier than another.
        public static func < (a: Instant, b: Instant) -> Bool { a.elapsed < b.elapsed }
    }

    let scheduler: Scheduler

    /// The present moment.
    public var now: Instant { Instant(elapsed: .nanoseconds(scheduler.now)) }

    /// The smallest step of the time: a nanosecond.
    public var minimumResolution: Duration { .nanoseconds(1) }

    /// Waits until a moment.
    /// - Throws: `CancellationError` when the task is cancelled.
    public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        guard await scheduler.sleep(until: deadline.elapsed.nanoseconds) else { throw CancellationError() }
    }
}
