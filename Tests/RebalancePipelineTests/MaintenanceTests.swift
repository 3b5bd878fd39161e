import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("In maintenance")
struct MaintenanceTests {
    /// Twelve partitions of two replicas each, on four instances, at rest.
    private func makeWorld(change: (inout IdealState) -> Void = { _ in }) -> World {
        var world = World()
        world.snapshot.time = 1_000
        world.addInstances(["a", "b", "c", "d"])
        world.addResource("db", partitions: 12, replicas: 2, change: change)
        world.settle()
        return world
    }

    private func states(_ world: World) -> [String: [String: String]] {
        (0..<12).reduce(into: [:]) { $0["db_\($1)"] = world.map("db", "db_\($1)") }
    }

    private func holders(_ world: World) -> [String: Set<String>] { states(world).mapValues { Set($0.keys) } }

    private func masters(_ world: World) -> [String: String] {
        states(world).compactMapValues { map in map.first { $0.value == "MASTER" }?.key }
    }

    private func explain(_ world: World, _ partition: String) throws -> PartitionExplanation {
        try #require(world.rebalancer.explain(world.snapshot, resource: "db", partition: partition))
    }

    @Test(
        "mastership moves from an instance that dies, and nothing is placed; when it ends, what was lost is",
        arguments: [IdealState.RebalanceMode.fullAuto, .userDefined])
    func nodeDies(mode: IdealState.RebalanceMode) {
        var world = makeWorld {
            $0.rebalanceMode = mode
            $0.rebalancerClass = "org.apache.helix.controller.rebalancer.DelayedAutoRebalancer"
        }
        let (lists, before) = (world.preferenceLists("db"), holders(world))
        world.enterMaintenance()
        world.kill("a")
        world.settle()
        #expect(world.preferenceLists("db") == lists)
        #expect(holders(world) == before.mapValues { $0.subtracting(["a"]) })
        #expect(masters(world).count == 12)
        #expect(world.decision.nextDeadline == nil)
        world.exitMaintenance()
        world.settle()
        #expect(world.load("db") == ["b": 8, "c": 8, "d": 8])
        for (partition, kept) in before { #expect(holders(world)[partition]!.isSuperset(of: kept.subtracting(["a"]))) }
    }

    @Test("an instance that comes back takes up what it had, whoever leads", arguments: [false, true])
    func comesBack(isNewLeader: Bool) {
        var world = makeWorld()
        let before = states(world)
        world.enterMaintenance()
        world.kill("a")
        world.settle()
        if isNewLeader { world.decision = Decision() }
        world.start("a")
        world.settle()
        #expect(states(world) == before)
        world.exitMaintenance()
        #expect(world.pass() == [])
    }

    @Test("an instance that joins gets nothing before it ends")
    func joins() {
        var world = makeWorld()
        let before = states(world)
        world.enterMaintenance()
        world.addInstances(["e"])
        #expect(world.pass() == [])
        #expect(states(world) == before)
        world.exitMaintenance()
        world.settle()
        #expect((4...5).contains(world.load("db")["e"]!))
    }

    @Test("a resource that was never placed gets nothing, and it is told why")
    func neverPlaced() throws {
        var world = World()
        world.addInstances(["a", "b"])
        world.enterMaintenance()
        world.addResource("db", partitions: 4, replicas: 2)
        #expect(world.pass() == [])
        let explanation = try explain(world, "db_0")
        #expect(explanation.replicas == [])
        #expect(
            explanation.problems.map(\.text) == [
                "2 replicas have no place: the cluster is in maintenance (disks); nothing is placed or dropped until that "
                    + "ends"
            ])
        world.exitMaintenance()
        world.settle()
        #expect(world.load("db") == ["a": 4, "b": 4])
    }

    @Test("nothing is dropped that is one too many, and each says why")
    func surplus() throws {
        var world = makeWorld()
        world.enterMaintenance()
        // Replicas of a move that began before and is not in the list.
        let list = try #require(world.preferenceLists("db")["db_0"])
        let others = Set(["a", "b", "c", "d"]).subtracting(list).sorted()
        world.set(others[0], "db", "db_0", "SLAVE")
        world.set(others[1], "db", "db_0", "OFFLINE")
        world.edit("db") { $0.replicas = .count(1) }
        world.settle()
        #expect(world.map("db", "db_0").count == 4)
        #expect(world.counts("db")["db_0"] == ["MASTER": 1, "SLAVE": 2, "OFFLINE": 1])
        let explanation = try explain(world, "db_0")
        for other in others {
            let replica = try #require(explanation.replicas.first { $0.instance == other })
            #expect(replica.wanted == "DROPPED" && replica.reasons == [.inMaintenance(reason: "disks")])
        }
        #expect(explanation.replicas.filter { list.contains($0.instance) }.allSatisfy { $0.reasons.isEmpty })
        world.exitMaintenance()
        world.settle()
        #expect(world.counts("db").values.allSatisfy { $0 == ["MASTER": 1] })
    }

