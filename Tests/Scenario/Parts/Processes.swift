import HelixAdmin
import HelixController
import HelixParticipant
import HelixRecords
import HelixSimulation
import Synchronization

/// Processes are killed, stand still, are asked to shut down, and are started again.
struct Processes: ScenarioPart {
    func prepare(_ world: ScenarioWorld) async throws {
        world.cluster.onExit { world.ended($0) }
        world.simulation.ensemble.observe { world.ambush($0) }
        for number in 0..<world.size.controllers { world.run("controller-\(number)") }
        let names = (0..<world.size.participants).map { "node-\($0)" }
        try await world.cluster.administrate { admin in
            for name in names { try await admin.addInstance(name, in: world.cluster.name) }
        }
        for name in names { world.run(name) }
    }

    var faults: [FaultKind] {
        [
            FaultKind("kill-participant", weight: 8) { world, random in
                world.kill(
                    world.someParticipant(&random),
                    restartAfter: random.duration(in: .milliseconds(10)...(.seconds(20))))
            },
            FaultKind("kill-many-participants", weight: 2) { world, random in
                for _ in 0..<Int.random(in: 3...15, using: &random) {
                    world.kill(
                        world.someParticipant(&random),
                        restartAfter: random.duration(in: .milliseconds(10)...(.seconds(15))))
                }
            },
            FaultKind("kill-leader", weight: 6) { world, random in
                let delay = random.duration(in: .milliseconds(10)...(.seconds(15)))
                world.sometimesInMidWrite(&random) { world.leader.map { world.kill($0, restartAfter: delay) } }
            },
            FaultKind("kill-controller", weight: 2) { world, random in
                world.kill(
                    world.someController(&random), restartAfter: random.duration(in: .milliseconds(10)...(.seconds(15)))
                )
            },
            FaultKind("kill-all-controllers", weight: 1) { world, random in
                for number in 0..<world.size.controllers {
                    world.kill(
                        "controller-\(number)", restartAfter: random.duration(in: .milliseconds(10)...(.seconds(15))))
                }
            },
            FaultKind("pause-participant", weight: 6) { world, random in
                world.cluster.pause(
                    world.someParticipant(&random), for: random.duration(in: .milliseconds(10)...(.seconds(15))))
            },
            FaultKind("pause-leader", weight: 6) { world, random in
                let duration = random.duration(in: .milliseconds(10)...(.seconds(15)))
                world.sometimesInMidWrite(&random) { world.leader.map { world.cluster.pause($0, for: duration) } }
            },
            FaultKind("pause-briefly", weight: 3) { world, random in
                for _ in 0..<30 {
                    world.cluster.pause(
                        world.someProcess(&random), for: random.duration(in: .microseconds(10)...(.milliseconds(50))))
                }
            },
            FaultKind("shut-down-participant", weight: 5) { world, random in
                world.shutDown(
                    world.someParticipant(&random),
                    restartAfter: random.duration(in: .milliseconds(10)...(.seconds(20))))
            },
            FaultKind("shut-down-leader", weight: 3) { world, random in
                guard let leader = world.leader else { return }
                world.shutDown(leader, restartAfter: random.duration(in: .milliseconds(10)...(.seconds(10))))
            },
        ]
    }

    func heal(_ world: ScenarioWorld) async throws {
        for name in world.wishes.withLock({ $0.running.sorted() }) where world.cluster.process(name)?.isAlive != true {
            world.start(name)
        }
    }
}

extension ScenarioWorld {
    /// A process is to run from now on.
    func run(_ name: String) {
        wishes.withLock { _ = $0.running.insert(name) }
        start(name)
    }

    /// A process is not to run any more.
    func stop(_ name: String) {
        wishes.withLock { _ = $0.running.remove(name) }
        cluster.kill(name)
    }

    func kill(_ name: String, restartAfter delay: Duration) {
        wishes.withLock { $0.restartDelays[name] = delay }
        cluster.kill(name)
    }

    func shutDown(_ name: String, restartAfter delay: Duration) {
        wishes.withLock { $0.restartDelays[name] = delay }
        cluster.shutDown(name)
    }

    /// Whoever watches over the processes of a machine starts those again that have ended.
    func ended(_ exit: SimulatedCluster.Exit) {
        let name = exit.process.name
        if !exit.isWanted, (exit.error as? ParticipantError)?.code != .instanceNotSetUp {
            cluster.judge.note("exit", "\(name) ended by itself: \(exit.error.map { "\($0)" } ?? "without an error")")
        }
        let (delay, isHealing) = wishes.withLock { ($0.restartDelays.removeValue(forKey: name), $0.isHealing) }
        simulation.after(isHealing ? .seconds(1) : delay ?? .seconds(1)) { [self] in
            guard wishes.withLock({ $0.running.contains(name) }), cluster.process(name)?.isAlive != true else { return }
            start(name)
        }
    }

    func start(_ name: String) {
        if name.hasPrefix("controller") { return startController(name) }
        if name.hasPrefix("spectator") { return startSpectator(name) }
        var configuration = ParticipantConfiguration()
        configuration.sessionTimeout = .seconds(4 + (Int(name.drop { !$0.isNumber }) ?? 0) % 7)
        configuration.handoverTimeout = .seconds(5)
        cluster.runParticipant(name, configuration: configuration) { participant in
            for model in StandardScenario.models {
                participant.register(custom: model) { [self] replica in
                    TriedReplica(replica, model: model, in: self)
                }
            }
        }
    }

    private func startController(_ name: String) {
        var configuration = ControllerConfiguration()
        configuration.sessionTimeout = simulation.random { $0.duration(in: .seconds(4)...(.seconds(8))) }
        configuration.partitionsPerMessage = name.hasSuffix("1") ? 1 : 16
        cluster.startController(name, configuration: configuration)
    }

    /// The controller that leads, as the records say.
    var leader: String? {
        record(paths.leader)?.id
    }

    var participants: [String] { wishes.withLock { $0.running.filter { $0.hasPrefix("node") }.sorted() } }

    func someParticipant(_ random: inout SeededGenerator) -> String { participants.randomElement(using: &random) ?? "" }

    func someController(_ random: inout SeededGenerator) -> String {
        "controller-\(Int.random(in: 0..<size.controllers, using: &random))"
    }

    func someProcess(_ random: inout SeededGenerator) -> String {
        wishes.withLock { $0.running.sorted() }.randomElement(using: &random) ?? ""
    }
}
