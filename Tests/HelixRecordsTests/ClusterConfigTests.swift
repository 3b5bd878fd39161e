import HelixRecords
import Testing

@Suite("Cluster configuration")
struct ClusterConfigTests {
    @Test("Every setting is the field of the wire")
    func wire() {
        var config = ClusterConfig(id: "C")
        config.allowsAutoJoin = true
        config.topology = "/zone/host"
        config.faultZoneType = "zone"
        config.isTopologyAware = true
        config.persistsBestPossibleAssignment = true
        config.persistsIntermediateAssignment = true
        config.rebalanceDelay = .seconds(60)
        config.isDelayedRebalanceEnabled = true
        config.lastOnDemandRebalance = 17
        config.maxPartitionsPerInstance = 100
        config.globalMaxPartitionsPerInstance = 200
        config.resourcePriorityField = "PRIORITY"
        config.rebalanceTimerPeriod = .seconds(1)
        config.isBatchMessageMode = true
        config.isCancellationEnabled = true
        config.isRelayEnabled = true
        config.missingTopStateThreshold = .milliseconds(5)
        config.errorPartitionThreshold = 4
        config.maxOfflineInstances = 3
        config.offlineInstancesForAutoExit = 1
        config.offlineTimeoutInMaintenance = .milliseconds(6)
        config.offlineDurationForPurge = .milliseconds(7)
        config.deregistrationTimeout = .milliseconds(8)
        config.publishesTargetExternalView = true
        config.maxConcurrentTasksPerInstance = 9
        config.isGlobalRebalanceAsynchronous = false
        config.isViewCluster = true
        config.viewClusterRefreshPeriod = .seconds(10)
        #expect(
            config.record.simpleFields == [
                "allowParticipantAutoJoin": "true", "TOPOLOGY": "/zone/host", "FAULT_ZONE_TYPE": "zone",
                "TOPOLOGY_AWARE_ENABLED": "true", "PERSIST_BEST_POSSIBLE_ASSIGNMENT": "true",
                "PERSIST_INTERMEDIATE_ASSIGNMENT": "true", "DELAY_REBALANCE_TIME": "60000",
                "DELAY_REBALANCE_ENABLED": "true", "LAST_ON_DEMAND_REBALANCE_TIMESTAMP": "17",
                "MAX_PARTITIONS_PER_INSTANCE": "100", "GLOBAL_MAX_PARTITIONS_ALLOWED_PER_INSTANCE": "200",
                "RESOURCE_PRIORITY_FIELD": "PRIORITY", "REBALANCE_TIMER_PERIOD": "1000", "BATCH_MESSAGE_MODE": "true",
                "STATE_TRANSITION_CANCELLATION_ENABLED": "true", "P2P_MESSAGE_ENABLED": "true",
                "MISS_TOP_STATE_DURATION_THRESHOLD": "5",
                "ERROR_OR_RECOVERY_PARTITION_THRESHOLD_FOR_LOAD_BALANCE": "4", "MAX_OFFLINE_INSTANCES_ALLOWED": "3",
                "NUM_OFFLINE_INSTANCES_FOR_AUTO_EXIT": "1", "OFFLINE_NODE_TIME_OUT_FOR_MAINTENANCE_MODE": "6",
                "OFFLINE_DURATION_FOR_PURGE_MS": "7", "PARTICIPANT_DEREGISTRATION_TIMEOUT": "8",
                "TARGET_EXTERNALVIEW_ENABLED": "true", "MAX_CONCURRENT_TASK_PER_INSTANCE": "9",
                "GLOBAL_REBALANCE_ASYNC_MODE": "false", "VIEW_CLUSTER": "true", "VIEW_CLUSTER_REFRESH_PERIOD": "10",
            ])
        #expect(config.topologyKeys == ["zone", "host"])
        #expect(config.problems().isEmpty)
    }

    @Test("What is not set has its default")
    func defaults() {
        let config = ClusterConfig(id: "C")
        #expect(
            !config.allowsAutoJoin && !config.isTopologyAware && !config.isBatchMessageMode && !config.isRelayEnabled)
        #expect(!config.persistsBestPossibleAssignment && !config.persistsIntermediateAssignment)
        #expect(!config.isCancellationEnabled && !config.publishesTargetExternalView && !config.isViewCluster)
        #expect(config.isDelayedRebalanceEnabled && config.isGlobalRebalanceAsynchronous)
        #expect(config.rebalanceDelay == nil && config.maxPartitionsPerInstance == nil && config.topology == nil)
        #expect(config.maxOfflineInstances == nil && config.lastOnDemandRebalance == nil && config.topologyKeys.isEmpty)
        #expect(config.errorPartitionThreshold == 1 && config.maxConcurrentTasksPerInstance == 40)
        #expect(config.viewClusterRefreshPeriod == .seconds(30))
        #expect(config.throttles.isEmpty && config.maxThreads(.stateTransition) == nil)
        #expect(config.rebalancePreference == .init(evenness: 1, lessMovement: 1, forcesBaseline: false))
    }

    @Test(
        "The error threshold falls back to the legacy field where that is not 0",
        arguments: [
            (nil, nil, 1), ("-1", nil, 1), (nil, "0", 1), (nil, "5", 5), ("0", "5", 0), ("7", "5", 7),
        ] as [(String?, String?, Int)])
    func errorThreshold(field: String?, legacy: String?, expected: Int) {
        var config = ClusterConfig(id: "C")
        config.record.simpleFields["ERROR_OR_RECOVERY_PARTITION_THRESHOLD_FOR_LOAD_BALANCE"] = field
        config.record.simpleFields["ERROR_PARTITION_THRESHOLD_FOR_LOAD_BALANCE"] = legacy
        #expect(config.errorPartitionThreshold == expected)
    }

    @Test(
        "Timeouts are looked up from the most to the least particular",
        arguments: [
            ("R_0", "A", "B", 1), ("R_1", "A", "B", 2), (nil, "A", "B", 2), ("R_1", "X", "B", 3), ("R_1", "A", "Y", 4),
            ("R_1", "X", "Y", 5), ("R_1", "N", "N", nil), ("R_1", "Z", "Z", nil),
        ] as [(String?, String, String, Int?)])
    func timeouts(partition: String?, from: String, to: String, expected: Int?) {
        var config = ClusterConfig(id: "C")
        config.record.mapFields["TIMEOUT"] = [
            "R_0": "1", "A.B": "2", "*.B": "3", "A.*": "4", "*.*": "5", "N.N": "-1", "Z.Z": "soon",
        ]
        #expect(config.timeout(from: from, to: to, partition: partition) == expected.map { .milliseconds($0) })
    }

    @Test("Setting and removing timeouts")
    func settingTimeouts() {
        var config = ClusterConfig(id: "C")
        config.setTimeout(.seconds(1), from: "*", to: "B")
        #expect(config.record.mapFields == ["TIMEOUT": ["*.B": "1000"]])
        config.setTimeout(nil, from: "*", to: "B")
        #expect(config.record.mapFields.isEmpty)
    }

    @Test("Throttles are written as Java reads them, and read as it writes them")
    func throttles() {
        var config = ClusterConfig(id: "C")
        let throttles = [
            ThrottleConfig(.instance, .load, limit: 2), ThrottleConfig(.cluster, .any, limit: 100),
            ThrottleConfig(.resource, .recovery, limit: 0), ThrottleConfig(.partition, .none, limit: 1),
        ]
        config.throttles = throttles
        #expect(config.throttles == throttles)
        #expect(
            config.record.listFields["STATE_TRANSITION_THROTTLE_CONFIGS"]?.first
                == #"{"REBALANCE_TYPE":"LOAD_BALANCE","THROTTLE_SCOPE":"INSTANCE","MAX_PARTITION_IN_TRANSITION":"2"}"#)
        config.record.listFields["STATE_TRANSITION_THROTTLE_CONFIGS"] = [
            #"{"THROTTLE_SCOPE":"CLUSTER","MAX_PARTITION_IN_TRANSITION":5,"REBALANCE_TYPE":"ANY"}"#,
            #"{"THROTTLE_SCOPE":"RESOURCE","MAX_PARTITION_IN_TRANSITION":"6","REBALANCE_TYPE":"ANY"}"#,
            #"{"THROTTLE_SCOPE":"CLUSTER","MAX_PARTITION_IN_TRANSITION":"7","REBALANCE_TYPE":"ANY"}"#,
        ]
        #expect(
            config.throttles == [ThrottleConfig(.resource, .any, limit: 6), ThrottleConfig(.cluster, .any, limit: 7)])
    }

    @Test(
        "A throttle that cannot be read is ignored and named",
        arguments: [
            (#"{"THROTTLE_SCOPE":"CLUSTER","MAX_PARTITION_IN_TRANSITION":"5"}"#, "REBALANCE_TYPE is missing"),
            (
                #"{"THROTTLE_SCOPE":"PLANET","REBALANCE_TYPE":"ANY","MAX_PARTITION_IN_TRANSITION":"5"}"#,
                "THROTTLE_SCOPE is \"PLANET\", expected one of CLUSTER, RESOURCE, INSTANCE, PARTITION"
            ),
            (#"{"THROTTLE_SCOPE":"CLUSTER","REBALANCE_TYPE":"ANY"}"#, "MAX_PARTITION_IN_TRANSITION is missing"),
            (
                #"{"THROTTLE_SCOPE":"CLUSTER","REBALANCE_TYPE":"ANY","MAX_PARTITION_IN_TRANSITION":"-1"}"#,
                "MAX_PARTITION_IN_TRANSITION is \"-1\", expected a number from 0"
            ),
            ("five", "byte 0"),
        ])
    func badThrottles(item: String, finding: String) {
        var config = ClusterConfig(id: "C")
        config.throttles = [ThrottleConfig(.cluster, .any, limit: 1)]
        config.record.listFields["STATE_TRANSITION_THROTTLE_CONFIGS"]?.append(item)
        let (throttles, problems) = config.parsedThrottles
        #expect(throttles == [ThrottleConfig(.cluster, .any, limit: 1)])
        #expect(problems.count == 1)
        #expect(problems.first?.contains(finding) == true, "\(problems)")
        #expect(config.problems() == problems)
    }

    @Test("What contradicts itself is named")
    func problems() {
        var config = ClusterConfig(id: "C")
        config.topology = "/zone/host"
        config.faultZoneType = "rack"
        config.maxOfflineInstances = 1
        config.offlineInstancesForAutoExit = 2
        let problems = config.problems()
        #expect(problems.count == 2)
        #expect(problems.first?.contains("\"rack\", which is no key of TOPOLOGY /zone/host") == true)
        #expect(problems.last?.contains("NUM_OFFLINE_INSTANCES_FOR_AUTO_EXIT is 2") == true)
    }

    @Test(
        "A resource is admitted by any rule that matches all its fields",
        arguments: [
            ([:], true), (["r1": "A=1"], true), (["r1": "A=2"], false), (["r1": "A=2", "r2": "B=x,A=1"], true),
            (["r1": "A=1,C=1"], false), (["r1": #"B\=B=a\,b"#], true), (["r1": "nonsense"], true),
        ])
    func rules(rules: [String: String], isAdmitted: Bool) {
        var config = ClusterConfig(id: "C")
        for (name, rule) in rules { config.record.simpleFields["IdealStateRule!\(name)"] = rule }
        let state = IdealState(record: ZNRecord(id: "R", simpleFields: ["A": "1", "B": "x", "B=B": "a,b"]))
        #expect(config.admits(state) == isAdmitted)
    }

    @Test(
        "Rebalance preferences count when both are there and in range",
        arguments: [
            ([:], 1, 1, false), (["EVENNESS": "3", "LESS_MOVEMENT": "5"], 3, 5, false),
            (["EVENNESS": "3"], 1, 1, false),
            (["EVENNESS": "1001", "LESS_MOVEMENT": "5"], 1, 1, false), (["FORCE_BASELINE_CONVERGE": "1"], 1, 1, true),
        ])
    func preference(map: [String: String], evenness: Int, movement: Int, force: Bool) {
        var config = ClusterConfig(id: "C")
        config.record.mapFields["REBALANCE_PREFERENCE"] = map
        let expected = ClusterConfig.RebalancePreference(
            evenness: evenness, lessMovement: movement, forcesBaseline: force)
        #expect(config.rebalancePreference == expected)
        config.rebalancePreference = expected
        #expect(config.rebalancePreference == expected)
    }

    @Test("Lists and maps for capacities")
    func capacities() {
        var config = ClusterConfig(id: "C")
        config.capacityKeys = ["CPU"]
        config.preferredScoringKeys = ["DISK"]
        config.viewClusterSources = ["{}"]
        config.defaultInstanceCapacity = ["CPU": 8]
        config.defaultPartitionWeight = ["CPU": 1]
        config.abnormalStateResolvers = ["MasterSlave": "a.B"]
        #expect(
            config.record
                == ZNRecord(
                    id: "C",
                    listFields: [
                        "INSTANCE_CAPACITY_KEYS": ["CPU"], "PREFERRED_SCORING_KEYS": ["DISK"],
                        "VIEW_CLUSTER_SOURCES": ["{}"],
                    ],
                    mapFields: [
                        "DEFAULT_INSTANCE_CAPACITY_MAP": ["CPU": "8"], "DEFAULT_PARTITION_WEIGHT_MAP": ["CPU": "1"],
                        "ABNORMAL_STATES_RESOLVER_MAP": ["MasterSlave": "a.B"],
                    ]))
        #expect(config.defaultInstanceCapacity == ["CPU": 8] && config.capacityKeys == ["CPU"])
    }

    @Test("Thread limits by message type")
    func threads() {
        var config = ClusterConfig(id: "C")
        config.record.simpleFields["STATE_TRANSITION.maxThreads"] = "12"
        #expect(config.maxThreads(.stateTransition) == 12)
        #expect(config.maxThreads(MessageType(rawValue: "MINE")) == nil)
    }
}
