import Coordination
import HelixAdmin
import HelixParticipant
import HelixRecords
import HelixSimulation
import Testing

/// Faults of the product that simulated clusters have brought to light, each as short as it can be told.
@Suite("What was found by simulation stays mended")
struct FoundFaultTests {
    private static func lag(_ ensemble: SimulatedEnsemble) {
        for server in 0..<ensemble.serverCount { ensemble.setLag(ofServer: server, to: .seconds(2)...(.seconds(3))) }
    }

    @Sendable private static func register(_ participant: Participant) {
        participant.register(.onlineOffline) { _ in Idle() }
    }

    @Test("an instance that was added a moment ago joins through a server that is behind", arguments: 1...8)
    func joiningThroughALaggingServer(seed: UInt64) async throws {
        try await SimulatedCluster.run(seed: seed) { cluster in
            Self.lag(cluster.simulation.ensemble)
            try await cluster.startParticipant("node", Self.register)
            try await cluster.settle()
        }
    }

    @Test("a cluster that was created a moment ago is led through a server that is behind", arguments: 1...8)
    func leadingThroughALaggingServer(seed: UInt64) async throws {
        try await SimulatedCluster.run("new", in: Simulation(seed: seed), recording: false) { cluster in
            Self.lag(cluster.simulation.ensemble)
            _ = try await cluster.administrate { try await $0.addCluster("new") }
            cluster.startController("controller")
            try await cluster.settle()
        }
    }

    @Test("who stood still while he waited for his predecessor to end looks again before he gives up", arguments: 1...4)
    func standingStillWhileWaiting(seed: UInt64) async throws {
        try await SimulatedCluster.run(seed: seed) { cluster in
            try await cluster.startParticipant("node", Self.register)
            try await cluster.settle()
            cluster.kill("node")
            try await cluster.startParticipant("node", Self.register)
            try await cluster.advance(by: .seconds(10))
            cluster.pause("node", for: .seconds(60))
            try await cluster.settle(within: .seconds(300))
        }
    }

    @Test("a member whose configuration was spoilt joins again when it has been put right")
    func spoiltConfiguration() async throws {
        try await SimulatedCluster.run(seed: 1) { cluster in
            let ensemble = cluster.simulation.ensemble
            let path = ClusterPaths(cluster: cluster.name).instanceConfig("node")
            try await cluster.startParticipant("node", Self.register)
            try await cluster.settle()
            let config = try #require(ensemble.data(at: path))
            ensemble.interfere([.set(path, data: Array("{".utf8))], as: SessionID(rawValue: 0xbad))
            let process = try #require(cluster.process("node"))
            ensemble.expireSessions(of: process)
            try await cluster.advance(by: .seconds(60))
            #expect(process.isAlive)
            ensemble.interfere([.set(path, data: config)], as: SessionID(rawValue: 0xbad))
            try await cluster.settle()
            #expect(ensemble.children(of: ClusterPaths(cluster: cluster.name).liveInstances) == ["node"])
        }
    }
}

struct Idle: OnlineOfflineHandler {
    func offlineToOnline(_ context: TransitionContext) async throws {}
    func onlineToOffline(_ context: TransitionContext) async throws {}
}
