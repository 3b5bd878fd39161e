import Coordination
import Foundation
import HelixAdmin
import HelixRecords
import TestSupport
import Testing

/// Our participant, driven by a controller that is nothing but this test: single messages, written as Java writes them.
@Suite("A participant of ours obeys a controller of any make", .timeLimit(.minutes(5)))
struct HandWrittenControllerTests {
    @Test("it is carried through its whole life by single messages in Java's form")
    func life() async throws {
        try await RealCluster.with(instances: ["node_1"]) { cluster in
            try await beside([running(cluster.participant("node_1"))]) {
                let controller = HandWrittenController(cluster: cluster, instance: "node_1")
                try await controller.awaitInstance()
                for (from, to) in [
                    ("OFFLINE", "SLAVE"), ("SLAVE", "MASTER"), ("MASTER", "SLAVE"), ("SLAVE", "OFFLINE"),
                ] {
                    try await controller.ask(from: from, to: to)
                    try await controller.awaitState(to)
                    let replica = try #require(try await controller.replica())
                    #expect(replica["PREVIOUS_STATE"] == from)
                    #expect(replica["TRIGGERED_BY"] == "java-controller")
                    #expect(Int64(replica["END_TIME"] ?? "") ?? 0 >= Int64(replica["START_TIME"] ?? "") ?? .max)
                }
                let record = try #require(try await controller.record())
                #expect(record.simpleFields["STATE_MODEL_DEF"] == "MasterSlave")
                #expect(record.simpleFields["STATE_MODEL_FACTORY_NAME"] == "DEFAULT")
                try await controller.ask(from: "OFFLINE", to: "DROPPED")
                try await controller.awaitState(nil)
                try await controller.awaitEmptyQueue()
            }
        }
    }

    @Test("messages that it cannot obey are answered as Helix does: deleted, or left as they are")
    func otherMessages() async throws {
        try await RealCluster.with(instances: ["node_1"]) { cluster in
            try await beside([running(cluster.participant("node_1"))]) {
                let controller = HandWrittenController(cluster: cluster, instance: "node_1")
                try await controller.awaitInstance()
                try await controller.send("unknown", ["MSG_TYPE": "SOMETHING_NEW"])
                try await controller.send("no-op", ["MSG_TYPE": "NO_OP", "TGT_SESSION_ID": nil])
                try await controller.send("of-before", ["TGT_SESSION_ID": "12345"])
                try await controller.ask(from: "SLAVE", to: "MASTER")  // it is in OFFLINE
                try await controller.send("garbage", raw: Array("{ \"id\" : ".utf8))
                // None of them is in the way of this one.
                try await controller.ask(from: "OFFLINE", to: "SLAVE")
                try await controller.awaitState("SLAVE")
                try await cluster.eventually("what cannot be obeyed is left, the rest is deleted") {
                    try await controller.queue() == ["garbage", "unknown"]
                }
                let path = cluster.paths.message("node_1", "unknown")
                let left = try Message(decoding: try await cluster.session.get(path).data, path: path)
                #expect(left.messageState == .new)
            }
        }
    }
}

/// A controller that does only what it is told.
private struct HandWrittenController {
    let cluster: RealCluster
    let instance: String

    private var session: any CoordinationSession { cluster.session }
    private var paths: ClusterPaths { cluster.paths }

    func awaitInstance() async throws {
        try await cluster.eventually("the instance is live") {
            try await session.exists(paths.liveInstance(instance)) != nil
        }
        let stat = try #require(try await session.exists(paths.liveInstance(instance)))
        // Java takes the session from the owner of the znode.
        #expect(try await instanceSession() == stat.ephemeralOwner?.description)
    }

    func instanceSession() async throws -> String {
        let path = paths.liveInstance(instance)
        return try LiveInstance(decoding: try await session.get(path).data, path: path).sessionID ?? ""
    }

    /// Asks for one transition of `db_0`.
    func ask(from: String, to: String) async throws {
        try await send(UUID().uuidString.lowercased(), ["FROM_STATE": from, "TO_STATE": to])
    }

    /// Sends a message with the fields that Java's controller writes, and with these; `nil` leaves one out.
    func send(_ id: String, _ changes: [String: String?]) async throws {
        var fields = [
            "CREATE_TIMESTAMP": "\(Int64(Date().timeIntervalSince1970 * 1000))", "ClusterEventName": "MessageChange",
            "CURRENT_ACTIVE_REPLICA_NUMBER": "-1", "FROM_STATE": "OFFLINE", "TO_STATE": "SLAVE", "MSG_ID": id,
            "MSG_STATE": "new", "MSG_TYPE": "STATE_TRANSITION", "PARTITION_NAME": "db_0", "RESOURCE_NAME": "db",
            "RETRY_COUNT": "3", "SRC_NAME": "java-controller", "SRC_SESSION_ID": "100000000000001",
            "STATE_MODEL_DEF": "MasterSlave", "STATE_MODEL_FACTORY_NAME": "DEFAULT", "TGT_NAME": instance,
            "TGT_SESSION_ID": try await instanceSession(),
        ]
        for (key, value) in changes { fields[key] = value }
        // Jackson's pretty printer puts spaces round the colon, and so does this one.
        let record: [String: Any] = [
            "id": id, "simpleFields": fields, "listFields": [String: [String]](),
            "mapFields": [String: [String: String]](),
        ]
        let data = try JSONSerialization.data(withJSONObject: record, options: [.prettyPrinted, .sortedKeys])
        #expect(String(decoding: data, as: UTF8.self).contains("\"MSG_STATE\" : \"new\""))
        try await send(id, raw: Array(data))
    }

    func send(_ id: String, raw: [UInt8]) async throws { try await session.create(paths.message(instance, id), raw) }

    func queue() async throws -> [String] { try await session.children(paths.messages(instance)) }

    func record() async throws -> ZNRecord? {
        let path = paths.currentState(instance, session: try await instanceSession(), resource: "db")
        guard let (data, _) = try await session.getIfPresent(path) else { return nil }
        return try ZNRecord(decoding: data, path: path)
    }

    func replica() async throws -> [String: String]? { try await record()?.mapFields["db_0"] }

    func awaitState(_ state: String?) async throws {
        try await cluster.eventually("the state \(state ?? "none")") {
            try await replica()?["CURRENT_STATE"] == state
        }
    }

    func awaitEmptyQueue() async throws {
        try await cluster.eventually("an empty queue") { try await queue().isEmpty }
    }
}
