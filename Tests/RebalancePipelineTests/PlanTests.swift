import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("A plan")
struct PlanTests {
    /// Four instances with two resources, at rest.
    private func makeWorld(instances: Int = 4, replicas: Int = 2) -> World {
        var world = World()
        world.addInstances(names(0..<instances))
        world.addResource("db", partitions: 12, replicas: replicas)
        world.addResource("cache", model: .onlineOffline, partitions: 8, replicas: 1)
        world.settle()
        return world
    }

    private func plan(_ world: World, _ changes: ClusterChange...) throws -> PlacementPlan {
        try world.rebalancer.plan(changes, on: world.snapshot)
    }

    private func newInstance(_ name: String, zone: String? = nil, tags: [String] = []) -> ClusterChange {
        var config = InstanceConfig(id: name)
        config.zone = zone
        config.tags = tags
        return .join(config)
    }

    @Test("of nothing moves nothing")
    func nothing() throws {
        let plan = try plan(makeWorld())
        #expect(plan.moves.isEmpty && plan.handOffs.isEmpty && plan.problems.isEmpty)
        #expect((plan.transitions, plan.rounds, plan.transitionsDue) == (0, 0, 0))
        #expect(plan.before == plan.after)
        #expect(plan.isComplete && !plan.isPaused && plan.waitsUntil == nil)
    }

    @Test("from what is to what would be is the same as of the change itself, however it was made")
    func fromTo() throws {
        let world = makeWorld()
        var changed = world
        changed.operate("node_100", .evacuate)
        let (one, other) = (
            world.rebalancer.plan(from: world.snapshot, to: changed.snapshot),
            try plan(world, .drain(instance: "node_100"))
        )
        #expect(!one.moves.isEmpty)
        #expect(one.moves == other.moves && one.handOffs == other.handOffs && one.transitions == other.transitions)
        let nothing = world.rebalancer.plan(from: world.snapshot, to: world.snapshot)
        #expect(nothing.moves.isEmpty && nothing.transitions == 0)
        changed = world
        changed.drop("db")
        #expect(world.rebalancer.plan(from: world.snapshot, to: changed.snapshot).going == 24)
    }

    private static func begin(_ mode: String, _ world: inout World) {
        var signal = PauseSignal(reason: "disks", at: world.snapshot.time)
        signal.freezesCluster = mode == "freeze"
        if mode == "maintenance" { world.enterMaintenance() } else { world.snapshot.setPause(.present(signal)) }
    }

    @Test(
        "of the end of a mode moves what the mode holds back, and of its beginning nothing",
        arguments: ["pause", "freeze", "maintenance"])
    func modes(_ mode: String) throws {
        var free = makeWorld()
        var held = free
        Self.begin(mode, &held)
        free.addInstances(names(4..<5))
        held.addInstances(names(4..<5))
        let end = held.rebalancer.plan(from: held.snapshot, to: free.snapshot)
        #expect(end.coming > 0 && end.transitionsDue == 0 && !end.isPaused && !end.isInMaintenance)
        #expect(try end.moves == plan(makeWorld(), newInstance("node_104")).moves)
        let beginning = free.rebalancer.plan(from: free.snapshot, to: held.snapshot)
        #expect(beginning.moves.isEmpty && beginning.transitionsDue > 0)
        #expect(beginning.isPaused || beginning.isInMaintenance)
        // Of a change that leaves the mode alone it is told what comes of it once the mode has ended.
        var wider = held
        wider.edit("cache") { $0.replicas = .count(2) }
        #expect(held.rebalancer.plan(from: held.snapshot, to: wider.snapshot).coming == 8)
    }

    @Test("of a reset brings replicas back, and of one that is set to ERROR lets others take over")
    func messages() {
        var world = makeWorld()
        let master = world.map("db", "db_0").first { $0.value == "MASTER" }?.key ?? ""
        var changed = world
        changed.post(master, "db", ["db_0"], from: "MASTER", to: "ERROR")
        let failed = world.rebalancer.plan(from: world.snapshot, to: changed.snapshot)
        #expect(failed.handOffs.map(\.from) == [master])
        world.set(master, "db", "db_0", "ERROR")
        world.settle()
        changed = world
        changed.post(master, "db", ["db_0"], from: "ERROR", to: "OFFLINE")
        let reset = world.rebalancer.plan(from: world.snapshot, to: changed.snapshot)
        #expect(reset.transitions > 1 && reset.isComplete)
        func errors(_ spreads: PlacementPlan.Spreads) -> Int { spreads.overall.shares.map(\.errors).reduce(0, +) }
        #expect(errors(reset.before) == 1 && errors(reset.after) == 0)
    }

