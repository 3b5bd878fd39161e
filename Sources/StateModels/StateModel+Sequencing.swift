// Whether an order of transitions can always be found.
//
// A replica goes to its target one hop after the other, each the first step of the shortest way. A hop into a state
// with a fixed bound waits while that state is full. A *stuck* partition is one in which every state keeps its bound,
// every target could be kept by all at once, and yet no replica that is not where it should be can take its next hop.
//
// A model lets partitions get stuck if and only if one of these holds:
//
// 1. *Exchange*: a cycle of transitions leads only through states with fixed bounds. (With all of them full and one
//    replica of each on its way to the next, nobody can be first.)
// 2. *Passing*: a state with a fixed bound is the next hop on the way to another state. (Replicas that are to stay
//    fill it, and nobody can pass.)
//
// For the other direction follow any waiting replica to the full state that it waits for. Either all replicas there
// are to stay, then this one is to pass, since targets keep the bound: 2. Or one of them waits for another full
// state; going on like this ends in 2 or closes a cycle of full states: 1. `SequencingTests` searches small models
// exhaustively for both.
extension StateModel {
    func sequencingFaults() -> [StateModelFault] { exchangeFaults() + passingFaults() }

    private func exchangeFaults() -> [StateModelFault] {
        boundedCycles().map { cycle in
            let names = cycle.map { states[$0].name }
            let bounds = cycle.map { "\(states[$0].name) \(states[$0].fixedBound ?? 0)" }.joined(separator: ", ")
            return StateModelFault(
                .cannotExchange, at: "states \(names.joined(separator: " and "))",
                "once they are full (\(bounds)), replicas that should change places wait for each other for ever",
                cure:
                    "bound one of them by .replicas, which is what a state of lower priority usually means, or lead "
                    + "the way between them through a state without a bound")
        }
    }

    /// The strongly connected groups of states with fixed bounds; each contains a cycle.
    private func boundedCycles() -> [[Int]] {
        let bounded = states.indices.filter { states[$0].fixedBound != nil }
        var reach: [Int: Set<Int>] = [:]
        for start in bounded { reach[start] = boundedReach(from: start) }
        var grouped: Set<Int> = []
        var cycles: [[Int]] = []
        for state in bounded where reach[state]?.contains(state) == true && !grouped.contains(state) {
            let group = bounded.filter {
                reach[state]?.contains($0) == true && reach[$0]?.contains(state) == true
            }
            grouped.formUnion(group)
            cycles.append(group)
        }
        return cycles
    }

    /// Where transitions between states with fixed bounds lead from one of them, in one step or more.
    private func boundedReach(from start: Int) -> Set<Int> {
        var found: Set<Int> = []
        var queue = [start]
        while let state = queue.popLast() {
            for next in states.indices where states[next].fixedBound != nil && rank(from: state, to: next) != .max {
                if found.insert(next).inserted { queue.append(next) }
            }
        }
        return found
    }

    private func passingFaults() -> [StateModelFault] {
        states.indices.compactMap { state in
            guard let bound = states[state].fixedBound, let (from, to) = way(through: state) else { return nil }
            return StateModelFault(
                .cannotPass, at: "state \(states[state].name)",
                "replicas pass through it from \(states[from].name) to \(states[to].name), and wait for ever "
                    + "while \(bound) stay in it",
                cure:
                    "add a transition \(states[from].name)-\(states[to].name), or leave the state unbounded and "
                    + "throttle transitions in the cluster's configuration")
        }
    }

    /// A state whose next hop to another is this one.
    private func way(through state: Int) -> (from: Int, to: Int)? {
        for from in states.indices where from != state {
            for to in states.indices where to != state && nextHop(from: from, to: to) == state { return (from, to) }
        }
        return nil
    }
}
