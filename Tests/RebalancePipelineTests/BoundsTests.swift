import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

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

    @Test("Nobody moves into the way of a leader that has to go, though ways up are more urgent")
    func reservation() {
        var world = World()
        world.addInstances(["x", "y"])
        world.addList("db", model: .upwards, ["x"], minActive: 0)
        world.settle()
        world.edit("db") { $0.preferenceLists["db_0"] = ["y"] }
        #expect(world.pass().summary == ["db_0 x LEADER-STANDBY"])
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
}
