import HelixRecords
import Testing

@testable import RebalancePipeline

@Suite("Topology")
struct TopologyTests {
    private let names = ["a1", "a2", "b1", "b2", "c1", "c2"]

    /// Six instances in the zones a, b and c, by DOMAIN or by HELIX_ZONE_ID.
    private func makeWorld(topology: String? = "/zone/rack/instance", zoneType: String? = "zone") -> World {
        var world = World()
        world.addInstances(names)
        for name in names { place(name, in: String(name.prefix(1)), &world) }
        world.configureCluster {
            $0.topology = topology
            $0.faultZoneType = zoneType
            $0.isTopologyAware = true
        }
        return world
    }

    private func place(_ name: String, in zone: String, _ world: inout World) {
        world.configure(name) {
            $0.zone = zone
            $0.setDomain([("zone", zone), ("rack", "r\(name.suffix(1))"), ("instance", name)])
        }
    }

    private func expectApart(_ world: World, by length: Int = 1, sourceLocation: SourceLocation = #_sourceLocation) {
        for (partition, list) in world.preferenceLists("db") {
            let zones = Set(list.map { $0.prefix(length) })
            #expect(zones.count == list.count, "\(partition) is on \(list)", sourceLocation: sourceLocation)
        }
    }

    @Test(
        "keeps replicas of a partition in different zones, however it is written",
        arguments: [
            ("/zone/rack/instance", "zone"), ("/zone/instance", "zone"), ("/zone", nil), (nil, nil), (nil, "zone"),
        ])
    func apart(topology: String?, zoneType: String?) {
        var world = makeWorld(topology: topology, zoneType: zoneType)
        world.addResource("db", partitions: 12, replicas: 3)
        world.settle()
        expectApart(world)
        #expect(world.load("db").values.allSatisfy { $0 == 6 })
        #expect(world.decision.allProblems.isEmpty)
    }

    @Test("of racks tells racks of one name in different zones apart")
    func racks() {
        var world = makeWorld(zoneType: "rack")
        world.addResource("db", partitions: 12, replicas: 6)
        world.settle()
        #expect(world.load("db").values.allSatisfy { $0 == 12 })
        #expect(world.decision.allProblems.isEmpty)
    }

    @Test("does not count unless it is switched on")
    func off() {
        var world = makeWorld()
        world.configureCluster { $0.isTopologyAware = false }
        world.configure("a1") { $0.record.simpleFields["DOMAIN"] = "nonsense" }
        world.addResource("db", partitions: 12, replicas: 4)
        world.settle()
        #expect(world.load("db").values.allSatisfy { $0 == 8 })
        #expect(world.decision.allProblems.isEmpty)
    }

    @Test(
        "that one instance spoils is that instance's problem: it gets nothing new, and keeps what it has",
        arguments: ["nonsense", "zone=", "rack=r1,instance=a1", ""])
    func malformed(domain: String) throws {
        var world = makeWorld()
        world.configure("a1") { $0.record.simpleFields["DOMAIN"] = domain }
        world.addResource("db", partitions: 10, replicas: 3)
        world.settle()
        #expect(world.load("db") == ["a1": 0, "a2": 10, "b1": 5, "b2": 5, "c1": 5, "c2": 5])
        let problem = try #require(world.decision.allProblems.first { $0.text.contains("CONFIGS/PARTICIPANT/a1") })
        #expect(problem.resource == nil)

        place("a1", in: "a", &world)
        world.settle()
        #expect(world.load("db").values.allSatisfy { $0 == 5 })
        world.configure("a1") { $0.record.simpleFields["DOMAIN"] = domain }
        let before = world.load("db")
        world.settle()
        #expect(world.load("db") == before)
    }

    @Test("without a zone's name in HELIX_ZONE_ID is a problem of that instance")
    func missingZone() {
        var world = makeWorld(topology: nil, zoneType: nil)
        world.configure("b1") { $0.zone = nil }
        world.addResource("db", partitions: 6, replicas: 2)
        world.settle()
        #expect(world.load("db")["b1"] == 0)
        #expect(world.decision.allProblems.contains { $0.text.contains("HELIX_ZONE_ID is missing") })
    }

    @Test("with a fault zone type that is none of its keys is the cluster's problem, and instances count by themselves")
    func unknownType() {
        var world = makeWorld(zoneType: "building")
        world.addResource("db", partitions: 6, replicas: 2)
        world.settle()
        #expect(world.load("db").values.allSatisfy { $0 == 2 })
        #expect(world.decision.allProblems.contains { $0.text.contains("FAULT_ZONE_TYPE is \"building\"") })
    }

    @Test("that changes moves only what is in the way")
    func changed() {
        var world = makeWorld()
        world.configureCluster { $0.isTopologyAware = false }
        world.addResource("db", partitions: 12, replicas: 2)
        world.settle()
        let before = world.preferenceLists("db")
        let misplaced = before.values.count { Set($0.map { $0.prefix(1) }).count < 2 }
        world.configureCluster { $0.isTopologyAware = true }
        world.settle()
        expectApart(world)
        let moved = world.preferenceLists("db").reduce(0) { sum, entry in
            sum + entry.value.count { !(before[entry.key]?.contains($0) ?? false) }
        }
        #expect(moved <= misplaced + 2)
    }
}
