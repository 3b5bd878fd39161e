import HelixSimulation

/// Servers of the coordination service go down, lag behind, and end sessions.
struct Servers: ScenarioPart {
    var faults: [FaultKind] {
        [
            FaultKind("crash-server", weight: 4) { world, random in
                let server = Int.random(in: 0..<world.simulation.ensemble.serverCount, using: &random)
                world.simulation.ensemble.crash(server: server)
                world.later(random.duration(in: .milliseconds(200)...(.seconds(15)))) {
                    world.simulation.ensemble.restart(server: server)
                }
            },
            FaultKind("outage", weight: 1) { world, random in
                let servers = 0..<world.simulation.ensemble.serverCount
                for server in servers { world.simulation.ensemble.crash(server: server) }
                world.later(random.duration(in: .milliseconds(200)...(.seconds(30)))) {
                    for server in servers { world.simulation.ensemble.restart(server: server) }
                }
            },
            FaultKind("lag", weight: 6) { world, random in
                let server = Int.random(in: 0..<world.simulation.ensemble.serverCount, using: &random)
                let lag = random.duration(in: .milliseconds(100)...(.seconds(5)))
                world.simulation.ensemble.setLag(ofServer: server, to: lag / 4...lag)
                world.later(random.duration(in: .seconds(1)...(.seconds(20)))) {
                    world.simulation.ensemble.setLag(ofServer: server, to: .zero...(.milliseconds(2)))
                }
            },
            FaultKind("expire-session", weight: 5) { world, random in
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    world.expire(world.someProcess(&random))
                }
            },
            FaultKind("expire-leader", weight: 4) { world, random in
                world.sometimesInMidWrite(&random) { world.expire(world.leader) }
            },
        ]
    }

    func heal(_ world: ScenarioWorld) async throws {
        let ensemble = world.simulation.ensemble
        for server in 0..<ensemble.serverCount {
            ensemble.restart(server: server)
            ensemble.setLag(ofServer: server, to: .zero...(.milliseconds(2)))
        }
    }
}

extension ScenarioWorld {
    /// The ensemble ends a session without having waited for its timeout, so nobody can know in time.
    fileprivate func expire(_ name: String?) {
        guard let name else { return }
        cluster.judge.excuse(name, for: .seconds(3))
        withProcess(name) { $0.ensemble.expireSessions(of: $1) }
    }
}
