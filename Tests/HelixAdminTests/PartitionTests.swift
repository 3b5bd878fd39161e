import Coordination
import HelixAdmin
import HelixRecords
import Testing

@Suite("Partitions")
struct PartitionTests {
    /// Resource R with four partitions on n_1, which has R_0 and R_1 in ERROR and R_2 as a slave.
    private func bench() async throws -> Bench {
        let bench = try await Bench.withCluster()
        try await bench.administrator.addInstance("n_1", in: "c")
        try await bench.administrator.addInstance("n_2", in: "c")
        try await bench.administrator.addResource(
            "R", ResourceSettings(partitions: 4, stateModel: "MasterSlave", replicas: .count(1)), in: "c")
        try await bench.start("n_1", states: ["R": ["R_0": "ERROR", "R_1": "ERROR", "R_2": "SLAVE"]])
        return bench
    }

    @Test("Disabled partitions are a sorted text in the instance's map")
    func disable() async throws {
        let bench = try await bench()
        try await bench.administrator.disablePartitions(["R_2", "R_0"], of: "R", on: "n_1", in: "c")
        let path = "/c/CONFIGS/PARTICIPANT/n_1"
        #expect(try await bench.record(path).mapFields["HELIX_DISABLED_PARTITION"] == ["R": "R_0,R_2"])
        try await bench.administrator.enablePartitions(["R_0"], of: "R", on: "n_1", in: "c")
        #expect(try await bench.record(path).mapFields["HELIX_DISABLED_PARTITION"] == ["R": "R_2"])
        try await bench.administrator.enablePartitions(["R_2"], of: "R", on: "n_1", in: "c")
        #expect(try await bench.record(path).mapFields["HELIX_DISABLED_PARTITION"] == nil)
    }

    @Test("Unknown instances, resources and partitions are told apart")
    func unknown() async throws {
        let bench = try await bench()
        try await expectRefusal(.doesNotExist, ["partition R_9", "R_0 to R_3"], by: bench) {
            try await bench.administrator.disablePartitions(["R_0", "R_9"], of: "R", on: "n_1", in: "c")
        }
        try await expectRefusal(.doesNotExist, ["resource S"], by: bench) {
            try await bench.administrator.disablePartitions(["S_0"], of: "S", on: "n_1", in: "c")
        }
        try await expectRefusal(.doesNotExist, ["instance n_9"], by: bench) {
            try await bench.administrator.disablePartitions(["R_0"], of: "R", on: "n_9", in: "c")
        }
        try await expectRefusal(.invalidName, ["comma"], by: bench) {
            try await bench.administrator.disablePartitions(["R_0,R_1"], of: "R", on: "n_1", in: "c")
        }
    }

