import Coordination
import HelixRecords
import Logging
import Testing

@testable import HelixSpectator

/// A cluster in memory, and a session to change it with.
struct TestCluster {
    let service = MemoryCoordination()
    let admin: any CoordinationSession

    init(setUp: Bool = true) async throws {
        admin = try await service.openSession()
        if setUp { try await create() }
    }

    func create() async throws {
        for path in paths.clusterSetup { try await admin.createWithParents(path) }
    }

    func add(_ names: String...) async throws {
        for name in names { try await admin.create(paths.instanceConfig(name), try instance(name).encoded()) }
    }

    func put(_ path: String, _ record: some RecordView) async throws {
        try await put(path, try record.encoded())
    }

    func put(_ path: String, _ data: [UInt8]) async throws {
        do {
            try await admin.create(path, data)
        } catch  where error.code == .nodeExists {
            try await admin.set(path, data)
        }
    }

    func show(_ resource: String, _ replicas: [String: [String: String]]) async throws {
        try await put(paths.externalView(resource), view(resource, replicas))
    }

    func spectator(_ configuration: SpectatorConfiguration = .init()) -> Spectator {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return Spectator(cluster: cluster, coordination: service, configuration: configuration, logger: logger)
    }

    /// The session of a spectator that runs alone beside the admin's.
    var watching: SessionID? { service.sessions.first { $0 != admin.id } }
}

extension RoutingTables {
    /// Waits for a table that is as wanted.
    func first(_ isWanted: @Sendable (RoutingTable) -> Bool) async throws -> RoutingTable {
        for await table in self where isWanted(table) { return table }
        throw CancellationError()
    }
}

@Suite("A spectator", .timeLimit(.minutes(5)))
struct SpectatorTests {
    @Test("hands out the first table when everything has been read")
    func firstTable() async throws {
        let cluster = try await TestCluster()
        try await cluster.add("n1_1", "n2_2")
        try await cluster.show("orders", ["orders_0": ["n1_1": "LEADER", "n2_2": "STANDBY"]])
        try await cluster.show("users", ["users_0": ["n2_2": "ONLINE"]])
        let spectator = cluster.spectator()
        #expect(spectator.routingTable == nil)
        let first = try await spectator.withRoutingTables { tables in
            var iterator = tables.makeAsyncIterator()
            return await iterator.next()
        }
        let table = try #require(first)
        #expect(table.resources == ["orders", "users"])
        #expect(table.names(serving: "orders", partition: "orders_0", in: "LEADER") == ["n1_1"])
        #expect(!table.isStale)
        #expect(table.problems.isEmpty)
        #expect(spectator.routingTable?.zxid == table.zxid)
    }

    @Test("follows views that come, change and go")
    func follows() async throws {
        let cluster = try await TestCluster()
        try await cluster.add("n1", "n2")
        try await cluster.spectator().withRoutingTables { tables in
            _ = try await tables.first { $0.resources.isEmpty }
            try await cluster.show("orders", ["orders_0": ["n1": "STANDBY"]])
            _ = try await tables.first { $0.map(of: "orders") == ["orders_0": ["n1": "STANDBY"]] }
            for round in 0..<20 {
                let leader = round.isMultiple(of: 2) ? "n2" : "n1"
                try await cluster.show("orders", ["orders_0": [leader: "LEADER"]])
                _ = try await tables.first { $0.map(of: "orders") == ["orders_0": [leader: "LEADER"]] }
            }
            try await cluster.admin.delete(paths.externalView("orders"))
            _ = try await tables.first { $0.resources.isEmpty }
            try await cluster.show("orders", ["orders_1": ["n1": "LEADER"]])
            _ = try await tables.first { $0.partitions(of: "orders") == ["orders_1"] }
        }
    }

