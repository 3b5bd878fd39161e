public import StateModels

// State models on the wire: `/STATEMODELDEFS/M` (protocol reference 4.8).
extension StateModel {
    /// The model of a record.
    ///
    /// The record's `.next` maps are followed where their ways lead to their targets, so that replicas go the same
    /// way under any controller. What a definition in code must not be is accepted as far as it can be worked with,
    /// and told in `faults`.
    /// - Throws: `StateModelError` when the record has no states, no initial state among them, or one of them twice.
    public init(record: ZNRecord) throws(StateModelError) {
        var reading = StateModelReading(record)
        let states = reading.states()
        let steps = reading.steps(states)
        let initial = record.simpleFields["INITIAL_STATE"] ?? ""
        let listed = reading.transitions(states)
        let unlisted = reading.unlistedTransitions(states, steps, besides: listed, initial: initial)
        try self.init(
            decoded: record.id, initial: initial, states: states, transitions: listed, unlisted: unlisted, steps: steps,
            unreadable: reading.faults)
    }

    /// The model as Helix writes it.
    public var record: ZNRecord {
        let listed = states.filter { $0.name != StateModel.error || listsError }
        var record = ZNRecord(id: name, simpleFields: ["INITIAL_STATE": initialState])
        record.listFields["STATE_PRIORITY_LIST"] = listed.map(\.name)
        record.listFields["STATE_TRANSITION_PRIORITYLIST"] =
            transitions.prefix(listedTransitionCount).map(\.description)
        for state in listed {
            record.mapFields["\(state.name).meta"] = ["count": state.bound.wireText]
            let steps = wireSteps(from: state, to: listed)
            record.mapFields["\(state.name).next"] = steps.isEmpty ? nil : steps
        }
        return record
    }

    /// The first steps from a state to those that can be reached, as Helix has them: of the ways out of `ERROR` only
    /// the direct ones where they are implicit, and a step from each state to itself except in the tables that were
    /// once written by hand.
    private func wireSteps(from state: State, to listed: [State]) -> [String: String] {
        guard let from = index(of: state.name) else { return [:] }
        let listsWayOut = transitions.prefix(listedTransitionCount).contains { $0.from == state.name }
        var steps: [String: String] = [:]
        for target in listed {
            guard let to = index(of: target.name), let hop = nextHop(from: from, to: to) else { continue }
            if from == errorIndex, !listsWayOut, hop != to { continue }
            steps[target.name] = states[hop].name
        }
        if !Self.handWritten.contains(name) { steps[state.name] = state.name }
        return steps
    }

    private static let handWritten: Set = [
        masterSlave.name, leaderStandby.name, storageSchemata.name, onlineOffline.name,
    ]
}

extension State.Bound {
    fileprivate var wireText: String {
        switch self {
        case .atMost(let count): String(count)
        case .replicas: "R"
        case .participants: "N"
        case .unbounded: "-1"
        }
    }
}

/// Reads the parts of a record, and notes what it does not understand.
private struct StateModelReading {
    private let record: ZNRecord
    var faults: [StateModelFault] = []

    init(_ record: ZNRecord) { self.record = record }

    mutating func states() -> [State] {
        record[list: "STATE_PRIORITY_LIST"].map { State($0, bound($0)) }
    }

    private mutating func bound(_ state: String) -> State.Bound {
        switch record.mapFields["\(state).meta"]?["count"] {
        case nil, "-1": return .unbounded
        case "R": return .replicas
        case "N": return .participants
        case .some(let text):
            if let count = Int(text) { return .atMost(count) }
            faults.append(
                StateModelFault(
                    .unreadable, at: "state \(state)", "its count is \"\(text)\", expected a number, R, N or -1",
                    cure: "correct \(state).meta; it counts as unbounded meanwhile"))
            return .unbounded
        }
    }

    /// The `.next` maps, by origin and target.
    func steps(_ states: [State]) -> [String: [String: String]] {
        var steps: [String: [String: String]] = [:]
        for state in states { steps[state.name] = record.mapFields["\(state.name).next"] }
        return steps
    }

    mutating func transitions(_ states: [State]) -> [Transition] {
        let names = Set(states.map(\.name)).union([StateModel.error, StateModel.dropped])
        return record[list: "STATE_TRANSITION_PRIORITYLIST"].compactMap { transition($0, names) }
    }

    /// The transitions that only the steps tell of: every step is one.
    func unlistedTransitions(
        _ states: [State], _ steps: [String: [String: String]], besides listed: [Transition], initial: String
    ) -> [Transition] {
        var known = Set(listed + StateModel.implicitTransitions(initial: initial))
        var transitions: [Transition] = []
        for state in states {
            for hop in Set((steps[state.name] ?? [:]).values).sorted() where hop != state.name {
                let transition = Transition(state.name, to: hop)
                if known.insert(transition).inserted { transitions.append(transition) }
            }
        }
        return transitions
    }

    /// `FROM-TO`. Where a name has a '-' of its own, the split counts that yields two states.
    private mutating func transition(_ text: String, _ names: Set<String>) -> Transition? {
        let splits = text.indices.filter { text[$0] == "-" }.map { split in
            Transition(String(text[..<split]), to: String(text[text.index(after: split)...]))
        }
        if let found = splits.first(where: { names.contains($0.from) && names.contains($0.to) }) ?? splits.first {
            return found
        }
        faults.append(
            StateModelFault(
                .unreadable, at: "transition \"\(text)\"", "it is not of the form FROM-TO",
                cure: "correct STATE_TRANSITION_PRIORITYLIST; the item is ignored meanwhile"))
        return nil
    }
}
