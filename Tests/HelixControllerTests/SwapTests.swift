import Coordination
import HelixAdmin
import HelixRecords
import StateModels
import TestSupport
import Testing

@testable import HelixController

@Suite("An instance is replaced under a controller", .timeLimit(.minutes(5)))
struct SwapTests {
    @Test("the new one is filled beside the old one, takes its place, and only top states are handed over")
    func swap() async throws {
        let names = ["a", "b", "c", "z"]
        try await ScriptedCluster.with(instances: ["a", "b", "c"]) { cluster in
            for model in StateModel.builtIn {
                try await cluster.session.createWithParents(
                    cluster.paths.stateModel(model.name), try model.record.encoded())
            }
            let participants = names.map {
                ScriptedParticipant(name: $0, paths: cluster.paths, service: cluster.service)
            }
            let administrator = Administrator(session: cluster.session)
            try await administrator.startSwap(from: "a", to: "z", in: "test")
            try await cluster.addResource("db", partitions: 12, replicas: 2)
            try await beside(participants.map(running) + [running(makeController(in: cluster.service))]) {
                let status = try await administrator.awaitSwap(from: "a", to: "z", in: "test")
                #expect(status.isReady, "\(status.obstacles)")
                // Before the resource is up nothing is in the way either.
                try await eventually(within: .seconds(60), "a copy of each replica") {
                    let status = try await administrator.swapStatus(from: "a", to: "z", in: "test")
                    return status.isReady && status.replicas == 8
                }
                try await cluster.awaitStillness()
                let before = try await view(cluster)
                let sent = await cluster.check().messages

                let done = try await administrator.completeSwap(from: "a", to: "z", in: "test")
                try await eventually(within: .seconds(60), "the exchange") {
                    try await view(cluster)
                        == before.mapValues { states in
                            var states = states
                            states["z"] = nil
                            if let state = states.removeValue(forKey: "a") { states["z"] = state }
                            return states
                        }
                }
                try await cluster.awaitStillness()
                let checker = await cluster.check()
                #expect(checker.violations == [])
                // Those of the old one go: by way of SLAVE and OFFLINE, or of OFFLINE.
                #expect(checker.messages - sent == done.replicas * 2 + done.tops * 2)
            }
        }
    }

    private func view(_ cluster: ScriptedCluster) async throws -> [String: [String: String]] {
        try await cluster.view("db")?.record.mapFields ?? [:]
    }
}
