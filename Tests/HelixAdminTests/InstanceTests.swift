import Coordination
import HelixAdmin
import HelixRecords
import Testing

@Suite("Instances")
struct InstanceTests {
    @Test("A new instance has exactly the znodes and the record of the protocol")
    func golden() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.addInstance("node1_8080", in: "c") { $0.tags = ["fast"] }
        #expect(
            try await bench.session.subtree("/c/INSTANCES/node1_8080").sorted() == [
                "/c/INSTANCES/node1_8080", "/c/INSTANCES/node1_8080/CURRENTSTATES",
                "/c/INSTANCES/node1_8080/CUSTOMIZEDSTATES", "/c/INSTANCES/node1_8080/ERRORS",
                "/c/INSTANCES/node1_8080/HEALTHREPORT", "/c/INSTANCES/node1_8080/HISTORY",
                "/c/INSTANCES/node1_8080/MESSAGES", "/c/INSTANCES/node1_8080/STATUSUPDATES",
                "/c/INSTANCES/node1_8080/TASKCURRENTSTATES",
            ])
        let operation = #"{"OPERATION":"ENABLE","REASON":"INIT","SOURCE":"DEFAULT","TIMESTAMP":"-1"}"#
        #expect(
            try await bench.record("/c/CONFIGS/PARTICIPANT/node1_8080")
                == ZNRecord(
                    id: "node1_8080",
                    simpleFields: ["HELIX_HOST": "node1", "HELIX_PORT": "8080", "HELIX_ENABLED": "true"],
                    listFields: ["TAG_LIST": ["fast"], "HELIX_INSTANCE_OPERATIONS": [operation]]))
        #expect(try await bench.record("/c/INSTANCES/node1_8080/HISTORY") == ZNRecord(id: "node1_8080"))
    }

    @Test("host:port is taken for host_port")
    func colon() async throws {
        let bench = try await Bench.withCluster()
        #expect(try await bench.administrator.addInstance("h:12", in: "c").id == "h_12")
        #expect(try await bench.administrator.instances(in: "c") == ["h_12"])
    }

    @Test("An instance is added once, and what an interrupted attempt left is completed")
    func twice() async throws {
        let bench = try await Bench.withCluster()
        try await bench.session.createWithParents("/c/INSTANCES/n_1/MESSAGES")
        try await bench.administrator.addInstance("n_1", in: "c")
        #expect(try await bench.administrator.describeInstance("n_1", in: "c").missing == [])
        try await expectRefusal(.alreadyExists, ["n_1"], by: bench) {
            try await bench.administrator.addInstance("n_1", in: "c")
        }
    }

    @Test("A malformed setting is refused before anything is written")
    func malformed() async throws {
        let bench = try await Bench.withCluster()
        try await expectRefusal(.invalidValue, ["DOMAIN", "key=value"], by: bench) {
            try await bench.administrator.addInstance("n_1", in: "c") {
                $0.record.simpleFields["DOMAIN"] = "zone"
            }
        }
    }

    @Test("Of instances with one logical id the second begins as UNKNOWN, and there is no third")
    func twins() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.setConfig(["TOPOLOGY": "/zone/host"], of: .cluster("c"))
        func add(_ name: String) async throws -> InstanceConfig {
            try await bench.administrator.addInstance(name, in: "c") {
                $0.setDomain([("zone", "z"), ("host", "h1")])
            }
        }
        #expect(try await add("a_1").effectiveOperation == .enable)
        #expect(try await add("b_1").effectiveOperation == .unknown)
        try await expectRefusal(.alreadyExists, ["a_1, b_1", "logical id"], by: bench) { _ = try await add("d_1") }
        try await expectRefusal(.illegalMove, ["b_1 is UNKNOWN", "a_1 with the same logical id"], by: bench) {
            try await bench.administrator.enableInstance("b_1", in: "c")
        }
        try await bench.administrator.setOperation(.swapIn, of: "b_1", in: "c")
        #expect(try await bench.administrator.describeInstance("b_1", in: "c").config.effectiveOperation == .swapIn)
    }

    @Test("A dropped instance leaves nothing behind")
    func drop() async throws {
        let bench = try await Bench.withCluster()
        let empty = try await bench.session.subtree("/c")
        try await bench.administrator.addInstance("n_1", in: "c")
        try await bench.put("/c/INSTANCES/n_1/MESSAGES/m", ZNRecord(id: "m"))
        try await bench.put("/c/INSTANCES/n_1/CURRENTSTATES/5/R", ZNRecord(id: "R"))
        try await bench.administrator.dropInstance("n_1", in: "c")
        #expect(try await bench.session.subtree("/c") == empty)
    }

    @Test("A live instance is not dropped, nor one that does not exist")
    func dropRefused() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.addInstance("n_1", in: "c")
        try await bench.start("n_1")
        try await expectRefusal(.isLive, ["n_1", "stop it"], by: bench) {
            try await bench.administrator.dropInstance("n_1", in: "c")
        }
        try await expectRefusal(.doesNotExist, ["n_2"], by: bench) {
            try await bench.administrator.dropInstance("n_2", in: "c")
        }
    }

    @Test("An instance that joins between look and leap is not dropped")
    func dropRace() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.addInstance("n_1", in: "c")
        let racing = InterferingSession(bench.session) { _ in try await bench.start("n_1") }
        racing.interfere(times: 1)
        await #expect(throws: AdministrationError.self) {
            try await Administrator(session: racing).dropInstance("n_1", in: "c")
        }
        #expect(try await bench.administrator.describeInstance("n_1", in: "c").missing == [])
        #expect(try await bench.administrator.liveInstances(in: "c") == ["n_1"])
    }

    @Test("A message that comes between look and leap goes with its instance")
    func dropWithMessage() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.addInstance("n_1", in: "c")
        let racing = InterferingSession(bench.session) { number in
            try await bench.put("/c/INSTANCES/n_1/MESSAGES/m\(number)", ZNRecord(id: "m\(number)"))
        }
        racing.interfere(times: 2)
        try await Administrator(session: racing).dropInstance("n_1", in: "c")
        #expect(try await bench.session.exists("/c/INSTANCES/n_1") == nil)
    }

    @Test("Half an instance can be dropped too")
    func dropHalf() async throws {
        let bench = try await Bench.withCluster()
        try await bench.session.createWithParents("/c/INSTANCES/n_1/MESSAGES")
        try await bench.administrator.dropInstance("n_1", in: "c")
        #expect(try await bench.session.exists("/c/INSTANCES/n_1") == nil)
    }

    @Test("Disabling writes the flag and the operation, with reason and time; enabling takes both back")
    func disable() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.addInstance("n_1", in: "c")
        try await bench.administrator.disableInstance("n_1", in: "c", reason: "disk")
        var record = try await bench.record("/c/CONFIGS/PARTICIPANT/n_1")
        #expect(record.simpleFields["HELIX_ENABLED"] == "false")
        #expect(record.simpleFields["HELIX_ENABLED_TIMESTAMP"] == "1700000000000")
        #expect(record.simpleFields["HELIX_DISABLED_REASON"] == "disk")
        #expect(
            record.listFields["HELIX_INSTANCE_OPERATIONS"]
                == [#"{"OPERATION":"DISABLE","REASON":"disk","SOURCE":"ADMIN","TIMESTAMP":"1700000000000"}"#])
        try await bench.administrator.enableInstance("n_1", in: "c")
        record = try await bench.record("/c/CONFIGS/PARTICIPANT/n_1")
        #expect(record.simpleFields["HELIX_ENABLED"] == "true")
        #expect(record.simpleFields["HELIX_DISABLED_REASON"] == nil)
        #expect(InstanceConfig(record: record).effectiveOperation == .enable)
        try await expectRefusal(.doesNotExist, ["n_9"], by: bench) {
            try await bench.administrator.disableInstance("n_9", in: "c")
        }
    }

    @Test("Enabling an instance without any flag writes both")
    func enableBare() async throws {
        let bench = try await Bench.withCluster()
        try await bench.put("/c/CONFIGS/PARTICIPANT/n_1", ZNRecord(id: "n_1"))
        try await bench.administrator.enableInstance("n_1", in: "c")
        let record = try await bench.record("/c/CONFIGS/PARTICIPANT/n_1")
        #expect(record.simpleFields["HELIX_ENABLED"] == "true")
        #expect(record.listFields["HELIX_INSTANCE_OPERATIONS"]?.count == 1)
    }

    @Test("Tags come and go, and fields that are not known stay")
    func tags() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.addInstance("n_1", in: "c") { $0.record.simpleFields["mine"] = "1" }
        try await bench.administrator.addInstance("n_2", in: "c")
        try await bench.administrator.addTags(["a", "b", "a"], to: "n_1", in: "c")
        #expect(try await bench.administrator.describeInstance("n_1", in: "c").config.tags == ["a", "b"])
        #expect(try await bench.administrator.instances(in: "c", tag: "b") == ["n_1"])
        let version = try await bench.version("/c/CONFIGS/PARTICIPANT/n_1")
        try await bench.administrator.addTags(["a"], to: "n_1", in: "c")
        #expect(try await bench.version("/c/CONFIGS/PARTICIPANT/n_1") == version, "nothing to write")
        try await bench.administrator.removeTags(["a", "x"], from: "n_1", in: "c")
        let config = try await bench.administrator.describeInstance("n_1", in: "c").config
        #expect(config.tags == ["b"] && config.record.simpleFields["mine"] == "1")
        try await expectRefusal(.invalidValue, ["TAG_LIST"], by: bench) {
            try await bench.administrator.addTags([""], to: "n_1", in: "c")
        }
    }

    @Test("An instance is described with what it does")
    func describe() async throws {
        let bench = try await Bench.withCluster()
        try await bench.administrator.addInstance("n_1", in: "c")
        try await bench.start("n_1", states: ["R": ["R_0": "MASTER"]])
        try await bench.put("/c/INSTANCES/n_1/MESSAGES/m", ZNRecord(id: "m"))
        try await bench.session.delete("/c/INSTANCES/n_1/ERRORS")
        let instance = try await bench.administrator.describeInstance("n_1", in: "c")
        #expect(instance.live?.sessionID == "5")
        #expect(instance.currentStates.first?["R_0"]?.currentState == "MASTER")
        #expect(instance.pendingMessages == 1)
        #expect(instance.missing == ["/c/INSTANCES/n_1/ERRORS"])
        #expect(try await bench.administrator.liveInstances(in: "c") == ["n_1"])
    }
}
