/// A state of a model.
public struct State: Sendable, Hashable {
    /// How many replicas of one partition may be in a state.
    public enum Bound: Sendable, Hashable {
        /// At most this many. On the wire: the number.
        case atMost(Int)
        /// As many as the resource has replicas. On the wire: `R`.
        case replicas
        /// As many as there are live and enabled instances. On the wire: `N`.
        case participants
        /// Any number. On the wire: `-1`.
        case unbounded
    }

    /// The state's name; it cannot contain '-'.
    public let name: String
    /// How many replicas of one partition may be in the state.
    public let bound: Bound

    /// A state with a bound.
    public init(_ name: String, _ bound: Bound = .unbounded) {
        self.name = name
        self.bound = bound
    }

    /// A state with a bound that reads well: `State("ONLINE", atMost: .replicas)`.
    public init(_ name: String, atMost bound: Bound) {
        self.init(name, bound)
    }

    /// A state that at most `count` replicas of a partition may be in: `State("MASTER", atMost: 1)`.
    public init(_ name: String, atMost count: Int) {
        self.init(name, .atMost(count))
    }

    /// The number of a fixed bound: the only kind that can make a transition wait.
    ///
    /// `.replicas` and `.participants` never do: there are no more replicas of a partition than instances, and one
    /// more than wanted is how a replica moves without a gap (protocol reference 6.5).
    var fixedBound: Int? {
        if case .atMost(let count) = bound { count } else { nil }
    }
}

/// A direct step from one state to another.
public struct Transition: Sendable, Hashable, CustomStringConvertible {
    /// Where it begins.
    public let from: String
    /// Where it ends.
    public let to: String

    /// A transition.
    public init(_ from: String, to: String) {
        self.from = from
        self.to = to
    }

    /// `FROM-TO`, the form of the wire.
    public var description: String { "\(from)-\(to)" }
}
