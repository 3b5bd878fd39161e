extension StateModel {
    /// How many states a model may have: hop tables grow with the square.
    static let stateLimit = 256

    /// Everything that is wrong with a definition; empty when it is sound. `ERROR`, `DROPPED` and the implicit
    /// transitions need not be in it (protocol reference 4.8).
    ///
    /// Beyond what Helix checks, this finds bounds that cannot be kept and orders of transitions that cannot be found:
    /// see ``StateModelFault/Rule``.
    public static func faults(
        name: String, initial: String, states: [State], transitions: [Transition]
    ) -> [StateModelFault] {
        var faults = nameFaults(name) + stateFaults(states)
        if states.isEmpty {
            faults.append(
                StateModelFault(.noStates, at: "states", "there are none", cure: "list them, the top state first"))
        }
        if states.count > stateLimit {
            let finding = "there are \(states.count), the limit is \(stateLimit)"
            faults.append(
                StateModelFault(.tooManyStates, at: "states", finding, cure: "model data as data, not as states"))
            return faults
        }
        faults += initialFaults(initial, states: states) + transitionFaults(transitions, states: states)
        // What follows reads the definition as a graph, which only a definition without the above has.
        guard !faults.contains(where: \.isStructural) else { return faults }
        let model = StateModel(name: name, initialState: initial, states: states, transitions: transitions)
        return faults + model.reachabilityFaults() + model.boundFaults() + model.sequencingFaults()
    }

    // MARK: Names

    private static func nameFaults(_ name: String) -> [StateModelFault] {
        guard let finding = unusableCharacters(name, in: "/") ?? ([".", ".."].contains(name) ? "it is a path" : nil)
        else { return [] }
        let cure = "give the model a name that can be a znode's"
        return [StateModelFault(.unusableName, at: "name \"\(name)\"", finding, cure: cure)]
    }

    private static func stateFaults(_ states: [State]) -> [StateModelFault] {
        var faults: [StateModelFault] = []
        var seen: Set<String> = []
        for state in states {
            if let finding = unusableCharacters(state.name, in: "-/*") {
                let place = state.name.isEmpty ? StateModelFault.emptyStateName : "state \(state.name)"
                let cure = "use letters, digits and '_'"
                faults.append(StateModelFault(.unusableName, at: place, finding, cure: cure))
            }
            if !seen.insert(state.name).inserted {
                let cure = "remove all but the one with the right priority and bound"
                faults.append(
                    StateModelFault(
                        .duplicateState, at: "state \(state.name)", "it is listed more than once", cure: cure))
            }
        }
        return faults
    }

    private static func unusableCharacters(_ name: String, in reserved: String) -> String? {
        if name.isEmpty { return "it is empty" }
        if let found = name.first(where: reserved.contains) { return "it contains '\(found)'" }
        let isControl = name.unicodeScalars.contains { $0.properties.generalCategory == .control }
        return isControl ? "it contains a control character" : nil
    }

    private static func initialFaults(_ initial: String, states: [State]) -> [StateModelFault] {
        let candidates = states.map(\.name).filter { $0 != error && $0 != dropped }
        if candidates.contains(initial) { return [] }
        return [
            StateModelFault(
                .unknownInitialState, at: "initial state \"\(initial)\"",
                "it is none of those in which a replica can begin: \(candidates.joined(separator: ", "))",
                cure: "name one of them")
        ]
    }

    // MARK: Transitions

    private static func transitionFaults(_ transitions: [Transition], states: [State]) -> [StateModelFault] {
        let known = Set(states.map(\.name)).union([error, dropped])
        var faults: [StateModelFault] = []
        var seen: Set<Transition> = []
        for transition in transitions {
            let place = "transition \(transition)"
            func add(_ rule: StateModelFault.Rule, _ finding: String, _ cure: String) {
                faults.append(StateModelFault(rule, at: place, finding, cure: cure))
            }
            for end in transition.from == transition.to ? [transition.from] : [transition.from, transition.to]
            where !known.contains(end) {
                add(.unknownState, "\"\(end)\" is no state of the model", "list the state or correct the name")
            }
            if transition.from == transition.to { add(.selfTransition, "it ends where it begins", "remove it") }
            if transition.from == dropped {
                add(.transitionFromDropped, "a dropped replica is no more", "remove it, or begin in another state")
            }
            if !seen.insert(transition).inserted {
                add(.duplicateTransition, "it is listed more than once", "remove all but the most urgent")
            }
        }
        return faults
    }

    private func reachabilityFaults() -> [StateModelFault] {
        var faults: [StateModelFault] = []
        for (index, state) in states.enumerated() {
            if index != initialIndex, state.name != Self.error, nextHop(from: initialIndex, to: index) == nil {
                faults.append(
                    StateModelFault(
                        .unreachable, at: "state \(state.name)",
                        "no transitions lead there from the initial state \(initialState)",
                        cure: "add a transition into it, or remove the state"))
            }
            if index != droppedIndex, nextHop(from: index, to: droppedIndex) == nil {
                faults.append(
                    StateModelFault(
                        .cannotBeDropped, at: "state \(state.name)", "no transitions lead from it to \(Self.dropped)",
                        cure: "add a transition out of it, such as \(state.name)-\(initialState)"))
            }
        }
        return faults
    }

    // MARK: Bounds

    private func boundFaults() -> [StateModelFault] {
        var faults: [StateModelFault] = []
        let taker = states.firstIndex { $0.bound == .participants }
        let elastic = states.firstIndex { $0.bound == .replicas }
        for (index, state) in states.enumerated() {
            func add(_ rule: StateModelFault.Rule, _ finding: String, _ cure: String) {
                faults.append(StateModelFault(rule, at: "state \(state.name)", finding, cure: cure))
            }
            if let bound = state.fixedBound {
                if bound < 1 { add(.boundNotPositive, "at most \(bound) replicas may be in it", "use a number from 1") }
                if let why = involuntaryEntry(index) {
                    add(.boundNotEnforceable, "it is bounded to \(bound), but \(why)", "leave it unbounded")
                }
            }
            if state.bound == .unbounded { continue }
            if let taker, index > taker {
                let finding = "\(states[taker].name) takes every participant before it"
                add(.boundNeverFilled, finding, "list it before \(states[taker].name), or leave it unbounded")
            } else if state.bound == .replicas, let taker {
                let finding = "\(states[taker].name) takes every participant, and nothing is left to be counted here"
                add(.boundNeverFilled, finding, "bound one of the two by a number, or leave it unbounded")
            } else if state.bound == .replicas, let elastic, index > elastic {
                let finding = "\(states[elastic].name) takes all replicas that are left"
                add(.boundNeverFilled, finding, "leave all but one of the states unbounded")
            }
        }
        return faults
    }

    /// Why replicas come into a state without being asked.
    private func involuntaryEntry(_ state: Int) -> String? {
        switch state {
        case initialIndex: "every replica begins there"
        case errorIndex: "any transition may fail"
        case droppedIndex: "a dropped replica is no more and is not counted"
        default: nil
        }
    }
}
