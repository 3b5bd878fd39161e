import Synchronization

/// A value that is replaced from time to time, and followed by any number of consumers: each sees the latest one, not
/// necessarily all.
final class LatestValue<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var version = 0
        var isFinished = false
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    /// The latest value, `nil` when there is none yet.
    var value: Value? { state.withLock(\.value) }

    func publish(_ value: Value) {
        wakeAll { state in
            state.value = value
            state.version += 1
        }
    }

    /// Consumers get the value that they have not seen yet, then the end.
    func finish() {
        wakeAll { $0.isFinished = true }
    }

    /// Waits for a value that is newer than the one of a version.
    /// - Returns: `nil` at the end, or when the task is cancelled.
    func next(after version: Int) async -> (value: Value, version: Int)? {
        while !Task.isCancelled {
            let (found, isFinished) = state.withLock { state in
                (state.version > version ? state.value.map { ($0, state.version) } : nil, state.isFinished)
            }
            if let found { return found }
            if isFinished { return nil }
            await change(after: version)
        }
        return nil
    }

    private func change(after version: Int) async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard state.version <= version, !state.isFinished, !Task.isCancelled else { return false }
                    state.waiters[id] = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }

    private func wakeAll(_ change: (inout State) -> Void) {
        let waiters = state.withLock { state in
            change(&state)
            defer { state.waiters = [:] }
            return state.waiters.sorted { $0.key < $1.key }.map(\.value)
        }
        for waiter in waiters { waiter.resume() }
    }
}
