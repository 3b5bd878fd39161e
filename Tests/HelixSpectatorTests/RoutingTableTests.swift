import Coordination
import HelixRecords
import Testing

@testable import HelixSpectator

@Suite("A routing table")
struct RoutingTableTests {
    private func orders() throws -> RoutingTable {
        let state = Knowledge()
        state.list(["n1_8080", "n2_8080", "n3_8080"], at: .instanceConfigs)
        try state.record(instance("n1_8080") { $0.tags = ["ssd"] }, at: .instanceConfig("n1_8080"), zxid: 2)
        try state.record(
            instance("n2_8080") {
                $0.host = "10.0.0.2"; $0.port = "9090"
            }, at: .instanceConfig("n2_8080"), zxid: 3)
        try state.record(instance("n3_8080"), at: .instanceConfig("n3_8080"), zxid: 4)
        state.list(["n1_8080", "n2_8080"], at: .liveInstances)
        state.list(["orders", "users"], at: .views)
        try state.record(
            view(
                "orders",
                [
                    "orders_10": ["n1_8080": "STANDBY", "n2_8080": "LEADER"],
                    "orders_2": ["n3_8080": "STANDBY", "n1_8080": "LEADER", "n2_8080": "STANDBY"],
                ]), at: .view("orders"), zxid: 9)
        try state.record(view("users", ["users_0": ["n3_8080": "ERROR"]]), at: .view("users"), zxid: 7)
        return try #require(state.table(at: 12_345))
    }

    @Test("names the instances of a partition in a state, sorted by name")
    func byPartition() throws {
        let table = try orders()
        #expect(table.names(serving: "orders", partition: "orders_2", in: "LEADER") == ["n1_8080"])
        #expect(table.names(serving: "orders", partition: "orders_2", in: "STANDBY") == ["n2_8080", "n3_8080"])
        #expect(table.names(serving: "orders", partition: "orders_2", in: "OFFLINE").isEmpty)
        #expect(table.names(serving: "orders", partition: "orders_3", in: "LEADER").isEmpty)
        #expect(table.names(serving: "nothing", partition: "orders_2", in: "LEADER").isEmpty)
    }

    @Test("names the instances of a whole resource in a state, each once")
    func byResource() throws {
        let table = try orders()
        #expect(table.instances(serving: "orders", in: "LEADER").map(\.name) == ["n1_8080", "n2_8080"])
        #expect(table.instances(serving: "orders", in: "STANDBY").map(\.name) == ["n1_8080", "n2_8080", "n3_8080"])
        #expect(table.instances(serving: "orders", in: "ERROR").isEmpty)
        #expect(table.instances(serving: "nothing", in: "LEADER").isEmpty)
    }

    @Test("lists resources and partitions in natural order")
    func lists() throws {
        let table = try orders()
        #expect(table.resources == ["orders", "users"])
        #expect(table.partitions(of: "orders") == ["orders_2", "orders_10"])
        #expect(table.partitions(of: "nothing").isEmpty)
    }

    @Test("tells the state of a partition on an instance")
    func stateOnInstance() throws {
        let table = try orders()
        #expect(table.state(of: "orders", partition: "orders_10", on: "n1_8080") == "STANDBY")
        #expect(table.state(of: "users", partition: "users_0", on: "n3_8080") == "ERROR")
        #expect(table.state(of: "users", partition: "users_0", on: "n1_8080") == nil)
        #expect(table.state(of: "users", partition: "users_0", on: "stranger") == nil)
    }

    @Test("tells how to reach an instance, and whether it is live")
    func instances() throws {
        let table = try orders()
        let first = try #require(table.instance(named: "n1_8080"))
        #expect((first.host, first.port) == ("n1", 8080))
        #expect(first.tags == ["ssd"])
        #expect(first.isLive)
        let second = try #require(table.instance(named: "n2_8080"))
        #expect((second.host, second.port) == ("10.0.0.2", 9090))
        #expect(second.description == "n2_8080 (10.0.0.2:9090)")
        #expect(try #require(table.instance(named: "n3_8080")).isLive == false)
        #expect(table.instances.map(\.name) == ["n1_8080", "n2_8080", "n3_8080"])
        #expect(table.instance(named: "stranger") == nil)
    }

    @Test("tells how new it is")
    func freshness() throws {
        let table = try orders()
        #expect(table.zxid == 9)
        #expect(table.modifiedAt == 9_000)
        #expect(table.publishedAt == 12_345)
        #expect(table.age(at: 13_345) == .seconds(1))
        #expect(table.age(at: 0) == .zero)
        #expect(!table.isStale)
        #expect(table.problems.isEmpty)
    }

    @Test(
        "reads a port that is no number as none",
        arguments: [("n1_a", nil), ("n1", nil), ("n1_99999", nil), ("n1_0", 0)])
    func oddPorts(name: String, port: Int?) {
        #expect(RoutableInstance(config: instance(name), isLive: true).port == port)
    }

    @Test("is what it was, whatever comes after")
    func immutability() throws {
        let state = Knowledge()
        try state.join("n1", "n2")
        state.list(["orders"], at: .views)
        try state.record(view("orders", ["orders_0": ["n1": "LEADER"]]), at: .view("orders"), zxid: 5)
        let first = try #require(state.table())
        try state.record(view("orders", ["orders_0": ["n2": "LEADER"]]), at: .view("orders"), zxid: 6)
        state.list(["n2"], at: .instanceConfigs)
        let second = try #require(state.table())
        #expect(first.map(of: "orders") == ["orders_0": ["n1": "LEADER"]])
        #expect(first.instance(named: "n1") != nil)
        #expect(second.map(of: "orders") == ["orders_0": ["n2": "LEADER"]])
        #expect(second.instance(named: "n1") == nil)
    }
}