    @Test("of a new instance gives it its share, and moves nothing else")
    func join() throws {
        let plan = try plan(makeWorld(), newInstance("node_104"))
        #expect(plan.moves.allSatisfy { $0.to == "node_104" && $0.from != nil })
        #expect(plan.before.overall.replicas.difference == 0)
        #expect(plan.after.overall.replicas.difference <= 2)  // one for each resource
        #expect(plan.after.resources["db"]?.replicas.difference ?? .max <= 1)
        #expect(plan.after.resources["db"]?.tops?.difference ?? .max <= 1)
        #expect(plan.after.resources["cache"]?.tops == nil)
        let share = try #require(plan.after.overall.shares.first { $0.instance == "node_104" })
        #expect(share.replicas == plan.moves.count && (5...7).contains(share.replicas))
        #expect(plan.handOffs.count >= share.tops && plan.handOffs.allSatisfy { $0.resource == "db" })
        #expect(plan.problems.isEmpty)
    }

    @Test("of an instance that is configured and not live lets it come with what it has, and what is said besides")
    func rejoin() throws {
        var world = makeWorld()
        world.configure("late") { $0.tags = ["ssd"] }
        world.edit("db") { $0.instanceGroupTag = "ssd" }
        for name in names(0..<4) { world.configure(name) { $0.tags = ["ssd"] } }
        world.settle()
        #expect(try plan(world, newInstance("late")).moves.contains { $0.resource == "db" })
        #expect(try !plan(world, newInstance("late", tags: ["hdd"])).moves.contains { $0.resource == "db" })
    }

    /// By which a plan and what then happens are compared.
    private struct Outcome: Equatable {
        var coming = 0
        var going = 0
        var handOffs = 0
        var transitions = 0
    }

    /// What happens when a change is really made, the messages being answered in random order.
    private func happens(
        _ world: World, seed: UInt64, _ change: (inout World) -> Void
    ) -> Outcome {
        var (after, generator) = (world, SeededGenerator(seed: seed))
        var outcome = Outcome()
        change(&after)
        for _ in 0..<10_000 {
            outcome.transitions += after.pass().count
            while let next = after.pending.randomElement(using: &generator) { after.complete(next.instance, next.id) }
            if after.decision.transitions.isEmpty { break }
        }
        for (resource, partitions) in [("db", 12), ("cache", 8)] {
            for partition in 0..<partitions {
                let (old, new) = (
                    world.map(resource, "\(resource)_\(partition)"), after.map(resource, "\(resource)_\(partition)")
                )
                outcome.coming += new.keys.count { old[$0] == nil }
                outcome.going += old.keys.count { new[$0] == nil }
                if resource == "db" {
                    outcome.handOffs += new.count { $0.value == "MASTER" && old[$0.key] != "MASTER" }
                }
            }
        }
        return outcome
    }

    @Test("tells what then happens, whoever is quicker", arguments: 1...8 as ClosedRange<UInt64>)
    func comesTrue(seed: UInt64) throws {
        let world = makeWorld(instances: Int(4 + seed % 3))
        func compare(_ change: ClusterChange, _ make: (inout World) -> Void) throws {
            let plan = try plan(world, change)
            let planned = Outcome(
                coming: plan.coming, going: plan.going, handOffs: plan.handOffs.count, transitions: plan.transitions)
            #expect(planned == happens(world, seed: seed, make), "seed \(seed), \(change)")
        }
        try compare(newInstance("node_200")) { $0.addInstances(["node_200"]) }
        try compare(.drain(instance: "node_101")) { $0.operate("node_101", .evacuate) }
        try compare(.remove(instance: "node_102")) {
            $0.kill("node_102")
            $0.snapshot.setInstanceConfig("node_102", .absent)
        }
        try compare(.setReplicas(resource: "db", .count(3))) { $0.edit("db") { $0.replicas = .count(3) } }
        try compare(.setReplicas(resource: "db", .count(1))) { $0.edit("db") { $0.replicas = .count(1) } }
    }

    @Test("of an instance that goes replaces what it had, and one that is drained ends with nothing")
    func leave() throws {
        let world = makeWorld()
        for change in [ClusterChange.remove(instance: "node_101"), .drain(instance: "node_101")] {
            let plan = try plan(world, change)
            #expect(plan.moves.count == 8 && plan.moves.allSatisfy { $0.from == "node_101" && $0.to != nil })
            #expect(plan.handOffs.count >= 3)
            #expect(plan.after.overall.shares.first { $0.instance == "node_101" }?.replicas ?? 0 == 0)
            #expect(plan.after.overall.counted.count == 3)
            #expect(plan.problems.isEmpty)
        }
    }

