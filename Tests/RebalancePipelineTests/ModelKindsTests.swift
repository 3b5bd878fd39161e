import HelixRecords
import Testing

@testable import RebalancePipeline
@testable import StateModels

@Suite("State models of all kinds")
struct ModelKindsTests {
    @Test("A replica is bootstrapped on its way, and its predecessor serves until it is done")
    func bootstrap() throws {
        let model = try StateModel("Long", initial: "OFFLINE") {
            State("MASTER", atMost: 1)
            State("SLAVE", atMost: .replicas)
            State("SYNCING")
            State("LOADING")
            State("OFFLINE")
            Transition("OFFLINE", to: "LOADING")
            Transition("LOADING", to: "SYNCING")
            Transition("SYNCING", to: "SLAVE")
            Transition("SLAVE", to: "MASTER")
            Transition("MASTER", to: "SLAVE")
            Transition("SLAVE", to: "OFFLINE")
            Transition("LOADING", to: "DROPPED")
            Transition("SYNCING", to: "DROPPED")
        }
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addResource("db", model: model, partitions: 3, replicas: 2)
        world.settle()
        #expect(world.counts("db").values.allSatisfy { $0 == ["MASTER": 1, "SLAVE": 1] })
        world.onChange = { world, _, resource, partition in
            let serving = world.map(resource, partition).values.count { $0 == "MASTER" || $0 == "SLAVE" }
            if serving < 2 { Issue.record("\(world.map(resource, partition))") }
        }
        world.operate("a", .evacuate)
        world.settle()
        #expect(world.load("db") == ["a": 0, "b": 3, "c": 3])
    }

    /// A second state with a fixed bound on the only way to the top: such a model may come from a record.
    private func makeNarrowWorld() -> World {
        let model = StateModel(
            name: "Narrow", initialState: "OFFLINE",
            states: [
                State("TOP", atMost: 1), State("HOT", atMost: 1), State("COLD", atMost: .replicas), State("OFFLINE"),
            ],
            transitions: [
                Transition("TOP", to: "HOT"), Transition("HOT", to: "TOP"), Transition("HOT", to: "COLD"),
                Transition("COLD", to: "HOT"), Transition("OFFLINE", to: "COLD"), Transition("COLD", to: "OFFLINE"),
            ])
        var world = World()
        world.add(model)
        world.addInstances(["a", "b", "c", "d"])
        world.addList("db", model: model, ["a", "b", "c"])
        return world
    }

    @Test(
        "Where the second state is bounded too, replicas do not lock each other in", arguments: 0..<20 as Range<UInt64>)
    func narrow(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var world = makeNarrowWorld()
        world.onChange = { world, _, resource, partition in
            for violation in world.violations(resource, partition, replicas: 4) { Issue.record("\(violation)") }
        }
        #expect(world.settle(using: &generator) != nil)
        #expect(world.counts("db")["db_0"] == ["TOP": 1, "HOT": 1, "COLD": 1], "seed \(seed)")
        // The order of the list is not enforced: nobody could pass.
        world.edit("db") { $0.preferenceLists["db_0"]?.reverse() }
        #expect(world.settle(using: &generator) != nil)
        #expect(world.counts("db")["db_0"] == ["TOP": 1, "HOT": 1, "COLD": 1], "seed \(seed)")
        // The holder of the top state has to go, through the place of the next one.
        let top = world.map("db", "db_0").first { $0.value == "TOP" }!.key
        world.edit("db") { $0.preferenceLists["db_0"] = ["a", "b", "c", "d"].filter { $0 != top } }
        #expect(world.settle(using: &generator) != nil, "seed \(seed)")
        #expect(world.counts("db")["db_0"] == ["TOP": 1, "HOT": 1, "COLD": 1], "seed \(seed)")
        // So does the next one, and in FULL_AUTO.
        world.edit("db") { $0.rebalanceMode = .fullAuto }
        for name in ["a", "b", "c", "d"] where world.map("db", "db_0")[name] == "TOP" { world.operate(name, .evacuate) }
        #expect(world.settle(using: &generator) != nil, "seed \(seed)")
        #expect(world.counts("db")["db_0"] == ["TOP": 1, "HOT": 1, "COLD": 1], "seed \(seed)")
    }

