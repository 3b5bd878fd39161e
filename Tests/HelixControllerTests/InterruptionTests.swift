import Coordination
import HelixRecords
import TestSupport
import Testing

@testable import HelixController

/// A cluster is brought up, once for each request that its controller makes: at this one the connection is lost, before it
/// got through, after it was done, or in the middle of a batch; or the session expires.
@Suite("No single fault is too much for a controller", .timeLimit(.minutes(5)))
struct InterruptionTests {
    /// - Returns: how many requests the controller made.
    @discardableResult
    private func bringUp(_ interruption: Interruption, batches: Bool) async throws -> Int {
        try await ScriptedCluster.with(instances: ["a", "b", "gone"]) { cluster in
            let participants = ["a", "b"].map {
                ScriptedParticipant(
                    name: $0, paths: cluster.paths, service: cluster.service, acceptsBatchMessages: batches)
            }
            try await cluster.session.set(
                cluster.paths.instanceHistory("gone"), ParticipantHistory(id: "gone").record.encoded())
            try await cluster.session.create(
                cluster.paths.externalView("former"), ExternalView(id: "former").record.encoded())
            try await cluster.addResource("db", partitions: 4, replicas: 2)
            let service = InterruptedService(service: cluster.service, interruption: interruption)
            try await beside([participants[0].run, participants[1].run, makeController(in: service).run]) {
                try await cluster.awaitStates("db", partitions: 4, ["MASTER", "SLAVE"])
                try await eventually("the view of a former resource goes") {
                    try await cluster.view("former") == nil
                }
                try await eventually("the absence is noted") {
                    let path = cluster.paths.instanceHistory("gone")
                    let data = try await cluster.session.get(path).data
                    return try ParticipantHistory(decoding: data, path: path).lastOfflineTime != nil
                }
            }
            let checker = await cluster.check()
            #expect(checker.violations == [])
            // One entry for each term, unless it was over before it began, and one absence.
            let terms = try ControllerHistory(
                decoding: try await cluster.session.get(cluster.paths.controllerHistory).data, path: "HISTORY")
            #expect(terms.entries.count <= checker.leaders.count)
            #expect(terms.entries.count >= (interruption.kind == .expiry ? 1 : checker.leaders.count))
            let gone = try ParticipantHistory(
                decoding: try await cluster.session.get(cluster.paths.instanceHistory("gone")).data, path: "gone")
            #expect(gone.offlineDates.count == 1)
        }
        return interruption.count
    }

    @Test(
        "at whatever request it happens, the cluster comes up within all bounds", arguments: Interruption.Kind.allCases)
    func everywhere(kind: Interruption.Kind) async throws {
        for batches in [true, false] {
            let requests = try await bringUp(Interruption(kind, atRequest: 0), batches: batches)
            for place in 1...(requests + 3) {
                do {
                    try await bringUp(Interruption(kind, atRequest: place), batches: batches)
                } catch {
                    Issue.record("\(kind) at request \(place) of about \(requests), batches \(batches): \(error)")
                }
            }
        }
    }
}
