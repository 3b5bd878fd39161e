import ArgumentParser
import Coordination
import HelixRecords
import RebalancePipeline
import StateModels
import TestSupport
import Testing
import ZooKeeper

@testable import helix

@Suite("Plans and placements by command", .timeLimit(.minutes(5)))
struct PlanningTests {
    /// Runs `body` on a cluster `orders` that is written by hand, so that nobody touches it meanwhile: a leader, the
    /// live instances n1_1 to n3_3, and the resource Orders with two replicas of each of six partitions, evenly placed.
    private func withOrders(
        leader: Bool = true, _ body: @escaping @Sendable (Stand, any CoordinationSession) async throws -> Void
    ) async throws {
        let stand = try await Stand()
        try await stand.done("cluster create orders")
        for number in 1...3 { try await stand.done("instance add orders n\(number)_\(number)") }
        try await stand.done("resource add orders Orders --partitions 6 --replicas 2 --state-model LeaderStandby")
        try await ZooKeeperCoordination(stand.zooKeeper).withSession { session in
            if leader { try await Self.join("c1", at: ClusterPaths(cluster: "orders").leader, session) }
            try await Self.fill(session)
            try await body(stand, session)
        }
    }

    private static func fill(_ session: any CoordinationSession) async throws {
        let paths = ClusterPaths(cluster: "orders")
        for number in 0..<3 {
            let name = "n\(number + 1)_\(number + 1)"
            try await join(name, at: paths.liveInstance(name), session)
            var state = CurrentState(resource: "Orders", sessionID: "\(session.id)", stateModel: "LeaderStandby")
            for partition in 0..<6 {
                let place = (number - partition + 6) % 3
                if place == 2 { continue }
                state["Orders_\(partition)"] = ReplicaState(currentState: place == 0 ? "LEADER" : "STANDBY")
            }
            let path = paths.currentState(name, session: "\(session.id)", resource: "Orders")
            try await session.createWithParents(path, state.encoded())
        }
    }

    private static func join(_ name: String, at path: String, _ session: any CoordinationSession) async throws {
        var record = LiveInstance(id: name)
        record.sessionID = "\(session.id)"
        _ = try await session.create(path, try record.encoded(), mode: .ephemeral)
    }

    /// Everything below a place, with its versions and transactions.
    private func tree(_ session: any CoordinationSession) async throws -> [String: Stat] {
        var tree: [String: Stat] = [:]
        for path in try await session.subtree("/") { tree[path] = try await session.exists(path) }
        return tree
    }

    @Test("what only the leader can know is told from its journal")
    func told() async throws {
        try await withOrders { stand, session in
            var journal = Journal()
            journal.append([
                JournalEvent(at: 1, .leader, "c1 leads"),
                JournalEvent(
                    at: 2, .problem, resource: "Orders", partition: "Orders_1", "the messages vanished without effect"),
            ])
            let path = ClusterPaths(cluster: "orders").journal
            _ = try await session.create(path, try journal.encoded())
            let line = "Orders/Orders_1: the messages vanished without effect (says the leader)"
            #expect(try await stand.run("why-not-converged orders").output.contains("problem: \(line)"))
            #expect(try await stand.done("explain orders Orders Orders_1").output.contains(line))
            #expect(try await stand.done("explain orders Orders Orders_2").output.contains("vanished") == false)
            // A journal that cannot be read keeps nobody from looking.
            _ = try await session.set(path, Array("rubbish".utf8))
            _ = try await stand.done("explain orders Orders Orders_1")
        }
    }

