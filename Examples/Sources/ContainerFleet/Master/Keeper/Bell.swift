import Synchronization

/// Wakes who waits for something to happen. Rings while nobody waits are not lost, and many are one.
final class Bell: Sendable {
    private struct State {
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func ring() {
        state.withLock { state in
            state.isRung = true
            defer { state.waiter = nil }
            return state.waiter
        }?.resume()
    }

    /// Waits until it rings, or the task is cancelled. One waits at a time.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.isRung || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }?.resume()
        }
        state.withLock { $0.isRung = false }
    }

    /// Waits until it rings, or so long; as long as it takes unless that is given.
    func wait(atMost duration: Duration?, on clock: any Clock<Duration>) async {
        guard let duration else { return await wait() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask { try? await clock.sleep(for: duration) }
            await group.next()
            group.cancelAll()
        }
    }
}
