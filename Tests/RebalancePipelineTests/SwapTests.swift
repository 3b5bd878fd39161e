import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("An instance that is to replace another")
struct SwapTests {
    /// Instances with a resource that is up; `z` has the logical id of `a`, and is UNKNOWN.
    private func makeWorld(
        _ instances: [String] = ["a", "b", "c"], model: StateModel = .masterSlave,
        mode: IdealState.RebalanceMode = .fullAuto, partitions: Int = 6, replicas: Int = 2
    ) -> World {
        var world = World()
        world.addInstances(instances)
        world.addInstances(["z"])
        world.configure("z") { $0.setDomain([("INSTANCE", "a")]) }
        world.operate("z", .unknown)
        world.addResource("db", model: model, mode: mode, partitions: partitions, replicas: replicas) { idealState in
            for partition in idealState.partitions {
                if mode == .semiAuto {
                    idealState.preferenceLists[partition] = Array(instances.prefix(replicas))
                }
                if mode == .customized {
                    idealState.instanceStateMap[partition] = ["a": model.topState, "b": model.initialState]
                }
            }
        }
        world.settle()
        return world
    }

    private func begin(_ world: inout World) {
        world.operate("z", .swapIn)
        world.settle()
    }

    /// What an administrator writes at the end.
    private func complete(_ world: inout World) {
        world.operate("z", .enable)
        world.operate("a", .unknown)
    }

    @Test(
        "has a replica wherever the other has one, one step below a top state that has no room for both",
        arguments: [
            (StateModel.masterSlave, ["MASTER": "SLAVE", "SLAVE": "SLAVE"]),
            (.leaderStandby, ["LEADER": "STANDBY", "STANDBY": "STANDBY"]),
            (.onlineOffline, ["ONLINE": "ONLINE"]),
        ], [IdealState.RebalanceMode.fullAuto, .semiAuto, .customized])
    func mirrors(model: (StateModel, [String: String]), mode: IdealState.RebalanceMode) {
        var world = makeWorld(model: model.0, mode: mode)
        let before = world.states.filter { $0.key != "z" }
        begin(&world)
        #expect(world.states["z"]?["db"] == world.states["a"]?["db"]?.mapValues { model.1[$0] ?? "none" })
        #expect(world.states["z"]?["db"]?.isEmpty == false)
        #expect(world.states.filter { $0.key != "z" } == before, "nothing else moves")
        #expect(world.pass().isEmpty)
        #expect(world.problems("db") == [])
    }

    @Test("takes the place of a replica in ERROR as if it were the top one")
    func error() {
        var world = makeWorld()
        let partition = world.states["a"]!["db"]!.keys.min()!
        world.set("a", "db", partition, "ERROR")
        begin(&world)
        #expect(world.map("db", partition)["z"] == "SLAVE")
        #expect(world.map("db", partition)["a"] == "ERROR")
    }

    @Test("is not filled where a partition is disabled on it, and stays in ERROR where it failed")
    func disabledAndFailed() {
        var world = makeWorld(["a", "b"])
        world.configure("z") { $0.setPartitions(["db_0"], resource: "db", enabled: false) }
        begin(&world)
        #expect(world.map("db", "db_0")["z"] == nil)
        world.set("z", "db", "db_1", "ERROR")
        world.settle()
        #expect(world.map("db", "db_1")["z"] == "ERROR")
        world.configure("z") { $0.setPartitions(["db_2"], resource: "db", enabled: false) }
        world.settle()
        #expect(world.map("db", "db_2")["z"] == "OFFLINE")
    }

    @Test("loses what the other one loses, and gets what it gets")
    func follows() {
        var world = makeWorld()
        begin(&world)
        world.addResource("eb", partitions: 3, replicas: 3)
        world.settle()
        #expect(world.load("eb")["z"] == 3)
        world.edit("db") { $0.preferenceLists = [:] }
        world.drop("db")
        world.settle()
        #expect(world.load("db")["z"] == 0)
        world.operate("a", .evacuate)
        world.settle()
        #expect(world.load("eb")["z"] == world.load("eb")["a"])
    }

