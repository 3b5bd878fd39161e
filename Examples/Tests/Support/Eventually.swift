/// Why a test cannot go on.
public struct TestFailure: Error, CustomStringConvertible {
    /// What was expected and what was found.
    public let description: String

    /// A failure for a reason.
    public init(_ description: String) { self.description = description }
}

/// Waits until a condition holds: the one place where tests poll.
/// - Throws: `TestFailure` when it did not in time; what the condition throws.
public func eventually(
    within limit: Duration = .seconds(60), _ what: String, _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while try await !condition() {
        guard clock.now < end else { throw TestFailure("\(what) did not come about within \(limit)") }
        try await clock.sleep(for: .milliseconds(20))
    }
}
