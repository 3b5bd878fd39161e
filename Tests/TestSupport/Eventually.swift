/// What did not come true in time.
public struct NeverTrue: Error, CustomStringConvertible {
    /// What was waited for, and for how long.
    public let description: String
}

/// Waits until `condition` holds: the one place where tests may poll.
///
/// - Parameters:
///   - deadline: how long to wait at most.
///   - what: what is expected, for the error.
/// - Throws: ``NeverTrue`` when it did not hold in time; what `condition` throws.
public func eventually(
    within deadline: Duration = .seconds(100), _ what: String = "the condition",
    fileID: String = #fileID, line: Int = #line, _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let end = clock.now.advanced(by: deadline)
    while try await !condition() {
        guard clock.now < end else {
            throw NeverTrue(description: "\(what) did not come true within \(deadline) (\(fileID):\(line))")
        }
        try await clock.sleep(for: .milliseconds(10))
    }
}
