/// A state model that cannot be: everything that is wrong with it.
public struct StateModelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The model's name.
    public let model: String
    /// All faults, in the order of the definition; never empty.
    public let faults: [StateModelFault]

    /// An error with the given faults.
    public init(model: String, faults: [StateModelFault]) {
        self.model = model
        self.faults = faults
    }

    /// A line for the model, and one for each fault.
    public var description: String {
        let count = faults.count == 1 ? "1 fault" : "\(faults.count) faults"
        return (["state model \"\(model)\" has \(count):"] + faults.map { "  \($0)" }).joined(separator: "\n")
    }
}

/// One thing that is wrong with a state model: what, where, and what to do.
public struct StateModelFault: Sendable, Hashable, CustomStringConvertible {
    /// What kind of thing is wrong.
    public enum Rule: String, Sendable, Hashable, CaseIterable {
        /// A name is empty or has characters that the wire gives a meaning of their own.
        case unusableName
        /// There is no state.
        case noStates
        /// There are more states than anybody can have meant.
        case tooManyStates
        /// A state is listed twice.
        case duplicateState
        /// The initial state is not named, or is no state.
        case unknownInitialState
        /// A transition begins or ends in a state that is not listed.
        case unknownState
        /// A transition ends where it begins.
        case selfTransition
        /// A transition is listed twice.
        case duplicateTransition
        /// A transition leaves `DROPPED`, where a replica is no more.
        case transitionFromDropped
        /// There is no way from the initial state to a state.
        case unreachable
        /// There is no way from a state to `DROPPED`.
        case cannotBeDropped
        /// A bound lets no replica in.
        case boundNotPositive
        /// A fixed bound on a state that replicas enter without being asked: the initial state, `ERROR`, `DROPPED`.
        case boundNotEnforceable
        /// A bound that no replica will ever be counted against, since others take all.
        case boundNeverFilled
        /// States with fixed bounds that replicas can exchange only with each other: once they are full, nobody can
        /// move.
        case cannotExchange
        /// A state with a fixed bound on the way to another: those who stay in it block those who pass.
        case cannotPass
        /// A record says something that is not understood.
        case unreadable
    }

    /// What kind of thing is wrong.
    public let rule: Rule
    /// Where: a state, a transition, the name.
    public let place: String
    /// What was found.
    public let finding: String
    /// What to do.
    public let cure: String

    /// A fault.
    public init(_ rule: Rule, at place: String, _ finding: String, cure: String) {
        self.rule = rule
        self.place = place
        self.finding = finding
        self.cure = cure
    }

    /// Whether a model with this fault cannot be worked with at all. One with others works, or did so far, as far as
    /// the fault lets it: such a model is accepted when it comes from a cluster.
    public var isStructural: Bool {
        switch rule {
        case .noStates, .tooManyStates, .duplicateState, .unknownInitialState: true
        case .unusableName: place == Self.emptyStateName
        default: false
        }
    }

    static let emptyStateName = "a state without a name"

    /// One line: where, what, and what to do.
    public var description: String { "\(place): \(finding); \(cure)" }
}
