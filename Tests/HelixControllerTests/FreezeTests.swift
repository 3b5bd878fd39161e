import Coordination
import HelixAdmin
import HelixRecords
import TestSupport
import Testing

@testable import HelixController

@Suite("A cluster is frozen and set free", .timeLimit(.minutes(5)))
struct FreezeTests {
    @Test("instances freeze, nothing moves whoever leads, the status and the history tell it, and all goes on after it")
    func life() async throws {
        let names = ["a", "b", "c"]
        try await ScriptedCluster.with(instances: names) { cluster in
            let participants = names.map {
                ScriptedParticipant(name: $0, paths: cluster.paths, service: cluster.service)
            }
            @Sendable func awaitStatus(_ mode: ClusterStatus.Mode) async throws {
                try await eventually("\(mode) is reached") {
                    guard let data = try await cluster.session.getIfPresent(cluster.paths.clusterStatus)?.data else {
                        return false
                    }
                    return try ClusterStatus(decoding: data, path: "") == ClusterStatus(mode: mode, isCompleted: true)
                }
            }
            @Sendable func frozen() async throws -> [Bool] {
                var frozen: [Bool] = []
                for name in try await cluster.session.children(cluster.paths.liveInstances) {
                    let data = try await cluster.session.get(cluster.paths.liveInstance(name)).data
                    frozen.append(try LiveInstance(decoding: data, path: name).isFrozen)
                }
                return frozen
            }
            let controllers = ["x", "y"].map { running(makeController($0, in: cluster.service)) }
            let administrator = Administrator(session: cluster.session)
            try await cluster.addResource("db", partitions: 6, replicas: 2)
            try await beside(participants.map(running) + controllers) {
                try await cluster.awaitStates("db", partitions: 6, ["MASTER", "SLAVE"])
                #expect(try await cluster.session.exists(cluster.paths.clusterStatus) == nil)
                try await administrator.freezeCluster("test", reason: "moving")
                try await awaitStatus(.clusterFreeze)
                #expect(try await frozen() == [true, true, true])
                try await cluster.addResource("late", partitions: 3, replicas: 2)
                let leader = try await cluster.session.exists(cluster.paths.leader)?.ephemeralOwner
                cluster.service.expire(try #require(leader))
                try await eventually("another leads") {
                    let owner = try await cluster.session.exists(cluster.paths.leader)?.ephemeralOwner
                    return owner != nil && owner != leader
                }
                try await cluster.awaitStillness()
                #expect(try await cluster.view("late")?.record.mapFields == [:])
                try await awaitStatus(.clusterFreeze)

                try await administrator.unfreezeCluster("test")
                try await awaitStatus(.normal)
                #expect(try await frozen() == [false, false, false])
                try await cluster.awaitStates("late", partitions: 3, ["MASTER", "SLAVE"])
            }
            let data = try await cluster.session.get(cluster.paths.controllerHistory).data
            let lines =
                try ControllerHistory(decoding: data, path: "").record.listFields["MANAGEMENT_MODE_HISTORY"] ?? []
            #expect(lines.count == 2 && lines[0].contains("CLUSTER_FREEZE") && lines[0].contains("moving"))
            #expect(lines[1].contains("NORMAL"))
            #expect(await cluster.check().violations == [])
        }
    }

    @Test("an instance that does not take notice keeps the freeze from being reached, and is named")
    func deaf() async throws {
        try await ScriptedCluster.with(instances: ["a", "b"]) { cluster in
            var deaf = ScriptedParticipant(name: "b", paths: cluster.paths, service: cluster.service)
            deaf.answer = { $0.messageType == .participantStatusChange ? .ignore : .obey }
            let able = ScriptedParticipant(name: "a", paths: cluster.paths, service: cluster.service)
            let administrator = Administrator(session: cluster.session)
            try await cluster.addResource("db", partitions: 2, replicas: 2)
            try await beside([running(able), running(deaf), running(makeController(in: cluster.service))]) {
                try await cluster.awaitStates("db", partitions: 2, ["MASTER", "SLAVE"])
                try await administrator.freezeCluster("test")
                try await eventually("a is frozen") {
                    try await administrator.managementStatus(of: "test").instances.first?.isFrozen == true
                }
                try await cluster.awaitStillness()
                let status = try await administrator.managementStatus(of: "test")
                #expect(!status.isCompleted)
                #expect(
                    status.instances.map { "\($0.name) \($0.isFrozen) \($0.messages)" } == ["a true 0", "b false 1"])
            }
        }
    }
}
