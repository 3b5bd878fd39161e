import HelixRecords
import Testing

@Suite("Live instances, current states, views, resources")
struct StateRecordTests {
    @Test("A live instance as others expect it")
    func liveInstance() {
        var live = LiveInstance.make(instance: "i_1", sessionID: "10000abc", process: "42@host")
        #expect(
            live.record
                == ZNRecord(
                    id: "i_1",
                    simpleFields: ["SESSION_ID": "10000abc", "HELIX_VERSION": "2.0.1", "LIVE_INSTANCE": "42@host"]))
        #expect(live.sessionID == "10000abc" && live.helixVersion == "2.0.1" && live.process == "42@host")
        #expect(!live.isFrozen && !live.acceptsBatchMessages)
        live.isFrozen = true
        live.acceptsBatchMessages = true
        #expect(live.record.simpleFields["STATUS"] == "FROZEN")
        #expect(live.record.simpleFields["BATCH_MESSAGES_ACCEPTED"] == "true")
        #expect(live.isFrozen && live.acceptsBatchMessages)
        live.isFrozen = false
        live.acceptsBatchMessages = false
        #expect(live.record.simpleFields.count == 3)
    }

    @Test("A session is any text", arguments: ["72057594037927936", "0x100000abc", "0000000100000abc", "100000abc"])
    func sessions(text: String) {
        #expect(LiveInstance.make(instance: "i", sessionID: text, process: "").sessionID == text)
    }

    @Test("A current state as others expect it")
    func currentState() {
        var state = CurrentState(resource: "R", sessionID: "abc", stateModel: "MasterSlave")
        var replica = ReplicaState(currentState: "SLAVE")
        replica.info = ""
        replica.startTime = 1
        replica.endTime = 2
        replica.previousState = "OFFLINE"
        replica.triggeredBy = "c1"
        replica.requestedState = "MASTER"
        state["R_10"] = replica
        state["R_9"] = ReplicaState(currentState: "MASTER")
        state.isBatchMessageMode = false
        state.bucketSize = 0
        #expect(
            state.record
                == ZNRecord(
                    id: "R",
                    simpleFields: [
                        "SESSION_ID": "abc", "STATE_MODEL_DEF": "MasterSlave", "STATE_MODEL_FACTORY_NAME": "DEFAULT",
                        "BATCH_MESSAGE_MODE": "false", "BUCKET_SIZE": "0",
                    ],
                    mapFields: [
                        "R_10": [
                            "CURRENT_STATE": "SLAVE", "INFO": "", "START_TIME": "1", "END_TIME": "2",
                            "PREVIOUS_STATE": "OFFLINE", "TRIGGERED_BY": "c1", "REQUESTED_STATE": "MASTER",
                        ], "R_9": ["CURRENT_STATE": "MASTER"],
                    ]))
        #expect(state.partitions == ["R_9", "R_10"])
        #expect(state["R_10"] == replica && state["R_11"] == nil)
        #expect(state["R_10"]?.startTime == 1 && state["R_10"]?.endTime == 2)
        state["R_10"] = nil
        #expect(state.partitions == ["R_9"])
    }

    @Test("Changing a replica keeps what others wrote beside")
    func unknownReplicaFields() {
        var state = CurrentState(record: ZNRecord(id: "R", mapFields: ["R_0": ["CURRENT_STATE": "A", "future": "x"]]))
        state["R_0"]?.currentState = "B"
        state["R_0"]?.previousState = "A"
        #expect(state.record.mapFields["R_0"] == ["CURRENT_STATE": "B", "PREVIOUS_STATE": "A", "future": "x"])
        #expect(state["R_0"]?.info == nil && state["R_0"]?.requestedState == nil && state["R_0"]?.triggeredBy == nil)
    }

    @Test(
        "Records of other makes lack fields",
        arguments: [
            #"{"id":"R","simpleFields":{},"listFields":{},"mapFields":{}}"#, #"{"id":"R"}"#,
            #"{"id":"R","mapFields":{"R_0":{}}}"#,
        ])
    func sparse(json: String) throws {
        let state = try CurrentState(decoding: bytes(json), path: "p")
        #expect(state.sessionID == nil && state.stateModel == nil && state.stateModelFactory == "DEFAULT")
        #expect(!state.isBatchMessageMode && state.bucketSize == 0)
        #expect(state["R_0"]?.currentState == nil && state["R_0"]?.startTime == nil)
    }

    @Test("An external view carries the fields of its ideal state, and nothing else of it")
    func externalView() {
        var ideal = IdealState(id: "R")
        ideal.stateModel = "MasterSlave"
        ideal.resourceGroup = "g"
        ideal.instanceGroupTag = "t"
        ideal.preferenceLists = ["R_0": ["a"]]
        ideal.instanceStateMap = ["R_0": ["a": "MASTER"]]
        ideal.bucketSize = 3
        var view = ExternalView(copyingFieldsOf: ideal)
        #expect(view.record == ZNRecord(id: "R", simpleFields: ideal.record.simpleFields))
        #expect(view.stateModel == "MasterSlave" && view.resourceGroup == "g" && view.instanceGroupTag == "t")
        #expect(view.bucketSize == 3)
        view["R_10"] = ["a": "MASTER", "b": "SLAVE"]
        view["R_2"] = [:]
        #expect(view.partitions == ["R_2", "R_10"])
        #expect(view["R_10"]?["b"] == "SLAVE" && view["R_3"] == nil)
        view["R_2"] = nil
        view.preferenceLists = ["R_10": ["a", "b"]]
        #expect(view.record.mapFields == ["R_10": ["a": "MASTER", "b": "SLAVE"]])
        #expect(view.record.listFields == ["R_10": ["a", "b"]])
    }

    @Test("A resource configuration as others expect it")
    func resourceConfig() throws {
        var config = ResourceConfig(id: "R")
        #expect(config.isEnabled == nil && config.isRelayEnabled == nil && !config.hasTimeouts)
        #expect(config.stateModelFactory == nil && config.isExternalViewDisabled == nil && !config.isMonitoringDisabled)
        config.isMonitoringDisabled = true
        config.numPartitions = 3
        config.stateModel = "M"
        config.stateModelFactory = "F"
        config.replicas = "2"
        config.minActiveReplicas = 1
        config.maxPartitionsPerInstance = 4
        config.instanceGroupTag = "t"
        config.isEnabled = false
        config.resourceGroup = "g"
        config.resourceType = "y"
        config.isExternalViewDisabled = true
        config.isRelayEnabled = true
        config.rebalanceDelay = .milliseconds(9)
        config.maxThreads = 5
        config.preferenceLists = ["R_0": ["a"]]
        config.setTimeout(.milliseconds(7), from: "A", to: "*")
        config.setPartitionCapacity(["DISK": 2, "CPU": 1])
        config.setPartitionCapacity(["CPU": 9], partition: "R_0")
        #expect(
            config.record
                == ZNRecord(
                    id: "R",
                    simpleFields: [
                        "MONITORING_DISABLED": "true", "NUM_PARTITIONS": "3", "STATE_MODEL_DEF_REF": "M",
                        "STATE_MODEL_FACTORY_NAME": "F", "REPLICAS": "2", "MIN_ACTIVE_REPLICAS": "1",
                        "MAX_PARTITIONS_PER_INSTANCE": "4", "INSTANCE_GROUP_TAG": "t", "HELIX_ENABLED": "false",
                        "RESOURCE_GROUP_NAME": "g", "RESOURCE_TYPE": "y", "EXTERNAL_VIEW_DISABLED": "true",
                        "P2P_MESSAGE_ENABLED": "true", "REBALANCE_DELAY": "9", "maxThreads": "5",
                    ], listFields: ["R_0": ["a"]],
                    mapFields: [
                        "TIMEOUT": ["A.*": "7"],
                        "PARTITION_CAPACITY_MAP": ["DEFAULT": #"{"CPU":"1","DISK":"2"}"#, "R_0": #"{"CPU":"9"}"#],
                    ]))
        #expect(config.hasTimeouts && config.timeout(from: "A", to: "B") == .milliseconds(7))
        #expect(try config.partitionCapacity("R_0") == ["CPU": 9])
        #expect(try config.partitionCapacity("R_1") == ["CPU": 1, "DISK": 2])
        config.record.mapFields["PARTITION_CAPACITY_MAP"] = ["DEFAULT": "{\"CPU\":3}", "R_2": "lots"]
        #expect(try config.partitionCapacity("R_1") == ["CPU": 3])
        #expect(throws: RecordError.self) { try config.partitionCapacity("R_2") }
        #expect(try ResourceConfig(id: "S").partitionCapacity("S_0") == [:])
    }
}
