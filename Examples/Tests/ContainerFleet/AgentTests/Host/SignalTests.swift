import HelixSimulation
import Testing

@testable import FleetAgent

@Suite("Signals", .timeLimit(.minutes(5)))
struct SignalTests {
    @Test("one that was set before anybody waited is not lost, and wakes once")
    func early() async throws {
        try await Simulation(seed: 1).run { simulation in
            let clock = AgentClock(simulation.clock) { simulation.milliseconds }
            let signal = Signal()
            signal.set()
            signal.set()
            await signal.wait()
            #expect(clock.now.elapsed < .milliseconds(1))
            await signal.wait(for: .seconds(5), by: clock)
            #expect(clock.now.elapsed.components.seconds == 5)
        }
    }

    @Test("who waits is woken when it is set, when his time is over, and when he is cancelled", arguments: 0..<3)
    func wakes(_ how: Int) async throws {
        try await Simulation(seed: 1).run { simulation in
            let clock = AgentClock(simulation.clock) { simulation.milliseconds }
            let signal = Signal()
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await signal.wait(for: how == 1 ? .seconds(1) : nil, by: clock) }
                try? await clock.sleep(.seconds(1))
                if how == 0 { signal.set() }
                if how == 2 { group.cancelAll() }
                await group.waitForAll()
            }
            #expect(clock.now.elapsed < .milliseconds(1_001))
        }
    }
}
