package import Coordination

extension CoordinationSession {
    /// Waits until the session is connected, after an operation failed for want of a connection. If it is connected
    /// already it waits for a moment, so that a service that keeps failing is not asked without a pause.
    /// - Returns: `false` when the session is over or the task is cancelled.
    package func isConnectedAgain(pausingOn clock: any Clock<Duration>) async -> Bool {
        var hasWaited = false
        for await state in states() {
            if state.isFinal { return false }
            guard state == .connected else {
                hasWaited = true
                continue
            }
            if hasWaited { return true }
            do {
                try await clock.sleep(for: .milliseconds(20))
                return true
            } catch {
                return false  // a sleep fails only when it is cancelled
            }
        }
        return false
    }
}
