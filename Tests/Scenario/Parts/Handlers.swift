import HelixAdmin
import HelixSimulation
import Synchronization

/// Handlers are slow, fail, hang, do not listen, or change their minds.
struct Handlers: ScenarioPart {
    var faults: [FaultKind] {
        Behaviour.allCases.filter { $0 != .good }.map { behaviour in
            FaultKind("\(behaviour)-handlers", weight: behaviour == .failing ? 2 : 3) { world, random in
                let probability = Double.random(in: 0.05...0.9, using: &random)
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    let name = world.someParticipant(&random)
                    world.behaviours.withLock { $0[name] = (behaviour, probability) }
                    world.later(random.duration(in: .seconds(1)...(.seconds(20)))) {
                        world.behaviours.withLock { $0[name] = nil }
                    }
                }
            }
        }
    }

    func heal(_ world: ScenarioWorld) async throws { world.behaviours.withLock { $0 = [:] } }

    func judge(_ world: ScenarioWorld) async throws {
        for text in world.reality.refused() { world.cluster.judge.note("refused", text) }
    }
}

extension ScenarioWorld {
    func behaviour(of instance: String) -> Behaviour {
        guard !isHealing, let (behaviour, probability) = behaviours.withLock({ $0[instance] }) else { return .good }
        return simulation.random { $0.chance(probability) } ? behaviour : .good
    }

    func pause(in range: ClosedRange<Duration>) -> Duration { simulation.random { $0.duration(in: range) } }

    /// Waits, cancelled or not.
    func waitDeafly(for duration: Duration) async {
        await withCheckedContinuation { continuation in
            simulation.after(duration) { continuation.resume() }
        }
    }
}
