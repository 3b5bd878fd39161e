internal import CZooKeeper
internal import Dispatch

/// A handle of the C client.
///
/// Unchecked: the pointee is a C struct with its own locks, whose asynchronous calls are safe from any thread. That
/// nobody uses it after it was closed is the business of `ZooKeeperSession`, which gives it away under a lock.
struct ClientHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Ends the session and frees the handle. Blocks: up to 1.5 s when the server does not answer.
    func close() { zookeeper_close(pointer) }

    var isConnected: Bool { zoo_state(pointer) == ZOO_CONNECTED_STATE }
}

/// Calls that block get a thread of their own: a queue that nobody else uses never waits for a free one.
enum BlockingThread {
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "zookeeper.\(name)").async(execute: body)
    }

    /// Waits until `body` is done, also when the task is cancelled.
    static func run<Value: Sendable>(_ name: String, _ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            start(name) { continuation.resume(returning: body()) }
        }
    }
}
