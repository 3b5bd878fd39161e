import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("A transition is late when it takes longer than such transitions did before")
struct LateTransitionTests {
    /// A resource of which one replica has gone from OFFLINE to SLAVE in so many milliseconds, and another one is asked to.
    private func world(usual: Int64) throws -> World {
        var world = World()
        world.snapshot.time = 1_000_000
        world.addInstances(["a", "b"])
        world.addResource("db", mode: .semiAuto, partitions: 2, replicas: 1) {
            $0.preferenceLists = ["db_0": ["a"], "db_1": []]
        }
        world.pass()
        world.snapshot.time += usual
        for (instance, id) in world.pending { world.complete(instance, id) }
        world.pass()
        world.settle()
        world.edit("db") { $0.preferenceLists["db_1"] = ["b"] }
        world.pass()
        try #require(world.pending.count == 1)
        return world
    }

    @Test(
        "than four times the longest, and than five seconds",
        arguments: [(1, 5_000), (1_000, 5_000), (2_000, 8_000), (60_000, 240_000)] as [(Int64, Int64)])
    func limit(usual: Int64, limit: Int64) throws {
        var world = try world(usual: usual)
        world.snapshot.time += limit
        #expect(world.late.isEmpty)
        world.snapshot.time += 1
        let late = try #require(world.late.first)
        #expect((late.instance, late.partition, late.from, late.to) == ("b", "db_1", "OFFLINE", "SLAVE"))
        #expect((late.age, late.usual) == (limit + 1, usual))
    }

    @Test("which explain and why-not-converged tell, with the instance, the step, its age and the usual time")
    func told() throws {
        var world = try world(usual: 2_000)
        world.snapshot.time += 100_000
        let explanation = try #require(
            world.rebalancer.explain(world.snapshot, resource: "db", partition: "db_1", after: world.decision))
        let reason = try #require(explanation.replicas.first?.reasons.first)
        #expect(reason.description.contains("from OFFLINE to SLAVE has been under way for 100 s"))
        #expect(reason.description.contains("took 2 s at most; see the log of b"))
        let convergence = world.rebalancer.convergence(of: world.snapshot, after: world.decision)
        #expect(convergence.groups.map(\.cause) == [.stuck])
        #expect(convergence.groups[0].lags[0].since == world.snapshot.time - 100_000)
    }

    @Test("and what has never been seen before is not late, however long it takes")
    func unknown() {
        var world = World()
        world.addInstances(["a"])
        world.addList("db", ["a"])
        world.pass()
        world.snapshot.time += 1_000_000_000
        #expect(world.late.isEmpty)
    }

    @Test("Another resource with the model tells how long it takes, where there is nothing better")
    func otherResource() throws {
        var world = try world(usual: 1_000)
        world.addList("other", ["a"])
        world.pass()
        world.snapshot.time += 10_000
        #expect(world.late.map(\.resource).sorted() == ["db", "other"])
    }

    @Test("As long as its instance finishes others it may be waiting in a queue, but not for ever")
    func queue() throws {
        var world = try world(usual: 1_000)
        for _ in 0..<20 {
            world.snapshot.time += 4_000
            world.edit("db") { $0.preferenceLists["db_0"] = $0.preferenceLists["db_0"] == ["a"] ? ["a", "b"] : ["a"] }
            world.pass()
            for (instance, id) in world.pending where world.partitions(of: id, instance) == ["db_0"] {
                world.complete(instance, id)
            }
            let age = world.snapshot.time - world.begun("b", "db_1")
            #expect(world.late.contains { $0.partition == "db_1" } == (age > 50_000 + 9), "after \(age) ms")
        }
    }

    @Test("The records of replicas tell a new leader, and whoever only looks, how long it takes")
    func records() {
        let pace = ["CURRENT_STATE": "SLAVE", "PREVIOUS_STATE": "OFFLINE", "START_TIME": "1000", "END_TIME": "4000"]
        var world = World()
        world.snapshot.time = 10_000
        world.addInstances(["a", "b"])
        world.addResource("db", mode: .semiAuto, partitions: 2, replicas: 1) {
            $0.preferenceLists = ["db_0": ["a"], "db_1": ["b"]]
        }
        var state = CurrentState(
            resource: "db", sessionID: world.session(of: "a") ?? "", stateModel: StateModel.masterSlave.name)
        state["db_0"] = ReplicaState(fields: pace)
        world.snapshot.setCurrentState("a", "db", .present(state))
        world.post("b", "db", ["db_1"], from: "OFFLINE", to: "SLAVE")
        world.snapshot.time += 12_001
        #expect(world.late.map(\.usual) == [3_000])
    }

    @Test("Whatever time a message gives, nothing overflows", arguments: [Int64.min, -1, .max])
    func anyTime(createdAt: Int64) throws {
        var world = try world(usual: 1_000)
        let id = world.post("a", "db", ["db_0"], from: "MASTER", to: "SLAVE") { $0.createdAt = createdAt }
        #expect(world.late.contains { $0.message == id } == false)
        world.complete("a", id)
        world.edit("db") { $0.preferenceLists["db_0"] = ["a"] }
        world.post("b", "db", ["db_0"], from: "OFFLINE", to: "SLAVE") { $0.createdAt = createdAt }
        // A time that makes no sense counts as now.
        #expect(world.late.isEmpty)
    }

    @Test("One that hung is forgotten after some hundreds")
    func forgetting() {
        var pace = TransitionPace()
        pace.note(from: 2, to: 3, milliseconds: 1_000_000)
        for _ in 0..<TransitionPace.generation { pace.note(from: 2, to: 3, milliseconds: 7) }
        #expect(pace.longest(from: 2, to: 3) == 1_000_000)
        for _ in 0..<TransitionPace.generation { pace.note(from: 2, to: 3, milliseconds: 8) }
        #expect(pace.longest(from: 2, to: 3) == 8)
        #expect(pace.longest(from: 3, to: 2) == nil)
    }

    @Test("What a session takes with it tells nothing about how long things take")
    func lostSession() throws {
        var world = try world(usual: 1_000)
        world.post("a", "db", ["db_0"], from: "MASTER", to: "DROPPED")
        world.snapshot.time += 500_000
        world.kill("a")
        let dropped = try #require(world.snapshot.stateNames.index(of: "DROPPED"))
        let master = try #require(world.snapshot.stateNames.index(of: "MASTER"))
        #expect(world.snapshot.resources["db"]?.pace.longest(from: UInt16(master), to: UInt16(dropped)) == nil)
    }
}

extension World {
    /// What is late now.
    fileprivate var late: [LateTransition] { LateTransitions.all(in: snapshot) }

    fileprivate func partitions(of id: String, _ instance: String) -> [String] {
        snapshot.instances[snapshot.instanceIndex(instance)!].messages[id]?.partitions ?? []
    }

    /// Since when a partition's transition is under way.
    fileprivate func begun(_ instance: String, _ partition: String) -> Int64 {
        snapshot.instances[snapshot.instanceIndex(instance)!].messages.values
            .first { $0.partitions == [partition] }?.createdAt ?? snapshot.time
    }
}
