/// A finite state machine that replicas are carried through: its states in order of priority, how many replicas of a
/// partition may be in each, and the transitions between them.
///
/// The states `ERROR` and `DROPPED` belong to every model; where they are not listed they are added with the lowest
/// priority. So are the transitions ERROR → DROPPED, ERROR → initial and initial → DROPPED (protocol reference 4.8).
///
/// States are addressed by their index in ``states`` wherever speed counts.
public struct StateModel: Sendable, Hashable {
    /// The model's name, which is also its znode's under STATEMODELDEFS.
    public let name: String
    /// All states, the top state first; `ERROR` and `DROPPED` included.
    public let states: [State]
    /// All transitions, the most urgent first; those added implicitly come last.
    public let transitions: [Transition]
    /// The index of the state in which a replica begins.
    public let initialIndex: Int

    let hops: HopTable
    private let indices: [String: Int]
    private let ranks: [Int]

    /// Makes a model of parts that have been validated; everything implicit is added here.
    init(name: String, initialState: String, states: [State], transitions: [Transition]) {
        var states = states
        for implicit in [Self.error, Self.dropped] where !states.contains(where: { $0.name == implicit }) {
            states.append(State(implicit, .unbounded))
        }
        var transitions = transitions
        for implicit in [
            Transition(Self.error, to: Self.dropped), Transition(Self.error, to: initialState),
            Transition(initialState, to: Self.dropped),
        ] where !transitions.contains(implicit) {
            transitions.append(implicit)
        }
        self.name = name
        self.states = states
        self.transitions = transitions
        let indices = Dictionary(
            states.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.indices = indices
        self.initialIndex = indices[initialState] ?? 0
        let edges = transitions.compactMap { edge in
            indices[edge.from].flatMap { from in indices[edge.to].map { (from: from, to: $0) } }
        }
        self.hops = HopTable(stateCount: states.count, edges: edges)
        var ranks = [Int](repeating: Int.max, count: states.count * states.count)
        for (rank, edge) in edges.enumerated() { ranks[edge.from * states.count + edge.to] = rank }
        self.ranks = ranks
    }

    /// The name of the state of a replica whose transition failed.
    public static let error = "ERROR"
    /// The name of the state of a replica that is no more.
    public static let dropped = "DROPPED"

    /// The name of the state in which a replica begins.
    public var initialState: String { states[initialIndex].name }
    /// The name of the state with the highest priority.
    public var topState: String { states[0].name }
    /// The index of `DROPPED`.
    public var droppedIndex: Int { indices[Self.dropped]! }
    /// The index of `ERROR`.
    public var errorIndex: Int { indices[Self.error]! }

    /// The index of a state in ``states``, `nil` when the model has no such state.
    public func index(of state: String) -> Int? { indices[state] }

    /// The next state on the shortest way from one state to another; where several ways are equally short, the
    /// transition that is listed first wins. `nil` when there is no way, or `from == to`.
    public func nextHop(from: Int, to: Int) -> Int? { hops.next(from: from, to: to) }

    /// The place of a transition in ``transitions``: smaller is more urgent. `Int.max` when there is no such transition.
    public func rank(from: Int, to: Int) -> Int { ranks[from * states.count + to] }

    /// How many replicas of one partition should be in each state, by state index, when `candidates` instances could
    /// hold one and `replicas` are wanted (protocol reference 4.8).
    public func stateCounts(candidates: Int, replicas: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: states.count)
        var left = candidates
        var elastic: Int?
        for (index, state) in states.enumerated() {
            switch state.bound {
            case .participants:
                counts[index] = left
                return counts
            case .replicas: elastic = elastic ?? index
            case .atMost(let bound) where bound > 0:
                counts[index] = min(bound, left)
                left -= counts[index]
            case .atMost, .unbounded: break
            }
        }
        if let elastic {
            counts[elastic] = max(0, min(left, replicas - counts.reduce(0, +)))
        }
        return counts
    }

    /// Whether two models have the same name, states, transitions and initial state.
    public static func == (a: StateModel, b: StateModel) -> Bool {
        a.name == b.name && a.states == b.states && a.transitions == b.transitions && a.initialIndex == b.initialIndex
    }

    /// Hashes the name and states.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(states)
    }
}

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
}

/// A direct step from one state to another.
public struct Transition: Sendable, Hashable {
    /// Where it begins.
    public let from: String
    /// Where it ends.
    public let to: String

    /// A transition.
    public init(_ from: String, to: String) {
        self.from = from
        self.to = to
    }
}
