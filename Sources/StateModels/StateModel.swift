/// A finite state machine that replicas are carried through: its states in order of priority, how many replicas of a
/// partition may be in each, and the transitions between them.
///
/// The states `ERROR` and `DROPPED` belong to every model; where they are not listed they are added with the lowest
/// priority. So are the transitions ERROR → DROPPED, ERROR → initial and initial → DROPPED (protocol reference 4.8).
///
/// States are addressed by their index in ``states`` wherever speed counts.
public struct StateModel: Sendable {
    /// The model's name, which is also its znode's under STATEMODELDEFS.
    public let name: String
    /// All states, the top state first; `ERROR` and `DROPPED` included.
    public let states: [State]
    /// All transitions, the most urgent first; those added implicitly come last.
    public let transitions: [Transition]
    /// The index of the state in which a replica begins.
    public let initialIndex: Int
    /// The index of `DROPPED`.
    public let droppedIndex: Int
    /// The index of `ERROR`.
    public let errorIndex: Int
    /// What is wrong with a model that a cluster has all the same; empty for one that was defined in code.
    public internal(set) var faults: [StateModelFault] = []

    /// Whether the author has named `ERROR`, and how many transitions: what goes on the wire.
    package let listsError: Bool
    package let listedTransitionCount: Int

    var hops: HopTable
    private let indices: [String: Int]
    private let ranks: [Int]

    /// Makes a model of parts without structural faults; everything implicit is added here, and transitions that
    /// make no sense are left out.
    /// - Parameter unlisted: transitions that a record implies without listing them.
    init(
        name: String, initialState: String, states listed: [State], transitions: [Transition],
        unlisted: [Transition] = []
    ) {
        var states = listed
        for implicit in [Self.dropped, Self.error] where !states.contains(where: { $0.name == implicit }) {
            states.append(State(implicit, .unbounded))
        }
        let indices = Dictionary(states.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        var kept: [Transition] = []
        var ranks = [Int](repeating: .max, count: states.count * states.count)
        var edges: [(from: Int, to: Int)] = []
        func keep(_ transition: Transition) {
            guard let from = indices[transition.from], let to = indices[transition.to], from != to,
                transition.from != Self.dropped, ranks[from * states.count + to] == .max
            else { return }
            ranks[from * states.count + to] = kept.count
            kept.append(transition)
            edges.append((from, to))
        }
        transitions.forEach(keep)
        listedTransitionCount = kept.count
        (unlisted + Self.implicitTransitions(initial: initialState)).forEach(keep)

        self.name = name
        self.states = states
        self.transitions = kept
        self.indices = indices
        self.ranks = ranks
        listsError =
            listed.contains { $0.name == Self.error }
            || transitions.contains { $0.from == Self.error || $0.to == Self.error }
        initialIndex = indices[initialState] ?? 0
        droppedIndex = indices[Self.dropped] ?? 0
        errorIndex = indices[Self.error] ?? 0
        hops = HopTable(stateCount: states.count, edges: edges)
    }

    /// The name of the state of a replica whose transition failed.
    public static let error = "ERROR"
    /// The name of the state of a replica that is no more.
    public static let dropped = "DROPPED"

    /// The transitions that every model has (protocol reference 4.8).
    package static func implicitTransitions(initial: String) -> [Transition] {
        [Transition(error, to: dropped), Transition(error, to: initial), Transition(initial, to: dropped)]
    }

    /// The name of the state in which a replica begins.
    public var initialState: String { states[initialIndex].name }
    /// The name of the state with the highest priority.
    public var topState: String { states[0].name }

    /// Whether at most one replica of a partition may be in the top state, as with a master or a leader.
    public var hasSingleTopState: Bool { states[0].bound == .atMost(1) }
    /// The indices of the states from which one transition leads to the top state.
    public var secondTopIndices: [Int] { states.indices.filter { rank(from: $0, to: 0) != .max } }

    /// The state that an instance takes which is to replace another one, when the other's replica is in `state`
    /// (protocol reference 6.6, "Swap"): the same, unless that is the top state, or ERROR in its stead, and has no room
    /// for both; then the first state from which one transition leads there.
    public func mirroredState(of state: Int) -> Int {
        guard state == 0 || state == errorIndex else { return state }
        switch states[0].bound {
        case .replicas, .participants: return 0
        case .atMost, .unbounded:
            return secondTopIndices.first { $0 != errorIndex && $0 != droppedIndex } ?? initialIndex
        }
    }

    /// The index of a state in ``states``, `nil` when the model has no such state.
    public func index(of state: String) -> Int? { indices[state] }

    /// The next state on the shortest way from one state to another; where several ways are equally short, the one
    /// whose first transition is listed first wins. `nil` when there is no way, or `from == to`.
    public func nextHop(from: Int, to: Int) -> Int? { from == to ? nil : hops.next(from: from, to: to) }

    /// The place of a transition in ``transitions``: smaller is more urgent. `Int.max` when there is no such
    /// transition.
    public func rank(from: Int, to: Int) -> Int { ranks[from * states.count + to] }

    /// How many replicas of one partition should be in each state, by state index, when `candidates` instances could
    /// hold one and `replicas` are wanted (protocol reference 4.8).
    public func stateCounts(candidates: Int, replicas: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: states.count)
        var left = max(0, candidates)
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
}

extension StateModel: Hashable {
    /// Whether two models have the same name, states, transitions, initial state and ways between states.
    public static func == (a: StateModel, b: StateModel) -> Bool {
        a.name == b.name && a.states == b.states && a.transitions == b.transitions && a.initialIndex == b.initialIndex
            && a.hops == b.hops
    }

    /// Hashes the name and states.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(states)
    }
}
