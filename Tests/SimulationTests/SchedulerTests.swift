import Coordination
import HelixSimulation
import Testing

struct SchedulerTests {
    @Test func anHourPassesAtOnce() async throws {
        let simulation = Simulation(seed: 1)
        try await simulation.run { simulation in
            try await simulation.clock.sleep(for: .seconds(3600))
            #expect(simulation.clock.now.elapsed == .seconds(3600))
        }
    }

    @Test func aSessionWorks() async throws {
        try await Simulation(seed: 1).run { simulation in
            let node = simulation.makeProcess("node")
            try await simulation.run(node) {
                try await simulation.ensemble.coordination(for: node).withSession { session in
                    try await session.create("/hello", mode: .ephemeral)
                    #expect(try await session.children("/") == ["hello"])
                }
            }
            try await simulation.clock.sleep(for: .seconds(1))
            #expect(simulation.ensemble.children(of: "/") == [])
        }
    }
}
