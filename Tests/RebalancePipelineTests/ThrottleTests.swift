import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("State-transition throttles")
struct ThrottleTests {
    /// A cluster in which `a`, `b` and `c` have all replicas of `db`.
    private func settled(_ throttles: [ThrottleConfig], minActive: Int? = nil, partitions: Int = 6) -> World {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addResource("db", partitions: partitions, replicas: 3) { $0.minActiveReplicas = minActive }
        world.settle()
        world.configureCluster { $0.throttles = throttles }
        world.pass()
        return world
    }

    @Test(
        "Are never exceeded at any moment, and nothing waits that could begin", arguments: 0..<60 as Range<UInt64>)
    func exact(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var world = World()
        let nodes = names(0..<6)
        world.addInstances(nodes, batches: seed.isMultiple(of: 3))
        let limits: [ThrottleConfig.Scope: Int] = [
            .cluster: Int.random(in: 1...9, using: &generator), .resource: Int.random(in: 1...4, using: &generator),
            .instance: Int.random(in: 1...4, using: &generator),
        ].filter { _ in Int.random(in: 0..<4, using: &generator) > 0 }
        world.configureCluster { $0.throttles = limits.map { ThrottleConfig($0, .any, limit: $1) } }
        for name in ["db", "eb", "fb"] { world.addResource(name, partitions: 6, replicas: 3) }
        for _ in 0..<150 {
            let node = nodes.randomElement(using: &generator)!
            switch Int.random(in: 0..<40, using: &generator) {
            case 0: world.kill(node)
            case 1, 2: if world.states[node] == nil { world.start(node) }
            // What is disabled may go from its instance in any case.
            case 3: if limits[.instance] == nil { world.operate(node, .disable) }
            case 4, 5: world.operate(node, .enable)
            default: break
            }
            world.pass()
            expectExact(world, limits, "seed \(seed)")
            for _ in 0..<Int.random(in: 0..<3, using: &generator) {
                guard let next = world.pending.randomElement(using: &generator) else { break }
                world.complete(next.instance, next.id)
            }
        }
        for node in nodes {
            if world.states[node] == nil { world.start(node) }
            world.operate(node, .enable)
        }
        #expect(world.settle(using: &generator) != nil, "seed \(seed)")
        for name in ["db", "eb", "fb"] {
            #expect(world.counts(name).values.allSatisfy { $0 == ["MASTER": 1, "SLAVE": 2] }, "seed \(seed)")
        }
        #expect(world.decision.traffic.cluster == .init(), "seed \(seed)")
    }

    /// Counts what lies in the queues.
    private func expectExact(_ world: World, _ limits: [ThrottleConfig.Scope: Int], _ name: String) {
        var counts: [ThrottleConfig.Scope: [String: Int]] = [:]
        for (instance, id) in world.pending {
            guard let message = world.message(instance, id), let resource = message.resource,
                message.targetSession == world.session(of: instance)
            else { continue }
            let open = message.partitions.count {
                message.fromState == world.states[instance]?[resource]?[$0] ?? "OFFLINE"
            }
            counts[.cluster, default: [:]]["", default: 0] += open
            counts[.resource, default: [:]][resource, default: 0] += open
            counts[.instance, default: [:]][instance, default: 0] += open
        }
        for (scope, limit) in limits {
            for (key, count) in counts[scope] ?? [:] {
                #expect(count <= limit, "\(count) under way in \(scope) \(key), \(name)")
            }
        }
        for (resource, own) in world.decision.resources {
            for partition in own.preferenceLists.indices {
                for held in world.decision.held(in: partition, of: resource, world.snapshot) {
                    guard case .throttled(let throttle) = held.reason else { continue }
                    let key = [.resource: resource, .instance: held.instance][throttle.scope] ?? ""
                    #expect(counts[throttle.scope]?[key] ?? 0 >= throttle.limit, "\(held), \(name)")
                }
            }
        }
    }

    @Test("What a lost node leaves behind is recovered, whatever is said of balancing")
    func recoveryIsNotLoad() {
        var world = settled([ThrottleConfig(.cluster, .load, limit: 0)])
        world.addInstances(["d"])
        world.kill("a")
        world.settle()
        #expect(world.counts("db").values.allSatisfy { $0 == ["MASTER": 1, "SLAVE": 2] })
    }

    @Test("A new node gets replicas only as fast as balancing may go")
    func joining() {
        var world = settled([ThrottleConfig(.cluster, .load, limit: 2)])
        world.addInstances(["d"])
        #expect(world.pass().count == 2)
        #expect(world.pass().isEmpty)
        let next = world.pending[0]
        world.complete(next.instance, next.id)
        #expect(world.pass().count == 1)
        world.settle()
        #expect(world.load("db")["d"] == 4 || world.load("db")["d"] == 5)
    }

