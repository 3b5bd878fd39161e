import Coordination
import HelixRecords
import RebalancePipeline
import TestSupport
import Testing

@testable import HelixController

@Suite("Histories tell who led and who went when", .timeLimit(.minutes(5)))
struct HistoryTests {
    private func readTerms(_ cluster: ScriptedCluster) async throws -> ControllerHistory {
        try ControllerHistory(
            decoding: try await cluster.session.get(cluster.paths.controllerHistory).data, path: "HISTORY")
    }

    private func read(_ instance: String, _ cluster: ScriptedCluster) async throws -> ParticipantHistory {
        try ParticipantHistory(
            decoding: try await cluster.session.get(cluster.paths.instanceHistory(instance)).data, path: "HISTORY")
    }

    @Test("each term is one entry, in the form that Helix writes, and the last ten stay")
    func terms() async throws {
        try await ScriptedCluster.with { cluster in
            for round in 1...12 {
                let session = try await cluster.service.openSession(SessionConfiguration())
                let office = try await takeOffice(session)
                let context = makeContext(now: { 1_700_000_000_000 + Int64(round) })
                try await ControllerHistories(office: office, context: context).recordTerm()
                await session.close()
            }
            let history = try await readTerms(cluster)
            #expect(history.leaders(cluster: "test") == Array(repeating: "controller", count: 10))
            #expect(history.entries.count == 10)
            #expect(
                history.entries.last
                    == "{DATE=2023-11-14-22:13:20, VERSION=\(LiveInstance.currentVersion), TIME=1700000000012, CONTROLLER=controller}"
            )
        }
    }

    @Test(
        "a history keeps what others have written, and one that cannot be read begins anew", arguments: [false, true])
    func othersEntries(isReadable: Bool) async throws {
        try await ScriptedCluster.with { cluster in
            var record = ZNRecord(id: "HISTORY", simpleFields: ["OWN": "x"])
            record.listFields = ["test": ["java"], "MAINTENANCE_HISTORY": ["{}"]]
            let data = isReadable ? try record.encoded() : Array("{".utf8)
            try await cluster.session.set(cluster.paths.controllerHistory, data)
            let session = try await cluster.service.openSession(SessionConfiguration())
            try await ControllerHistories(office: try await takeOffice(session), context: makeContext()).recordTerm()
            let history = try await readTerms(cluster)
            #expect(history.leaders(cluster: "test") == (isReadable ? ["java", "controller"] : ["controller"]))
            #expect(history.maintenanceEntries == (isReadable ? ["{}"] : []))
            #expect(history.record.simpleFields == (isReadable ? ["OWN": "x"] : [:]))
            await session.close()
        }
    }

    @Test("a history that may not be written is no reason not to lead")
    func forbidden() async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            let path = cluster.paths.controllerHistory
            try await cluster.session.delete(path)
            let locked = [AccessControl(permissions: .read, scheme: "world", id: "anyone")]
            try await cluster.session.create(path, acl: locked)
            try await cluster.addResource("db")
            let participant = ScriptedParticipant(name: "a", paths: cluster.paths, service: cluster.service)
            try await beside([participant.run, makeController(in: cluster.service).run]) {
                try await cluster.awaitStates("db", partitions: 1, ["MASTER"])
            }
        }
    }

    /// A snapshot in which an instance is configured, and perhaps live.
    private func instances(_ cluster: ScriptedCluster, live: Bool) -> [ClusterSnapshot.Instance] {
        var snapshot = ClusterSnapshot(cluster: "test")
        snapshot.setInstanceConfig("a", .present(InstanceConfig(id: "a")))
        if live { snapshot.setLiveInstance("a", .init(id: "s1")) }
        return snapshot.instances
    }

    @Test("when an instance went that could not say so itself, that is noted once, with the time when it was noticed")
    func absence() async throws {
        try await ScriptedCluster.with(instances: ["a"]) { cluster in
            var online = ParticipantHistory(id: "a")
            online.appendOnline(host: "h", session: "s1", at: 1_600_000_000_000)
            try await cluster.session.set(cluster.paths.instanceHistory("a"), online.record.encoded())
            let session = try await cluster.service.openSession(SessionConfiguration())
            let histories = ParticipantHistories(office: try await takeOffice(session), context: makeContext())
            try await beside([histories.run]) {
                histories.follow(instances(cluster, live: true))
                histories.follow(instances(cluster, live: false))
                histories.follow(instances(cluster, live: false))
                try await eventually("the absence") {
                    try await read("a", cluster).lastOfflineTime == 1_700_000_000_000
                }
                try await cluster.awaitStillness(of: .milliseconds(50))
                let history = try await read("a", cluster)
                #expect(history.offlineDates == ["2023-11-14T22:13:20:000"])
                #expect(history.entries.count == 1)
            }
            await session.close()
        }
    }

    @Test(
        "many absences are noted with few requests, also when the connection is lost meanwhile",
        arguments: [0, 4, 5, 6])
    func manyAbsences(lossAt place: Int) async throws {
        let names = (1...60).map { "node_\($0)" }
        try await ScriptedCluster.with(instances: names) { cluster in
            var snapshot = ClusterSnapshot(cluster: "test")
            for name in names {
                let online = ParticipantHistory(id: name)
                try await cluster.session.set(cluster.paths.instanceHistory(name), online.record.encoded())
                snapshot.setInstanceConfig(name, .present(InstanceConfig(id: name)))
            }
            let interruption = Interruption(.afterwards, atRequest: place)
            let session = try await cluster.service.openSession(SessionConfiguration(), interruption: interruption)
            let histories = ParticipantHistories(office: try await takeOffice(session), context: makeContext())
            try await beside([histories.run]) { [snapshot] in
                histories.follow(snapshot.instances)
                for name in names {
                    try await eventually("the absence") { try await read(name, cluster).lastOfflineTime != nil }
                }
            }
            #expect(try await read(names[0], cluster).offlineDates.count == 1)
            #expect(interruption.count <= 10)
            await session.close()
        }
    }

    @Test("an instance that is back, was never there, or has said itself that it goes gets no entry")
    func noAbsence() async throws {
        try await ScriptedCluster.with(instances: ["a", "b", "c", "d"]) { cluster in
            var online = ParticipantHistory(id: "a")
            online.appendOnline(host: "h", session: "s1", at: 1_600_000_000_000)
            try await cluster.session.set(cluster.paths.instanceHistory("a"), online.record.encoded())
            try await cluster.join("a", session: "s2")
            online.appendOffline(at: 1_600_000_000_001)
            try await cluster.session.set(cluster.paths.instanceHistory("b"), online.record.encoded())
            try await cluster.session.set(cluster.paths.instanceHistory("c"), [1, 2, 3])
            try await cluster.session.delete(cluster.paths.instanceHistory("d"))
            let before = cluster.service.count
            let session = try await cluster.service.openSession(SessionConfiguration())
            let histories = ParticipantHistories(office: try await takeOffice(session), context: makeContext())
            var snapshot = ClusterSnapshot(cluster: "test")
            for name in ["a", "b", "c", "d"] {
                snapshot.setInstanceConfig(name, .present(InstanceConfig(id: name)))
            }
            try await beside([histories.run]) { [snapshot] in
                histories.follow(snapshot.instances)
                try await cluster.awaitStillness(of: .milliseconds(80))
            }
            #expect(cluster.service.count == before + 1)  // the election
            await session.close()
        }
    }
}
