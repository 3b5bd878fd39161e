import UnixSignals

/// A command was ended by SIGINT or SIGTERM while it waited.
struct Interrupted: Error, CustomStringConvertible {
    let description: String
}

/// Waits for something that goes on without this process.
enum Interruptible {
    /// Runs `body` until it is done or SIGINT or SIGTERM comes; what it began in the cluster goes on then.
    /// - Throws: ``Interrupted`` with `message` when a signal came first.
    static func run<Value: Sendable>(
        orThrow message: String, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { return nil }
                // The signals end when the task is cancelled, because the body is done or nobody waits any more.
                throw CancellationError()
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() ?? nil else { throw Interrupted(description: message) }
            return value
        }
    }
}
