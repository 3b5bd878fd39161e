import Coordination
import HelixAdmin
import HelixRecords
import StateModels
import Testing

@Suite("Clusters")
struct ClusterTests {
    @Test("A new cluster has exactly the znodes of the protocol and the built-in state models")
    func golden() async throws {
        let bench = try await Bench()
        let created = try await bench.administrator.addCluster("c")
        let models = StateModel.builtIn.map(\.name).sorted().map { "/c/STATEMODELDEFS/\($0)" }
        let expected =
            [
                "/c", "/c/CONFIGS", "/c/CONFIGS/CLUSTER", "/c/CONFIGS/CLUSTER/c", "/c/CONFIGS/CUSTOMIZED_STATE",
                "/c/CONFIGS/PARTICIPANT", "/c/CONFIGS/RESOURCE", "/c/CONTROLLER", "/c/CONTROLLER/ERRORS",
                "/c/CONTROLLER/HISTORY", "/c/CONTROLLER/MESSAGES", "/c/CONTROLLER/STATUSUPDATES", "/c/EXTERNALVIEW",
                "/c/IDEALSTATES", "/c/INSTANCES", "/c/LIVEINSTANCES", "/c/PROPERTYSTORE", "/c/STATEMODELDEFS",
            ] + models
        #expect(try await bench.session.subtree("/c").sorted() == expected.sorted())
        #expect(created.sorted() == expected.sorted())
        #expect(
            try await bench.text("/c/CONFIGS/CLUSTER/c")
                == #"{"id":"c","simpleFields":{},"listFields":{},"mapFields":{}}"#)
        #expect(
            try await bench.text("/c/CONTROLLER/HISTORY")
                == #"{"id":"HISTORY","simpleFields":{},"listFields":{"c":[]},"mapFields":{}}"#)
        #expect(try StateModel(record: await bench.record("/c/STATEMODELDEFS/MasterSlave")) == .masterSlave)
    }

