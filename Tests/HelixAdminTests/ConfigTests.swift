import Coordination
import HelixAdmin
import HelixRecords
import Testing

@Suite("Configurations")
struct ConfigTests {
    @Test("Types of customised states are named once each, and taken back")
    func customizedStates() async throws {
        let bench = try await Bench.withCluster()
        for type in ["B", "A", "B"] { try await bench.administrator.aggregate(type, in: "c") }
        #expect(try await bench.administrator.aggregatedTypes(of: "c") == ["B", "A"])
        let record = try await bench.record("/c/CONFIGS/CUSTOMIZED_STATE/c")
        #expect(record.listFields == ["AGGREGATION_ENABLED_TYPES": ["B", "A"]])
        try await bench.administrator.stopAggregating("B", in: "c")
        #expect(try await bench.administrator.aggregatedTypes(of: "c") == ["A"])
        try await expectRefusal(.invalidName, ["a/b", "type of states"], by: bench) {
            try await bench.administrator.aggregate("a/b", in: "c")
        }
    }

    private static let scopes: [ConfigScope] = [
        .cluster("c"), .participant("n_1", cluster: "c"), .resource("R", cluster: "c"),
        .partition("R_0", resource: "R", cluster: "c"),
    ]

    private func bench() async throws -> Bench {
        let bench = try await Bench.withCluster()
        try await bench.administrator.addInstance("n_1", in: "c")
        try await bench.administrator.addResource(
            "R", ResourceSettings(partitions: 2, stateModel: "MasterSlave"), in: "c")
        return bench
    }

    @Test("Fields are set, read and removed, and the others stay", arguments: scopes)
    func roundTrip(scope: ConfigScope) async throws {
        let bench = try await bench()
        let before = try await bench.administrator.config(scope)
        try await bench.administrator.setConfig(["a": "1", "b": "2"], of: scope)
        try await bench.administrator.setConfig(["b": "3"], of: scope)
        #expect(try await bench.administrator.config(scope) == before.merging(["a": "1", "b": "3"]) { $1 })
        #expect(try await bench.administrator.configKeys(scope) == (before.keys + ["a", "b"]).sorted())
        try await bench.administrator.removeConfig(["a", "x"], of: scope)
        try await bench.administrator.removeConfig(["b"], of: scope)
        #expect(try await bench.administrator.config(scope) == before)
    }