    @Test("whatever moves replicas tells what would move when it is asked to, and writes nothing")
    func rehearsals() async throws {
        try await withOrders { stand, session in
            let before = try await tree(session)
            let lines = [
                ("instance disable orders n1_1", "hand-offs"), ("instance operate orders n1_1 EVACUATE", "4 go"),
                ("instance tag orders n1_1 --add ssd", "0 come, 0 go"), ("instance enable orders n1_1", "0 come, 0 go"),
                ("instance add orders n4_4", "0 come, 0 go"), ("resource drop orders Orders", "0 come, 12 go"),
                ("resource rebalance orders Orders --replicas 3", "6 come, 0 go"),
                ("resource disable orders Orders", "0 come, 0 go"), ("resource enable orders Orders", "0 come, 0 go"),
                ("resource add orders Carts --partitions 3 --replicas 1 --state-model LeaderStandby", "3 come, 0 go"),
                ("partition disable orders Orders Orders_0 --instance n1_1", "hand-offs"),
                ("partition enable orders Orders Orders_0 --instance n1_1", "0 come, 0 go"),
                ("config set orders --scope resource --name Orders INSTANCE_GROUP_TAG=none", "replicas"),
                ("config remove orders TOPOLOGY", "0 come, 0 go"), ("cluster rebalance orders", "0 come, 0 go"),
            ]
            for (line, expected) in lines {
                let output = try await stand.done("\(line) --dry-run").output
                #expect(output.contains(expected), "\(line): \(output)")
            }
            #expect(
                try await stand.done("instance disable orders n1_1 --dry-run --format json").json() is [String: Any])
            // What would be refused is refused.
            #expect(try await stand.run("instance drop orders n1_1 --dry-run").errors.contains("alive"))
            #expect(try await stand.run("resource drop orders None --dry-run").code == 1)
            #expect(try await stand.run("config set orders TOP_STATE_CONFLICT_POLICY=LUCK --dry-run").code == 1)
            #expect(try await tree(session) == before)
        }
    }

    @Test(
        "the end of a mode and a reset tell what they set free",
        arguments: [
            ("cluster enter-maintenance orders --reason r", "cluster exit-maintenance orders"),
            ("cluster disable orders", "cluster enable orders"),
            ("cluster freeze orders", "cluster unfreeze orders"),
        ])
    func rehearsedModes(beginning: String, end: String) async throws {
        try await withOrders { stand, session in
            #expect(try await stand.done("\(beginning) --dry-run").output.contains("0 come, 0 go"))
            try await stand.done(beginning)
            try await stand.done("resource add orders Carts --partitions 3 --replicas 1 --state-model LeaderStandby")
            let before = try await tree(session)
            let output = try await stand.done("\(end) --dry-run").output
            #expect(output.contains("3 come, 0 go"), "\(output)")
            #expect(!output.contains("due without the change") && !output.contains("until"), "\(output)")
            let failing = "partition set-error orders Orders Orders_0 --instance n1_1 --dry-run"
            #expect(try await stand.done(failing).output.contains("top state"))
            #expect(try await tree(session) == before)
        }
    }

    @Test("tell what would move, and write nothing")
    func plans() async throws {
        try await withOrders { stand, session in
            let before = try await tree(session)
            #expect(before.count > 20)
            let added = try await stand.done("plan orders --add-node n4:4 --moves")
            #expect(added.output.contains("replicas     3 come, 3 go: 3 from one node to another"), "\(added.output)")
            #expect(added.output.contains("n4_4  - → 3"))
            #expect(added.lines.count { $0.hasPrefix("Orders") && $0.hasSuffix(" n4_4") } >= 3)
            #expect(added.output.contains("Nothing is wrong then that is not wrong now."))

            let drained = try #require(
                try await stand.done("plan orders --drain n1_1 --format json").json() as? [String: Any])
            #expect((drained["coming"] as? Int, drained["going"] as? Int) == (4, 4))
            let moves = try #require(drained["moves"] as? [[String: String]])
            #expect(moves.count == 4 && moves.allSatisfy { $0["from"] == "n1_1" && $0["resource"] == "Orders" })
            #expect((drained["handOffs"] as? [[String: String]])?.isEmpty == false)
            #expect((drained["transitions"] as? Int ?? 0) >= 4 * 3)
            #expect((drained["problems"] as? [String])?.isEmpty == true)

            let many = try await stand.done(
                "plan orders --add-node n4_4,zone=a,tag=x --remove-node n1_1 --remove-node n2_2 --replicas Orders=3 "
                    + "--add-resource Carts:4:1 --add-resource Lists:4:1:MasterSlave --weights n3_3:cpu=5 "
                    + "--weights Orders:cpu=1 --weights Orders/Orders_2:cpu=3 --weights n4_4:cpu=100")
            for text in [
                "Carts ", "Lists ", "all 3 ", "problem: Orders: 6 of 6 partitions get fewer",
                "weights of Orders do not count",
            ] {
                #expect(many.output.contains(text), "\(text): \(many.output)")
            }
            #expect(try await stand.done("placement orders").code == 0)
            #expect(try await tree(session) == before)
        }
    }

    @Test("say what keeps a plan from coming true")
    func notes() async throws {
        try await withOrders(leader: false) { stand, _ in
            try await stand.done("cluster disable orders --reason work")
            let output = try await stand.done("plan orders --drain n1_1").output
            #expect(output.contains("helix cluster enable orders"))
            #expect(output.contains("start one with: helix controller orders"))
        }
    }

    @Test("show how even a resource is")
    func placement() async throws {
        try await withOrders { stand, _ in
            try await stand.done("instance disable orders n3_3")
            #expect(
                try await stand.done("placement orders Orders").lines == [
                    "cluster   orders", "resource  Orders", "counted   current states of live instances",
                    "replicas  12 on 2 nodes: 4 each, 4.00 on average, max-min 0",
                    "LEADER    6: 2 each, 2.00 on average, max-min 0",
                    "NODE  ZONE  REPLICAS  TOPS  █ top states  ░ others", "n1_1  -     4         2     ██░░",
                    "n2_2  -     4         2     ██░░", "n3_3  -     4         2     ██░░  disabled",
                ])
            let json = try #require(
                try await stand.done("placement orders --format json").json() as? [String: Any])
            #expect(json["resourceCount"] as? Int == 1 && json["topStates"] as? [String] == ["LEADER"])
            let instances = try #require(json["instances"] as? [[String: Any]])
            #expect(instances.map { $0["replicas"] as? Int } == [4, 4, 4])
            #expect(instances.map { $0["absence"] as? String } == [nil, nil, "disabled"])
        }
    }

    @Test(
        "are refused where they name what is not there",
        arguments: [
            ("plan orders --remove-node n9_9", "no instance n9_9 in cluster orders, which has n1_1, n2_2, n3_3; check"),
            ("plan orders --drain n9_9", "there is no instance n9_9"),
            ("plan orders --add-node n1:1", "n1_1 is live in cluster orders already"),
            ("plan orders --replicas Carts=3", "there is no resource Carts in cluster orders, which has Orders;"),
            ("plan orders --add-resource Orders:1:1", "exists in cluster orders already"),
            ("plan orders --add-resource Carts:1:1:Nope", "there is no state model Nope"),
            ("plan orders --weights n9_9:cpu=1", "there is no resource n9_9"),
            ("plan orders --weights Orders/Orders_6:cpu=1", "there is no partition Orders_6"),
            ("plan nowhere --drain n1_1", "there is no cluster nowhere"),
            ("placement nowhere", "there is no cluster nowhere"),
            ("placement orders Carts", "there is no resource Carts in cluster orders; check the name"),
        ])
    func refusals(line: String, message: String) async throws {
        try await withOrders { stand, _ in
            let result = try await stand.run(line)
            #expect(result.code == 1 && result.output.isEmpty)
            #expect(result.errors.contains(message), "\(result.errors)")
        }
    }
}

