import HelixRecords
import Testing

@Suite("Messages")
struct MessageTests {
    /// A state transition as the controller writes it.
    private func transition() -> Message {
        var message = Message(id: "m1", type: .stateTransition)
        message.createdAt = 1000
        message.source = "controller-1"
        message.sourceSession = "cafe"
        message.target = "db_1"
        message.targetSession = "123"
        message.resource = "R"
        message.partition = "R_0"
        message.stateModel = "MasterSlave"
        message.stateModelFactory = "DEFAULT"
        message.fromState = "OFFLINE"
        message.toState = "SLAVE"
        message.retryCount = 3
        message.activeReplicas = nil
        message.eventName = "LiveInstanceChange"
        return message
    }

    @Test("A transition has the fields of the wire")
    func wire() {
        #expect(
            transition().record
                == ZNRecord(
                    id: "m1",
                    simpleFields: [
                        "MSG_ID": "m1", "MSG_TYPE": "STATE_TRANSITION", "MSG_STATE": "new", "CREATE_TIMESTAMP": "1000",
                        "SRC_NAME": "controller-1", "SRC_SESSION_ID": "cafe", "TGT_NAME": "db_1",
                        "TGT_SESSION_ID": "123",
                        "RESOURCE_NAME": "R", "PARTITION_NAME": "R_0", "STATE_MODEL_DEF": "MasterSlave",
                        "STATE_MODEL_FACTORY_NAME": "DEFAULT", "FROM_STATE": "OFFLINE", "TO_STATE": "SLAVE",
                        "RETRY_COUNT": "3", "CURRENT_ACTIVE_REPLICA_NUMBER": "-1",
                        "ClusterEventName": "LiveInstanceChange",
                    ]))
        #expect(transition().problems().isEmpty)
        #expect(transition().activeReplicas == nil && transition().sourceType == "PARTICIPANT")
    }

    @Test("The other fields")
    func otherFields() {
        var message = transition()
        message.readAt = 5
        message.executingSession = "beef"
        message.completionDueAt = 6
        message.correlationID = "c"
        message.rebalanceType = .recovery
        message.activeReplicas = 2
        message.timeout = .seconds(2)
        message.bucketSize = 10
        message.resourceGroup = "g"
        message.resourceTag = "t"
        message.sourceType = "CONTROLLER"
        message.sourceCluster = "D"
        message.parentID = "p"
        message.messageSubtype = "s"
        message.messageResult = ["SUCCESS": "true"]
        let expected = [
            "READ_TIMESTAMP": "5", "EXE_SESSION_ID": "beef", "COMPLETION_DUE_TIMESTAMP": "6", "CORRELATION_ID": "c",
            "ST_REBALANCE_TYPE": "RECOVERY_REBALANCE", "CURRENT_ACTIVE_REPLICA_NUMBER": "2", "TIMEOUT": "2000",
            "BUCKET_SIZE": "10", "RESOURCE_GROUP_NAME": "g", "RESOURCE_TAG": "t", "SRC_INSTANCE_TYPE": "CONTROLLER",
            "SRC_CLUSTER": "D", "PARENT_MSG_ID": "p", "MSG_SUBTYPE": "s",
        ]
        for (key, value) in expected { #expect(message.record.simpleFields[key] == value, "\(key)") }
        #expect(message.record.mapFields == ["MESSAGE_RESULT": ["SUCCESS": "true"]])
        #expect(message.timeout == .seconds(2) && message.rebalanceType == .recovery && message.activeReplicas == 2)
        #expect(message.readAt == 5 && message.executingSession == "beef" && message.completionDueAt == 6)
        message.bucketSize = 0
        #expect(message.record.simpleFields["BUCKET_SIZE"] == nil)
        message.rebalanceType = .load
        #expect(message.record.simpleFields["ST_REBALANCE_TYPE"] == "LOAD_REBALANCE")
    }

    @Test(
        "The state is read in any case and written in lower case",
        arguments: [
            ("new", .new), ("NEW", .new), ("Read", .read), ("READ", .read), ("unprocessable", .unprocessable),
            (nil, .new),
            ("", .new), ("strange", .unprocessable),
        ] as [(String?, MessageState)])
    func states(text: String?, expected: MessageState) {
        var message = transition()
        message.record.simpleFields["MSG_STATE"] = text
        #expect(message.messageState == expected)
        message.messageState = .read
        #expect(message.record.simpleFields["MSG_STATE"] == "read")
    }

    @Test("Types of the wire and of users")
    func types() throws {
        let wire: [MessageType: String] = [
            .stateTransition: "STATE_TRANSITION", .cancellation: "STATE_TRANSITION_CANCELLATION", .noOp: "NO_OP",
            .userDefined: "USER_DEFINE_MSG", .participantStatusChange: "PARTICIPANT_STATUS_CHANGE",
            .participantSessionChange: "PARTICIPANT_SESSION_CHANGE",
            .participantErrorReport: "PARTICIPANT_ERROR_REPORT", .scheduler: "SCHEDULER_MSG",
            .controller: "CONTROLLER_MSG", .taskReply: "TASK_REPLY", MessageType(rawValue: "MINE"): "MINE",
        ]
        for (type, text) in wire {
            #expect(Message(id: "m", type: type).record.simpleFields["MSG_TYPE"] == text)
            #expect(type.description == text)
        }
        #expect(Message(record: ZNRecord(id: "m")).messageType.rawValue == "")
    }

    @Test("A time that is a JSON number, as a Python client writes it")
    func numberAsTime() throws {
        let data = bytes(#"{"id":"m","simpleFields":{"MSG_TYPE":"NO_OP","CREATE_TIMESTAMP":1469000000000}}"#)
        let message = try Message(decoding: data, path: "p")
        #expect(message.createdAt == 1_469_000_000_000)
        #expect(message.messageState == .new)
    }

    @Test("Times and timeouts that say nothing", arguments: ["0", "-1", "soon", ""])
    func noTimes(text: String) {
        var message = transition()
        message.record.simpleFields["CREATE_TIMESTAMP"] = text
        message.record.simpleFields["TIMEOUT"] = text
        message.record.simpleFields["READ_TIMESTAMP"] = text
        #expect(message.createdAt == nil && message.timeout == nil && message.readAt == nil)
    }

    @Test("A batch lists its partitions and names the first")
    func batch() {
        var message = transition()
        #expect(message.partitions == ["R_0"] && !message.isBatch)
        message.partitions = ["R_3", "R_1"]
        #expect(message.isBatch && message.partition == "R_3" && message.partitions == ["R_3", "R_1"])
        #expect(message.record.simpleFields["BATCH_MESSAGE_MODE"] == "true")
        #expect(message.record.listFields["PARTITION_NAME"] == ["R_3", "R_1"])
        #expect(message.problems().isEmpty)
        message.record.listFields["PARTITION_NAME"] = nil
        #expect(message.partitions.isEmpty && message.problems().count == 1)
        message.partitions = ["R_4"]
        #expect(!message.isBatch && message.partitions == ["R_4"] && message.record.listFields.isEmpty)
        message.partitions = []
        #expect(message.partition == nil && message.partitions.isEmpty)
    }

    @Test(
        "A transition without a required field is not sent",
        arguments: [
            "TGT_NAME", "PARTITION_NAME", "RESOURCE_NAME", "STATE_MODEL_DEF", "TO_STATE", "FROM_STATE",
            "TGT_SESSION_ID",
        ])
    func required(key: String) {
        for value in [nil, "", "  "] {
            var message = transition()
            message.record.simpleFields[key] = value
            #expect(message.problems() == ["\(key) is missing from message m1; set it"])
        }
    }

    @Test(
        "A message expires by its age, a relayed one by the time since it was relayed",
        arguments: [
            (nil, nil, nil, 1 << 60, false), ("100", nil, nil, 1100, false), ("100", nil, nil, 1101, true),
            ("-1", nil, nil, 1 << 60, false), ("100", "RELAYED_MESSAGE", nil, 1 << 60, false),
            ("100", "RELAYED_MESSAGE", "0", 1 << 60, false), ("100", "RELAYED_MESSAGE", "5000", 5100, false),
            ("100", "RELAYED_MESSAGE", "5000", 5101, true), ("9223372036854775807", nil, nil, .max, false),
        ] as [(String?, String?, String?, Int64, Bool)])
    func expiry(period: String?, subtype: String?, relayTime: String?, now: Int64, expected: Bool) {
        var message = transition()
        message.record.simpleFields["EXPIRY_PERIOD"] = period
        message.record.simpleFields["MSG_SUBTYPE"] = subtype
        message.record.simpleFields["RELAY_TIME"] = relayTime
        #expect(message.isExpired(at: now) == expected)
    }

    @Test("A relay message rides in the one that it follows")
    func relay() {
        var carrier = transition()
        var relayed = Message(id: "m2", type: .stateTransition)
        relayed.target = "db_2"
        relayed.toState = "MASTER"
        carrier.attach(relayed, relayingTo: "db_2")
        #expect(carrier.record.listFields["RELAY_PARTICIPANTS"] == ["db_2"])
        #expect(
            carrier.record.mapFields["db_2"] == [
                "MSG_ID": "m2", "MSG_TYPE": "STATE_TRANSITION", "MSG_STATE": "new", "TGT_NAME": "db_2",
                "TO_STATE": "MASTER", "RELAY_MSG_ID": "m2", "MSG_SUBTYPE": "RELAYED_MESSAGE", "RELAY_FROM": "db_1",
                "EXPIRY_PERIOD": "5000",
            ])
        carrier.attach(relayed, relayingTo: "db_2", expiry: .seconds(1))
        #expect(carrier.relayMessages.count == 1)
        let found = carrier.relayMessages.first
        #expect(found?.instance == "db_2" && found?.message.id == "m2" && found?.message.isRelay == true)
        #expect(found?.message.relayID == "m2" && found?.message.relayFrom == "db_1")
        #expect(found?.message.expiryPeriod == .seconds(1))
        carrier.record.listFields["RELAY_PARTICIPANTS"]?.append("nobody")
        #expect(carrier.relayMessages.count == 1)
    }
}
