import FleetAgentSupport
import FleetEngine
import FleetJobs
import FleetMaster
import FleetWorld
import HelixSimulation
import Testing

@Suite("A store that is emptied under a fleet, and comes back", .timeLimit(.minutes(5)))
struct RestoredStoreTests {
    @Test(
        "agents that run on take part again by themselves when their fleet is back, and no container ends (AC26)",
        arguments: [false, true])
    func restored(anotherFleetInBetween: Bool) async throws {
        try await FleetWorld.run(FleetWorld.Size(hosts: 4, masters: 1), seed: 3, tampering: true) { world in
            let trial = FleetTrial(world)
            let plain = try await trial.job("plain", "1")
            try await trial.deploy(plain, as: "every", on: .everyHost, RolloutPolicy(parallelism: 4))
            try await trial.deploy(plain, as: "pool", on: .replicas(3), RolloutPolicy(parallelism: 4))
            try await world.until("all is deployed") { _ in trial.missing().isEmpty }
            let backup = try await world.backup()
            let before = world.containers()

            world.cluster.kill("m0")
            try await world.emptyStore()
            try await world.cluster.advance(by: .seconds(60))
            if anotherFleetInBetween {
                world.startMaster("m0")
                try await world.until("another fleet is there") { $0.fleet != nil }
                try await world.cluster.advance(by: .seconds(60))
                #expect(world.fleet?.view.hosts.isEmpty == true, "hosts joined another fleet")
                world.cluster.kill("m0")
            }
            #expect(world.containers() == before)
            world.hosts[0].engine.killContainers(of: world.hosts[0].engine.containers()[0].task)
            try await world.cluster.advance(by: .seconds(60))

            try await world.restore(backup)
            world.startMaster("m0")
            try await world.until("all is as it was") { _ in trial.missing().isEmpty }
            try await world.cluster.advance(by: .seconds(60))
            #expect(trial.missing() == [] && trial.endings == 0 && trial.violations() == [])
            #expect(world.containers().filter { $0.hasPrefix("h0") == false } == before.filter { !$0.hasPrefix("h0") })
        }
    }
}

extension FleetWorld {
    /// The containers that run, by host.
    fileprivate func containers() -> [String] {
        hosts.flatMap { host in
            host.engine.containers().filter { $0.status == .running }.map { "\(host.name) \($0.id)" }
        }
    }
}