@Suite("What plans are asked for, and placements of many nodes")
struct PlanningPartsTests {
    @Test("takes the words of a node apart")
    func nodes() throws {
        let node = try NewNode(text: "n4:4,zone=a,tag=ssd,rack=r1,tag=fast").config
        #expect(node.id == "n4_4" && node.tags == ["ssd", "fast"] && node.zone == "a")
        #expect(node.record.simpleFields["DOMAIN"] == "zone=a,rack=r1")
        #expect(try NewNode(text: "n4_4").config.record == ZNRecord(id: "n4_4"))
    }

    @Test("takes the words of resources and weights apart")
    func resources() throws {
        let resource = try NewResource(text: "Carts:12:ANY_LIVEINSTANCE")
        #expect((resource.name, resource.partitions, resource.stateModel) == ("Carts", 12, "LeaderStandby"))
        #expect(resource.replicas == .anyLiveInstance)
        #expect(try NewReplicas(text: "Orders=3").replicas == .count(3))
        var snapshot = ClusterSnapshot(cluster: "c")
        snapshot.setInstanceConfig("n1_1", .present(InstanceConfig(id: "n1_1")))
        func change(_ text: String) throws -> ClusterChange {
            try NewWeights(text: text).change(in: snapshot, joining: ["n2_2"])
        }
        #expect(try change("n1:1:cpu=1,disk=20") == .setCapacity(instance: "n1_1", ["cpu": 1, "disk": 20]))
        #expect(try change("n2_2:cpu=1") == .setCapacity(instance: "n2_2", ["cpu": 1]))
        #expect(try change("R:cpu=1") == .setWeights(resource: "R", partition: nil, ["cpu": 1]))
        #expect(try change("R/R_1:cpu=0") == .setWeights(resource: "R", partition: "R_1", ["cpu": 0]))
    }

    @Test("puts numbers into classes of equal width", arguments: [0, 1, 7, 19, 20, 21, 1_000])
    func histogram(range: Int) {
        let values = (0...range).map { 5 + $0 } + [5, 5]
        let bins = Histogram(values).bins
        #expect(bins.map(\.count).reduce(0, +) == values.count)
        #expect((bins.first?.from, bins.last?.to) == (5, 5 + range))
        #expect(bins.count <= 20 && bins.count == min(bins.count, range + 1))
        #expect(zip(bins, bins.dropFirst()).allSatisfy { $0.to + 1 == $1.from })
        #expect(Histogram([]).bins.isEmpty)
        #expect(Histogram([3, 3, 5]).bins.map { "\($0.range):\($0.count)" } == ["3:2", "4:0", "5:1"])
    }

