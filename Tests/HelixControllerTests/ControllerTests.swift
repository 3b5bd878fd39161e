import Coordination
import HelixRecords
import StateModels
import TestSupport
import Testing

@testable import HelixController

@Suite("A controller carries its cluster to where it should be", .timeLimit(.minutes(5)))
struct ControllerTests {
    /// A cluster of three instances that are live, and a controller.
    private func withCluster(
        batches: Bool = false, _ body: @escaping @Sendable (ScriptedCluster) async throws -> Void
    ) async throws {
        try await ScriptedCluster.with(instances: ["a", "b", "c"]) { cluster in
            let participants = ["a", "b", "c"].map { name in
                ScriptedParticipant(
                    name: name, paths: cluster.paths, service: cluster.service, acceptsBatchMessages: batches)
            }
            try await beside(participants.map(running) + [makeController(in: cluster.service).run]) {
                try await body(cluster)
            }
        }
    }

    @Test("a resource comes up within all bounds, and its external view shows it", arguments: [false, true])
    func bringUp(batches: Bool) async throws {
        try await withCluster(batches: batches) { cluster in
            try await cluster.addResource("db", partitions: 12, replicas: 2)
            try await cluster.awaitStates("db", partitions: 12, ["MASTER", "SLAVE"])
            let checker = await cluster.check()
            #expect(checker.violations == [])
            #expect(checker.replicas(of: "db") == (try await cluster.view("db"))?.record.mapFields)
        }
    }

    @Test("instances that take batch messages get one for many transitions, the others one for each")
    func batches() async throws {
        try await withCluster(batches: true) { cluster in
            try await cluster.addResource("db", partitions: 30, replicas: 3)
            try await cluster.awaitStates("db", partitions: 30, ["MASTER", "SLAVE", "SLAVE"])
            #expect(await cluster.check().messages < 60)
        }
        try await withCluster(batches: false) { cluster in
            try await cluster.addResource("db", partitions: 30, replicas: 3)
            try await cluster.awaitStates("db", partitions: 30, ["MASTER", "SLAVE", "SLAVE"])
            #expect(await cluster.check().messages == 30 * 3 + 30)
        }
    }

    @Test("the replicas of an instance that is gone come up elsewhere, and it gets some back when it returns")
    func failover() async throws {
        try await ScriptedCluster.with(instances: ["a", "b", "c"]) { cluster in
            let participants = ["a", "b", "c"].map {
                ScriptedParticipant(name: $0, paths: cluster.paths, service: cluster.service)
            }
            try await cluster.addResource("db", partitions: 12, replicas: 2)
            try await beside([participants[0].run, participants[1].run, makeController(in: cluster.service).run]) {
                try await beside([participants[2].run]) {
                    try await cluster.awaitStates("db", partitions: 12, ["MASTER", "SLAVE"])
                    try await cluster.awaitView("db") { $0.values.contains { $0["c"] != nil } }
                }
                try await cluster.awaitView("db") { view in
                    view.values.allSatisfy { $0.keys.sorted() == ["a", "b"] && $0.values.contains("MASTER") }
                }
                try await beside([participants[2].run]) {
                    try await cluster.awaitView("db") { $0.values.contains { $0["c"] == "MASTER" } }
                    try await cluster.awaitStates("db", partitions: 12, ["MASTER", "SLAVE"])
                }
                #expect(await cluster.check().violations == [])
            }
        }
    }

    @Test("a resource that is dropped goes from the instances, and its view goes")
    func drop() async throws {
        try await withCluster { cluster in
            try await cluster.addResource("db", partitions: 6, replicas: 2)
            try await cluster.awaitStates("db", partitions: 6, ["MASTER", "SLAVE"])
            try await cluster.session.delete(cluster.paths.idealState("db"))
            try await eventually("the view goes") { try await cluster.view("db") == nil }
            let checker = await cluster.check()
            #expect(checker.replicas(of: "db").isEmpty)
            #expect(checker.violations == [])
        }
    }

    @Test("nothing is asked of anybody while the cluster is paused, and everything after")
    func pause() async throws {
        try await withCluster { cluster in
            try await cluster.session.create(cluster.paths.pause, ZNRecord(id: "pause").encoded())
            try await cluster.addResource("db", partitions: 4, replicas: 2)
            try await eventually("the view of a resource without replicas") { try await cluster.view("db") != nil }
            try await cluster.awaitStillness()
            #expect(await cluster.check().messages == 0)
            try await cluster.session.delete(cluster.paths.pause)
            try await cluster.awaitStates("db", partitions: 4, ["MASTER", "SLAVE"])
        }
    }

    @Test("a cluster in which nothing changes is written by nobody")
    func stillness() async throws {
        try await withCluster { cluster in
            try await cluster.addResource("db", partitions: 8, replicas: 3)
            try await cluster.awaitStates("db", partitions: 8, ["MASTER", "SLAVE", "SLAVE"])
            try await cluster.awaitStillness()
            let count = cluster.service.count
            // Records are touched, but not changed.
            let paths = cluster.paths
            for path in [paths.idealState("db"), paths.clusterConfig, paths.instanceConfig("a")] {
                try await cluster.session.set(path, try await cluster.session.get(path).data)
            }
            try await cluster.awaitStillness()
            #expect(cluster.service.count == count + 3)
        }
    }

    @Test("the built-in state models are added where they are absent, and one that a user changed is kept")
    func stateModels() async throws {
        try await ScriptedCluster.with { cluster in
            var edited = StateModel.masterSlave.record
            edited.simpleFields["NOTE"] = "changed by a user"
            let data = try edited.encoded()
            try await cluster.session.create(cluster.paths.stateModel("MasterSlave"), data)
            try await beside([makeController(in: cluster.service).run]) {
                try await eventually("the built-in models") {
                    try await cluster.session.children(cluster.paths.stateModels).count == StateModel.builtIn.count
                }
                #expect(try await cluster.session.get(cluster.paths.stateModel("MasterSlave")).data == data)
            }
        }
    }

    @Test("a cluster that is not set up is an error that names what is missing")
    func notSetUp() async throws {
        let service = RecordedService()
        let error = await #expect(throws: ControllerError.self) { try await makeController(in: service).run() }
        #expect(error?.description.contains("/test/IDEALSTATES") == true)
    }

    @Test("the status tells what the controller does")
    func status() async throws {
        try await ScriptedCluster.with { cluster in
            let controller = makeController(in: cluster.service)
            #expect(controller.status == .connecting)
            try await beside([controller.run]) {
                try await eventually("leading") { controller.status.isLeading }
                let leader = try await cluster.session.get(cluster.paths.leader)
                let owner = try #require(leader.stat.ephemeralOwner)
                #expect(controller.status == .leading(session: owner.description))
                let record = try LiveInstance(decoding: leader.data, path: "LEADER")
                #expect(record.sessionID == owner.description && record.id == "controller")
            }
            try await eventually("stopped") { controller.status == .stopped }
            #expect(try await cluster.session.exists(cluster.paths.leader) == nil)
        }
    }
}
