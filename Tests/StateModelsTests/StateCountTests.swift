import Testing

@testable import StateModels

@Suite("How many replicas belong in each state")
struct StateCountTests {
    /// A model without transitions: only bounds count here.
    private func model(_ bounds: State.Bound...) -> StateModel {
        StateModel(
            name: "M", initialState: "S0", states: bounds.enumerated().map { State("S\($0)", $1) }, transitions: [])
    }

    @Test(
        "One master, the rest slaves, as far as there are instances",
        arguments: [
            (0, 3, [0, 0]), (1, 3, [1, 0]), (2, 3, [1, 1]), (3, 3, [1, 2]), (9, 3, [1, 2]), (9, 1, [1, 0]),
            (9, 0, [1, 0]),
            (-1, 3, [0, 0]),
        ])
    func masterSlave(candidates: Int, replicas: Int, expected: [Int]) {
        #expect(
            Array(StateModel.masterSlave.stateCounts(candidates: candidates, replicas: replicas).prefix(2)) == expected)
    }

    @Test("A state for every participant takes all that are left and ends the count")
    func participants() {
        #expect(StateModel.storageSchemata.stateCounts(candidates: 5, replicas: 2).prefix(2) == [5, 0])
        #expect(
            model(.atMost(2), .participants, .atMost(1)).stateCounts(candidates: 5, replicas: 1).prefix(3) == [2, 3, 0])
    }

    @Test("Fixed bounds are served in order of priority, and the rest goes to the first state for replicas")
    func order() {
        let counts = model(.replicas, .atMost(2), .unbounded, .atMost(1), .replicas)
        #expect(counts.stateCounts(candidates: 10, replicas: 5).prefix(5) == [2, 2, 0, 1, 0])
        #expect(counts.stateCounts(candidates: 2, replicas: 5).prefix(5) == [0, 2, 0, 0, 0])
    }

    @Test("A bound that lets nobody in gets nobody", arguments: [0, -1, -5])
    func empty(bound: Int) {
        #expect(model(.atMost(bound), .replicas).stateCounts(candidates: 4, replicas: 3).prefix(2) == [0, 3])
    }

    @Test("Counts never exceed bounds, candidates or, but for fixed bounds, replicas", arguments: [31] as [UInt64])
    func invariants(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let model = StateModel.random(stateCount: Int.random(in: 1...5, using: &generator), using: &generator)
            let candidates = Int.random(in: 0...8, using: &generator)
            let replicas = Int.random(in: 0...8, using: &generator)
            let counts = model.stateCounts(candidates: candidates, replicas: replicas)
            let fixed = model.states.compactMap(\.fixedBound).reduce(0, +)
            #expect(counts.allSatisfy { $0 >= 0 }, "seed \(seed)")
            #expect(
                counts.reduce(0, +) <= min(candidates, max(replicas, fixed)), "seed \(seed): \(model.states) \(counts)")
            for (state, count) in zip(model.states, counts) {
                if let bound = state.fixedBound { #expect(count <= bound, "seed \(seed)") }
                if state.bound == .unbounded { #expect(count == 0, "seed \(seed)") }
            }
        }
    }
}