    @Test("draws bars of a bounded length, in which nothing vanishes")
    func bars() {
        #expect(Bar.text(3, marked: 1, of: 5) == "█░░")
        #expect(Bar.text(0, of: 5).isEmpty && Bar.text(0, of: 0).isEmpty)
        #expect(Bar.text(1_000, marked: 500, of: 1_000).count == 48)
        #expect(Bar.text(1, of: 1_000) == "░")
    }

    /// Nodes in two zones, each with a few partitions' replicas.
    private func spread(nodes: Int) throws -> ReplicaSpread {
        var snapshot = ClusterSnapshot(cluster: "c")
        var cluster = ClusterConfig(id: "c")
        cluster.isTopologyAware = true
        snapshot.setClusterConfig(.present(cluster))
        snapshot.setStateModel("LeaderStandby", .present(.leaderStandby))
        guard
            case .addResource(let ideal) = ClusterChange.addResource(
                "R", partitions: 40, replicas: .count(2), stateModel: "LeaderStandby")
        else { throw Unexpected(description: "no ideal state") }
        snapshot.setIdealState("R", .present(ideal))
        for number in 0..<nodes {
            let name = "n\(number)"
            var config = InstanceConfig(id: name)
            config.zone = number % 2 == 0 ? "a" : "b"
            snapshot.setInstanceConfig(name, .present(config))
            if number == 0 { continue }
            snapshot.setLiveInstance(name, .init(id: "s\(number)"))
            var state = CurrentState(resource: "R", sessionID: "s\(number)", stateModel: "LeaderStandby")
            for partition in 0..<(number % 5 + 1) {
                state["R_\(partition)"] = ReplicaState(currentState: ["LEADER", "STANDBY", "ERROR"][partition % 3])
            }
            snapshot.setCurrentState(name, "R", .present(state))
        }
        return try #require(snapshot.spread(of: "R"))
    }

    @Test("shows of hundreds of nodes how many have how much, and each where that is asked for")
    func manyNodes() throws {
        let spread = try spread(nodes: 500)
        let text = PlacementReport(spread, cluster: "c", resource: "R", resourceCount: 1).text
        #expect(text.split(separator: "\n").count < 40)
        for part in [
            "on 499 nodes: 1-5 each", "REPLICAS  NODES", "1         99 ", "2         100", "TOPS  NODES",
            "least, 1  n5, n10, n15, n20, n25 and 94 more", "not live  n0", "ZONE  NODES  REPLICAS", "in ERROR",
        ] {
            #expect(text.contains(part), "\(part): \(text)")
        }
        let all = PlacementReport(spread, cluster: "c", resource: nil, resourceCount: 3, listsAll: true).text
        #expect(all.split(separator: "\n").count > 500 && all.contains("all 3 together"))
        #expect(all.contains("n4    a     5         2     ██░░░  1 in ERROR"))
    }

    @Test("shows zones and what is broken")
    func fewNodes() throws {
        let text = PlacementReport(try spread(nodes: 4), cluster: "c", resource: "R", resourceCount: 1).text
        #expect(text.contains("n0    a     0         0     not live"))
        #expect(text.contains("b     2      6         3     ███░░░"), "\(text)")
    }

    @Test("leaves long tables to JSON, and says so")
    func longPlans() throws {
        var snapshot = ClusterSnapshot(cluster: "c")
        snapshot.setStateModel("LeaderStandby", .present(.leaderStandby))
        for number in 0..<60 {
            snapshot.setInstanceConfig("n\(number)", .present(InstanceConfig(id: "n\(number)")))
            snapshot.setLiveInstance("n\(number)", .init(id: "s\(number)"))
        }
        let changes = (0..<50).map {
            ClusterChange.addResource("R\($0)", partitions: 6, replicas: .count(2), stateModel: "LeaderStandby")
        }
        let plan = try Rebalancer().plan(changes, on: snapshot)
        let text = PlanReport(plan, SeenCluster(snapshot: snapshot, leader: "c1"), listsMoves: false).text
        #expect(text.contains("50 resources change; --format json tells of each."))
        #expect(text.contains("60 nodes change; --format json tells of each.") && !text.contains("\nNODE "))
        #expect(text.split(separator: "\n").count { $0.hasPrefix("R") && $0.contains("→") } == 40)
        #expect(text.contains("\nall 50 "))
    }
}