    @Test("tells of what is wrong afterwards and was not before, and of nothing else")
    func problems() throws {
        var world = makeWorld(instances: 3, replicas: 3)
        world.addResource("wide", partitions: 2, replicas: 5)
        world.addList("semi", ["node_100", "node_101"])
        world.settle()
        #expect(world.problems("wide").count == 1)
        #expect(try plan(world).problems.isEmpty)
        let drained = try plan(world, .drain(instance: "node_101"))
        #expect(drained.problems.contains { $0.text.contains("replicas cannot leave node_101, for want of instances") })
        #expect(drained.problems.contains { $0.resource == "db" && $0.text.contains("only 2 instances") })
        let removed = try plan(world, .remove(instance: "node_101"))
        #expect(removed.problems.count { $0.resource == "db" } == 1)
        #expect(removed.problems.contains { $0.resource == "semi" && $0.text.hasPrefix("1 replica fewer up") })
        // What was short before is told for being shorter, and once.
        let wide = removed.problems.filter { $0.resource == "wide" }.map(\.text)
        #expect(wide == ["6 replicas (4 without the change) fewer up than wanted; add instances"])
        #expect(removed.going == 12 + 2 + 1 + world.load("cache")["node_101"]!)
        #expect(try plan(world, newInstance("node_103")).problems.isEmpty)
    }

    @Test("of the last instance says that nobody has the top state any more")
    func lastOne() throws {
        let plan = try plan(makeWorld(instances: 1, replicas: 1), .remove(instance: "node_100"))
        #expect(plan.moves.allSatisfy { $0.to == nil } && plan.moves.count == 20)
        #expect(plan.problems.contains { $0.resource == "db" && $0.text == "12 partitions without a MASTER" })
        #expect(plan.after.overall.counted.isEmpty && plan.after.overall.replicas.difference == 0)
    }

    @Test("of a new resource places it evenly with those that are there")
    func addResource() throws {
        let plan = try plan(
            makeWorld(), .addResource("carts", partitions: 6, replicas: .count(3), stateModel: "MasterSlave"))
        #expect(plan.coming == 18 && plan.going == 0 && plan.handOffs.isEmpty)
        #expect(plan.moves.allSatisfy { $0.resource == "carts" })
        #expect(plan.before.resources["carts"] == nil)
        #expect(plan.after.resources["carts"]?.replicas.difference == 1)
        // OFFLINE-SLAVE each, and SLAVE-MASTER for one of each partition.
        #expect(plan.transitions == 18 + 6 && plan.rounds == 2)
    }

