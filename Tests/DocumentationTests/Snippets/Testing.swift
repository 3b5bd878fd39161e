import HelixAdmin
import HelixParticipant
import HelixRecords
import HelixSimulation
import HelixSpectator
import Testing

// The examples of Docs/testing.md, compiled and run: `DocumentationTests` compares them.

/// What the guide's handler is made of.
struct CartShard: LeaderStandbyHandler {
    let replica: Replica
    let clock: any Clock<Duration>

    func offlineToStandby(_ context: TransitionContext) async throws {}
    func standbyToLeader(_ context: TransitionContext) async throws { try await clock.sleep(for: .milliseconds(20)) }
    func leaderToStandby(_ context: TransitionContext) async throws {}
    func standbyToOffline(_ context: TransitionContext) async throws {}
}

struct TestingGuide {
    @Test func failover() async throws {
        try await SimulatedCluster.run { cluster in
            try await cluster.administrate { admin in
                let settings = ResourceSettings(partitions: 8, stateModel: "LeaderStandby", replicas: .count(2))
                try await admin.addResource("carts", settings, in: cluster.name)
            }
            for name in ["node1", "node2", "node3"] {
                try await cluster.startParticipant(name) { participant in
                    participant.register(.leaderStandby) { CartShard(replica: $0, clock: cluster.clock) }
                }
            }
            try await cluster.settle()

            cluster.kill("node1")
            try await cluster.settle()
            let leaders = try await cluster.routingTable().instances(serving: "carts", in: "LEADER")
            #expect(leaders.map(\.name) == ["node2", "node3"])

            try await misfortunes(cluster)
            ownRules(cluster, isSoldTwice: false)
        }
    }

    private func misfortunes(_ cluster: SimulatedCluster) async throws {
        cluster.isolate("node2")  // its packets get stuck; neither side notices at once
        try await cluster.advance(by: .seconds(10))
        cluster.reconnect("node2")

        cluster.pause("node3", for: .seconds(60))  // a long garbage collection
        try await cluster.advance(by: .seconds(60))

        cluster.shutDown("node3")  // SIGTERM
        try await cluster.settle()
    }

    private func ownRules(_ cluster: SimulatedCluster, isSoldTwice: Bool) {
        if isSoldTwice { cluster.judge.note("sold-twice", "ticket 7") }
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>) func seeds(seed: UInt64) async throws {
        try await SimulatedCluster.run(seed: seed, recording: true) { cluster in
            try await cluster.settle()
            cluster.simulation.ensemble.crash(server: 0)
            if seed > 3 { print(cluster.timeline) }
        }
    }
}
