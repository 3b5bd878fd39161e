import Testing

@testable import StateModels

@Suite("Ways between states")
struct HopTableTests {
    @Test(
        "The first step of each way",
        arguments: [
            ("MASTER", "SLAVE", "SLAVE"), ("MASTER", "OFFLINE", "SLAVE"), ("MASTER", "DROPPED", "SLAVE"),
            ("SLAVE", "MASTER", "MASTER"), ("SLAVE", "DROPPED", "OFFLINE"), ("OFFLINE", "MASTER", "SLAVE"),
            ("OFFLINE", "DROPPED", "DROPPED"), ("ERROR", "OFFLINE", "OFFLINE"), ("ERROR", "DROPPED", "DROPPED"),
            ("ERROR", "MASTER", "OFFLINE"),
        ])
    func firstSteps(from: String, to: String, hop: String) throws {
        let model = StateModel.masterSlave
        let found = model.nextHop(from: try #require(model.index(of: from)), to: try #require(model.index(of: to)))
        #expect(found.map { model.states[$0].name } == hop)
    }

    @Test("There is no way out of DROPPED, none into ERROR, and none that leads nowhere")
    func noWay() {
        for model in StateModel.builtIn {
            for state in model.states.indices {
                #expect(model.nextHop(from: model.droppedIndex, to: state) == nil)
                #expect(model.nextHop(from: state, to: model.errorIndex) == nil)
                #expect(model.nextHop(from: state, to: state) == nil)
            }
        }
    }

    @Test("Of equally short ways the one whose first transition is listed first is taken", arguments: [true, false])
    func ties(leftFirst: Bool) throws {
        let firstSteps = [Transition("START", to: "LEFT"), Transition("START", to: "RIGHT")]
        let model = StateModel(
            name: "Diamond", initialState: "START",
            states: [State("END"), State("LEFT"), State("RIGHT"), State("START")],
            transitions: (leftFirst ? firstSteps : firstSteps.reversed())
                + [Transition("RIGHT", to: "END"), Transition("LEFT", to: "END"), Transition("END", to: "START")])
        let hop = try #require(model.nextHop(from: 3, to: 0))
        #expect(model.states[hop].name == (leftFirst ? "LEFT" : "RIGHT"))
    }

    /// All shortest ways, found by trying every way of the fewest steps.
    private func shortestFirstSteps(_ model: StateModel, from: Int, to: Int) -> Set<Int> {
        var frontier: [(first: Int, last: Int)] = model.states.indices
            .filter { model.rank(from: from, to: $0) != .max }.map { ($0, $0) }
        for _ in model.states {
            let arrived = frontier.filter { $0.last == to }
            if !arrived.isEmpty { return Set(arrived.map(\.first)) }
            frontier = frontier.flatMap { way in
                model.states.indices.filter { model.rank(from: way.last, to: $0) != .max }.map { (way.first, $0) }
            }
        }
        return []
    }

    @Test(
        "In any model every hop is the most urgent of the first steps of shortest ways",
        arguments: [11, 12] as [UInt64])
    func optimality(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for round in 0..<100 {
            let model = StateModel.random(stateCount: Int.random(in: 2...5, using: &generator), using: &generator)
            for from in model.states.indices {
                for to in model.states.indices where from != to {
                    let expected = shortestFirstSteps(model, from: from, to: to)
                        .min { model.rank(from: from, to: $0) < model.rank(from: from, to: $1) }
                    #expect(
                        model.nextHop(from: from, to: to) == expected,
                        "seed \(seed), round \(round): \(from) to \(to) of \(model.transitions)")
                }
            }
        }
    }

    @Test("Following the hops always arrives", arguments: [21] as [UInt64])
    func arrival(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let model = StateModel.random(stateCount: 6, using: &generator)
            for from in model.states.indices {
                for to in model.states.indices where model.nextHop(from: from, to: to) != nil {
                    var state = from
                    var steps = 0
                    while state != to, steps <= model.states.count {
                        guard let next = model.nextHop(from: state, to: to) else { break }
                        #expect(model.rank(from: state, to: next) != .max, "seed \(seed): a hop is no transition")
                        (state, steps) = (next, steps + 1)
                    }
                    #expect(state == to, "seed \(seed): \(from) to \(to) of \(model.transitions)")
                }
            }
        }
    }

    @Test("A table made elsewhere is followed where it arrives, and not where it goes round")
    func adoption() {
        let edges = [(from: 0, to: 1), (from: 1, to: 2), (from: 0, to: 2), (from: 1, to: 0)]
        var table = HopTable(stateCount: 3, edges: edges)
        #expect(table.next(from: 0, to: 2) == 2)
        let isFollowed = table.adopt([0: 1, 1: 2], towards: 2)
        #expect(isFollowed)
        #expect(table.next(from: 0, to: 2) == 1)
        let before = table
        let goesRound = !table.adopt([0: 1, 1: 0], towards: 2)
        #expect(goesRound)
        #expect(table == before)
    }
}
