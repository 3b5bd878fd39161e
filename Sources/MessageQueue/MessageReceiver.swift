public import Coordination
internal import HelixRecords
internal import Synchronization

/// Reads a queue of messages: each message is delivered once, in the order of creation, as soon as it is there.
///
/// One entry that is no message does not hinder the others, and neither does one that is deleted between the listing
/// and the reading. A receiver lives in one session and has one consumer.
public final class MessageReceiver: Sendable {
    private let session: any CoordinationSession
    private let path: String
    private let clock: any Clock<Duration>
    private let watcher: Watcher
    private let seen = Mutex(SeenMessages())

    /// A receiver of the queue at `path`, for example ``HelixRecords/ClusterPaths/messages(_:)``.
    /// - Parameter clock: measures the pauses between two looks at a long queue, and after a fault.
    public init(session: any CoordinationSession, path: String, clock: any Clock<Duration> = ContinuousClock()) {
        self.session = session
        self.path = path
        self.clock = clock
        watcher = session.makeWatcher()
        lookAgain()
    }

    /// Waits until there is something new in the queue. A lost connection is waited out.
    ///
    /// - Returns: `nil` when the session is over or the task is cancelled.
    /// - Throws: `.noNode` when there is no such queue, and what else makes reading it impossible.
    public func next() async throws(CoordinationError) -> Delivery? {
        while await watcher.next() != nil {
            do {
                guard await pause() else { return nil }
                let delivery = try await look()
                if !delivery.isEmpty { return delivery }
            } catch {
                if error.endsSession { return nil }
                guard error.isTransient else { throw error }
                guard await session.isConnectedAgain(pausingOn: clock) else { return nil }
                lookAgain()
            }
        }
        return nil
    }

    /// Removes messages from the queue; those that are gone already are none the worse.
    /// - Throws: the first error that is not `.noNode`.
    public func acknowledge(_ ids: [String]) async throws(CoordinationError) {
        let outcomes = try await session.writeBatched(ids.map { .delete("\(path)/\($0)") })
        seen.withLock { $0.forget(ids) }
        for case .failure(let error) in outcomes where error.code != .noNode { throw error }
    }

    /// A long queue is listed less often: every message that goes changes the list, and there is enough to do.
    /// - Returns: `false` when the task is cancelled.
    private func pause() async -> Bool {
        let count = seen.withLock { $0.count }
        guard count > 500 else { return true }
        do {
            try await clock.sleep(for: min(.microseconds(10) * count, .milliseconds(100)))
        } catch {
            return false  // a sleep fails only when it is cancelled
        }
        _ = watcher.drain()
        return true
    }

    /// Makes ``next()`` look at the queue without waiting for a change.
    private func lookAgain() { watcher.deliver(WatchEvent(path: path, kind: .childrenChanged)) }

    private func look() async throws(CoordinationError) -> Delivery {
        guard case .children(let names, _) = try await session.read(.children(path, watcher: watcher)) else {
            preconditionFailure("a children answers with names")
        }
        let (fresh, vanished) = seen.withLock { $0.update(names) }
        var delivery = Delivery(vanished: vanished)
        var unread: [String] = []
        var fault: CoordinationError?
        let found = await session.read(fresh.map { .get("\(path)/\($0)") })
        for (id, outcome) in zip(fresh, found) {
            switch outcome {
            case .success(.data(let data, let stat)): delivery.add(id, data: data, stat: stat, queue: path)
            case .success: preconditionFailure("a get answers with data")
            case .failure(let error) where error.code == .noNode: unread.append(id)
            case .failure(let error) where error.isTransient || error.endsSession:
                unread.append(id)
                fault = error
            case .failure(let error):
                let refusal = RecordError(path: "\(path)/\(id)", reason: error.description)
                delivery.malformed.append(MalformedMessage(id: id, error: refusal))
            }
        }
        seen.withLock { $0.forget(unread) }
        if let fault, delivery.isEmpty { throw fault }
        if fault != nil { lookAgain() }
        delivery.messages.sort { ($0.stat.createdZxid, $0.id) < ($1.stat.createdZxid, $1.id) }
        return delivery
    }
}

extension Delivery {
    fileprivate mutating func add(_ id: String, data: [UInt8], stat: Stat, queue: String) {
        do {
            let message = try Message(decoding: data, path: "\(queue)/\(id)")
            messages.append(ReceivedMessage(id: id, message: message, stat: stat))
        } catch {
            malformed.append(MalformedMessage(id: id, error: error))
        }
    }
}
