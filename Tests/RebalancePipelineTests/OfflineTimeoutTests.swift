import HelixRecords
import Testing

@testable import RebalancePipeline

@Suite("An instance that was away for too long during maintenance")
struct OfflineTimeoutTests {
    /// Three instances with six partitions of three replicas; during maintenance nobody may be away for over a minute.
    private func makeWorld(mode: IdealState.RebalanceMode = .fullAuto) -> World {
        var world = World()
        world.snapshot.time = 1_000
        world.configureCluster { $0.offlineTimeoutInMaintenance = .seconds(60) }
        world.addInstances(["a", "b", "c"])
        world.addResource("db", mode: mode, partitions: 6, replicas: 3) { idealState in
            for partition in idealState.partitions {
                if mode == .semiAuto { idealState.preferenceLists[partition] = ["a", "b", "c"] }
                if mode == .customized {
                    idealState.instanceStateMap[partition] = ["a": "SLAVE", "b": "MASTER", "c": "SLAVE"]
                }
            }
        }
        world.settle()
        return world
    }

    /// Goes now, and comes back later with its replicas in the initial state, as instances do.
    private func leave(_ world: inout World, for time: Int64) {
        world.kill("a")
        let end = world.snapshot.time + time
        world.settle()
        world.snapshot.time = end
        world.start("a")
        for partition in 0..<6 { world.set("a", "db", "db_\(partition)", "OFFLINE") }
        world.settle()
    }

    @Test("is not used until maintenance ends", arguments: [IdealState.RebalanceMode.fullAuto, .semiAuto, .customized])
    func tooLong(mode: IdealState.RebalanceMode) {
        var world = makeWorld(mode: mode)
        world.enterMaintenance()
        leave(&world, for: 60_001)
        #expect(world.load("db", in: "OFFLINE")["a"] == 6)
        #expect(world.load("db", in: "MASTER").values.reduce(0, +) == 6)
        #expect(world.reason("db", "db_0", "a") == .awayTooLong)
        world.exitMaintenance()
        world.settle()
        #expect(world.load("db", in: "OFFLINE")["a"] == 0)
    }

    @Test("is not used either after another, short absence")
    func again() {
        var world = makeWorld()
        world.enterMaintenance()
        leave(&world, for: 60_001)
        leave(&world, for: 1_000)
        #expect(world.load("db", in: "OFFLINE")["a"] == 6)
    }

    @Test("is used when it was away for no longer than allowed, or mostly before maintenance", arguments: [0, 1, 2])
    func notTooLong(way: Int) {
        var world = makeWorld()
        switch way {
        case 0:
            world.enterMaintenance()
            leave(&world, for: 60_000)
        case 1:
            world.kill("a")
            world.snapshot.time += 50_000
            world.enterMaintenance()
            world.snapshot.time += 60_000
            world.start("a")
            world.settle()
        default:
            world.configureCluster { $0.offlineTimeoutInMaintenance = nil }
            world.enterMaintenance()
            leave(&world, for: 1_000_000)
        }
        #expect(world.load("db", in: "SLAVE")["a"]! + world.load("db", in: "MASTER")["a"]! == 6)
    }

    @Test("is known to another leader, who has read when it was away")
    func anotherLeader() {
        var world = makeWorld()
        world.enterMaintenance()
        let time = world.snapshot.time
        world.snapshot.addAbsences("a", [.init(since: time, until: time + 60_001)])
        #expect(world.snapshot.changes.isEverything)
        _ = world.snapshot.takeChanges()
        world.snapshot.addAbsences("a", [.init(since: time, until: time + 60_001)])
        #expect(world.snapshot.changes.isEmpty)
        #expect(ReadConfiguration.standing(of: world.snapshot).liveCount == 2)
        for number in 0..<40 {
            world.snapshot.addAbsences("b", [.init(since: time + Int64(number), until: time + 50)])
        }
        #expect(world.snapshot.instances[world.snapshot.instanceIndex("b")!].absences.count == 20)
    }
}
