public import FleetJobs

/// Which jobs are forgotten because nobody has used them for long: a pure function of what is.
public struct JobRetention: Sendable, Hashable {
    /// How long an unused job is kept, in milliseconds.
    public var age: Int64

    /// - Parameter age: in milliseconds.
    public init(age: Int64) { self.age = age }

    /// Whether a job is to go.
    /// - Parameters:
    ///   - isUsed: whether a deployment has it, or could go back to it.
    ///   - lastEvent: when something happened to a task of it, in milliseconds since 1970; `nil` when nothing ever did.
    ///   - now: milliseconds since 1970.
    public func forgets(_ job: Job, isUsed: Bool, lastEvent: Int64?, now: Int64) -> Bool {
        guard !isUsed else { return false }
        // One that says nothing of its age is as old as can be.
        let last = lastEvent ?? job.created.map { $0.seconds * 1_000 } ?? 0
        return now - last > age
    }
}
