import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("Capacities of WAGED resources")
struct CapacityTests {
    private let waged = "org.apache.helix.controller.rebalancer.waged.WagedRebalancer"

    /// Four instances for 100 of DISK and 50 of CPU each; a partition weighs 10 and 2.
    private func makeWorld(_ names: [String] = ["a", "b", "c", "d"]) -> World {
        var world = World()
        world.addInstances(names)
        world.configureCluster {
            $0.capacityKeys = ["DISK", "CPU"]
            $0.defaultInstanceCapacity = ["DISK": 100, "CPU": 50]
            $0.defaultPartitionWeight = ["DISK": 10, "CPU": 2]
        }
        return world
    }

    private func add(_ name: String = "db", partitions: Int, replicas: Int = 1, to world: inout World) {
        world.addResource(name, model: .onlineOffline, partitions: partitions, replicas: replicas) {
            $0.rebalancerClass = waged
        }
    }

    /// What each instance carries of a resource in one dimension.
    private func carried(_ world: World, _ resource: String, weight: (String) -> Int) -> [String: Int] {
        world.states.mapValues { states in (states[resource] ?? [:]).keys.reduce(0) { $0 + weight($1) } }
    }

    // MARK: Where numbers come from

    @Test("What a partition's entry leaves out comes from the cluster, and the entry DEFAULT stands for missing ones")
    func sources() throws {
        let cluster = try #require(makeWorld().snapshot.clusterConfig.value)
        let rules = try #require(CapacityRules(cluster))
        var config = ResourceConfig(record: ZNRecord(id: "db"))
        #expect(try rules.weights(of: ["db_0", "db_1"], "db", nil) == [[10, 2], [10, 2]])
        config.setPartitionCapacity(["DISK": 30])
        config.setPartitionCapacity(["CPU": 7], partition: "db_1")
        #expect(try rules.weights(of: ["db_0", "db_1", "db_2"], "db", config) == [[30, 2], [10, 7], [30, 2]])
        var instance = InstanceConfig(record: ZNRecord(id: "a"))
        #expect(try rules.capacities(of: instance) == [100, 50])
        instance.capacity = ["CPU": 8, "unheard of": 3]
        #expect(try rules.capacities(of: instance) == [100, 8])
    }

    @Test("Without INSTANCE_CAPACITY_KEYS nothing is weighed")
    func noKeys() {
        #expect(CapacityRules(nil) == nil)
        #expect(CapacityRules(ClusterConfig(record: ZNRecord(id: "c"))) == nil)
    }

    @Test(
        "The preference widens or narrows what is tolerated",
        arguments: [
            (1, 1, false, 25), (2, 1, false, 12), (1, 4, false, 100), (0, 1, false, 250), (1, 0, false, 5),
            (1, 1_000, false, 250), (1, 4, true, 5),
        ])
    func tolerance(evenness: Int, lessMovement: Int, force: Bool, expected: Int) throws {
        var cluster = try #require(makeWorld().snapshot.clusterConfig.value)
        cluster.rebalancePreference = .init(evenness: evenness, lessMovement: lessMovement, forcesBaseline: force)
        #expect(CapacityRules(cluster)?.tolerance == expected)
    }

    @Test("Preferred scoring keys are the dimensions that are to be even; unknown ones are passed over")
    func scoringKeys() throws {
        var cluster = try #require(makeWorld().snapshot.clusterConfig.value)
        #expect(CapacityRules(cluster)?.evenDimensions == [])
        cluster.preferredScoringKeys = ["CPU", "RAM"]
        #expect(CapacityRules(cluster)?.evenDimensions == [1])
        cluster.capacityKeys = ["CPU", "CPU"]
        #expect(CapacityRules(cluster)?.dimensions == ["CPU"])
    }

    // MARK: What comes of them

    @Test("Heavy partitions are kept apart, and a larger instance carries more")
    func weighed() {
        var world = makeWorld()
        world.configure("a") { $0.capacity = ["DISK": 200] }
        add(partitions: 22, to: &world)
        world.configureResource("db") { config in
            for partition in 0..<4 { config.setPartitionCapacity(["DISK": 60], partition: "db_\(partition)") }
        }
        world.settle()
        let heavy: Set = ["db_0", "db_1", "db_2", "db_3"]
        let load = carried(world, "db") { heavy.contains($0) ? 60 : 10 }
        #expect(load.values.reduce(0, +) == 420)
        #expect(load["a"] == 170 || load["a"] == 180, "\(load)")
        #expect(["b", "c", "d"].allSatisfy { (80...90).contains(load[$0] ?? 0) }, "\(load)")
        #expect(world.decision.allProblems.isEmpty)
        let before = world.states
        world.settle()
        #expect(world.states == before)
    }