    @Test(
        "Where a state with a fixed bound is entered directly, the former holder makes way for the next one",
        arguments: [IdealState.RebalanceMode.fullAuto, .semiAuto])
    func directEntry(mode: IdealState.RebalanceMode) throws {
        let model = try StateModel("Direct", initial: "OFFLINE") {
            State("ONLINE", atMost: 1)
            State("WATCHING", atMost: 1)
            State("OFFLINE")
            Transition("OFFLINE", to: "ONLINE")
            Transition("ONLINE", to: "OFFLINE")
            Transition("OFFLINE", to: "WATCHING")
            Transition("WATCHING", to: "OFFLINE")
        }
        var world = World()
        world.addInstances(["a", "b", "c", "d"])
        world.addResource("db", model: model, mode: mode, replicas: 2) { $0.preferenceLists["db_0"] = ["a", "b"] }
        world.onChange = { world, _, resource, partition in
            for violation in world.violations(resource, partition, replicas: 3) { Issue.record("\(violation)") }
        }
        world.settle()
        let former = world.map("db", "db_0").keys.sorted()
        for name in former { world.operate(name, .evacuate) }
        world.edit("db") { $0.preferenceLists["db_0"] = ["c", "d"] }
        #expect(world.settle() != nil)
        #expect(world.counts("db")["db_0"] == ["ONLINE": 1, "WATCHING": 1])
        #expect(Set(former).isDisjoint(with: world.map("db", "db_0").keys))
    }

    @Test("A model whose top state is the initial one has nothing to do, and does it")
    func topIsInitial() {
        let model = StateModel(
            name: "Passive", initialState: "READY", states: [State("READY", atMost: 1), State("DROPPED")],
            transitions: [Transition("READY", to: "DROPPED")])
        var world = World()
        world.add(model)
        world.addInstances(["a", "b"])
        world.addList("db", model: model, ["a", "b"])
        world.set("b", "db", "db_0", "READY")
        #expect(world.settle() != nil)
        world.edit("db") { $0.preferenceLists["db_0"] = ["a"] }
        #expect(world.settle() != nil)
        #expect(world.map("db", "db_0").isEmpty)
        world.edit("db") { $0.rebalanceMode = .fullAuto }
        #expect(world.settle() != nil)
    }

    @Test("States that replicas cannot get to are told")
    func noPath() {
        let model = StateModel(
            name: "Island", initialState: "OFFLINE", states: [State("ISLAND", atMost: 1), State("OFFLINE")],
            transitions: [])
        var world = World()
        world.add(model)
        world.addInstances(["a"])
        world.addList("db", model: model, ["a"])
        #expect(world.pass().isEmpty)
        #expect(world.reason("db", "db_0", "a") == .noPath)
    }

    @Test("A bound on ERROR or DROPPED makes nobody want to be there")
    func boundOnError() {
        let model = StateModel(
            name: "Odd", initialState: "OFFLINE",
            states: [
                State("ERROR", atMost: 1), State("DROPPED", atMost: 1), State("ONLINE", atMost: 1), State("OFFLINE"),
            ],
            transitions: [Transition("OFFLINE", to: "ONLINE"), Transition("ONLINE", to: "OFFLINE")])
        var world = World()
        world.add(model)
        world.addInstances(["a", "b", "c"])
        world.addList("db", model: model, ["a", "b", "c"])
        #expect(world.settle() != nil)
        #expect(world.counts("db")["db_0"] == ["ONLINE": 1])
    }

    @Test("The way that a record of a model tells is followed, and a shorter one is taken where there is one")
    func shortestWay() throws {
        let model = try StateModel("Direct", initial: "OFFLINE") {
            State("ONLINE", atMost: .replicas)
            State("CONSUMING")
            State("OFFLINE")
            Transition("OFFLINE", to: "CONSUMING")
            Transition("CONSUMING", to: "ONLINE")
            Transition("CONSUMING", to: "OFFLINE")
            Transition("ONLINE", to: "OFFLINE")
            Transition("CONSUMING", to: "DROPPED")
        }
        var world = World()
        world.addInstances(["a"])
        world.addList("db", model: model, ["a"])
        world.set("a", "db", "db_0", "CONSUMING")
        world.edit("db") { $0.preferenceLists["db_0"] = [] }
        #expect(world.pass().summary == ["db_0 a CONSUMING-DROPPED"])
    }
}
