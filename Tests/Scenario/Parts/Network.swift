import HelixSimulation
import Synchronization

/// Connections break, packets are late, and processes are cut off from some servers or all of them.
struct Network: ScenarioPart {
    var faults: [FaultKind] {
        [
            FaultKind("break-connections", weight: 8) { world, random in
                for _ in 0..<Int.random(in: 1...10, using: &random) {
                    world.withProcess(world.someProcess(&random)) { $0.ensemble.breakConnections(of: $1) }
                }
            },
            FaultKind("break-leaders-connection", weight: 5) { world, random in
                for _ in 0..<Int.random(in: 1...5, using: &random) {
                    world.sometimesInMidWrite(&random) {
                        world.withProcess(world.leader) { $0.ensemble.breakConnections(of: $1) }
                    }
                }
            },
            FaultKind("isolate", weight: 6) { world, random in
                world.isolate(world.someProcess(&random), for: random.duration(in: .milliseconds(50)...(.seconds(20))))
            },
            FaultKind("isolate-leader", weight: 6) { world, random in
                let duration = random.duration(in: .milliseconds(50)...(.seconds(20)))
                world.sometimesInMidWrite(&random) { world.leader.map { world.isolate($0, for: duration) } }
            },
            FaultKind("isolate-half", weight: 2) { world, random in
                let all = world.wishes.withLock { $0.running.sorted() }
                let duration = random.duration(in: .milliseconds(50)...(.seconds(15)))
                for name in all where random.chance(0.5) { world.isolate(name, for: duration) }
            },
            FaultKind("flaky", weight: 6) { world, random in
                let probability = Double.random(in: 0.01...0.3, using: &random)
                for _ in 0..<Int.random(in: 1...10, using: &random) {
                    let name = random.chance(0.2) ? world.leader ?? "" : world.someProcess(&random)
                    world.withProcess(name) { $0.ensemble.setFlakiness(of: $1, to: probability) }
                    world.later(random.duration(in: .seconds(1)...(.seconds(20)))) {
                        world.withProcess(name) { $0.ensemble.setFlakiness(of: $1, to: 0) }
                    }
                }
            },
            FaultKind("slow", weight: 4) { world, random in
                let most = random.duration(in: .milliseconds(10)...(.milliseconds(800)))
                for _ in 0..<Int.random(in: 1...10, using: &random) {
                    let name = world.someProcess(&random)
                    world.withProcess(name) { $0.ensemble.setSlowness(of: $1, to: most) }
                    world.later(random.duration(in: .seconds(1)...(.seconds(20)))) {
                        world.withProcess(name) { $0.ensemble.setSlowness(of: $1, to: .zero) }
                    }
                }
            },
        ]
    }

    func heal(_ world: ScenarioWorld) async throws {
        for name in world.wishes.withLock({ $0.running.sorted() }) {
            world.withProcess(name) { simulation, process in
                simulation.ensemble.reconnect(process)
                simulation.ensemble.setFlakiness(of: process, to: 0)
                simulation.ensemble.setSlowness(of: process, to: .zero)
            }
        }
    }
}

extension ScenarioWorld {
    /// Does something with the process that runs under a name now, if one does.
    func withProcess(_ name: String?, _ body: (Simulation, SimulatedProcess) -> Void) {
        guard let name, let process = cluster.process(name), process.isAlive else { return }
        body(simulation, process)
    }

    func isolate(_ name: String, for duration: Duration) {
        cluster.isolate(name)
        later(duration) { self.cluster.reconnect(name) }
    }
}
