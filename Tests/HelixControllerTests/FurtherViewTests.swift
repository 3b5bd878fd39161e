import Coordination
import HelixAdmin
import HelixRecords
import TestSupport
import Testing

@testable import HelixController

@Suite("Views of targets and of customised states", .timeLimit(.minutes(5)))
struct FurtherViewTests {
    private func record(_ path: String, _ cluster: ScriptedCluster) async throws -> ZNRecord? {
        guard let data = try await cluster.session.getIfPresent(path)?.data else { return nil }
        return try ZNRecord(decoding: data, path: path)
    }

    @Test("targets are published where the cluster asks for it, follow what is placed, and go with their resource")
    func targets() async throws {
        let names = ["a", "b"]
        try await ScriptedCluster.with(instances: names) { cluster in
            let participants = names.map {
                ScriptedParticipant(name: $0, paths: cluster.paths, service: cluster.service)
            }
            let administrator = Administrator(session: cluster.session)
            let path = cluster.paths.targetExternalView("db")
            // What a former leader left behind.
            try await cluster.session.createWithParents(
                cluster.paths.targetExternalView("gone"), ZNRecord(id: "gone").encoded())
            try await cluster.addResource("db", partitions: 2, replicas: 2)
            try await beside(participants.map(running) + [running(makeController(in: cluster.service))]) {
                try await cluster.awaitStates("db", partitions: 2, ["MASTER", "SLAVE"])
                #expect(try await record(path, cluster) == nil)
                try await administrator.updateClusterConfig("test") { $0.publishesTargetExternalView = true }
                try await eventually("the target") {
                    let (target, view) = (try await record(path, cluster), try await cluster.view("db"))
                    return target?.mapFields == view?.record.mapFields && target?.listFields.count == 2
                }
                try await eventually("the old one is gone") {
                    try await cluster.session.exists(cluster.paths.targetExternalView("gone")) == nil
                }
                try await administrator.disableInstance("a", in: "test")
                try await eventually("the target follows") {
                    try await record(path, cluster)?.mapFields["db_0"]?["b"] == "MASTER"
                }
                try await administrator.updateClusterConfig("test") { $0.publishesTargetExternalView = false }
                try await eventually("it goes") { try await record(path, cluster) == nil }
                try await administrator.updateClusterConfig("test") { $0.publishesTargetExternalView = true }
                try await eventually("it comes") { try await record(path, cluster) != nil }
                try await administrator.dropResource("db", in: "test")
                try await eventually("it goes with the resource") { try await record(path, cluster) == nil }
            }
            #expect(await cluster.check().violations == [])
        }
    }

    @Test("customised states of live instances are put together by type and resource, for the types that are named")
    func customized() async throws {
        try await ScriptedCluster.with(instances: ["a", "b", "c"]) { cluster in
            let administrator = Administrator(session: cluster.session)
            @Sendable func say(_ instance: String, _ state: String, _ type: String = "LOAD") async throws {
                var record = CustomizedState(id: "db")
                record.set(state, for: "db_0", startTime: 1)
                let path = cluster.paths.customizedState(instance, type: type, resource: "db")
                try await cluster.session.createWithParents(path)
                try await cluster.session.set(path, try record.encoded())
            }
            @Sendable func awaitView(_ wanted: [String: String]?, _ type: String = "LOAD") async throws {
                try await eventually("\(type) is \(wanted ?? [:])") {
                    let record = try await record("\(cluster.paths.customizedViews(type))/db", cluster)
                    return record?.mapFields["db_0"] == wanted && (record == nil) == (wanted == nil)
                }
            }
            try await cluster.join("a", session: "s1")
            try await cluster.join("b", session: "s2")
            try await say("a", "HALF")
            try await say("a", "1.0", "VERSION")
            try await say("c", "FULL")  // not live
            try await beside([running(makeController(in: cluster.service))]) {
                try await cluster.awaitStillness()
                #expect(try await cluster.session.exists(cluster.paths.customizedViews) == nil)
                try await administrator.aggregate("LOAD", in: "test")
                try await awaitView(["a": "HALF"])
                try await say("b", "EMPTY")
                try await awaitView(["a": "HALF", "b": "EMPTY"])
                try await cluster.join("c", session: "s3")
                try await awaitView(["a": "HALF", "b": "EMPTY", "c": "FULL"])
                let bad = cluster.paths.customizedState("b", type: "LOAD", resource: "db")
                try await cluster.session.set(bad, [1])
                try await say("a", "FULL")
                try await awaitView(["a": "FULL", "b": "EMPTY", "c": "FULL"])
                try await cluster.session.delete(cluster.paths.liveInstance("b"))
                try await awaitView(["a": "FULL", "c": "FULL"])
                #expect(try await cluster.session.exists(cluster.paths.customizedViews("VERSION")) == nil)
                try await administrator.aggregate("VERSION", in: "test")
                try await awaitView(["a": "1.0"], "VERSION")
                try await administrator.stopAggregating("LOAD", in: "test")
                try await awaitView(nil)
            }
            #expect(await cluster.check().violations == [])
        }
    }

    @Test("a new leader removes the customised views of which nobody says anything any more")
    func leftOver() async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            let path = "\(cluster.paths.customizedViews("LOAD"))/db"
            try await cluster.session.createWithParents(path, try ZNRecord(id: "db").encoded())
            try await beside([running(makeController(in: cluster.service))]) {
                try await eventually("it is gone") { try await cluster.session.exists(path) == nil }
            }
        }
    }
}
