/// A line of a state model's definition.
public enum StateModelPart: Sendable, Hashable {
    /// A state; those that come first have the highest priority.
    case state(State)
    /// A transition; those that come first are the most urgent.
    case transition(Transition)
}

/// Lets a state model be written as the list of its states and transitions, with conditions and loops where they help.
@resultBuilder
public enum StateModelBuilder {
    /// A state.
    public static func buildExpression(_ state: State) -> [StateModelPart] { [.state(state)] }
    /// A transition.
    public static func buildExpression(_ transition: Transition) -> [StateModelPart] { [.transition(transition)] }
    /// Parts that were made elsewhere.
    public static func buildExpression(_ parts: [StateModelPart]) -> [StateModelPart] { parts }
    /// Parts in their order.
    public static func buildBlock(_ parts: [StateModelPart]...) -> [StateModelPart] { parts.flatMap { $0 } }
    /// Parts that may be left out.
    public static func buildOptional(_ parts: [StateModelPart]?) -> [StateModelPart] { parts ?? [] }
    /// One of two branches.
    public static func buildEither(first parts: [StateModelPart]) -> [StateModelPart] { parts }
    /// The other of two branches.
    public static func buildEither(second parts: [StateModelPart]) -> [StateModelPart] { parts }
    /// The parts of a loop.
    public static func buildArray(_ parts: [[StateModelPart]]) -> [StateModelPart] { parts.flatMap { $0 } }
}

extension StateModel {
    /// Defines a state model.
    ///
    /// ```swift
    /// let bootstrap = try StateModel("Bootstrap", initial: "OFFLINE") {
    ///     State("ONLINE", atMost: .replicas)
    ///     State("BOOTSTRAP")
    ///     State("OFFLINE")
    ///     Transition("OFFLINE", to: "BOOTSTRAP")
    ///     Transition("BOOTSTRAP", to: "ONLINE")
    ///     Transition("ONLINE", to: "OFFLINE")
    /// }
    /// ```
    ///
    /// `ERROR` and `DROPPED`, and the transitions ERROR → DROPPED, ERROR → initial and initial → DROPPED, need not be
    /// written.
    /// - Parameters:
    ///   - name: the name of the model, and of its znode.
    ///   - initial: the state in which a replica begins.
    ///   - content: states in order of priority, transitions in order of urgency; the two may be mixed.
    /// - Throws: `StateModelError` with **all** that is wrong with the definition.
    public init(
        _ name: String, initial: String, @StateModelBuilder _ content: () -> [StateModelPart]
    ) throws(StateModelError) {
        var states: [State] = []
        var transitions: [Transition] = []
        for part in content() {
            switch part {
            case .state(let state): states.append(state)
            case .transition(let transition): transitions.append(transition)
            }
        }
        let faults = Self.faults(name: name, initial: initial, states: states, transitions: transitions)
        guard faults.isEmpty else { throw StateModelError(model: name, faults: faults) }
        self.init(name: name, initialState: initial, states: states, transitions: transitions)
    }
}