    @Test("A resource's configuration is created with the first field, a partition's is a map in it")
    func places() async throws {
        let bench = try await bench()
        try await bench.administrator.removeConfig(["a"], of: .resource("R", cluster: "c"))
        #expect(try await bench.session.exists("/c/CONFIGS/RESOURCE/R") == nil, "there was nothing to write")
        #expect(try await bench.administrator.configRecord(.resource("R", cluster: "c")) == nil)
        try await bench.administrator.setConfig(["k": "v"], of: .partition("R_0", resource: "R", cluster: "c"))
        #expect(
            try await bench.record("/c/CONFIGS/RESOURCE/R") == ZNRecord(id: "R", mapFields: ["R_0": ["k": "v"]]))
    }

    @Test("What has no owner is refused")
    func owners() async throws {
        let bench = try await bench()
        for scope: ConfigScope in [
            .cluster("d"), .participant("n_9", cluster: "c"), .resource("S", cluster: "c"),
            .partition("S_0", resource: "S", cluster: "c"),
        ] {
            try await expectRefusal(.doesNotExist, by: bench) {
                try await bench.administrator.setConfig(["a": "1"], of: scope)
            }
        }
    }

    @Test(
        "A value that cannot be is refused, with the field, the value and what was expected",
        arguments: [
            (0, "DELAY_REBALANCE_TIME", "soon", "milliseconds"), (0, "DELAY_REBALANCE_TIME", "-5", "milliseconds"),
            (0, "allowParticipantAutoJoin", "yes", "true or false"), (0, "TOPOLOGY", "zone/host", "slash"),
            (0, "TOPOLOGY", "/zone//host", "slash"), (0, "TOPOLOGY", "/zone/zone", "distinct"),
            (0, "STATE_TRANSITION.maxThreads", "0", "a number from 1"),
            (0, "MAX_OFFLINE_INSTANCES_ALLOWED", "1.5", "a number"),
            (1, "DOMAIN", "zone=a,rack", "key=value"), (1, "DOMAIN", "zone=a=b", "key=value"),
            (1, "HELIX_PORT", "70000", "port"), (1, "INSTANCE_WEIGHT", "heavy", "number"),
            (1, "HELIX_DISABLED_TYPE", "WHIM", "USER_OPERATION"), (1, "HELIX_ENABLED", "false", "enable or disable"),
            (2, "REBALANCE_MODE", "auto", "FULL_AUTO"), (2, "REPLICAS", "many", "ANY_LIVEINSTANCE"),
            (2, "P2P_MESSAGE_ENABLED", "1", "true or false"),
        ])
    func refused(scope: Int, field: String, value: String, expected: String) async throws {
        let bench = try await bench()
        let owner = Self.scopes[scope].description
        try await expectRefusal(.invalidValue, [field, expected, owner], by: bench) {
            try await bench.administrator.setConfig(["fine": "1", field: value], of: Self.scopes[scope])
        }
    }

    @Test(
        "Values that can be are taken",
        arguments: [
            (0, "DELAY_REBALANCE_TIME", "-1"), (0, "TOPOLOGY", "/zone/host"), (0, "TOPOLOGY_AWARE_ENABLED", "TRUE"),
            (0, "STATE_TRANSITION.maxThreads", "80"), (0, "anything at all", "ünï ✓ {\"x\":1}"),
            (1, "DOMAIN", "zone=a,host=b"), (1, "HELIX_PORT", "8080"), (2, "REPLICAS", "ANY_LIVEINSTANCE"),
            (2, "REBALANCE_MODE", "SEMI_AUTO"),
        ])
    func taken(scope: Int, field: String, value: String) async throws {
        let bench = try await bench()
        try await bench.administrator.setConfig([field: value], of: Self.scopes[scope])
        #expect(try await bench.administrator.config(Self.scopes[scope])[field] == value)
    }

    @Test("Throttles are checked item by item")
    func throttles() async throws {
        let bench = try await bench()
        let key = "STATE_TRANSITION_THROTTLE_CONFIGS"
        let good = #"{"THROTTLE_SCOPE":"CLUSTER","REBALANCE_TYPE":"ANY","MAX_PARTITION_IN_TRANSITION":"10"}"#
        try await bench.administrator.setConfigList(key, [good], of: .cluster("c"))
        #expect(try await bench.record("/c/CONFIGS/CLUSTER/c").listFields[key] == [good])
        for bad in [
            "{", #"{"THROTTLE_SCOPE":"WORLD","REBALANCE_TYPE":"ANY","MAX_PARTITION_IN_TRANSITION":"1"}"#,
            #"{"THROTTLE_SCOPE":"CLUSTER","REBALANCE_TYPE":"ANY","MAX_PARTITION_IN_TRANSITION":"x"}"#,
        ] {
            try await expectRefusal(.invalidValue, ["throttle"], by: bench) {
                try await bench.administrator.setConfigList(key, [good, bad], of: .cluster("c"))
            }
        }
        try await bench.administrator.setConfigList(key, [], of: .cluster("c"))
        #expect(try await bench.record("/c/CONFIGS/CLUSTER/c").listFields[key] == nil)
    }

    @Test("Maps are checked entry by entry")
    func maps() async throws {
        let bench = try await bench()
        let administrator = bench.administrator
        try await administrator.setConfigMap(
            "DEFAULT_INSTANCE_CAPACITY_MAP", ["CPU": "10"], of: .cluster("c"))
        try await expectRefusal(.invalidValue, ["CPU of DEFAULT_INSTANCE_CAPACITY_MAP", "-1"], by: bench) {
            try await administrator.setConfigMap(
                "DEFAULT_INSTANCE_CAPACITY_MAP", ["CPU": "-1"], of: .cluster("c"))
        }
        try await expectRefusal(.invalidValue, ["only one of EVENNESS"], by: bench) {
            try await administrator.setConfigMap("REBALANCE_PREFERENCE", ["EVENNESS": "3"], of: .cluster("c"))
        }
        let resource = ConfigScope.resource("R", cluster: "c")
        try await expectRefusal(.invalidValue, ["DEFAULT"], by: bench) {
            try await administrator.setConfigMap("PARTITION_CAPACITY_MAP", ["R_0": #"{"CPU":"1"}"#], of: resource)
        }
        try await expectRefusal(.invalidValue, ["PARTITION_CAPACITY_MAP", "object of numbers"], by: bench) {
            try await administrator.setConfigMap("PARTITION_CAPACITY_MAP", ["DEFAULT": "CPU=1"], of: resource)
        }
        try await administrator.setConfigMap("PARTITION_CAPACITY_MAP", ["DEFAULT": #"{"CPU":"1"}"#], of: resource)
    }

    @Test("Fields that contradict each other are refused; a contradiction that was there does not hinder its cure")
    func contradictions() async throws {
        let bench = try await bench()
        let scope = ConfigScope.cluster("c")
        try await bench.administrator.setConfig(["TOPOLOGY": "/zone/host"], of: scope)
        try await expectRefusal(.invalidValue, ["FAULT_ZONE_TYPE", "rack"], by: bench) {
            try await bench.administrator.setConfig(["FAULT_ZONE_TYPE": "rack"], of: scope)
        }
        try await bench.put(
            "/c/CONFIGS/CLUSTER/c",
            ZNRecord(
                id: "c",
                simpleFields: [
                    "TOPOLOGY": "/zone", "FAULT_ZONE_TYPE": "rack", "DELAY_REBALANCE_TIME": "soon",
                ]))
        try await bench.administrator.setConfig(["MAX_PARTITIONS_PER_INSTANCE": "5"], of: scope)
        try await bench.administrator.setConfig(["FAULT_ZONE_TYPE": "zone"], of: scope)
    }

    @Test("Typed changes are checked like texts")
    func typed() async throws {
        let bench = try await bench()
        let config = try await bench.administrator.updateClusterConfig("c") { config in
            config.rebalanceDelay = .seconds(30)
            config.throttles = [ThrottleConfig(.instance, .load, limit: 2)]
        }
        #expect(config.record.simpleFields["DELAY_REBALANCE_TIME"] == "30000")
        try await bench.administrator.updateResourceConfig("R", in: "c") { $0.minActiveReplicas = 1 }
        #expect(try await bench.record("/c/CONFIGS/RESOURCE/R").simpleFields == ["MIN_ACTIVE_REPLICAS": "1"])
        try await expectRefusal(.invalidValue, ["MAX_PARTITIONS_PER_INSTANCE"], by: bench) {
            try await bench.administrator.updateResourceConfig("R", in: "c") { $0.maxPartitionsPerInstance = -7 }
        }
    }

    @Test("A record that cannot be read is not overwritten")
    func unreadable() async throws {
        let bench = try await bench()
        try await bench.session.set("/c/CONFIGS/CLUSTER/c", Array("not a record".utf8))
        try await expectRefusal(.unreadableRecord, ["/c/CONFIGS/CLUSTER/c"], by: bench) {
            try await bench.administrator.setConfig(["a": "1"], of: .cluster("c"))
        }
    }

    @Test("A record without data is one without fields")
    func empty() async throws {
        let bench = try await bench()
        try await bench.session.set("/c/CONFIGS/CLUSTER/c", [])
        try await bench.administrator.setConfig(["a": "1"], of: .cluster("c"))
        #expect(try await bench.record("/c/CONFIGS/CLUSTER/c") == ZNRecord(id: "c", simpleFields: ["a": "1"]))
    }

    @Test("Of many changes at once none is lost")
    func concurrent() async throws {
        let bench = try await bench()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    try await bench.administrator.setConfig(["k\(number)": "v"], of: .cluster("c"))
                }
            }
            try await group.waitForAll()
        }
        #expect(try await bench.administrator.config(.cluster("c")).count == 20)
    }

    @Test("A change that somebody else gets in between is made again on what is there then")
    func interleaved() async throws {
        let bench = try await bench()
        let rival = try await bench.service.openSession()
        let faulty = InterferingSession(bench.session) {
            try await rival.set(
                "/c/CONFIGS/CLUSTER/c", try ZNRecord(id: "c", simpleFields: ["theirs": "\($0)"]).encoded())
        }
        let administrator = Administrator(session: faulty)
        faulty.interfere(times: 3)
        try await administrator.setConfig(["ours": "1"], of: .cluster("c"))
        #expect(try await bench.administrator.config(.cluster("c")) == ["ours": "1", "theirs": "3"])
        faulty.interfere(times: 1_000)
        await #expect(throws: AdministrationError.self) {
            try await administrator.setConfig(["ours": "2"], of: .cluster("c"))
        }
    }
}