    @Test("What other weighed resources carry is not there twice")
    func several() {
        var world = makeWorld(["a", "b"])
        add("small", partitions: 6, to: &world)
        world.configureResource("small") { config in
            config.setPartitionCapacity(["DISK": 1])
            config.setPartitionCapacity(["DISK": 70], partition: "small_0")
        }
        world.settle()
        add("zdb", partitions: 12, to: &world)
        world.settle()
        let load = carried(world, "zdb") { _ in 10 }
        let other = carried(world, "small") { $0 == "small_0" ? 70 : 1 }
        for name in ["a", "b"] { #expect((load[name] ?? 0) + (other[name] ?? 0) <= 100) }
        #expect(world.decision.allProblems.isEmpty)
        world.drop("small")
        world.settle()
        #expect(world.decision.load.weight("DISK", of: 0) + world.decision.load.weight("DISK", of: 1) == 120)
    }

    @Test("Resources with another rebalancer are not weighed")
    func others() {
        var world = makeWorld(["a", "b"])
        world.addResource("db", model: .onlineOffline, partitions: 40, replicas: 1)
        world.settle()
        #expect(world.load("db") == ["a": 20, "b": 20])
        #expect(world.decision.allProblems.isEmpty)
    }

    @Test("Too great a demand is placed all the same, and told with key and numbers")
    func tooMuch() {
        var world = makeWorld(["a", "b"])
        add(partitions: 24, to: &world)
        world.settle()
        #expect(world.load("db") == ["a": 12, "b": 12])
        let problems = world.problems("db")
        #expect(problems.contains { $0.contains("weigh 240 of DISK") && $0.contains("have 200 left") })
        #expect(
            problems.contains { $0.contains("2 of 2 instances carry more of DISK") && $0.contains("(a: 120 where 100") }
        )
        world.addInstances(["c"])
        world.settle()
        #expect(world.load("db") == ["a": 8, "b": 8, "c": 8])
        #expect(world.problems("db").isEmpty)
    }

    // MARK: What is wrong with records

    @Test("A key that an instance does not have is its own problem: it gets nothing new, and keeps what it has")
    func instanceWithoutKey() throws {
        var world = makeWorld()
        add(partitions: 20, to: &world)
        world.settle()
        let before = world.load("db")
        world.configureCluster { $0.defaultInstanceCapacity = ["DISK": 100] }
        for name in ["b", "c", "d"] { world.configure(name) { $0.capacity = ["CPU": 50] } }
        world.kill("d")
        world.settle()
        #expect(world.load("db")["a"] == before["a"])
        #expect(world.load("db").values.reduce(0, +) == 20)
        let problem = try #require(world.decision.allProblems.first { $0.text.contains("CONFIGS/PARTICIPANT/a") })
        #expect(problem.resource == nil)
        #expect(problem.text.contains("CPU") && problem.text.contains("INSTANCE_CAPACITY_MAP"))
        world.addResource("plain", model: .onlineOffline, partitions: 3, replicas: 1)
        world.settle()
        #expect(world.load("plain") == ["a": 1, "b": 1, "c": 1])
    }

    @Test(
        "Weights that are missing or malformed freeze their resource, and no other",
        arguments: ["{", "{\"CPU\":\"-1\"}"])
    func malformedWeights(text: String) throws {
        var world = makeWorld()
        add(partitions: 8, to: &world)
        add("eb", partitions: 8, to: &world)
        world.settle()
        let before = world.load("db")
        world.configureResource("db") { $0.record.mapFields["PARTITION_CAPACITY_MAP"] = ["db_3": text] }
        world.kill("d")
        world.settle()
        #expect(world.load("db") == before.filter { $0.key != "d" })
        #expect(world.load("eb").values.reduce(0, +) == 8)
        let problem = try #require(world.problems("db").first)
        #expect(problem.contains("frozen as it is") && problem.contains("PARTITION_CAPACITY_MAP"))
        #expect(world.problems("eb").isEmpty)
        world.configureResource("db") { $0.setPartitionCapacity(["DISK": 10], partition: "db_3") }
        world.settle()
        #expect(world.load("db").values.reduce(0, +) == 8)
    }

    @Test("A key without any weight freezes the resource, and names key, partition and records")
    func missingWeight() throws {
        var world = makeWorld()
        world.configureCluster { $0.defaultPartitionWeight = ["DISK": 10] }
        add(partitions: 2, to: &world)
        world.settle()
        let problem = try #require(world.problems("db").first)
        for part in ["CPU", "db_0", "CONFIGS/RESOURCE/db", "DEFAULT_PARTITION_WEIGHT_MAP"] {
            #expect(problem.contains(part))
        }
        #expect(world.map("db", "db_0").isEmpty)
    }

    @Test("Partitions that share a fault zone are told")
    func sharedZones() {
        var world = makeWorld()
        for name in ["a", "b", "c", "d"] { world.configure(name) { $0.zone = name < "c" ? "east" : "west" } }
        world.configureCluster { $0.isTopologyAware = true }
        add(partitions: 4, replicas: 3, to: &world)
        world.settle()
        #expect(
            world.problems("db").contains { $0.contains("4 of 4 partitions") && $0.contains("3 replicas in 2 zones") })
    }
}