    @Test("A cluster that is there is repaired, and nothing in it changes")
    func repair() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.setConfig(["mine": "1"], of: .cluster("c"))
        try await bench.put("/c/STATEMODELDEFS/MasterSlave", ZNRecord(id: "MasterSlave"))
        try await bench.session.delete("/c/CONTROLLER/MESSAGES")
        try await bench.session.delete("/c/STATEMODELDEFS/OnlineOffline")
        #expect(try await bench.administrator.clusters() == [])
        #expect(
            try await bench.administrator.addCluster("c")
                == ["/c/CONTROLLER/MESSAGES", "/c/STATEMODELDEFS/OnlineOffline"])
        #expect(try await bench.administrator.addCluster("c") == [])
        #expect(try await bench.administrator.config(.cluster("c")) == ["mine": "1"])
        #expect(try await bench.record("/c/STATEMODELDEFS/MasterSlave") == ZNRecord(id: "MasterSlave"))
    }

    @Test("What cannot be a name is refused", arguments: ["", "a/b", " a", "a ", ".", "..", "zookeeper", "a\u{1}"])
    func names(name: String) async throws {
        let bench = try await Bench()
        try await expectRefusal(.invalidName, ["\"\(name)\""], by: bench) {
            try await bench.administrator.addCluster(name)
        }
    }

    @Test("Only what is set up counts as a cluster")
    func list() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.addCluster("a")
        try await bench.session.createWithParents("/something/else")
        #expect(try await bench.administrator.clusters() == ["a", "c"])
    }

    @Test("An operation on a cluster that is missing or incomplete says which it is")
    func missing() async throws {
        let bench = try await Bench.withCluster()
        try await expectRefusal(.doesNotExist, ["no cluster d", "/d"], by: bench) {
            _ = try await bench.administrator.instances(in: "d")
        }
        try await bench.session.delete("/c/CONTROLLER/ERRORS")
        try await expectRefusal(.isNotSetUp, ["/c/CONTROLLER/ERRORS is missing", "add the cluster again"], by: bench) {
            _ = try await bench.administrator.instances(in: "c")
        }
    }

    @Test("A cluster is dropped with all that is in it")
    func drop() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.addInstance("n_1", in: "c")
        try await bench.administrator.addCluster("other")
        try await bench.administrator.dropCluster("c")
        #expect(try await bench.session.exists("/c") == nil)
        #expect(try await bench.administrator.clusters() == ["other"])
        try await expectRefusal(.doesNotExist, by: bench) { try await bench.administrator.dropCluster("c") }
    }

    @Test("A cluster in use is not dropped")
    func dropInUse() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.addInstance("n_1", in: "c")
        try await bench.start("n_1")
        try await expectRefusal(.isLive, ["n_1 is alive"], by: bench) {
            try await bench.administrator.dropCluster("c")
        }
        try await bench.session.delete("/c/LIVEINSTANCES/n_1")
        try await bench.put(
            "/c/CONTROLLER/LEADER", LiveInstance.make(instance: "boss", sessionID: "6", process: "2@desk").record)
        try await expectRefusal(.isLive, ["boss"], by: bench) { try await bench.administrator.dropCluster("c") }
    }

    @Test("A cluster is described")
    func describe() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.addInstance("n_2", in: "c")
        try await bench.administrator.addInstance("n_1", in: "c")
        try await bench.start("n_2")
        try await bench.administrator.disableCluster("c", reason: "lunch")
        try await bench.administrator.addResource(
            "R", ResourceSettings(partitions: 2, stateModel: "MasterSlave"), in: "c")
        let cluster = try await bench.administrator.describeCluster("c")
        #expect(cluster.instances == ["n_1", "n_2"])
        #expect(cluster.liveInstances == ["n_2"])
        #expect(cluster.resources == ["R"])
        #expect(cluster.pause?.reason == "lunch")
        #expect(cluster.leader == nil && cluster.maintenance == nil)
        #expect(cluster.stateModels == StateModel.builtIn.map(\.name).sorted())
    }

    @Test("Disabling a cluster writes PAUSE once, enabling removes it")
    func pause() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.disableCluster("c", reason: "upgrade")
        try await bench.administrator.disableCluster("c", reason: "again")
        #expect(
            try await bench.record("/c/CONTROLLER/PAUSE")
                == ZNRecord(
                    id: "pause",
                    simpleFields: [
                        "REASON": "upgrade", "FROM_HOST": "desk", "TRIGGER_TIME": "2023-11-14T22:13:20.000Z",
                    ]))
        try await bench.administrator.enableCluster("c")
        try await bench.administrator.enableCluster("c")
        #expect(try await bench.session.exists("/c/CONTROLLER/PAUSE") == nil)
    }

    @Test("An on-demand rebalance is the time of it in the cluster's configuration")
    func rebalanceOnDemand() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.rebalanceOnDemand("c")
        let fields = try await bench.record("/c/CONFIGS/CLUSTER/c").simpleFields
        #expect(fields["LAST_ON_DEMAND_REBALANCE_TIMESTAMP"] == "1700000000000")
        try await expectRefusal(.doesNotExist, by: bench) { try await bench.administrator.rebalanceOnDemand("d") }
    }

    @Test("Maintenance is a znode and two lines of history")
    func maintenance() async throws {
        let bench = try await Bench.withCluster()
        try await expectRefusal(.doesNotExist, by: bench) { try await bench.administrator.exitMaintenance("c") }
        try await bench.administrator.enterMaintenance("c", reason: "disks")
        try await expectRefusal(.alreadyExists, ["disks"], by: bench) {
            try await bench.administrator.enterMaintenance("c", reason: "more")
        }
        let signal = MaintenanceSignal(record: try await bench.record("/c/CONTROLLER/MAINTENANCE"))
        #expect(signal.reason == "disks" && signal.trigger == .user && signal.timestamp == Bench.time)
        try await bench.administrator.exitMaintenance("c", reason: "done")
        #expect(try await bench.session.exists("/c/CONTROLLER/MAINTENANCE") == nil)
        let history = ControllerHistory(record: try await bench.record("/c/CONTROLLER/HISTORY"))
        #expect(history.maintenanceEntries.count == 2)
        #expect(history.maintenanceEntries[0].contains(#""OPERATION_TYPE":"ENTER""#))
        #expect(history.maintenanceEntries[1].contains(#""OPERATION_TYPE":"EXIT""#))
    }

    @Test("A signal of maintenance that cannot be read is seen, and can be ended", arguments: ["", "{"])
    func unreadableMaintenance(content: String) async throws {
        let bench = try await Bench.withCluster()
        try await bench.session.create("/c/CONTROLLER/MAINTENANCE", Array(content.utf8))
        let reason = try await bench.administrator.describeCluster("c").maintenance?.reason
        #expect(reason?.hasPrefix("the signal cannot be read") == true)
        try await expectRefusal(.alreadyExists, ["cannot be read"], by: bench) {
            try await bench.administrator.enterMaintenance("c", reason: "more")
        }
        try await bench.administrator.exitMaintenance("c")
        #expect(try await bench.session.exists("/c/CONTROLLER/MAINTENANCE") == nil)
    }
}
