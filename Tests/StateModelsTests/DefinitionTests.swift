import Testing

@testable import StateModels

@Suite("Defining a state model")
struct DefinitionTests {
    @Test("A definition reads as the list of its states and transitions")
    func definition() throws {
        let model = try StateModel("Bootstrap", initial: "OFFLINE") {
            State("ONLINE", atMost: .replicas)
            State("BOOTSTRAP")
            State("OFFLINE")
            Transition("OFFLINE", to: "BOOTSTRAP")
            Transition("BOOTSTRAP", to: "ONLINE")
            Transition("ONLINE", to: "OFFLINE")
            Transition("OFFLINE", to: "DROPPED")
        }
        #expect(model.name == "Bootstrap")
        #expect(model.states.map(\.name) == ["ONLINE", "BOOTSTRAP", "OFFLINE", "DROPPED", "ERROR"])
        #expect(model.topState == "ONLINE")
        #expect(model.initialState == "OFFLINE")
        #expect(model.index(of: "BOOTSTRAP") == 1)
        #expect(model.index(of: "BOOTSTRAPPED") == nil)
        #expect(model.states[model.droppedIndex].name == "DROPPED")
        #expect(model.states[model.errorIndex].name == "ERROR")
        #expect(model.faults.isEmpty)
    }

    @Test("States and transitions can be mixed, and made in conditions and loops")
    func builder() throws {
        func model(withBootstrap: Bool) throws -> StateModel {
            try StateModel("Tiers", initial: "T0") {
                for tier in (0..<3).reversed() { State("T\(tier)") }
                if withBootstrap {
                    State("BOOTSTRAP")
                    Transition("T0", to: "BOOTSTRAP")
                    Transition("BOOTSTRAP", to: "T1")
                } else {
                    Transition("T0", to: "T1")
                }
                if withBootstrap { Transition("BOOTSTRAP", to: "T0") }
                [StateModelPart.transition(Transition("T1", to: "T2"))]
                for tier in 1..<3 { Transition("T\(tier)", to: "T\(tier - 1)") }
            }
        }
        #expect(try model(withBootstrap: false).states.count == 5)
        let bootstrapped = try model(withBootstrap: true)
        #expect(bootstrapped.states.map(\.name) == ["T2", "T1", "T0", "BOOTSTRAP", "DROPPED", "ERROR"])
        #expect(bootstrapped.transitions.first == Transition("T0", to: "BOOTSTRAP"))
    }