    @Test("follows the instances' configurations and whether they live")
    func instances() async throws {
        let cluster = try await TestCluster()
        try await cluster.add("n1", "n2")
        try await cluster.show("orders", ["orders_0": ["n1": "LEADER", "n3": "STANDBY"]])
        try await cluster.spectator().withRoutingTables { tables in
            _ = try await tables.first { $0.instances(serving: "orders", in: "STANDBY").isEmpty }
            try await cluster.add("n3")
            _ = try await tables.first { $0.instances(serving: "orders", in: "STANDBY").map(\.name) == ["n3"] }
            let tagged = instance("n3") { $0.tags = ["ssd"] }
            try await cluster.put(paths.instanceConfig("n3"), tagged)
            _ = try await tables.first { $0.instance(named: "n3")?.tags == ["ssd"] }
            let process = try await cluster.service.openSession()
            try await process.create(paths.liveInstance("n3"), mode: .ephemeral)
            _ = try await tables.first { $0.instance(named: "n3")?.isLive == true }
            await process.close()
            _ = try await tables.first { $0.instance(named: "n3")?.isLive == false }
            let hidden = instance("n3") { $0.setOperation(.unknown, at: 1) }
            try await cluster.put(paths.instanceConfig("n3"), hidden)
            _ = try await tables.first { $0.instance(named: "n3") == nil }
        }
    }

    @Test("waits for a cluster that does not exist yet")
    func noCluster() async throws {
        let cluster = try await TestCluster(setUp: false)
        try await cluster.spectator().withRoutingTables { tables in
            let first = try await tables.first { _ in true }
            #expect(first.problems.count == 3)
            try await cluster.create()
            try await cluster.add("n1")
            try await cluster.show("orders", ["orders_0": ["n1": "LEADER"]])
            let table = try await tables.first { $0.instances(serving: "orders", in: "LEADER").count == 1 }
            #expect(table.problems.isEmpty)
        }
    }

    @Test("reads only what changed")
    func cost() async throws {
        let cluster = try await TestCluster()
        try await cluster.add("n1")
        for number in 0..<50 { try await cluster.show("r\(number)", ["p": ["n1": "ONLINE"]]) }
        let counting = CountingCoordination(cluster.service)
        let spectator = Spectator(cluster: paths.cluster, coordination: counting)
        try await spectator.withRoutingTables { tables in
            _ = try await tables.first { $0.resources.count == 50 }
            _ = counting.takeReads()
            try await cluster.show("r7", ["p": ["n1": "OFFLINE"]])
            _ = try await tables.first { $0.instances(serving: "r7", in: "OFFLINE").count == 1 }
            #expect(counting.takeReads() == [paths.externalView("r7")])
        }
    }

    @Test("follows what instances say of their own accord, of one type, from when anybody does")
    func customizedView() async throws {
        let cluster = try await TestCluster()
        try await cluster.add("n1")
        let spectator = cluster.spectator(.init(source: .customizedView(type: "LOAD")))
        try await spectator.withRoutingTables { tables in
            let first = try await tables.first { _ in true }
            #expect(first.problems.first?.reason.contains("customized-state") == true)
            let path = "\(paths.customizedViews("LOAD"))/orders"
            try await cluster.admin.createWithParents(path)
            try await cluster.put(path, view("orders", ["orders_0": ["n1": "HALF"]]))
            try await cluster.admin.createWithParents("\(paths.customizedViews("OTHER"))/orders")
            let table = try await tables.first {
                $0.instances(serving: "orders", partition: "orders_0", in: "HALF").count == 1
            }
            #expect(table.resources == ["orders"])
            try await cluster.put(path, view("orders", ["orders_0": ["n1": "FULL"]]))
            _ = try await tables.first {
                $0.instances(serving: "orders", partition: "orders_0", in: "FULL").count == 1
            }
        }
    }

