import HelixRecords
import Testing

@testable import RebalancePipeline
@testable import StateModels

@Suite("Bounds hold in every order of completion, and nobody waits for ever")
struct BoundsTests {
    // MARK: Exclusive

    @Test(
        "With one replica and MIN_ACTIVE_REPLICAS 0 there are never two, whatever moves: an exclusive lock",
        arguments: 0..<40 as Range<UInt64>, [IdealState.RebalanceMode.fullAuto, .semiAuto])
    func exclusiveLock(seed: UInt64, mode: IdealState.RebalanceMode) {
        var generator = SeededGenerator(seed: seed)
        let model = [StateModel.onlineOffline, .leaderStandby, .masterSlave].randomElement(using: &generator)!
        let all = ["a", "b", "c", "d"]
        var world = World()
        world.addInstances(all)
        world.addResource("lock", model: model, mode: mode, partitions: 4, replicas: 1) { $0.minActiveReplicas = 0 }
        world.onChange = { world, _, resource, partition in
            let active = world.map(resource, partition).values.count { $0 != "OFFLINE" && $0 != "ERROR" }
            if active > 1 { Issue.record("\(partition): \(world.map(resource, partition)), seed \(seed)") }
        }
        for _ in 0..<12 {
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: world.kill(all.randomElement(using: &generator)!)
            case 1: world.addInstances([all.randomElement(using: &generator)!])
            case 2:
                world.operate(
                    all.randomElement(using: &generator)!,
                    [.disable, .enable, .evacuate].randomElement(using: &generator)!)
            default:
                world.edit("lock") { idealState in
                    for partition in idealState.partitions where mode == .semiAuto {
                        idealState.preferenceLists[partition] = [all.randomElement(using: &generator)!]
                    }
                }
            }
            world.settle(using: &generator, limit: Int.random(in: 1...20, using: &generator))
        }
        for name in all {
            world.operate(name, .enable)
            if world.states[name] == nil { world.start(name) }
        }
        #expect(world.settle(using: &generator) != nil, "seed \(seed)")
        for partition in 0..<4 {
            let isWanted =
                mode == .fullAuto
                || world.snapshot.resources["lock"]!.idealState.value!
                    .preferenceLists["lock_\(partition)"] != []
            #expect(world.counts("lock")["lock_\(partition)"] == (isWanted ? [model.topState: 1] : nil), "seed \(seed)")
        }
    }

    @Test("A leader that has to go is not locked in by the standby that waits for its place")
    func rightOfWay() {
        var world = World()
        world.addInstances(["x", "y"])
        world.addList("db", model: .leaderStandby, ["x"], minActive: 0)
        world.settle()
        // y came up before x was told to go, as after a change of the list and back.
        world.set("y", "db", "db_0", "STANDBY")
        world.edit("db") { $0.preferenceLists["db_0"] = ["y"] }
        #expect(world.settle() != nil)
        #expect(world.map("db", "db_0") == ["y": "LEADER"])
    }

    @Test("Nobody moves into the way of a leader that has to go")
    func reservation() {
        var world = World()
        world.addInstances(["x", "y"])
        world.addList("db", model: .leaderStandby, ["x"], minActive: 0)
        world.set("x", "db", "db_0", "STANDBY")
        world.pass()  // x is on its way to LEADER
        world.edit("db") { $0.preferenceLists["db_0"] = ["y"] }
        #expect(world.pass().isEmpty)
        #expect(world.reason("db", "db_0", "y") == .stateBound(state: "STANDBY", bound: 1))
        #expect(world.settle() != nil)
        #expect(world.map("db", "db_0") == ["y": "LEADER"])
    }

    // MARK: Two tops

    @Test("Nobody is promoted before the former master has stepped down")
    func oneMaster() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", ["a", "b"])
        world.settle()
        world.edit("db") { $0.preferenceLists["db_0"] = ["b", "a"] }
        #expect(world.pass().summary == ["db_0 a MASTER-SLAVE"])
        #expect(world.pass().isEmpty)
        #expect(world.reason("db", "db_0", "b") == .stateBound(state: "MASTER", bound: 1))
        world.complete("a", world.pending[0].id)
        #expect(world.pass().summary == ["db_0 b SLAVE-MASTER"])
    }

    @Test("A promotion under way counts, though its replica is not there yet")
    func pendingPromotion() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", ["a", "b"])
        for name in ["a", "b"] { world.set(name, "db", "db_0", "SLAVE") }
        world.pass()
        world.edit("db") { $0.preferenceLists["db_0"] = ["b", "a"] }
        #expect(world.pass().isEmpty)
        world.settle()
        #expect(world.map("db", "db_0") == ["b": "MASTER", "a": "SLAVE"])
    }

    // MARK: Hand-over

    /// Which instances were in the top state, in the order in which they came into it.
    private func tops(_ world: inout World, during body: (inout World) -> Void) -> [String] {
        final class Log { var names: [String] = [] }
        let log = Log()
        world.onChange = { world, instance, resource, partition in
            if world.map(resource, partition)[instance] == "MASTER" { log.names.append(instance) }
        }
        body(&world)
        world.onChange = nil
        return log.names
    }

    @Test("When the master's instance is evacuated its place is handed over once, when the heir is ready")
    func oneHandOff() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", replicas: 1)
        world.settle()
        let former = world.map("db", "db_0").keys.first!
        let heir = former == "a" ? "b" : "a"
        world.operate(former, .evacuate)
        #expect(world.pass().summary == ["db_0 \(heir) OFFLINE-SLAVE"])
        #expect(world.reason("db", "db_0", former) == .replacementNotSettled)
        let tops = tops(&world) { $0.settle() }
        #expect(tops == [heir])
        #expect(world.map("db", "db_0") == [heir: "MASTER"])
    }

    @Test("While the intended master comes up for a second nobody else is promoted; after that the next one is")
    func patience() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", ["a", "b"])
        world.set("b", "db", "db_0", "SLAVE")
        world.snapshot.time = 5_000
        // Nothing is under way yet: b could lead, and a comes up.
        #expect(world.pass().summary == ["db_0 b SLAVE-MASTER", "db_0 a OFFLINE-SLAVE"])
        world.snapshot.removeMessage("b", id: world.pending.first { $0.instance == "b" }!.id)
        world.snapshot.time = 5_500
        #expect(world.pass().isEmpty)
        #expect(world.decision.nextDeadline == 6_000)
        world.snapshot.time = 6_000
        #expect(world.pass().summary == ["db_0 b SLAVE-MASTER"])
    }

    @Test("A message from the future does not keep a partition without a master", arguments: [10_000, .max] as [Int64])
    func future(createdAt: Int64) {
        var world = World()
        world.addInstances(["a", "b"])
        world.addList("db", ["a", "b"])
        world.set("b", "db", "db_0", "SLAVE")
        world.post("a", "db", ["db_0"], from: "OFFLINE", to: "SLAVE") { $0.createdAt = createdAt }
        #expect(world.pass().summary == ["db_0 b SLAVE-MASTER"])
    }

    @Test("After the loss of the master the next in the list that is ready takes over")
    func failover() {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addList("db", ["a", "b", "c"])
        world.settle()
        world.kill("a")
        world.set("b", "db", "db_0", "ERROR")
        world.settle()
        #expect(world.map("db", "db_0") == ["b": "ERROR", "c": "MASTER"])
    }

    @Test("Two tops of three: each has its heir")
    func twoTops() throws {
        let model = try StateModel("TwoTops", initial: "OFFLINE") {
            State("LEADER", atMost: 2)
            State("STANDBY", atMost: .replicas)
            State("OFFLINE")
            Transition("LEADER", to: "STANDBY")
            Transition("STANDBY", to: "LEADER")
            Transition("OFFLINE", to: "STANDBY")
            Transition("STANDBY", to: "OFFLINE")
        }
        var world = World()
        world.addInstances(["a", "b", "c", "d", "e"])
        world.addResource("db", model: model, partitions: 5, replicas: 3)
        world.settle()
        #expect(world.counts("db").values.allSatisfy { $0 == ["LEADER": 2, "STANDBY": 1] })
        world.onChange = { world, _, resource, partition in
            for violation in world.violations(resource, partition, replicas: 4) { Issue.record("\(violation)") }
            world.expectServing(resource, partition, atLeast: 3)
        }
        world.operate("a", .evacuate)
        world.settle()
        #expect(world.load("db")["a"] == 0)
        #expect(world.counts("db").values.allSatisfy { $0 == ["LEADER": 2, "STANDBY": 1] })
    }

    // MARK: Extra replicas

    @Test("While a partition moves it has one replica more than it should, never two")
    func extraReplica() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", model: .onlineOffline, replicas: 2)
        world.settle()
        world.addInstances(["c", "d"])
        for name in ["a", "b"] { world.operate(name, .evacuate) }
        world.pass()
        #expect(world.reason("db", "db_0", "d") == .extraReplicaLimit(3))
        world.onChange = { world, _, resource, partition in
            for violation in world.violations(resource, partition, replicas: 3) { Issue.record("\(violation)") }
            world.expectServing(resource, partition, atLeast: 2)
        }
        world.settle()
        #expect(world.map("db", "db_0") == ["c": "ONLINE", "d": "ONLINE"])
    }

    @Test(
        "With MIN_ACTIVE_REPLICAS below REPLICAS replicas leave before others come; the resource's configuration counts"
    )
    func leaveFirst() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", model: .onlineOffline, replicas: 2) { $0.minActiveReplicas = 2 }
        world.configureResource("db") { $0.minActiveReplicas = 1 }
        world.settle()
        world.addInstances(["c", "d"])
        world.onChange = { world, _, resource, partition in
            for violation in world.violations(resource, partition, replicas: 2) { Issue.record("\(violation)") }
            world.expectServing(resource, partition, atLeast: 1)
        }
        for name in ["a", "b"] { world.operate(name, .evacuate) }
        world.settle()
        #expect(world.map("db", "db_0") == ["c": "ONLINE", "d": "ONLINE"])
    }

    @Test("Absurd numbers in the records do no harm", arguments: [Int.max, 1 << 40])
    func absurdNumbers(count: Int) {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", replicas: 1) {
            $0.replicas = .count(count)
            $0.minActiveReplicas = count
            $0.maxPartitionsPerInstance = count
        }
        world.settle()
        #expect(world.map("db", "db_0").count == 2)
        world.operate("a", .evacuate)
        world.settle()
        #expect(world.map("db", "db_0").count == 2)
    }

    // MARK: Models of all kinds

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
