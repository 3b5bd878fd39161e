internal import Synchronization

/// What a one-shot watch reports.
public struct WatchEvent: Sendable, Hashable {
    /// The kinds of change.
    public enum Kind: Sendable, Hashable {
        /// A znode that did not exist was created.
        case created
        /// The znode was deleted.
        case deleted
        /// The znode's data was set.
        case dataChanged
        /// A child of the znode was created or deleted.
        case childrenChanged
    }

    /// The znode that changed.
    public let path: String
    /// What happened to it.
    public let kind: Kind

    /// An event for the znode at `path`.
    public init(path: String, kind: Kind) {
        self.path = path
        self.kind = kind
    }
}

/// A mailbox of one session for the events of the watches that were armed with it.
///
/// A watch is one-shot: it fires once, and is armed again by the read that fetches the new state. Events are collected,
/// so that a consumer that was busy gets all that happened meanwhile in one batch. Arming the same watcher again at the
/// same znode by the same kind of read before it fired does not add a second event.
///
/// The watcher ends with its session. Events lost while the connection was down are not lost: they are delivered
/// after the reconnect. A watcher has one consumer at a time.
public final class Watcher: Sendable, AsyncSequence {
    private static let count = Atomic<UInt>(0)

    /// Never used again in this process, other than the address of the object.
    package let id = count.add(1, ordering: .relaxed).newValue
    private let mailbox = Mailbox<WatchEvent>()

    package init() {}

    /// Waits for events: everything that has happened since the last look, in order. `nil` when the session has ended
    /// or the task is cancelled.
    public func next() async -> [WatchEvent]? { await mailbox.next() }

    /// What has happened since the last look, without waiting.
    public func drain() -> [WatchEvent] { mailbox.drain() }

    package func deliver(_ event: WatchEvent) { mailbox.post(event) }

    /// Makes the consumer look up although nothing happened to a watched znode.
    package func nudge() { mailbox.nudge() }

    package func finish() { mailbox.finish() }

    /// The batches of events until the session ends.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let watcher: Watcher

        /// See ``Watcher/next()``.
        public mutating func next() async -> [WatchEvent]? { await watcher.next() }
    }

    /// The batches of events until the session ends.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(watcher: self) }
}