    @Test("A reset is exactly the message of the protocol")
    func reset() async throws {
        let bench = try await bench()
        #expect(
            try await bench.administrator.resetPartitions(["R_0", "R_1"], of: "R", on: "n_1", in: "c")
                == ["message-1", "message-2"])
        #expect(
            try await bench.record("/c/INSTANCES/n_1/MESSAGES/message-1")
                == ZNRecord(
                    id: "message-1",
                    simpleFields: [
                        "MSG_ID": "message-1", "MSG_TYPE": "STATE_TRANSITION", "MSG_STATE": "new",
                        "CREATE_TIMESTAMP": "1700000000000", "SRC_NAME": "desk-ADMIN", "TGT_NAME": "n_1",
                        "TGT_SESSION_ID": "5", "RESOURCE_NAME": "R", "PARTITION_NAME": "R_0", "FROM_STATE": "ERROR",
                        "TO_STATE": "OFFLINE", "STATE_MODEL_DEF": "MasterSlave",
                        "STATE_MODEL_FACTORY_NAME": "DEFAULT",
                    ]))
    }

    @Test("A reset that cannot be says why, and sends nothing")
    func resetRefused() async throws {
        let bench = try await bench()
        let administrator = bench.administrator
        func reset(_ partitions: [String], on instance: String = "n_1") async throws {
            try await administrator.resetPartitions(partitions, of: "R", on: instance, in: "c")
        }
        try await expectRefusal(.notInError, ["R_2 is SLAVE", "R_3 is not on n_1"], by: bench) {
            try await reset(["R_0", "R_2", "R_3"])
        }
        try await expectRefusal(.isNotAlive, ["n_2"], by: bench) { try await reset(["R_0"], on: "n_2") }
        try await expectRefusal(.doesNotExist, ["n_3"], by: bench) { try await reset(["R_0"], on: "n_3") }
        try await expectRefusal(.doesNotExist, ["R_7"], by: bench) { try await reset(["R_7"]) }
        try await reset(["R_0"])
        try await expectRefusal(.messagePending, ["message-1", "R_0", "ERROR to OFFLINE"], by: bench) {
            try await reset(["R_0", "R_1"])
        }
    }

    @Test("Messages for another session, resource or partition do not hinder a reset")
    func unrelated() async throws {
        let bench = try await bench()
        for (number, changes) in [["TGT_SESSION_ID": "4"], ["RESOURCE_NAME": "S"], ["PARTITION_NAME": "R_1"]]
            .enumerated()
        {
            let fields = [
                "MSG_TYPE": "STATE_TRANSITION", "TGT_SESSION_ID": "5", "RESOURCE_NAME": "R", "PARTITION_NAME": "R_0",
            ]
            try await bench.put(
                "/c/INSTANCES/n_1/MESSAGES/m\(number)",
                ZNRecord(id: "m\(number)", simpleFields: fields.merging(changes) { $1 }))
        }
        #expect(try await bench.administrator.resetPartitions(["R_0"], of: "R", on: "n_1", in: "c").count == 1)
    }

    @Test("Without a queue the instance is not set up")
    func noQueue() async throws {
        let bench = try await bench()
        try await bench.session.delete("/c/INSTANCES/n_1/MESSAGES")
        try await expectRefusal(.isNotSetUp, ["/c/INSTANCES/n_1/MESSAGES"], by: bench) {
            try await bench.administrator.resetPartitions(["R_0"], of: "R", on: "n_1", in: "c")
        }
    }

    @Test("Putting into ERROR is exactly the message of the protocol, from whatever state")
    func setToError() async throws {
        let bench = try await bench()
        #expect(
            try await bench.administrator.setPartitionsToError(["R_2"], of: "R", on: "n_1", in: "c") == ["message-1"])
        #expect(
            try await bench.record("/c/INSTANCES/n_1/MESSAGES/message-1")
                == ZNRecord(
                    id: "message-1",
                    simpleFields: [
                        "MSG_ID": "message-1", "MSG_TYPE": "STATE_TRANSITION", "MSG_STATE": "new",
                        "CREATE_TIMESTAMP": "1700000000000", "SRC_NAME": "desk-ADMIN", "TGT_NAME": "n_1",
                        "TGT_SESSION_ID": "5", "RESOURCE_NAME": "R", "PARTITION_NAME": "R_2", "FROM_STATE": "*",
                        "TO_STATE": "ERROR", "STATE_MODEL_DEF": "MasterSlave", "STATE_MODEL_FACTORY_NAME": "DEFAULT",
                    ]))
    }

    @Test("Putting into ERROR what is there, is not here, or is away, is refused and sends nothing")
    func setToErrorRefused() async throws {
        let bench = try await bench()
        let administrator = bench.administrator
        func fail(_ partitions: [String], on instance: String = "n_1") async throws {
            try await administrator.setPartitionsToError(partitions, of: "R", on: instance, in: "c")
        }
        try await expectRefusal(.alreadyInError, ["R_0, R_1 on n_1 are in ERROR already"], by: bench) {
            try await fail(["R_0", "R_1", "R_2"])
        }
        try await expectRefusal(.doesNotExist, ["n_1 has no replica of R_3"], by: bench) { try await fail(["R_3"]) }
        try await expectRefusal(.doesNotExist, ["R_7"], by: bench) { try await fail(["R_7"]) }
        try await expectRefusal(.isNotAlive, ["n_2"], by: bench) { try await fail(["R_2"], on: "n_2") }
    }

    @Test("A transition under way stands in the way only where the instance would delete the message")
    func setToErrorWhileBusy() async throws {
        let bench = try await bench()
        let fields = [
            "MSG_TYPE": "STATE_TRANSITION", "TGT_SESSION_ID": "5", "RESOURCE_NAME": "R", "PARTITION_NAME": "R_2",
            "FROM_STATE": "SLAVE", "TO_STATE": "MASTER",
        ]
        try await bench.put("/c/INSTANCES/n_1/MESSAGES/m", ZNRecord(id: "m", simpleFields: fields))
        let administrator = bench.administrator
        try await expectRefusal(.messagePending, ["m for R_2", "SLAVE to MASTER"], by: bench) {
            try await administrator.setPartitionsToError(["R_2"], of: "R", on: "n_1", in: "c")
        }
        var live = try await bench.record("/c/LIVEINSTANCES/n_1")
        live.simpleFields["BATCH_MESSAGES_ACCEPTED"] = "true"
        try await bench.put("/c/LIVEINSTANCES/n_1", live)
        try await administrator.setPartitionsToError(["R_2"], of: "R", on: "n_1", in: "c")
        try await expectRefusal(.messagePending, ["* to ERROR"], by: bench) {
            try await administrator.setPartitionsToError(["R_2"], of: "R", on: "n_1", in: "c")
        }
    }

    @Test("All failed replicas of an instance, or of a resource, are reset together")
    func resetAll() async throws {
        let bench = try await bench()
        try await bench.administrator.resetInstance("n_1", in: "c")
        #expect(try await bench.session.children("/c/INSTANCES/n_1/MESSAGES").count == 2)
        try await bench.session.deleteRecursively("/c/INSTANCES/n_1/MESSAGES/message-1")
        try await bench.session.deleteRecursively("/c/INSTANCES/n_1/MESSAGES/message-2")
        try await bench.start("n_2", session: "6", states: ["R": ["R_3": "ERROR"]])
        #expect(try await bench.administrator.resetResource("R", in: "c").count == 3)
        #expect(try await bench.record("/c/INSTANCES/n_2/MESSAGES/message-5").simpleFields["TGT_SESSION_ID"] == "6")
    }
}
