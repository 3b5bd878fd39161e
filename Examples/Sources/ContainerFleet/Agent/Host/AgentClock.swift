#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The time that an agent goes by.
public struct AgentClock: Sendable {
    /// What measures durations.
    package let base: any Clock<Duration>
    private let elapsed: @Sendable () -> Duration
    private let pause: @Sendable (Duration) async throws -> Void
    private let calendar: @Sendable () -> Int64

    /// The time by a clock, and the calendar's.
    /// - Parameter milliseconds: since 1970.
    public init<Base: Clock>(
        _ clock: Base, milliseconds: @escaping @Sendable () -> Int64
    ) where Base.Duration == Duration {
        let start = clock.now
        base = clock
        elapsed = { start.duration(to: clock.now) }
        pause = { try await clock.sleep(until: clock.now.advanced(by: $0), tolerance: nil) }
        calendar = milliseconds
    }

    /// The time of the world.
    public static var system: AgentClock {
        AgentClock(ContinuousClock()) { Int64(Date().timeIntervalSince1970 * 1_000) }
    }

    /// The present moment.
    public var now: AgentTime { AgentTime(elapsed: elapsed(), calendar: calendar()) }

    /// Waits.
    /// - Throws: `CancellationError` when the task is cancelled.
    public func sleep(_ duration: Duration) async throws { try await pause(duration) }
}