    @Test("who holds a partition without being on its list takes over when nobody of the list is left")
    func lastHolder() throws {
        var world = makeWorld()
        world.enterMaintenance()
        let list = try #require(world.preferenceLists("db")["db_0"])
        let other = try #require(Set(["a", "b", "c", "d"]).subtracting(list).min())
        world.set(other, "db", "db_0", "SLAVE")
        for instance in list { world.kill(instance) }
        world.settle()
        #expect(world.map("db", "db_0") == [other: "MASTER"])
        let explanation = try explain(world, "db_0")
        #expect(explanation.replicas.first { $0.instance == other }?.reasons == [])
        #expect(explanation.replicas.filter { $0.reasons == [.inMaintenance(reason: "disks")] }.count == 1)
    }

    @Test("a missing replica is told where it was, with the state that is missing")
    func missing() throws {
        var world = makeWorld()
        world.enterMaintenance(nil)
        let list = try #require(world.preferenceLists("db")["db_0"])
        world.kill(list[0])
        world.settle()
        let replica = try #require(try explain(world, "db_0").replicas.first { $0.instance == list[0] })
        #expect(
            replica
                == .init(
                    instance: list[0], current: nil, wanted: "SLAVE", next: nil, reasons: [.inMaintenance(reason: nil)])
        )
        #expect(
            "\(replica.reasons[0])" == "the cluster is in maintenance; nothing is placed or dropped until that ends")
    }

    @Test(
        "an instance that is disabled or evacuated keeps what it has, and nothing takes its place",
        arguments: [true, false])
    func withdrawn(isDisabled: Bool) throws {
        var world = makeWorld()
        let before = holders(world)
        world.enterMaintenance()
        world.operate("a", isDisabled ? .disable : .evacuate)
        world.settle()
        #expect(holders(world) == before)
        #expect(world.load("db", in: "OFFLINE")["a"] == (isDisabled ? world.load("db")["a"] : 0))
        #expect(masters(world).count == 12)
        let partition = try #require(before.first { $0.value.contains("a") }?.key)
        let replica = try #require(try explain(world, partition).replicas.first { $0.instance == "a" })
        #expect(replica.reasons == [.inMaintenance(reason: "disks")])
    }

    @Test("holders alone count where nobody knows where a resource was placed, the best states first")
    func byName() throws {
        var world = makeWorld { $0.rebalanceStrategy = "DEFAULT" }
        let before = states(world)
        world.enterMaintenance()
        world.decision = Decision()
        world.addInstances(["e"])
        world.settle()
        #expect(states(world) == before)
        // It comes back with what it had, in the initial state, as instances do.
        world.kill("a")
        world.settle()
        #expect(masters(world).count == 12)
        world.start("a")
        for (partition, map) in before where map["a"] != nil { world.set("a", "db", partition, "OFFLINE") }
        world.settle()
        #expect(holders(world) == before.mapValues { Set($0.keys) })
        #expect(world.load("db", in: "OFFLINE").values.allSatisfy { $0 == 0 })
    }

    @Test("what users place themselves goes on as they say", arguments: 0..<3)
    func usersPlace(way: Int) {
        var world = World()
        world.addInstances(["a", "b", "c"])
        if way == 0 { world.addList("db", ["a", "b"]) }
        if way == 1 {
            world.addResource("db", mode: .customized, replicas: 2) { $0.instanceStateMap["db_0"] = ["a": "MASTER"] }
        }
        if way == 2 {
            world.addResource("db", replicas: 2)
            world.configureResource("db") { $0.preferenceLists["db_0"] = ["a", "b"] }
        }
        world.settle()
        world.enterMaintenance()
        switch way {
        case 0: world.edit("db") { $0.preferenceLists["db_0"] = ["c", "b"] }
        case 1: world.edit("db") { $0.instanceStateMap["db_0"] = ["c": "MASTER", "b": "SLAVE"] }
        default: world.configureResource("db") { $0.preferenceLists["db_0"] = ["c", "b"] }
        }
        world.settle()
        #expect(world.map("db", "db_0") == ["c": "MASTER", "b": "SLAVE"])
    }

    @Test("a resource that is dropped goes, and the others stay; when it ends, they are even again")
    func dropped() {
        var world = World()
        world.addInstances(["a", "b", "c"])
        for name in ["db", "eb", "fb"] { world.addResource(name, partitions: 1, replicas: 1) }
        world.settle()
        let before = ["eb", "fb"].map { world.preferenceLists($0) }
        world.enterMaintenance()
        world.drop("db")
        world.settle()
        #expect(world.load("db").values.allSatisfy { $0 == 0 })
        #expect(["eb", "fb"].map { world.preferenceLists($0) } == before)
        world.exitMaintenance()
        #expect(world.pass() == [])
    }

    @Test("nobody waits for an instance for whom the time is over, and nobody gives it up")
    func delay() {
        var world = makeWorld {
            $0.minActiveReplicas = 1
            $0.rebalanceDelay = .seconds(60)
        }
        let lists = world.preferenceLists("db")
        world.kill("a")
        world.settle(before: world.snapshot.time + 60_000)
        world.enterMaintenance()
        world.snapshot.time += 120_000
        world.settle()
        #expect(world.preferenceLists("db") == lists && world.decision.nextDeadline == nil)
        world.exitMaintenance()
        world.settle()
        #expect(world.load("db") == ["b": 8, "c": 8, "d": 8])
    }

    @Test("tops that do not go back by themselves stay where they went, also after it", arguments: [false, true])
    func failback(isNewLeader: Bool) {
        var world = makeWorld { $0.failback = .never }
        let before = holders(world)
        world.enterMaintenance()
        if isNewLeader { world.decision = Decision() }
        world.kill("a")
        world.settle()
        let away = masters(world)
        if isNewLeader { world.decision = Decision() }
        world.start("a")
        world.settle()
        #expect(masters(world) == away && holders(world) == before)
        world.exitMaintenance()
        world.settle()
        #expect(masters(world) == away && holders(world) == before)
    }

    @Test("a signal that cannot be read counts, and is a problem that names it")
    func unreadable() {
        var world = makeWorld()
        world.snapshot.setMaintenance(.unreadable(.corrupt))
        world.kill("a")
        world.settle()
        #expect(world.load("db").values.reduce(0, +) == 18)
        let texts = world.decision.problems.map(\.text)
        #expect(texts.count == 1 && texts[0].contains(RecordError.corrupt.path))
        #expect(texts[0].contains("helix cluster exit-maintenance test"))
    }

    @Test("a transition that was asked for before is carried to its end")
    func underWay() {
        var world = World()
        world.addInstances(["a", "b"])
        world.addResource("db", partitions: 6, replicas: 2)
        world.pass()
        world.enterMaintenance()
        world.settle()
        #expect(world.counts("db").values.allSatisfy { $0 == ["MASTER": 1, "SLAVE": 1] })
    }

    @Test(
        "whatever happens, nobody gets what it did not have; and when all are back, nothing has moved",
        arguments: 0..<40 as Range<UInt64>)
    func nothingMoves(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var world = World()
        let names = names(0..<5)
        world.addInstances(names)
        world.addResource("db", partitions: 8, replicas: Int.random(in: 1...3, using: &generator))
        world.addResource("eb", model: .onlineOffline, partitions: 5, replicas: 2)
        world.settle(using: &generator)
        let lists = ["db", "eb"].map { world.preferenceLists($0) }
        let before = ["db", "eb"].map { world.counts($0) }
        world.enterMaintenance()
        for _ in 0..<40 {
            let name = names.randomElement(using: &generator)!
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: world.kill(name)
            case 1: if world.states[name] == nil { world.start(name) }
            case 2: world.operate(name, .disable)
            case 3: world.operate(name, .enable)
            default: world.decision = Decision()
            }
            for _ in 0..<Int.random(in: 0...12, using: &generator) {
                world.pass()
                if let next = world.pending.randomElement(using: &generator) { world.complete(next.instance, next.id) }
            }
            for (name, known) in zip(["db", "eb"], lists) {
                for (partition, list) in known {
                    let strangers = Set(world.map(name, partition).keys).subtracting(list)
                    #expect(strangers.isEmpty, "seed \(seed): \(partition) on \(strangers)")
                }
            }
        }
        for name in names {
            world.operate(name, .enable)
            if world.states[name] == nil { world.start(name) }
        }
        world.settle(using: &generator)
        world.exitMaintenance()
        world.settle(using: &generator)
        #expect(["db", "eb"].map { world.preferenceLists($0) } == lists, "seed \(seed)")
        #expect(["db", "eb"].map { world.counts($0) } == before, "seed \(seed)")
    }

    @Test("a resource of which far more replicas are wanted than there are instances costs no more than others")
    func tooManyWanted() throws {
        var world = makeWorld()
        world.enterMaintenance()
        world.edit("db") { $0.replicas = .count(1_000_000) }
        world.settle()
        #expect(
            try explain(world, "db_0").problems.map(\.text).contains { $0.hasPrefix("999998 replicas have no place") })
    }
}
