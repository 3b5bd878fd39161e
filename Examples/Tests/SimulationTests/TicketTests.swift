import HelixAdmin
import HelixParticipant
import HelixSimulation
import HelixSpectator
import Testing

@Suite("Ticket sellers in a simulated cluster", .timeLimit(.minutes(5)))
struct TicketTests {
    @Test("another node takes over the concerts of a node that is killed")
    func kill() async throws {
        try await withSellers(seed: 1) { cluster, office in
            let concerts = try await cluster.concerts(ledBy: "node1")
            #expect(!concerts.isEmpty)
            cluster.kill("node1")
            try await cluster.settle()
            #expect(try await cluster.concerts(ledBy: "node1").isEmpty)
            try await cluster.advance(by: .seconds(1))
            #expect(concerts.allSatisfy { concert in office.sales.last { $0.concert == concert }?.seller != "node1" })
            #expect(office.refusals.isEmpty)

            try await cluster.startSeller("node1", office)  // it comes back
            try await cluster.settle()
            #expect(try await !cluster.concerts(ledBy: "node1").isEmpty)
        }
    }

    @Test("a node that is cut off stops selling before anybody else begins", arguments: 1...10 as ClosedRange<UInt64>)
    func cutOff(seed: UInt64) async throws {
        try await withSellers(seed: seed) { cluster, office in
            cluster.isolate("node1")
            try await cluster.advance(by: .seconds(30))
            #expect(try await cluster.concerts(ledBy: "node1").isEmpty)
            cluster.reconnect("node1")
            try await cluster.settle()
            #expect(office.refusals.isEmpty, "seed \(seed)")
        }
    }

    @Test(
        "a node that stood still for longer than its session does no harm when it wakes",
        arguments: 1...10 as ClosedRange<UInt64>)
    func pause(seed: UInt64) async throws {
        try await withSellers(seed: seed) { cluster, office in
            cluster.pause("node1", for: .seconds(30))
            try await cluster.advance(by: .seconds(40))
            try await cluster.settle()
            // It cannot know that it was replaced. So it may try to sell, and only the fencing token stops it.
            for concert in Set(office.sales.map(\.concert)) {
                let tokens = office.sales.filter { $0.concert == concert }.map(\.token)
                #expect(tokens == tokens.sorted(), "seed \(seed): a seller that was replaced has sold \(concert)")
            }
        }
    }

    @Test("a node that is shut down hands its concerts over in an instant")
    func shutDown() async throws {
        try await withSellers(seed: 1) { cluster, office in
            let concerts = try await cluster.concerts(ledBy: "node1")
            cluster.shutDown("node1")
            try await cluster.advance(by: .seconds(2))
            #expect(try await cluster.concerts(ledBy: "node1").isEmpty)
            #expect(concerts.allSatisfy { concert in office.sales.last { $0.concert == concert }?.seller != "node1" })
            #expect(cluster.process("node1")?.isAlive == false)
            #expect(office.refusals.isEmpty)
        }
    }
}

@Suite("Faulty handlers are found", .timeLimit(.minutes(5)))
struct FaultyHandlerTests {
    /// Forgets to heed `suspended()`: sells on while it is cut off.
    struct DeafHandler: LeaderStandbyHandler {
        let good: ConcertHandler

        func offlineToStandby(_ context: TransitionContext) async throws { try await good.offlineToStandby(context) }
        func standbyToLeader(_ context: TransitionContext) async throws { try await good.standbyToLeader(context) }
        func leaderToStandby(_ context: TransitionContext) async throws { try await good.leaderToStandby(context) }
        func standbyToOffline(_ context: TransitionContext) async throws { try await good.standbyToOffline(context) }
        func reset() async { await good.reset() }
    }

    @Test("one that ignores suspended() sells after it was replaced, and does so again with the same seed")
    func deaf() async throws {
        let refusals = try await refusals(seed: 7)
        #expect(refusals.first?.seller == "node1")
        #expect(try await self.refusals(seed: 7) == refusals)
    }

    private func refusals(seed: UInt64) async throws -> [BoxOffice.Sale] {
        try await withSellers(seed: seed, makeHandler: { DeafHandler(good: $0) }) { cluster, office in
            cluster.isolate("node1")
            try await cluster.advance(by: .seconds(30))
            return office.refusals
        }
    }

    /// Takes an hour to open.
    struct SlowHandler: LeaderStandbyHandler {
        let good: ConcertHandler
        let clock: any Clock<Duration>

        func offlineToStandby(_ context: TransitionContext) async throws {}
        func standbyToLeader(_ context: TransitionContext) async throws { try await clock.sleep(for: .seconds(3600)) }
        func leaderToStandby(_ context: TransitionContext) async throws {}
        func standbyToOffline(_ context: TransitionContext) async throws {}
    }

    @Test("one that takes too long keeps the cluster from settling, and the error says who is not done")
    func slow() async throws {
        let error = try await #require(throws: NotSettled.self) {
            try await SimulatedCluster.run(seed: 1) { cluster in
                try await cluster.startSellers(BoxOffice()) { SlowHandler(good: $0, clock: cluster.clock) }
                try await cluster.settle(within: .seconds(30))
            }
        }
        #expect("\(error)".contains("node1 has"))
    }

    @Test("a recorded run tells what each process saw")
    func timeline() async throws {
        let lines = try await SimulatedCluster.run(seed: 7, recording: true) { cluster in
            try await cluster.startSellers(BoxOffice()) { DeafHandler(good: $0) }
            try await cluster.settle()
            cluster.isolate("node1")
            try await cluster.advance(by: .seconds(30))
            return cluster.timeline.entries  // or print(cluster.timeline)
        }
        #expect(lines.contains { $0.process == "node1" && $0.text.contains("cut off") })
    }
}