    @Test("follows views in buckets")
    func buckets() async throws {
        let cluster = try await TestCluster()
        try await cluster.add("n1")
        let whole = view("orders", ["orders_0": ["n1": "LEADER"], "orders_12": ["n1": "STANDBY"]], bucketSize: 10)
        let (parent, parts) = try whole.record.bucketized()
        try await cluster.put(paths.externalView("orders"), ExternalView(record: parent))
        for part in parts {
            try await cluster.put("\(paths.externalView("orders"))/\(part.id)", ExternalView(record: part))
        }
        try await cluster.spectator().withRoutingTables { tables in
            _ = try await tables.first { $0.partitions(of: "orders") == ["orders_0", "orders_12"] }
            var part = parts[1]
            part.mapFields["orders_13"] = ["n1": "LEADER"]
            try await cluster.put("\(paths.externalView("orders"))/\(part.id)", ExternalView(record: part))
            _ = try await tables.first { $0.partitions(of: "orders") == ["orders_0", "orders_12", "orders_13"] }
            try await cluster.admin.delete("\(paths.externalView("orders"))/\(part.id)")
            _ = try await tables.first { $0.partitions(of: "orders") == ["orders_0"] }
        }
    }

    @Test("follows what live instances report, session by session")
    func currentStates() async throws {
        let cluster = try await TestCluster()
        try await cluster.add("n1")
        for path in paths.instanceSetup("n1").dropFirst() { try await cluster.admin.create(path) }
        try await cluster.spectator(.init(source: .currentStates)).withRoutingTables { tables in
            _ = try await tables.first { $0.instance(named: "n1") != nil }
            for state in ["LEADER", "STANDBY"] {
                let process = try await cluster.service.openSession()
                let session = process.id.description
                let live = LiveInstance.make(instance: "n1", sessionID: session, process: "1@host")
                try await process.create(paths.liveInstance("n1"), try live.encoded(), mode: .ephemeral)
                _ = try await tables.first { $0.instance(named: "n1")?.isLive == true && $0.resources.isEmpty }
                try await cluster.admin.createWithParents(paths.currentStates("n1", session: session))
                let path = paths.currentState("n1", session: session, resource: "orders")
                try await cluster.put(path, currentState("orders", session: session, ["orders_0": "OFFLINE"]))
                _ = try await tables.first { $0.state(of: "orders", partition: "orders_0", on: "n1") == "OFFLINE" }
                try await cluster.put(path, currentState("orders", session: session, ["orders_0": state]))
                _ = try await tables.first { $0.state(of: "orders", partition: "orders_0", on: "n1") == state }
                // The session's record stays, as it does until the instance comes back: it must not count.
                await process.close()
                _ = try await tables.first { $0.resources.isEmpty }
            }
        }
    }

    @Test("gives each of several consumers the present table, and ends them all")
    func severalConsumers() async throws {
        let cluster = try await TestCluster()
        try await cluster.add("n1")
        try await cluster.show("orders", ["orders_0": ["n1": "LEADER"]])
        let spectator = cluster.spectator()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<5 {
                group.addTask {
                    var seen = 0
                    for await table in spectator.routingTables {
                        #expect(table.resources == ["orders"])
                        seen += 1
                    }
                    return seen
                }
            }
            try await spectator.withRoutingTables { tables in _ = try await tables.first { _ in true } }
            for try await seen in group { #expect(seen == 1) }
        }
        // One that comes late gets the last table, then the end.
        var late = spectator.routingTables.makeAsyncIterator()
        #expect(await late.next()?.resources == ["orders"])
        #expect(await late.next() == nil)
    }

    @Test("runs once")
    func runsOnce() async throws {
        let cluster = try await TestCluster()
        let spectator = cluster.spectator()
        try await spectator.withRoutingTables { tables in _ = try await tables.first { _ in true } }
        await #expect(throws: SpectatorError.self) { try await spectator.run() }
    }

    @Test("says what is wrong when the service cannot be used at all")
    func refused() async throws {
        let cluster = try await TestCluster()
        var configuration = SpectatorConfiguration()
        configuration.credentials = [Credential(scheme: "unheard-of", secret: "s")]
        await #expect(throws: CoordinationError.self) { try await cluster.spectator(configuration).run() }
    }
}
