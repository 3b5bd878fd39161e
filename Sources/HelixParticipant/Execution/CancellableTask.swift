internal import Synchronization

/// The task in which a handler runs, to be cancelled from outside.
///
/// A child task of a group can be cancelled only together with the whole group, and a group for each transition would
/// cost two tasks more.
final class CancellableTask: Sendable {
    /// `UnsafeCurrentTask` is valid as long as its task runs, and cancelling is allowed from any thread; it is not
    /// `Sendable` because nothing in its type says that the task still runs. Here the lock does: the reference is
    /// taken away, under the lock, before the task leaves ``run(_:)``.
    private struct Reference: @unchecked Sendable { let task: UnsafeCurrentTask }

    private let isCancelled = Atomic(false)
    private let current = Mutex<Reference?>(nil)

    /// Cancels the task, now or as soon as it runs; does nothing once it is done.
    func cancel() {
        // A cancellation handler may call this again: it must not meet its own lock.
        guard !isCancelled.exchange(true, ordering: .sequentiallyConsistent) else { return }
        current.withLock { $0?.task.cancel() }
    }

    /// Runs `body` in the present task, which must not have any other work to do.
    func run<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) async -> Value {
        await withUnsafeCurrentTask { task in
            let reference = task.map(Reference.init)
            current.withLock { $0 = reference }
            if isCancelled.load(ordering: .sequentiallyConsistent) { task?.cancel() }
            let value = await body()
            current.withLock { $0 = nil }
            return value
        }
    }
}