    @Test("What must wait says for which limit")
    func reason() {
        var world = settled([ThrottleConfig(.instance, .load, limit: 0)])
        world.addInstances(["d"])
        world.pass()
        let waiting = (0..<6).flatMap { world.reasons("db", "db_\($0)", "d") }
        #expect(!waiting.isEmpty)
        #expect(waiting.allSatisfy { $0 == .throttled(ThrottleConfig(.instance, .load, limit: 0)) })
        #expect(
            "\(waiting[0])"
                == "0 load-balancing transitions on an instance may be under way at once (INSTANCE, LOAD_BALANCE)")
        let explained = (0..<6).compactMap { partition in
            world.rebalancer.explain(world.snapshot, resource: "db", partition: "db_\(partition)")
        }
        #expect(explained.flatMap(\.replicas).flatMap(\.reasons).contains { $0 == waiting[0] })
    }

    @Test("Replicas beyond MIN_ACTIVE_REPLICAS are no recovery")
    func minActive() {
        var world = settled([ThrottleConfig(.cluster, .load, limit: 0)], minActive: 2)
        world.addInstances(["d"])
        world.kill("a")
        world.settle()
        #expect(world.counts("db").values.allSatisfy { $0 == ["MASTER": 1, "SLAVE": 1] })
    }

    @Test("A limit of recoveries holds promotions too")
    func recovery() {
        var world = settled([ThrottleConfig(.cluster, .recovery, limit: 1)])
        world.kill("a")
        #expect(world.pass().map(\.to) == ["MASTER"])
        #expect(world.pass().isEmpty)
    }

    @Test("Who lacks its top state goes first, then who has too few replicas, then the rest")
    func order() {
        var world = settled([ThrottleConfig(.cluster, .any, limit: 0)])
        world.addInstances(["d"])
        world.pass()
        // Of db_3 nobody is master, db_4 has two replicas, and the others are to be balanced.
        let master = world.map("db", "db_3").first { $0.value == "MASTER" }!.key
        world.set(master, "db", "db_3", "SLAVE")
        let slave = world.map("db", "db_4").filter { $0.value == "SLAVE" }.keys.min()!
        world.set(slave, "db", "db_4", "OFFLINE")
        world.pass()
        #expect(world.decision.waiting.all.first?.urgency == 0)
        #expect(world.decision.waiting.all.map(\.urgency) == world.decision.waiting.all.map(\.urgency).sorted())
        world.configureCluster { $0.throttles = [ThrottleConfig(.cluster, .any, limit: 2)] }
        #expect(Set(world.pass().map(\.partition)) == ["db_3", "db_4"])
    }

    @Test("Resources with a higher priority go first, by their configuration or else by their ideal state")
    func priority() {
        var world = World()
        world.configureCluster {
            $0.resourcePriorityField = "RANK"
            $0.throttles = [ThrottleConfig(.cluster, .any, limit: 1)]
        }
        world.addInstances(["a", "b"])
        for (name, rank) in [("db", nil), ("eb", "2"), ("fb", "x"), ("gb", "1")] {
            world.addResource(name, partitions: 2, replicas: 1) { $0.record.simpleFields["RANK"] = rank }
        }
        world.configureResource("gb") { $0.record.simpleFields["RANK"] = "3" }
        var order: [String] = []
        for _ in 0..<16 {
            order += world.pass().map(\.resource)
            if let next = world.pending.first { world.complete(next.instance, next.id) }
        }
        #expect(order.prefix(8) == ["gb", "gb", "gb", "gb", "eb", "eb", "eb", "eb"])
        #expect(Set(order.suffix(8)) == ["db", "fb"])
    }

    @Test("Ten thousand changes of one resource do not delay the failover of another")
    func fairness() {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addResource("small", partitions: 3, replicas: 2)
        world.settle()
        world.configureCluster { $0.throttles = [ThrottleConfig(.cluster, .any, limit: 50)] }
        world.addResource("big", partitions: 5_000, replicas: 2)
        world.pass()
        #expect(world.decision.waiting.all.count > 4_000)
        world.kill("a")
        let lost = world.decision.traffic.cluster
        #expect(lost.load + lost.recovery == 50)
        let promoted = world.pass().filter { $0.resource == "small" && $0.to == "MASTER" }
        #expect(promoted.count == world.counts("small").values.count { $0["MASTER"] == nil })
        #expect(!promoted.isEmpty)
    }

    @Test("With too many partitions in ERROR nothing is balanced but downwards", arguments: [1, 2])
    func errors(threshold: Int) {
        var world = settled([])
        world.configureCluster { $0.errorPartitionThreshold = threshold }
        for partition in 0...threshold {
            let slave = world.map("db", "db_\(partition)").filter { $0.value == "SLAVE" }.keys.min()!
            world.set(slave, "db", "db_\(partition)", "ERROR")
        }
        world.pass()
        world.addInstances(["d"])
        world.settle()
        // Of those in ERROR a replica is missing: that is no balancing.
        #expect(world.states["d"]?["db"]?.keys.allSatisfy { $0 <= "db_\(threshold)" } ?? true)
        let reasons = (0..<6).flatMap { world.reasons("db", "db_\($0)", "d") }
        #expect(reasons.contains(.errorPartitions(count: threshold + 1, limit: threshold)))
        // One is reset: the others are balanced again.
        let broken = world.map("db", "db_0").first { $0.value == "ERROR" }!.key
        world.set(broken, "db", "db_0", "OFFLINE")
        world.settle()
        #expect(world.load("db")["d"]! >= 4)
    }

    @Test("Resources that users place are not limited")
    func userPlaced() {
        var world = World()
        world.configureCluster { $0.throttles = [ThrottleConfig(.cluster, .any, limit: 0)] }
        world.addInstances(["a", "b"])
        world.addList("db", ["a", "b"])
        world.settle()
        #expect(world.map("db", "db_0") == ["a": "MASTER", "b": "SLAVE"])
    }

    @Test("A replica that is disabled goes, however much its instance has to do")
    func withdrawn() {
        var world = settled([ThrottleConfig(.instance, .any, limit: 0)])
        world.configure("a") { $0.setPartitions(["db_0"], resource: "db", enabled: false) }
        let transitions = world.pass().filter { $0.instance == "a" }
        #expect(transitions.map(\.partition) == ["db_0"])
    }
}
