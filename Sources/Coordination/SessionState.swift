internal import Synchronization

/// What a session knows of its own life.
///
/// ```
/// connected ⇄ suspended → expired
///      └──────────┴─────→ closed
/// ```
public enum SessionState: Sendable, Hashable {
    /// The service answers.
    case connected
    /// The service has not been heard of for so long that the session may expire at any moment, or the connection
    /// is lost: whoever relies on the session must act as if it were gone, until it is connected again.
    case suspended
    /// The service ended the session; its ephemerals are gone. Final.
    case expired
    /// The session was closed by its owner. Final.
    case closed

    /// Whether the session is over.
    public var isFinal: Bool { self == .expired || self == .closed }
}

/// The identity of a session.
public struct SessionID: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The 64 bits that the service gave the session.
    public let rawValue: Int64

    /// The session of the given 64 bits.
    public init(rawValue: Int64) { self.rawValue = rawValue }

    /// Lower-case hexadecimal without prefix or padding: the form in which Helix writes session ids
    /// (protocol reference 1.8).
    public var description: String { String(UInt64(bitPattern: rawValue), radix: 16) }
}

/// The present state of a session and everybody who follows it. Shared by the implementations.
package final class SessionStates: Sendable {
    private struct Subscribers {
        var state: SessionState
        var continuations: [AsyncStream<SessionState>.Continuation] = []
    }

    private let subscribers: Mutex<Subscribers>

    package init(_ state: SessionState = .connected) {
        subscribers = Mutex(Subscribers(state: state))
    }

    package var current: SessionState { subscribers.withLock { $0.state } }

    /// Moves on to `state` and tells everybody; a final state is never left.
    /// - Returns: whether this was a change.
    @discardableResult
    package func move(to state: SessionState) -> Bool {
        subscribers.withLock { subscribers in
            guard !subscribers.state.isFinal, subscribers.state != state else { return false }
            subscribers.state = state
            for continuation in subscribers.continuations {
                continuation.yield(state)
                if state.isFinal { continuation.finish() }
            }
            if state.isFinal { subscribers.continuations = [] }
            return true
        }
    }

    package func stream() -> AsyncStream<SessionState> {
        let (stream, continuation) = AsyncStream.makeStream(of: SessionState.self)
        subscribers.withLock { subscribers in
            continuation.yield(subscribers.state)
            if subscribers.state.isFinal {
                continuation.finish()
            } else {
                subscribers.continuations.append(continuation)
            }
        }
        return stream
    }
}
