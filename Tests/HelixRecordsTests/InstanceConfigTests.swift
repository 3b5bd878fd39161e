import HelixRecords
import Testing

@Suite("Instance configuration")
struct InstanceConfigTests {
    @Test(
        "Host and port are the fields, or else parts of the name",
        arguments: [
            ("db7_9000", nil, nil, "db7", "9000"), ("my_db_9000", nil, nil, "my_db", "9000"),
            ("plain", nil, nil, "plain", nil),
            ("db7_9000", "10.0.0.7", "1", "10.0.0.7", "1"), ("x_", nil, nil, "x", ""),
        ] as [(String, String?, String?, String, String?)])
    func hostAndPort(name: String, host: String?, port: String?, expectedHost: String, expectedPort: String?) {
        var config = InstanceConfig(id: name)
        config.record.simpleFields["HELIX_HOST"] = host
        config.record.simpleFields["HELIX_PORT"] = port
        #expect(config.host == expectedHost)
        #expect(config.port == expectedPort)
    }

    @Test("Every setting is the field of the wire")
    func wire() throws {
        var config = InstanceConfig(id: "i_1")
        config.host = "h"
        config.port = "1"
        config.zone = "z"
        config.setDomain([("zone", "z1"), ("instance", "i_1")])
        config.tags = ["ssd", "big"]
        config.weight = 3
        config.capacity = ["CPU": 8]
        config.info = ["rack": "r1"]
        config.setMaxThreads(5, .stateTransition)
        config.maxConcurrentTasks = 9
        config.isDelayedRebalanceEnabled = false
        #expect(
            config.record
                == ZNRecord(
                    id: "i_1",
                    simpleFields: [
                        "HELIX_HOST": "h", "HELIX_PORT": "1", "HELIX_ZONE_ID": "z", "DOMAIN": "zone=z1,instance=i_1",
                        "INSTANCE_WEIGHT": "3", "STATE_TRANSITION.maxThreads": "5", "MAX_CONCURRENT_TASK": "9",
                        "DELAY_REBALANCE_ENABLED": "false",
                    ], listFields: ["TAG_LIST": ["ssd", "big"]],
                    mapFields: ["INSTANCE_CAPACITY_MAP": ["CPU": "8"], "INSTANCE_INFO_MAP": ["rack": "r1"]]))
        #expect(config.maxThreads(.stateTransition) == 5 && config.maxThreads(.userDefined) == nil)
        #expect(config.weight == 3 && config.capacity == ["CPU": 8] && config.info == ["rack": "r1"])
        #expect(config.zone == "z" && config.tags == ["ssd", "big"] && config.maxConcurrentTasks == 9)
    }

    @Test(
        "A domain keeps its order",
        arguments: [
            ("zone=a,rack=b", ["zone", "rack"]), (" zone = a , rack = b ", ["zone", "rack"]), ("", []), (nil, []),
        ] as [(String?, [String])])
    func domain(text: String?, keys: [String]) throws {
        var config = InstanceConfig(id: "i")
        config.record.simpleFields["DOMAIN"] = text
        #expect(try config.domain.map(\.key) == keys)
        #expect(try config.domain.map(\.value) == Array(["a", "b"].prefix(keys.count)))
    }

    @Test(
        "A malformed domain is refused",
        arguments: ["zone", "zone=", "=a", "zone=a=b", "zone=a,", ",", "zone=a,,rack=b"])
    func malformedDomain(text: String) throws {
        var config = InstanceConfig(id: "i")
        config.record.simpleFields["DOMAIN"] = text
        let error = try #require(throws: RecordError.self) { try config.domain }
        #expect(error.path == "CONFIGS/PARTICIPANT/i")
        #expect(error.reason.contains("\"\(text)\""))
    }

    @Test("The logical id is the domain's value for the last key of the topology")
    func logicalID() throws {
        var cluster = ClusterConfig(id: "C")
        var config = InstanceConfig(id: "i_1")
        #expect(try config.logicalID(in: cluster) == "i_1")
        config.setDomain([("zone", "a"), ("INSTANCE", "x"), ("node", "n7")])
        #expect(try config.logicalID(in: cluster) == "x")
        cluster.topology = "/zone/node"
        #expect(try config.logicalID(in: cluster) == "n7")
    }

    @Test("Partitions are disabled by resource, by the legacy list, or all of them")
    func disabledPartitions() {
        var config = InstanceConfig(id: "i")
        config.record.mapFields["HELIX_DISABLED_PARTITION"] = ["R": "R_1, R_2,,", "S": "S_1"]
        config.record.listFields["HELIX_DISABLED_PARTITION"] = ["old"]
        #expect(config.disabledPartitions(resource: "R") == (false, ["R_1", "R_2", "old"]))
        #expect(config.disabledPartitions(resource: "T") == (false, ["old"]))
        config.setAllPartitions(enabled: false)
        #expect(config.disabledPartitions(resource: "T").all)
        #expect(config.record.mapFields["HELIX_DISABLED_PARTITION"]?["ALL_RESOURCES"] == "")
        config.setAllPartitions(enabled: true)
        #expect(!config.disabledPartitions(resource: "T").all)
    }

    @Test("Disabling and enabling partitions")
    func settingPartitions() {
        var config = InstanceConfig(id: "i")
        config.setPartitions(["R_2", "R_10", "R_1"], resource: "R", enabled: false)
        #expect(config.record.mapFields["HELIX_DISABLED_PARTITION"] == ["R": "R_1,R_10,R_2"])
        config.setPartitions(["R_2"], resource: "R", enabled: true)
        #expect(config.record.mapFields["HELIX_DISABLED_PARTITION"] == ["R": "R_1,R_10"])
        config.record.listFields["HELIX_DISABLED_PARTITION"] = ["R_1", "other"]
        config.setPartitions(["R_1", "R_10", "never"], resource: "R", enabled: true)
        #expect(config.record.mapFields["HELIX_DISABLED_PARTITION"] == nil)
        #expect(config.record.listFields["HELIX_DISABLED_PARTITION"] == ["other"])
    }
}
