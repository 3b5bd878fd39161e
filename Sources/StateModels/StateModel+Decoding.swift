extension StateModel {
    /// A model as a cluster has it: what a definition in code must not be is accepted as far as it can be worked with,
    /// and told in ``faults``.
    /// - Parameters:
    ///   - unlisted: transitions that the record implies without listing them.
    ///   - steps: the first step from a state to a target, by names, as the record has them. They are followed where
    ///     they lead to their target.
    ///   - unreadable: what the decoder did not understand.
    /// - Throws: `StateModelError` with all faults when one of them is structural.
    package init(
        decoded name: String, initial: String, states: [State], transitions: [Transition],
        unlisted: [Transition], steps: [String: [String: String]], unreadable: [StateModelFault]
    ) throws(StateModelError) {
        let faults =
            unreadable + Self.faults(name: name, initial: initial, states: states, transitions: transitions + unlisted)
        if faults.contains(where: \.isStructural) { throw StateModelError(model: name, faults: faults) }
        self.init(
            name: name, initialState: initial, states: states, transitions: transitions, unlisted: unlisted)
        self.faults = faults + adopt(steps)
    }

    /// Follows a table of first steps where its ways end.
    private mutating func adopt(_ steps: [String: [String: String]]) -> [StateModelFault] {
        var faults: [StateModelFault] = []
        for (target, state) in states.enumerated() {
            var column: [Int: Int] = [:]
            for (from, origin) in states.enumerated() where from != target {
                guard let hop = steps[origin.name]?[state.name].flatMap({ index(of: $0) }),
                    rank(from: from, to: hop) != .max
                else { continue }
                column[from] = hop
            }
            if !hops.adopt(column, towards: target) {
                faults.append(
                    StateModelFault(
                        .unreadable, at: "the ways to \(state.name)", "the steps in the record do not lead there",
                        cure: "remove the .next maps from the record; the shortest ways are used meanwhile"))
            }
        }
        return faults
    }
}
