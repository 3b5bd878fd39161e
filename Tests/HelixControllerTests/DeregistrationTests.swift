import Coordination
import HelixRecords
import RebalancePipeline
import TestSupport
import Testing

@testable import HelixController

@Suite("Instances that are gone for good are dropped", .timeLimit(.minutes(5)))
struct DeregistrationTests {
    private func limit(_ cluster: ScriptedCluster, milliseconds: String) async throws {
        let config = ZNRecord(
            id: "test", simpleFields: ["PARTICIPANT_DEREGISTRATION_TIMEOUT": milliseconds])
        try await cluster.session.set(cluster.paths.clusterConfig, config.encoded())
    }

    private func left(_ instance: String, at time: Int64, _ cluster: ScriptedCluster) async throws {
        var history = ParticipantHistory(id: instance)
        history.appendOffline(at: time)
        try await cluster.session.set(cluster.paths.instanceHistory(instance), history.encoded())
    }

    @Test("when the cluster says so, and not before")
    func dropped() async throws {
        try await ScriptedCluster.with(instances: ["a", "b", "c"]) { cluster in
            try await limit(cluster, milliseconds: "3600000")
            try await left("a", at: 1_000, cluster)
            try await cluster.join("c", session: "7")
            try await beside([running(makeController(in: cluster.service))]) {
                try await eventually(within: .seconds(60), "a is dropped") {
                    try await cluster.session.children(cluster.paths.instanceConfigs) == ["b", "c"]
                }
                #expect(try await cluster.session.children(cluster.paths.instances) == ["b", "c"])
            }
        }
    }

    @Test("not when they have been back meanwhile")
    func back() async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            try await left("a", at: 5_000, cluster)
            let session = try await cluster.service.openSession(SessionConfiguration())
            let office = try await takeOffice(session)
            let deregistrar = Deregistrar(
                office: office, context: makeContext(),
                journal: JournalKeeper(office: office, context: makeContext()))
            try await beside([{ try await deregistrar.run() }]) {
                deregistrar.drop([.init(name: "a", goneBefore: 5_000)])
                deregistrar.drop([.init(name: "unknown", goneBefore: 5_000)])
                try await cluster.awaitStillness()
                #expect(try await cluster.session.children(cluster.paths.instances) == ["a"])
                try await cluster.join("a", session: "7")
                deregistrar.drop([.init(name: "a", goneBefore: 5_001)])
                try await cluster.awaitStillness()
                #expect(try await cluster.session.children(cluster.paths.instances) == ["a"])
                try await cluster.session.delete(cluster.paths.liveInstance("a"))
                deregistrar.drop([.init(name: "a", goneBefore: 5_001)])
                try await eventually(within: .seconds(60), "a is dropped") {
                    try await cluster.session.children(cluster.paths.instances) == []
                }
            }
            await session.close()
        }
    }
}
