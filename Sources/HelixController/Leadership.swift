public import Coordination
import Synchronization

/// A term of office of a controller that leads: what else its process does that only the leader may is written under it.
///
/// Whoever runs a ``Controller`` may have decisions of its own to take, one process at a time: which version is rolled out
/// next, what is reaped. It puts ``fence`` in front of each transaction that carries one out. Then nothing lands once
/// another controller has the office, however late it is sent and through whatever session.
///
/// ```swift
/// guard let leadership = controller.leadership else { return }
/// do {
///     try await session.commit(leadership.fence + [.set("/orders/plan", data: plan, version: version)])
/// } catch let error as CoordinationError where leadership.isLost(error) {
///     // Somebody else decides now.
/// }
/// ```
///
/// What it was decided upon has to be read within the term: call ``Coordination/CoordinationSession/sync(_:)`` before the
/// first read, since a server may lag behind the one that the former leader wrote to.
public struct Leadership: Sendable {
    /// Goes first in every transaction: it fails once the office is lost. The LEADER znode must be the one of this term, and
    /// no other term may have begun (protocol reference 6.1).
    public let fence: [WriteOperation]

    init(_ office: Office) { fence = office.fence }

    /// Whether a transaction failed because the office is lost. Its first operations have to be the ``fence``.
    public func isLost(_ error: CoordinationError) -> Bool {
        guard error.code == .noNode || error.code == .badVersion, let index = error.operationIndex else { return false }
        return index < fence.count
    }
}

/// The present term of a controller, and everybody who follows it.
final class LeadershipBox: Sendable {
    private struct State {
        var current: Leadership?
        var lastFollower = 0
        var followers: [(number: Int, continuation: AsyncStream<Leadership?>.Continuation)] = []
    }

    private let state = Mutex(State())

    var current: Leadership? { state.withLock { $0.current } }

    func set(_ leadership: Leadership?) {
        state.withLock { state in
            if leadership == nil, state.current == nil { return }
            state.current = leadership
            for follower in state.followers { follower.continuation.yield(leadership) }
        }
    }

    func follow() -> AsyncStream<Leadership?> {
        let (stream, continuation) = AsyncStream.makeStream(of: Leadership?.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            continuation.yield(state.current)
            state.lastFollower += 1
            state.followers.append((state.lastFollower, continuation))
            return state.lastFollower
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.followers.removeAll { $0.number == number } }
        }
        return stream
    }
}
