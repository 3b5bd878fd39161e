import Coordination
import HelixController
import HelixRecords
import TestSupport
import Testing

@Suite("A resource of 250,000 partitions on a server with stock limits", .timeLimit(.minutes(5)))
struct LargeResourceTests {
    private static let partitions = 250_000
    private static let bucketSize = 1_000
    private static let instances = ["a", "b", "c"]

    /// The znodes of a record in buckets, made of text, because that is faster than making records.
    private func write(
        _ path: String, fields: [String: String], _ kind: String, to session: any CoordinationSession,
        entry: (Int) -> String
    ) async throws {
        let fields = fields.merging(["BUCKET_SIZE": "\(Self.bucketSize)"]) { $1 }
        let simple = fields.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }.joined(separator: ",")
        func data(_ id: String, _ content: String) -> [UInt8] {
            let (lists, maps) = kind == "listFields" ? (content, "") : ("", content)
            return Array(
                """
                {"id":"\(id)","simpleFields":{\(simple)},"listFields":{\(lists)},"mapFields":{\(maps)}}
                """.utf8)
        }
        try await session.createWithParents(path)
        var writes: [WriteOperation] = []
        for start in stride(from: 0, to: Self.partitions, by: Self.bucketSize) {
            let content = (start..<start + Self.bucketSize).map { "\"db_\($0)\":\(entry($0))" }.joined(separator: ",")
            let id = "db_p\(start)-p\(start + Self.bucketSize - 1)"
            writes.append(.create("\(path)/\(id)", data: data(id, content)))
        }
        for result in await session.write(writes) { _ = try result.get() }
        try await session.set(path, data("db", ""))
    }

    private func state(_ partition: Int, _ instance: Int) -> String {
        "{\"CURRENT_STATE\":\"\(partition % Self.instances.count == instance ? "MASTER" : "SLAVE")\"}"
    }

    @Test("its view comes up in buckets, and a replica that changes state has one of them written")
    func life() async throws {
        try await RealCluster.with(instances: Self.instances) { cluster in
            let session = cluster.session
            let id = session.id.description
            try await write(
                cluster.paths.idealState("db"),
                fields: [
                    "NUM_PARTITIONS": "\(Self.partitions)", "REPLICAS": "3", "REBALANCE_MODE": "SEMI_AUTO",
                    "STATE_MODEL_DEF_REF": "MasterSlave",
                ], "listFields", to: session
            ) { partition in
                "[" + (0..<3).map { "\"\(Self.instances[(partition + $0) % 3])\"" }.joined(separator: ",") + "]"
            }
            for (index, instance) in Self.instances.enumerated() {
                try await write(
                    cluster.paths.currentState(instance, session: id, resource: "db"),
                    fields: ["SESSION_ID": id, "STATE_MODEL_DEF": "MasterSlave"], "mapFields", to: session
                ) { state($0, index) }
                let live = LiveInstance.make(instance: instance, sessionID: id, process: "1@test")
                try await session.create(cluster.paths.liveInstance(instance), live.encoded(), mode: .ephemeral)
            }
            try await beside([running(cluster.controller("one"))]) {
                let view = cluster.paths.externalView("db")
                let names = stride(from: 0, to: Self.partitions, by: Self.bucketSize)
                    .map { "db_p\($0)-p\($0 + Self.bucketSize - 1)" }
                @Sendable func versions() async throws -> [Int32?] {
                    try await session.read(names.map { .exists("\(view)/\($0)") }).map {
                        guard case .stat(let stat) = try $0.get() else { return nil }
                        return stat?.version
                    }
                }
                try await TestSupport.eventually(within: .seconds(180), "the view is there") {
                    try await versions() == names.map { _ in 0 }
                }
                let last = try ZNRecord(decoding: try await session.get("\(view)/\(names[249])").data, path: view)
                #expect(last.mapFields.count == Self.bucketSize)
                #expect(last.mapFields["db_249999"] == ["a": "MASTER", "b": "SLAVE", "c": "SLAVE"])

                let bucket = "\(cluster.paths.currentState("b", session: id, resource: "db"))/\(names[123])"
                var states = try CurrentState(decoding: try await session.get(bucket).data, path: bucket)
                states["db_123456"] = ReplicaState(currentState: "ERROR")
                try await session.set(bucket, try states.encoded())
                try await TestSupport.eventually(within: .seconds(60), "the change is in the view") {
                    try await versions()[123] == 1
                }
                #expect(try await versions() == names.indices.map { $0 == 123 ? 1 : 0 })
                #expect(try await session.get(view).stat.version == 0)
                let changed = try ZNRecord(decoding: try await session.get("\(view)/\(names[123])").data, path: view)
                #expect(changed.mapFields["db_123456"]?["b"] == "ERROR")
            }
        }
    }
}
