import Coordination
import HelixParticipant
import HelixRecords
import Testing

@Suite("Replicas that an instance says it holds")
struct HeldReplicaTests {
    private func holding(_ held: [HeldReplica]) -> ParticipantConfiguration {
        var configuration = ParticipantConfiguration()
        configuration.heldReplicas = { held }
        return configuration
    }

    @Test("what the cluster does not know of joins in the initial state, and can be dropped")
    func announced() async throws {
        let stand = try await Stand()
        let held = ["b", "a"].map { HeldReplica(resource: "db", partition: $0, stateModel: "MasterSlave") }
        let participant = stand.masterSlave(configuration: holding(held))
        try await stand.running(participant) { session in
            #expect(try await stand.state(session, "a") == "OFFLINE")
            #expect(try await stand.state(session, "b") == "OFFLINE")
            try await stand.order("m1", "a", "OFFLINE", "DROPPED", session: session)
            #expect(stand.journal.of("a") == ["OFFLINE-DROPPED"])
            #expect(try await stand.state(session, "a") == nil)
            #expect(try await stand.state(session, "b") == "OFFLINE")
        }
    }

    @Test("what the last session knew of is as it would be without, and what it did not know of comes beside it")
    func besideTheLastSession() async throws {
        let stand = try await Stand()
        let held = ["a", "z"].map { HeldReplica(resource: "db", partition: $0, stateModel: "MasterSlave") }
        let participant = stand.masterSlave(configuration: holding(held))
        try await stand.running(participant) { session in
            try await stand.order("m1", "a", "OFFLINE", "SLAVE", session: session)
            try await stand.order("m2", "b", "OFFLINE", "SLAVE", session: session)
            stand.service.expire(try stand.sessionID(session))
            try await eventually("it has joined again") { (participant.status.session ?? session) != session }
            let next = try #require(participant.status.session)
            for partition in ["a", "b", "z"] { #expect(try await stand.state(next, partition) == "OFFLINE") }
            #expect(try await stand.current(next)?.partitions == ["a", "b", "z"])
        }
    }

    @Test("a model that nobody knows is left out, and hinders no other")
    func unknownModel() async throws {
        let stand = try await Stand()
        let held = [
            HeldReplica(resource: "other", partition: "a", stateModel: "Unheard"),
            HeldReplica(resource: "db", partition: "a", stateModel: "MasterSlave"),
        ]
        try await stand.running(stand.masterSlave(configuration: holding(held))) { session in
            let folder = stand.paths.currentStates("n1_1", session: session)
            let resources = try await stand.session.children(folder)
            #expect(resources == ["db"])
            #expect(try await stand.state(session, "a") == "OFFLINE")
        }
    }
}
