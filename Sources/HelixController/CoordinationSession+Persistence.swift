import Coordination
import Logging
import MessageQueue

extension CoordinationSession {
    /// Does something again whenever the connection was lost under it, until it is done. Whether it had been done
    /// before is for `body` to find out.
    /// - Throws: what `body` throws other than that; `CoordinationError` when the session is over.
    func persistently<Value>(
        _ context: ControllerContext, _ body: () async throws -> Value
    ) async throws -> Value {
        while true {
            do {
                return try await body()
            } catch let error as CoordinationError where error.isTransient {
                context.logger.info("The connection was lost; trying again", metadata: ["error": "\(error)"])
                try await untilConnected(context)
            }
        }
    }

    /// Waits until the session is connected, and a moment longer.
    /// - Throws: `CoordinationError` when the session is over.
    func untilConnected(_ context: ControllerContext) async throws {
        guard await isConnectedAgain(pausingOn: context.clock) else {
            try Task.checkCancellation()
            throw CoordinationError(state == .closed ? .closed : .sessionExpired, operation: "session \(id)")
        }
    }
}

/// Waits for something to come in, but for a pause at most; `nil` at the end or when the task is cancelled.
/// - Parameters:
///   - pause: how long to wait; `nil` for as long as it takes.
///   - nudge: makes `next` return with nothing.
func next<Element>(
    within pause: Duration?, on clock: any Clock<Duration>, nudge: @escaping @Sendable () -> Void,
    _ next: () async -> [Element]?
) async -> [Element]? {
    guard let pause else { return await next() }
    return await withTaskGroup(of: Void.self) { group in
        group.addTask {
            do {
                try await clock.sleep(for: pause)
                nudge()
            } catch {}  // cancelled: something came in first
        }
        let elements = await next()
        group.cancelAll()
        return elements
    }
}