    @Test("keeps what it has while the other is away and waited for")
    func away() {
        var world = makeWorld()
        world.configureCluster { $0.rebalanceDelay = .seconds(60) }
        world.edit("db") { $0.minActiveReplicas = 1 }
        begin(&world)
        let mirrored = world.states["z"]
        world.kill("a")
        world.settle(before: world.snapshot.time + 10_000)
        #expect(world.states["z"] == mirrored)
        world.settle()
        #expect(world.load("db")["z"] == 0)
    }

    @Test("takes no room in a state that has room for so many")
    func bounded() throws {
        // As other makes define it.
        var record = StateModel.masterSlave.record
        record.mapFields["SLAVE.meta"]?["count"] = "1"
        let model = try StateModel(record: record)
        var world = makeWorld(["a", "b"], model: model, partitions: 4)
        begin(&world)
        #expect(world.load("db", in: "SLAVE")["z"] == 0)
        for partition in 0..<4 { #expect(world.map("db", "db_\(partition)").values.contains("SLAVE")) }
    }

    @Test("without anybody to replace gets nothing")
    func alone() {
        var world = makeWorld()
        world.operate("a", .unknown)
        begin(&world)
        #expect(world.load("db")["z"] == 0)
    }

    @Test("keeps what it has while the configuration that would tell whom it replaces cannot be read")
    func unreadable() {
        var world = makeWorld()
        begin(&world)
        let mirrored = world.states["z"]
        world.snapshot.setInstanceConfig("a", .unreadable(.corrupt))
        world.settle()
        #expect(world.states["z"] == mirrored)
    }

    @Test(
        "holds what the other held when the roles are exchanged, and only the top states are handed over",
        arguments: [1, 2, 5])
    func completion(seed: UInt64) throws {
        var world = makeWorld(["a", "b", "c", "d"], partitions: 16, replicas: 3)
        begin(&world)
        let former = world.states
        complete(&world)
        var transitions: [PlannedTransition] = []
        var generator = SeededGenerator(seed: seed)
        while true {
            let asked = world.pass()
            transitions += asked
            if asked.isEmpty { break }
            while let next = world.pending.randomElement(using: &generator) { world.complete(next.instance, next.id) }
        }
        #expect(world.states["z"]?["db"] == former["a"]?["db"])
        for other in ["b", "c", "d"] { #expect(world.states[other] == former[other]) }
        #expect(world.load("db")["a"] == 0)
        let promoted = transitions.filter { $0.instance != "a" }
        #expect(promoted.allSatisfy { $0.instance == "z" && $0.to == "MASTER" })
        #expect(promoted.count == former["a"]?["db"]?.values.count { $0 == "MASTER" })
    }

    @Test("holds it as well when another leader decides about that")
    func completionByAnother() {
        var world = makeWorld(["a", "b", "c", "d"], partitions: 16, replicas: 3)
        begin(&world)
        let former = world.states
        complete(&world)
        world.decision = Decision()
        _ = world.snapshot.takeChanges()
        world.settle()
        #expect(world.states["z"]?["db"] == former["a"]?["db"])
        for other in ["b", "c", "d"] { #expect(world.states[other] == former[other]) }
    }

    @Test("inherits no more than it has: an instance beside one that is out of use is not filled for that")
    func noInheritance() {
        var world = makeWorld(["a", "b", "c"], partitions: 12)
        // Two that serve side by side under one logical id, as on one host; then one of them is taken out of use.
        world.operate("z", .enable)
        world.settle()
        let former = world.states
        world.operate("a", .unknown)
        world.settle()
        for name in ["b", "c", "z"] {
            let kept = former[name]!["db"]!.keys.filter { world.states[name]?["db"]?[$0] != nil }
            #expect(kept.count == former[name]!["db"]!.count, "\(name) lost some for nothing")
        }
    }

    @Test("does not make the others have fewer or more than they should, at any step")
    func bounds() {
        var world = makeWorld(partitions: 4)
        world.onChange = { world, instance, resource, partition in
            let others = world.map(resource, partition).filter { $0.key != "z" }
            #expect(others.values.count { $0 == "MASTER" } == 1)
            #expect(others.count == 2)
        }
        begin(&world)
    }
}
