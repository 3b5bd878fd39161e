public import StateModels

/// What a participant does for one transition of a custom model.
public typealias TransitionAction = @Sendable (TransitionContext) async throws -> Void

/// A handler made of one closure for each transition; all replicas share it.
struct TransitionTable: TransitionHandler {
    let initialState: String
    let actions: [Transition: TransitionAction]

    func transition(_ context: TransitionContext) async throws {
        if let action = actions[Transition(context.from, to: context.to)] { return try await action(context) }
        // Leaving ERROR and being dropped need no code of the user's.
        guard Self.isImplicit(from: context.from, to: context.to, initialState: initialState) else {
            throw UnknownTransition(from: context.from, to: context.to)
        }
    }

    /// - Throws: `RegistrationError` that names every transition which the table lacks or the model does not know.
    static func check(_ actions: [Transition: TransitionAction], against model: StateModel) throws(RegistrationError) {
        let needed = model.transitions.filter { edge in
            actions[edge] == nil && !isImplicit(from: edge.from, to: edge.to, initialState: model.initialState)
        }
        let known = Set(model.transitions)
        let unknown = actions.keys.filter { !known.contains($0) && !($0.to == StateModel.error) }
            .sorted { ($0.from, $0.to) < ($1.from, $1.to) }
        guard needed.isEmpty, unknown.isEmpty else {
            throw RegistrationError(model: model.name, missing: needed, unknown: unknown)
        }
    }

    private static func isImplicit(from: String, to: String, initialState: String) -> Bool {
        from == StateModel.error || to == StateModel.error || (from, to) == (initialState, StateModel.dropped)
    }
}

/// A table of transitions that does not fit its state model.
public struct RegistrationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The state model.
    public let model: String
    /// The model's transitions that the table lacks, in the model's order.
    public let missing: [Transition]
    /// The table's transitions that the model does not have, sorted.
    public let unknown: [Transition]

    /// One line that names them all.
    public var description: String {
        let faults = [("missing", missing), ("not in the model", unknown)].filter { !$0.1.isEmpty }
            .map { "\($0.0): " + $0.1.map { "\($0.from) to \($0.to)" }.joined(separator: ", ") }
        return "the transitions for state model \(model) do not fit its definition; "
            + faults.joined(separator: "; ") + ". Give one handler for each transition of the model, and no others."
    }
}
