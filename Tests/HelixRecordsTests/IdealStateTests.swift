import HelixRecords
import Testing

@Suite("Ideal state")
struct IdealStateTests {
    @Test("Every setting is the field of the wire, and unknown fields stay")
    func wire() throws {
        var state = IdealState(record: ZNRecord(id: "R", simpleFields: ["future": "x"]))
        state.numPartitions = 4
        state.stateModel = "MasterSlave"
        state.replicas = .count(3)
        state.minActiveReplicas = 2
        state.rebalanceMode = .fullAuto
        state.rebalancerClass = "a.b.C"
        state.rebalanceStrategy = "d.e.F"
        state.rebalanceDelay = .seconds(5)
        state.isDelayedRebalanceEnabled = false
        state.isEnabled = false
        state.isExternalViewDisabled = true
        state.maxPartitionsPerInstance = 7
        state.instanceGroupTag = "ssd"
        state.resourceGroup = "g"
        state.resourceType = "t"
        state.isGroupRoutingEnabled = true
        state.bucketSize = 10
        state.isBatchMessageMode = true
        state.stateModelFactory = "F"
        state.setTransitionTimeout(.milliseconds(300), from: "OFFLINE", to: "SLAVE")
        #expect(
            state.record.simpleFields == [
                "future": "x", "NUM_PARTITIONS": "4", "STATE_MODEL_DEF_REF": "MasterSlave", "REPLICAS": "3",
                "MIN_ACTIVE_REPLICAS": "2", "REBALANCE_MODE": "FULL_AUTO", "IDEAL_STATE_MODE": "AUTO_REBALANCE",
                "REBALANCER_CLASS_NAME": "a.b.C", "REBALANCE_STRATEGY": "d.e.F", "REBALANCE_DELAY": "5000",
                "DELAY_REBALANCE_ENABLED": "false", "HELIX_ENABLED": "false", "EXTERNAL_VIEW_DISABLED": "true",
                "MAX_PARTITIONS_PER_INSTANCE": "7", "INSTANCE_GROUP_TAG": "ssd", "RESOURCE_GROUP_NAME": "g",
                "RESOURCE_TYPE": "t", "GROUP_ROUTING_ENABLED": "true", "BUCKET_SIZE": "10",
                "BATCH_MESSAGE_MODE": "true",
                "STATE_MODEL_FACTORY_NAME": "F", "OFFLINE-SLAVE_TIMEOUT": "300",
            ])
        let read = try IdealState(decoding: try state.encoded(), path: "p")
        #expect(read == state)
        #expect(read.numPartitions == 4 && read.minActiveReplicas == 2 && read.maxPartitionsPerInstance == 7)
        #expect(read.rebalanceDelay == .seconds(5) && !read.isDelayedRebalanceEnabled && !read.isEnabled)
        #expect(read.rebalancerClass == "a.b.C" && read.rebalanceStrategy == "d.e.F" && read.stateModelFactory == "F")
        #expect(read.instanceGroupTag == "ssd" && read.resourceGroup == "g" && read.resourceType == "t")
        #expect(read.isGroupRoutingEnabled && read.isExternalViewDisabled && read.isBatchMessageMode)
        #expect(read.bucketSize == 10)
        #expect(read.transitionTimeout(from: "OFFLINE", to: "SLAVE") == .milliseconds(300))
        #expect(read.transitionTimeout(from: "SLAVE", to: "OFFLINE") == nil)
    }

    @Test("What is not set has its default")
    func defaults() {
        let state = IdealState(id: "R")
        #expect(state.numPartitions == nil && state.stateModel == nil && state.minActiveReplicas == nil)
        #expect(state.rebalanceMode == .semiAuto)
        #expect(state.replicas == .count(0))
        #expect(state.stateModelFactory == "DEFAULT")
        #expect(state.rebalanceDelay == nil && state.maxPartitionsPerInstance == nil && state.instanceGroupTag == nil)
        #expect(state.isEnabled && state.isDelayedRebalanceEnabled)
        #expect(!state.isExternalViewDisabled && !state.isBatchMessageMode && !state.isGroupRoutingEnabled)
        #expect(state.bucketSize == 0)
    }

    @Test(
        "The rebalance mode, or what the legacy field says",
        arguments: [
            ("FULL_AUTO", nil, .fullAuto), ("SEMI_AUTO", "CUSTOMIZED", .semiAuto), ("CUSTOMIZED", nil, .customized),
            ("USER_DEFINED", "AUTO", .userDefined), ("TASK", nil, .task), ("NONE", "AUTO_REBALANCE", .fullAuto),
            (nil, "AUTO_REBALANCE", .fullAuto), (nil, "AUTO", .semiAuto), (nil, "CUSTOMIZED", .customized),
            (nil, nil, .semiAuto), ("NONE", "?", .semiAuto), ("full_auto", nil, nil), ("", nil, nil),
        ] as [(String?, String?, IdealState.RebalanceMode?)])
    func modes(mode: String?, legacy: String?, expected: IdealState.RebalanceMode?) {
        var state = IdealState(id: "R")
        state.record.simpleFields["REBALANCE_MODE"] = mode
        state.record.simpleFields["IDEAL_STATE_MODE"] = legacy
        #expect(state.rebalanceMode == expected)
    }

    @Test(
        "Setting the mode writes both fields",
        arguments: [
            (.fullAuto, "FULL_AUTO", "AUTO_REBALANCE"), (.semiAuto, "SEMI_AUTO", "AUTO"), (.task, "TASK", "AUTO"),
            (.customized, "CUSTOMIZED", "CUSTOMIZED"), (.userDefined, "USER_DEFINED", "AUTO"), (nil, "NONE", "AUTO"),
        ] as [(IdealState.RebalanceMode?, String, String)])
    func settingModes(mode: IdealState.RebalanceMode?, text: String, legacy: String) {
        var state = IdealState(id: "R")
        state.rebalanceMode = mode
        #expect(state.record.simpleFields == ["REBALANCE_MODE": text, "IDEAL_STATE_MODE": legacy])
    }

    @Test(
        "The number of replicas, and what stands in for it",
        arguments: [
            ("3", .semiAuto, .count(3)), ("ANY_LIVEINSTANCE", .semiAuto, .anyLiveInstance), ("0", .fullAuto, .count(0)),
            ("-1", .semiAuto, nil), ("three", .semiAuto, nil), (nil, .semiAuto, .count(2)),
            (nil, .customized, .count(1)),
            (nil, .fullAuto, .count(0)), (nil, .userDefined, .count(0)),
        ] as [(String?, IdealState.RebalanceMode, IdealState.Replicas?)])
    func replicas(text: String?, mode: IdealState.RebalanceMode, expected: IdealState.Replicas?) {
        var state = IdealState(id: "R")
        state.rebalanceMode = mode
        state.record.simpleFields["REPLICAS"] = text
        state.preferenceLists = ["R_1": ["a"], "R_0": ["a", "b"]]
        state.instanceStateMap = ["R_1": ["a": "X", "b": "X"], "R_0": ["a": "X"]]
        #expect(state.replicas == expected)
    }

    @Test("The partitions come from the field that the mode says, in natural order")
    func partitions() {
        var state = IdealState(id: "R")
        state.preferenceLists = ["R_10": [], "R_9": [], "R_1": []]
        state.instanceStateMap = ["R_3": [:], "R_20": [:]]
        for mode in [IdealState.RebalanceMode.fullAuto, .semiAuto, .userDefined, .task] {
            state.rebalanceMode = mode
            #expect(state.partitions == ["R_1", "R_9", "R_10"])
        }
        state.rebalanceMode = .customized
        #expect(state.partitions == ["R_3", "R_20"])
    }

    @Test(
        "The legacy switch overrules the delay, until the delay is set anew",
        arguments: [
            (nil, nil, true), ("false", nil, false), (nil, "true", false), ("true", "true", false),
            (nil, "false", true),
        ] as [(String?, String?, Bool)])
    func delay(enabled: String?, disabled: String?, expected: Bool) {
        var state = IdealState(id: "R")
        state.record.simpleFields["DELAY_REBALANCE_ENABLED"] = enabled
        state.record.simpleFields["DELAY_REBALANCE_DISABLED"] = disabled
        #expect(state.isDelayedRebalanceEnabled == expected)
        state.isDelayedRebalanceEnabled = true
        #expect(state.isDelayedRebalanceEnabled)
    }

    @Test("A sound record has no problems")
    func sound() {
        var state = IdealState(id: "R")
        state.numPartitions = 2
        state.stateModel = "MasterSlave"
        state.rebalanceMode = .semiAuto
        state.replicas = .count(2)
        state.preferenceLists = ["R_0": ["a", "b"], "R_1": [IdealState.anyLiveInstance]]
        #expect(state.problems().isEmpty, "\(state.problems())")
        state.replicas = .anyLiveInstance
        state.preferenceLists["R_0"] = []
        #expect(state.problems().isEmpty, "\(state.problems())")
    }

    @Test("Every problem is named")
    func problems() {
        var state = IdealState(id: "R")
        state.record.simpleFields = ["NUM_PARTITIONS": "-1", "REBALANCE_MODE": "MAGIC", "REPLICAS": "few"]
        let problems = state.problems()
        #expect(problems.count == 4)
        #expect(problems[0] == "NUM_PARTITIONS is \"-1\", expected a number from 0; set it")
        #expect(problems[1].hasPrefix("STATE_MODEL_DEF_REF is missing"))
        #expect(problems[2].hasPrefix("REBALANCE_MODE is \"MAGIC\", expected one of FULL_AUTO, SEMI_AUTO"))
        #expect(problems[3].hasPrefix("REPLICAS is \"few\""))
        #expect(IdealState(id: "R").problems().first == "NUM_PARTITIONS is missing, expected a number from 0; set it")
    }

    @Test("In SEMI_AUTO every list has as many instances as there are replicas")
    func listLengths() {
        var state = IdealState(id: "R")
        state.numPartitions = 2
        state.stateModel = "M"
        state.rebalanceMode = .semiAuto
        state.replicas = .count(2)
        state.preferenceLists = ["R_0": ["a", "b"], "R_1": ["a"]]
        #expect(state.problems().count == 1)
        #expect(state.problems().first?.contains("R_1 has 1 instances, REPLICAS is 2") == true)
        state.rebalanceMode = .fullAuto
        #expect(state.problems().isEmpty)
    }
}
