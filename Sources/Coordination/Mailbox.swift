internal import Synchronization

/// Collects elements from anywhere and hands everything that has come in to one consumer at a time.
///
/// Unlike an `AsyncStream` it gives *batches*: a consumer that was busy sees all that happened meanwhile at once, and
/// can look without waiting (``drain()``).
package final class Mailbox<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var waiter: CheckedContinuation<Void, Never>?
        var isFinished = false
        var isWoken = false
    }

    private let state = Mutex(State())

    package init() {}

    package func post(_ element: Element) {
        post(contentsOf: CollectionOfOne(element))
    }

    /// Elements that come after ``finish()`` are dropped.
    package func post(contentsOf elements: some Sequence<Element>) {
        wake { state in
            if !state.isFinished { state.elements.append(contentsOf: elements) }
        }
    }

    /// The consumer gets what is there already, then the end.
    package func finish() {
        wake { $0.isFinished = true }
    }

    /// Makes the consumer look up although nothing came in: ``next()`` returns at once, perhaps with nothing.
    package func nudge() {
        wake { $0.isWoken = true }
    }

    /// What has come in since the last look, without waiting.
    package func drain() -> [Element] {
        state.withLock { state in
            let elements = state.elements
            state.elements = []
            return elements
        }
    }

    /// Waits for something to come in; `nil` at the end, or when the task is cancelled.
    package func next() async -> [Element]? {
        while !Task.isCancelled {
            let (elements, wasWoken) = state.withLock { state in
                defer { (state.elements, state.isWoken) = ([], false) }
                return (state.elements, state.isWoken)
            }
            if !elements.isEmpty || wasWoken { return elements }
            if state.withLock({ $0.isFinished && $0.elements.isEmpty }) { return nil }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isReady = state.withLock { state in
                        precondition(state.waiter == nil, "a mailbox has one consumer at a time")
                        guard state.elements.isEmpty, !state.isFinished, !state.isWoken, !Task.isCancelled else {
                            return true
                        }
                        state.waiter = continuation
                        return false
                    }
                    if isReady { continuation.resume() }
                }
            } onCancel: {
                wake { _ in }
            }
        }
        return nil
    }

    /// Runs `body` until it is done or something comes in; then it is cancelled.
    /// - Returns: what the body returned, `nil` when something came in before that.
    /// - Throws: what the body throws; after something came in that is of no interest.
    package func cancels<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value? {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                _ = await self.next()
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state in
            change(&state)
            let waiter = state.waiter
            state.waiter = nil
            return waiter
        }
        waiter?.resume()
    }
}