    @Test("takes several changes together")
    func together() throws {
        let plan = try plan(
            makeWorld(), newInstance("node_104"), .remove(instance: "node_100"),
            .setReplicas(resource: "cache", .anyLiveInstance))
        #expect(
            plan.after.resources["cache"]?.replicas
                == plan.after.resources["cache"].map { _ in Evenness([8, 8, 8, 8]) })
        #expect(plan.after.resources["db"]?.replicas.difference == 0)
    }

    @Test("keeps zones apart, and says when that is over")
    func zones() throws {
        var world = World()
        world.configureCluster { $0.isTopologyAware = true }
        world.addInstances(["a1", "a2", "b1"])
        for name in ["a1", "a2", "b1"] { world.configure(name) { $0.zone = String(name.prefix(1)) } }
        world.addResource("db", partitions: 6, replicas: 2)
        world.settle()
        let plan = try plan(world, newInstance("b2", zone: "b"))
        #expect(plan.moves.allSatisfy { $0.from == "b1" && $0.to == "b2" } && plan.moves.count == 3)
        #expect(plan.after.overall.shares.map(\.zone) == ["a", "a", "b", "b"])
        let alone = try self.plan(world, .remove(instance: "b1"))
        #expect(
            alone.problems.contains { $0.text.hasPrefix("6 of 6 partitions have replicas that share a fault zone") })
        let lost = try self.plan(world, newInstance("c1"))
        #expect(lost.problems.contains { $0.text.contains("HELIX_ZONE_ID is missing") })
        #expect(lost.moves.isEmpty)
        #expect(lost.after.overall.shares.last?.absence == .noZone)
    }

    @Test("tells of demand that nobody has room for, by key and numbers")
    func capacities() throws {
        var world = World()
        world.addInstances(["a", "b"])
        world.configureCluster {
            $0.capacityKeys = ["cpu"]
            $0.defaultInstanceCapacity = ["cpu": 20]
            $0.defaultPartitionWeight = ["cpu": 1]
        }
        world.addResource("db", partitions: 12, replicas: 2) {
            $0.rebalancerClass = "org.apache.helix.controller.rebalancer.waged.WagedRebalancer"
        }
        world.settle()
        #expect(try plan(world, .setWeights(resource: "db", partition: "db_7", ["cpu": 9])).problems.isEmpty)
        let plan = try plan(world, .setWeights(resource: "db", partition: "db_7", ["cpu": 11]))
        #expect(plan.problems.contains { $0.text.contains("weigh 44 of cpu") && $0.text.contains("have 40 left") })
        #expect(plan.moves.isEmpty)
        #expect(try self.plan(world, .setCapacity(instance: "a", ["cpu": 30])).problems.isEmpty)
    }

    @Test("begins with what is under way, and tells apart what is due anyway")
    func underWay() throws {
        var world = makeWorld()
        world.addInstances(["node_104"])
        world.pass()
        let outstanding = try plan(world)
        #expect(outstanding.moves.isEmpty && outstanding.transitions == 0)
        #expect(outstanding.transitionsDue > 0)
        #expect(outstanding.before.overall.counted.count == 5)
        #expect(outstanding.before.resources["db"]?.replicas.difference == 1)
        var settled = world
        settled.settle()
        let (early, late) = (
            try plan(world, .drain(instance: "node_101")), try plan(settled, .drain(instance: "node_101"))
        )
        #expect(early.moves.count == late.moves.count)
    }

    @Test("of a cluster that is paused tells what happens when it is set free")
    func paused() throws {
        var world = makeWorld()
        world.snapshot.setPaused(true)
        let plan = try plan(world, .drain(instance: "node_101"))
        #expect(plan.isPaused && plan.moves.count == 8)
    }

    @Test("of a cluster in maintenance tells what happens when that ends")
    func maintenance() throws {
        var world = makeWorld()
        let free = try plan(world, .drain(instance: "node_101"))
        world.enterMaintenance()
        var held = try plan(world, .drain(instance: "node_101"))
        #expect(held.isInMaintenance && !free.isInMaintenance)
        held.isInMaintenance = false
        #expect(held == free)
    }

    @Test("leaves replicas where they wait for an instance, and says until when")
    func waiting() throws {
        var world = makeWorld()
        world.edit("db") {
            $0.minActiveReplicas = 1
            $0.rebalanceDelay = .seconds(60)
        }
        world.settle()
        world.kill("node_103")
        let plan = try plan(world, newInstance("node_104"))
        #expect(plan.waitsUntil == world.snapshot.time + 60_000)
        #expect(plan.isComplete)
    }

    @Test("leaves a replica in ERROR where it is")
    func inError() throws {
        var world = makeWorld()
        let (partition, _) = try #require(world.states["node_101"]?["db"]?.min { $0.key < $1.key })
        world.set("node_101", "db", partition, "ERROR")
        let share = try plan(world).after.overall.shares[1]
        #expect((share.instance, share.errors) == ("node_101", 1))
    }

    @Test("of what makes no sense says what is known")
    func nonsense() throws {
        var world = makeWorld()
        world.addList("semi", ["node_100", "node_101"])
        world.snapshot.setInstanceConfig("spoilt", .unreadable(.corrupt))
        world.configureResource("cache") { $0.record.mapFields["PARTITION_CAPACITY_MAP"] = ["DEFAULT": "no JSON"] }
        world.settle()
        let refusals: [(ClusterChange, String)] = [
            (newInstance("node_101"), "node_101 is live in cluster test already"),
            (newInstance("spoilt"), "its record cannot be read"),
            (.remove(instance: "nobody"), "there is no instance nobody in cluster test, which has node_100, node_101,"),
            (.drain(instance: "nobody"), "check the name"),
            (.drain(instance: "spoilt"), "its record cannot be read"),
            (.setCapacity(instance: "nobody", ["cpu": 1]), "there is no instance nobody"),
            (.setReplicas(resource: "nothing", .count(1)), "no resource nothing in cluster test, which has cache, db"),
            (.setReplicas(resource: "semi", .count(3)), "is SEMI_AUTO, expected FULL_AUTO"),
            (.setWeights(resource: "db", partition: "db_12", ["cpu": 1]), "and 2 more; check the name"),
            (
                .setWeights(resource: "cache", partition: nil, ["cpu": 1]),
                "the weights of resource cache cannot be read"
            ),
            (.addResource("db", partitions: 1, replicas: .count(1), stateModel: "MasterSlave"), "exists in cluster"),
            (.addResource("x", partitions: 1, replicas: .count(1), stateModel: "Nope"), "there is no state model Nope"),
        ]
        for (change, text) in refusals {
            let error = #expect(throws: ClusterChangeError.self, "\(change)") { try plan(world, change) }
            #expect(error?.description.contains(text) == true, "\(String(describing: error))")
        }
    }
}
