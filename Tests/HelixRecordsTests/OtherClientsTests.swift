import HelixRecords
import Testing

/// Records in the forms that participants of other makes write and need.
@Suite("Records of other clients")
struct OtherClientsTests {
    @Test(
        "Live instances with sessions in any form",
        arguments: [
            (
                #"{"id": "n_1", "listFields": {}, "mapFields": {}, "simpleFields": {"HELIX_VERSION": "pyhelix-0.4", "LIVE_INSTANCE": "12@h", "SESSION_ID": "99912345678901"}}"#,
                "99912345678901", "pyhelix-0.4"
            ),
            (
                #"{"id":"n_1","simpleFields":{"HELIX_VERSION":"helix-0.6.8","SESSION_ID":"99912345678901","LIVE_INSTANCE":"1@h"},"listFields":{},"mapFields":{}}"#,
                "99912345678901", "helix-0.6.8"
            ),
            (
                #"{"simpleFields":{"SESSION_ID":"0x5addf7","LIVE_INSTANCE":"1@h","HELIX_VERSION":"0.5.1"},"id":"n_1","mapFields":{},"listFields":{}}"#,
                "0x5addf7", "0.5.1"
            ),
            (
                "{\n  \"id\" : \"n_1\",\n  \"simpleFields\" : {\n    \"HELIX_VERSION\" : \"2.0.1\",\n    \"LIVE_INSTANCE\" : \"7@h\",\n    \"SESSION_ID\" : \"1000001d3b2\"\n  },\n  \"listFields\" : { },\n  \"mapFields\" : { }\n}",
                "1000001d3b2", "2.0.1"
            ),
        ])
    func liveInstances(json: String, session: String, version: String) throws {
        let live = try LiveInstance(decoding: bytes(json), path: "p")
        #expect(live.id == "n_1" && live.sessionID == session && live.helixVersion == version)
        #expect(live.process?.hasSuffix("@h") == true)
        #expect(!live.acceptsBatchMessages, "nobody but us takes batches")
    }

    @Test("A message that was read by another client")
    func readMessages() throws {
        let json = """
            {"id":"m","simpleFields":{"MSG_ID":"m","MSG_TYPE":"STATE_TRANSITION","MSG_STATE":"READ","READ_TIMESTAMP":"5",\
            "EXE_SESSION_ID":"123","TGT_NAME":"n_1","TGT_SESSION_ID":"123","RESOURCE_NAME":"R","PARTITION_NAME":"R_0",\
            "STATE_MODEL_DEF":"OnlineOffline","FROM_STATE":"OFFLINE","TO_STATE":"ONLINE"},"listFields":{},"mapFields":{}}
            """
        let message = try Message(decoding: bytes(json), path: "p")
        #expect(message.messageState == .read && message.readAt == 5 && message.executingSession == "123")
        #expect(message.problems().isEmpty && message.createdAt == nil && message.retryCount == nil)
        #expect(message.stateModelFactory == "DEFAULT" && message.partitions == ["R_0"])
    }

    @Test("A dropped replica that the participant still lists")
    func droppedReplica() throws {
        let json = """
            {"id":"R","simpleFields":{"SESSION_ID":"123","STATE_MODEL_DEF":"OnlineOffline"},"listFields":{},\
            "mapFields":{"R_0":{"CURRENT_STATE":"DROPPED"},"R_1":{"CURRENT_STATE":"ONLINE"}}}
            """
        let state = try CurrentState(decoding: bytes(json), path: "p")
        #expect(state["R_0"]?.currentState == "DROPPED" && state["R_1"]?.currentState == "ONLINE")
    }

    @Test(
        "What we write has what others cannot do without", arguments: ["id", "simpleFields", "listFields", "mapFields"])
    func requiredKeys(key: String) throws {
        let records = [
            LiveInstance.make(instance: "i", sessionID: "1", process: "1@h").record,
            Message(id: "m", type: .noOp).record,
            CurrentState(resource: "R", sessionID: "1", stateModel: "M").record, ZNRecord(id: ""),
        ]
        for record in records {
            #expect(text(try record.encoded()).contains("\"\(key)\":"))
        }
    }

    @Test("A message that we write is new in lower case, with the session as the instance spells it")
    func strictness() throws {
        var message = Message(id: "m", type: .stateTransition)
        message.targetSession = try LiveInstance(
            decoding: bytes(#"{"id":"i","simpleFields":{"SESSION_ID":"99912345678901"}}"#), path: "p"
        ).sessionID
        let json = text(try message.encoded())
        #expect(json.contains(#""MSG_STATE":"new""#))
        #expect(json.contains(#""TGT_SESSION_ID":"99912345678901""#))
    }
}
