import StateModels

/// How full the states of one partition are, in whatever order the transitions under way complete: a replica counts in
/// the state it has until it has left it, and in the state it was asked to take from that moment.
struct Occupancy {
    let model: StateModel
    private(set) var counts: [Int]
    /// By state: replicas that have to make way and will pass it.
    private var reserved: [Int]
    /// How many replicas may be in `.replicas` states; `nil` for any number.
    private let replicaBound: Int?
    private let liveCount: Int

    /// - Parameter mirrors: replicas on instances that are to replace others, which come on top of those wished for.
    init(
        _ state: ReadCurrentState.PartitionState, wish: Wish?, mirrors: Int = 0, _ configuration: ResourceConfiguration,
        _ standing: ClusterStanding
    ) {
        model = configuration.model
        counts = [Int](repeating: 0, count: model.states.count)
        reserved = counts
        replicaBound = wish.map { $0.count + configuration.extraReplicas(of: $0) + mirrors }
        liveCount = standing.liveCount
        for replica in state.replicas { counts[replica.state] += 1 }
        // Nobody executes a message that its receiver gave up.
        for move in state.pending where move.to >= 0 && !move.isUnprocessable { counts[move.to] += 1 }
        for case let revivable? in state.stale.map(\.revivable) { counts[revivable] += 1 }
    }

    /// How many replicas may be in a state at any moment; `nil` for any number.
    ///
    /// `.replicas` is as many as there should be, and one more while a partition moves, unless the resource says
    /// (MIN_ACTIVE_REPLICAS) that it can do with fewer: then replicas leave before others come.
    func bound(of state: Int) -> Int? {
        switch model.states[state].bound {
        case .atMost(let count): count
        case .replicas: replicaBound
        case .participants: liveCount
        case .unbounded: nil
        }
    }

    /// Whether one more may come, and if it is not leaving itself, still leave room for those that are.
    func hasRoom(in state: Int, isLeaving: Bool) -> Bool {
        guard let bound = bound(of: state) else { return true }
        return counts[state] + (isLeaving ? 0 : reserved[state]) < bound
    }

    mutating func enter(_ state: Int) { counts[state] += 1 }

    mutating func reserve(_ states: [Int]) {
        for state in states { reserved[state] += 1 }
    }
}
