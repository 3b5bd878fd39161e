import HelixAdmin
import HelixParticipant
import HelixRecords
import HelixSimulation
import HelixSpectator

/// Runs `body` with three sellers that share four concerts.
func withSellers<Value: Sendable>(
    seed: UInt64, makeHandler: @escaping @Sendable (ConcertHandler) -> any LeaderStandbyHandler = { $0 },
    _ body: @escaping @Sendable (SimulatedCluster, BoxOffice) async throws -> Value
) async throws -> Value {
    try await SimulatedCluster.run(seed: seed) { cluster in
        let office = BoxOffice()
        try await cluster.startSellers(office, makeHandler: makeHandler)
        try await cluster.settle()
        try await cluster.advance(by: .seconds(1))
        return try await body(cluster, office)
    }
}

extension SimulatedCluster {
    func startSellers(
        _ office: BoxOffice, makeHandler: @escaping @Sendable (ConcertHandler) -> any LeaderStandbyHandler
    ) async throws {
        try await administrate { admin in
            try await admin.addResource(
                "concerts", ResourceSettings(partitions: 4, stateModel: "LeaderStandby", replicas: .count(2)),
                in: self.name)
        }
        for node in ["node1", "node2", "node3"] { try await startSeller(node, office, makeHandler: makeHandler) }
    }

    func startSeller(
        _ node: String, _ office: BoxOffice,
        makeHandler: @escaping @Sendable (ConcertHandler) -> any LeaderStandbyHandler = { $0 }
    ) async throws {
        var configuration = ParticipantConfiguration()
        configuration.sessionTimeout = .seconds(9)
        let seller = TicketSeller(name: node, office: office, clock: clock)
        try await startParticipant(node, configuration: configuration, beside: { try await seller.run() }) {
            participant in
            participant.register(.leaderStandby) { makeHandler(ConcertHandler(concert: $0.partition, seller: seller)) }
        }
    }

    /// The concerts that a node leads, as everybody else sees it.
    func concerts(ledBy node: String) async throws -> [String] {
        let table = try await routingTable()
        return table.partitions(of: "concerts").filter { concert in
            table.state(of: "concerts", partition: concert, on: node) == "LEADER"
        }
    }
}