    @Test("Implicit transitions come last and only where they are not listed")
    func implicitTransitions() throws {
        let model = try StateModel("M", initial: "A") {
            State("B")
            State("A")
            Transition("A", to: "DROPPED")
            Transition("A", to: "B")
            Transition("B", to: "A")
        }
        #expect(
            model.transitions == [
                Transition("A", to: "DROPPED"), Transition("A", to: "B"), Transition("B", to: "A"),
                Transition("ERROR", to: "DROPPED"), Transition("ERROR", to: "A"),
            ])
        #expect(model.listedTransitionCount == 3)
        #expect(model.rank(from: 1, to: 0) == 1)
        #expect(model.rank(from: model.errorIndex, to: 1) == 4)
        #expect(model.rank(from: 0, to: model.droppedIndex) == .max)
    }

    /// A definition with one thing wrong, and the rule that it breaks.
    struct Mistake: Sendable, CustomTestStringConvertible {
        let rule: StateModelFault.Rule
        let place: String
        var name = "M"
        var initial = "OFFLINE"
        var states = [State("ONLINE", atMost: .replicas), State("OFFLINE")]
        var transitions = [Transition("OFFLINE", to: "ONLINE"), Transition("ONLINE", to: "OFFLINE")]

        var testDescription: String { "\(rule) at \(place)" }
    }

    static let mistakes: [Mistake] = [
        Mistake(rule: .unusableName, place: "name \"\"", name: ""),
        Mistake(rule: .unusableName, place: "name \"a/b\"", name: "a/b"),
        Mistake(rule: .unusableName, place: "name \"..\"", name: ".."),
        Mistake(rule: .unusableName, place: "name \"a\u{0}\"", name: "a\u{0}"),
        Mistake(
            rule: .unusableName, place: "state HALF-OPEN", states: [State("HALF-OPEN"), State("OFFLINE")],
            transitions: [Transition("OFFLINE", to: "HALF-OPEN"), Transition("HALF-OPEN", to: "OFFLINE")]),
        Mistake(
            rule: .unusableName, place: "state *", states: [State("*"), State("OFFLINE")],
            transitions: [Transition("OFFLINE", to: "*"), Transition("*", to: "OFFLINE")]),
        Mistake(
            rule: .unusableName, place: "a state without a name", states: [State("OFFLINE"), State("")],
            transitions: []),
        Mistake(
            rule: .unusableName, place: "state A\u{7F}", states: [State("A\u{7F}"), State("OFFLINE")],
            transitions: [Transition("OFFLINE", to: "A\u{7F}"), Transition("A\u{7F}", to: "OFFLINE")]),
        Mistake(
            rule: .duplicateState, place: "state ONLINE",
            states: [State("ONLINE", atMost: .replicas), State("OFFLINE"), State("ONLINE")]),
        Mistake(rule: .unknownInitialState, place: "initial state \"\"", initial: ""),
        Mistake(rule: .unknownInitialState, place: "initial state \"OFLINE\"", initial: "OFLINE"),
        Mistake(rule: .unknownInitialState, place: "initial state \"DROPPED\"", initial: "DROPPED"),
        Mistake(
            rule: .unknownState, place: "transition OFFLINE-STANDBY",
            transitions: [
                Transition("OFFLINE", to: "ONLINE"), Transition("ONLINE", to: "OFFLINE"),
                Transition("OFFLINE", to: "STANDBY"),
            ]),
        Mistake(
            rule: .selfTransition, place: "transition ONLINE-ONLINE",
            transitions: [
                Transition("OFFLINE", to: "ONLINE"), Transition("ONLINE", to: "OFFLINE"),
                Transition("ONLINE", to: "ONLINE"),
            ]),
        Mistake(
            rule: .duplicateTransition, place: "transition OFFLINE-ONLINE",
            transitions: [
                Transition("OFFLINE", to: "ONLINE"), Transition("ONLINE", to: "OFFLINE"),
                Transition("OFFLINE", to: "ONLINE"),
            ]),
        Mistake(
            rule: .transitionFromDropped, place: "transition DROPPED-OFFLINE",
            transitions: [
                Transition("OFFLINE", to: "ONLINE"), Transition("ONLINE", to: "OFFLINE"),
                Transition("DROPPED", to: "OFFLINE"),
            ]),
        Mistake(
            rule: .unreachable, place: "state ONLINE", transitions: [Transition("ONLINE", to: "OFFLINE")]),
        Mistake(
            rule: .cannotBeDropped, place: "state ONLINE", transitions: [Transition("OFFLINE", to: "ONLINE")]),
        Mistake(
            rule: .boundNotPositive, place: "state ONLINE", states: [State("ONLINE", atMost: 0), State("OFFLINE")]),
        Mistake(
            rule: .boundNotPositive, place: "state ONLINE", states: [State("ONLINE", atMost: -7), State("OFFLINE")]),
        Mistake(
            rule: .boundNotEnforceable, place: "state OFFLINE",
            states: [State("ONLINE", atMost: .replicas), State("OFFLINE", atMost: 3)]),
        Mistake(
            rule: .boundNotEnforceable, place: "state ERROR",
            states: [State("ONLINE", atMost: .replicas), State("OFFLINE"), State("ERROR", atMost: 1)]),
        Mistake(
            rule: .boundNeverFilled, place: "state OFFLINE",
            states: [State("ONLINE", atMost: .replicas), State("OFFLINE", atMost: .replicas)]),
        Mistake(
            rule: .boundNeverFilled, place: "state OFFLINE",
            states: [State("ONLINE", atMost: .participants), State("OFFLINE", atMost: .participants)]),
        Mistake(
            rule: .boundNeverFilled, place: "state ONLINE",
            states: [State("ONLINE", atMost: .replicas), State("OFFLINE", atMost: .participants)]),
        Mistake(rule: .noStates, place: "states", states: [], transitions: []),
        Mistake(
            rule: .tooManyStates, place: "states", states: (0...256).map { State("S\($0)") } + [State("OFFLINE")],
            transitions: []),
    ]

    @Test("A mistake is named with its place and its cure", arguments: mistakes)
    func mistake(_ mistake: Mistake) {
        let faults = StateModel.faults(
            name: mistake.name, initial: mistake.initial, states: mistake.states, transitions: mistake.transitions)
        let found = faults.filter { $0.rule == mistake.rule && $0.place == mistake.place }
        #expect(found.count == 1, "\(faults.map(\.description))")
        #expect(faults.allSatisfy { !$0.finding.isEmpty && !$0.cure.isEmpty })
    }

    @Test("Every rule has a mistake that breaks it")
    func rules() {
        let elsewhere: Set<StateModelFault.Rule> = [.cannotExchange, .cannotPass, .unreadable]
        #expect(Set(Self.mistakes.map(\.rule)).union(elsewhere) == Set(StateModelFault.Rule.allCases))
    }

    @Test("All mistakes are named at once")
    func allAtOnce() throws {
        let error = try #require(throws: StateModelError.self) {
            try StateModel("Bad", initial: "OFFLINE") {
                State("PRIMARY", atMost: 0)
                State("SECONDARY", atMost: .replicas)
                State("SPARE", atMost: .replicas)
                State("OFFLINE")
                Transition("OFFLINE", to: "SECONDARY")
                Transition("SECONDARY", to: "PRIMRY")
                Transition("PRIMARY", to: "PRIMARY")
            }
        }
        #expect(error.model == "Bad")
        #expect(
            Set(error.faults.map(\.rule)) == [
                .unknownState, .selfTransition, .unreachable, .cannotBeDropped, .boundNotPositive, .boundNeverFilled,
            ])
        let lines = error.description.split(separator: "\n")
        #expect(lines.first == "state model \"Bad\" has \(error.faults.count) faults:")
        #expect(lines.count == error.faults.count + 1)
        #expect(
            lines.contains(
                "  transition SECONDARY-PRIMRY: \"PRIMRY\" is no state of the model; list the state or correct the name"
            ))
    }

    @Test("Only what makes a model impossible to work with is structural")
    func structural() {
        let structural = Self.mistakes.filter { mistake in
            StateModel.faults(
                name: mistake.name, initial: mistake.initial, states: mistake.states, transitions: mistake.transitions
            ).contains(where: \.isStructural)
        }
        #expect(
            Set(structural.map(\.rule)) == [
                .noStates, .tooManyStates, .duplicateState, .unknownInitialState, .unusableName,
            ])
        #expect(structural.filter { $0.rule == .unusableName }.map(\.place) == ["a state without a name"])
    }

    @Test("Models are equal when they behave alike, and differ in anything that matters")
    func equality() throws {
        func model(_ name: String, bound: State.Bound, up: Bool) throws -> StateModel {
            try StateModel(name, initial: "B") {
                State("A", bound)
                State("B")
                if up { Transition("B", to: "A") }
                Transition("A", to: "B")
                if !up { Transition("B", to: "A") }
            }
        }
        let one = try model("M", bound: .replicas, up: true)
        #expect(try one == model("M", bound: .replicas, up: true))
        #expect(try Set([one, model("M", bound: .replicas, up: true)]).count == 1)
        #expect(try one != model("N", bound: .replicas, up: true))
        #expect(try one != model("M", bound: .participants, up: true))
        #expect(try one != model("M", bound: .replicas, up: false))
    }
}
