import HelixRecords
import HelixSimulation
import StateModels
import TestSupport

/// Records as a cluster has them, one of every kind, from which spoilt ones are made.
enum SampleRecords {
    static let clusterConfig = ZNRecord(
        id: "test",
        simpleFields: [
            "allowParticipantAutoJoin": "true", "TOPOLOGY": "/zone/instance", "FAULT_ZONE_TYPE": "zone",
            "TOPOLOGY_AWARE_ENABLED": "true", "DELAY_REBALANCE_ENABLED": "true", "DELAY_REBALANCE_TIME": "1000",
            "MAX_OFFLINE_INSTANCES_ALLOWED": "3", "NUM_OFFLINE_INSTANCES_FOR_AUTO_EXIT": "1",
            "MAX_PARTITIONS_PER_INSTANCE": "100", "VIEW_CLUSTER_REFRESH_PERIOD": "10",
        ],
        listFields: [
            "STATE_TRANSITION_THROTTLE_CONFIGS": [
                #"{"REBALANCE_TYPE":"ANY","THROTTLE_SCOPE":"CLUSTER","MAX_PARTITION_IN_TRANSITION":"10"}"#
            ],
            "INSTANCE_CAPACITY_KEYS": ["CU"],
        ],
        mapFields: [
            "TIMEOUT": ["*.*": "5000", "OFFLINE.SLAVE": "100"], "DEFAULT_INSTANCE_CAPACITY_MAP": ["CU": "100"],
            "REBALANCE_PREFERENCE": ["EVENNESS": "3", "LESS_MOVEMENT": "5"],
        ])

    static let instanceConfig = ZNRecord(
        id: "node_1",
        simpleFields: [
            "HELIX_HOST": "node", "HELIX_PORT": "1", "HELIX_ENABLED": "true", "DOMAIN": "zone=z1,instance=node_1",
            "INSTANCE_WEIGHT": "7", "STATE_TRANSITION.maxThreads": "4",
        ],
        listFields: [
            "TAG_LIST": ["a", "b"],
            "HELIX_INSTANCE_OPERATIONS": [
                #"{"OPERATION":"ENABLE","REASON":"","SOURCE":"USER","TIMESTAMP":"1690000000000"}"#
            ],
        ],
        mapFields: ["HELIX_DISABLED_PARTITION": ["db": "db_0,db_1"], "INSTANCE_CAPACITY_MAP": ["CU": "10"]])

    static let idealState = ZNRecord(
        id: "db",
        simpleFields: [
            "REBALANCE_MODE": "SEMI_AUTO", "IDEAL_STATE_MODE": "AUTO", "NUM_PARTITIONS": "2", "REPLICAS": "2",
            "STATE_MODEL_DEF_REF": "MasterSlave", "STATE_MODEL_FACTORY_NAME": "DEFAULT", "MIN_ACTIVE_REPLICAS": "1",
        ],
        listFields: ["db_0": ["node_1", "node_2"], "db_1": ["node_2", "node_3"]],
        mapFields: ["db_0": ["node_1": "MASTER"], "db_1": ["node_2": "MASTER"]])

    static let resourceConfig = ZNRecord(
        id: "db", simpleFields: ["HELIX_ENABLED": "true", "maxThreads": "3", "REBALANCE_DELAY": "0"],
        mapFields: ["TIMEOUT": ["*.MASTER": "10"], "PARTITION_CAPACITY_MAP": ["DEFAULT": #"{"CU":"3"}"#]])

    static let currentState = ZNRecord(
        id: "db", simpleFields: ["SESSION_ID": "session1", "STATE_MODEL_DEF": "MasterSlave", "BUCKET_SIZE": "0"],
        mapFields: [
            "db_0": ["CURRENT_STATE": "SLAVE", "INFO": "", "START_TIME": "1", "END_TIME": "2"],
            "db_1": ["CURRENT_STATE": "MASTER", "PREVIOUS_STATE": "SLAVE", "TRIGGERED_BY": "controller"],
        ])

    static let externalView = ZNRecord(
        id: "db", simpleFields: ["STATE_MODEL_DEF_REF": "MasterSlave"], listFields: ["db_0": ["node_1"]],
        mapFields: ["db_0": ["node_1": "MASTER", "node_2": "SLAVE"]])

    static let message = ZNRecord(
        id: "m1",
        simpleFields: [
            "MSG_ID": "m1", "MSG_TYPE": "STATE_TRANSITION", "MSG_STATE": "new", "TGT_NAME": "node_1",
            "TGT_SESSION_ID": "session1", "SRC_NAME": "controller", "RESOURCE_NAME": "db", "PARTITION_NAME": "db_0",
            "FROM_STATE": "OFFLINE", "TO_STATE": "SLAVE", "STATE_MODEL_DEF": "MasterSlave",
            "CREATE_TIMESTAMP": "1690000000000", "TIMEOUT": "1000", "EXPIRY_PERIOD": "-1",
        ],
        listFields: ["PARTITION_NAME": ["db_0", "db_1"], "RELAY_PARTICIPANTS": ["node_2"]],
        mapFields: ["node_2": ["RELAY_MSG_ID": "m2", "MSG_TYPE": "STATE_TRANSITION", "TGT_NAME": "node_2"]])

    static let others = [
        LiveInstance.make(instance: "node_1", sessionID: "session1", process: "1@host").record,
        ZNRecord(id: "pause", simpleFields: ["REASON": "r", "CLUSTER_FREEZE": "true", "TRIGGER_TIME": "t"]),
        ZNRecord(
            id: "maintenance", simpleFields: ["TRIGGERED_BY": "CONTROLLER", "TIMESTAMP": "1", "REASON": "r"]),
        ZNRecord(id: "STATUS", simpleFields: ["MANAGEMENT_MODE": "NORMAL", "MANAGEMENT_MODE_STATUS": "COMPLETED"]),
        ZNRecord(
            id: "HISTORY", listFields: ["test": ["c1"], "HISTORY": ["{DATE=1, VERSION=2, TIME=3, CONTROLLER=c1}"]]),
        ZNRecord(
            id: "MESSAGE_CONSTRAINT",
            mapFields: ["c": ["CONSTRAINT_VALUE": "1", "MESSAGE_TYPE": "STATE_TRANSITION", "INSTANCE": ".*"]]),
    ]

    /// One of every kind.
    static let all =
        [clusterConfig, instanceConfig, idealState, resourceConfig, currentState, externalView, message] + others
        + StateModel.builtIn.map(\.record)

    /// A record of any kind with a few fields changed; now and then one that is of no kind at all.
    static func spoilt(_ generator: inout SeededGenerator) -> ZNRecord {
        if generator.once(in: 16) { return generator.record() }
        var record = generator.pick(all)
        RecordMutation.apply(to: &record, &generator)
        return record
    }
}
