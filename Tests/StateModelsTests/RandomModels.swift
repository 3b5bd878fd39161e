@testable import StateModels

extension StateModel {
    /// A model with random transitions and bounds, which need not make sense.
    static func random(stateCount: Int, using generator: inout SeededGenerator) -> StateModel {
        let names = (0..<stateCount).map { "S\($0)" }
        let bounds: [State.Bound] = [.unbounded, .replicas, .atMost(1), .atMost(1), .atMost(2)]
        var transitions: [Transition] = []
        for from in names {
            for to in names + [dropped] where from != to {
                if Int.random(in: 0..<3, using: &generator) == 0 { transitions.append(Transition(from, to: to)) }
            }
        }
        return StateModel(
            name: "Random", initialState: names.randomElement(using: &generator) ?? "S0",
            states: names.map { State($0, bounds.randomElement(using: &generator) ?? .unbounded) },
            transitions: transitions.shuffled(using: &generator))
    }
}
