import FleetAgent
import FleetAgentSupport
import FleetEngine
import HelixSimulation
import Synchronization
import Testing

@Suite("A host under random faults", .timeLimit(.minutes(5)))
struct RandomHostTests {
    static let specs: [String: TaskSpec] = {
        var gated = TaskSpec(image: "web:1")
        gated.ports = ["http": Port(80), "fixed": Port(81, outside: 8_081)]
        gated.gate = HealthGate(.tcp(port: "http"), deadline: .seconds(30))
        var alive = TaskSpec(image: "web:2")
        alive.ports = ["http": Port(80)]
        alive.liveness = Liveness(.exec(["true"]), interval: .seconds(2))
        alive.secrets = ["/run/key": Secret("key")]
        alive.gracePeriod = .seconds(3)
        var job = TaskSpec(image: "job:1")
        job.isRunOnce = true
        job.restart = .onFailure(attempts: 1_000)
        return [
            "plain_0": TaskSpec(image: "web:1"), "gated_0": gated, "alive_0": alive,
            "crashing_0": TaskSpec(image: "crash:1"), "job_0": job,
        ]
    }()

    @Test(
        "never two containers of a task run, and in the end all is as it was told",
        arguments: 1...100 as ClosedRange<UInt64>)
    func random(seed: UInt64) async throws {
        try await HostWorld.run(seed: seed) { world in
            publish(world.engine)
            for _ in 0..<3 {
                // An agent that is killed, at whatever it does.
                let agent = world.simulation.makeProcess("agent")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await world.simulation.run(agent) {
                            try await world.withAgent { host in try await trouble(world, host) }
                        }
                    }
                    try await world.sleep(world.simulation.random { $0.duration(in: .seconds(5) ... .seconds(120)) })
                    world.simulation.kill(agent)
                    try await group.waitForAll()
                }
            }
            world.engine.setFaults(.init())
            world.engine.setDown(false)
            world.engine.setForeign(8_081, false)
            try await world.withAgent { host in try await settle(world, host) }
            #expect(world.engine.violations == [], "seed \(seed)")
        }
    }

    @Test("the same seed gives the same run")
    func replay() async throws {
        func trace() async throws -> UInt64 {
            let trace = Mutex<UInt64>(0)
            try await HostWorld.run(seed: 7) { world in
                publish(world.engine)
                let agent = world.simulation.makeProcess("agent")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await world.simulation.run(agent) {
                            try await world.withAgent { host in try await trouble(world, host) }
                        }
                    }
                    try await world.sleep(.seconds(100))
                    world.simulation.kill(agent)
                    try await group.waitForAll()
                }
                trace.withLock { $0 = world.simulation.trace }
            }
            return trace.withLock { $0 }
        }
        #expect(try await trace() == trace())
    }

    private func publish(_ engine: MemoryEngine) {
        var crash = MemoryEngine.Plan()
        crash.runs = .seconds(3)
        crash.exitCode = 1
        engine.publish("crash:1", crash)
        var job = MemoryEngine.Plan()
        job.runs = .seconds(4)
        engine.publish("job:1", job, pullTime: .seconds(20))
        var slow = MemoryEngine.Plan()
        slow.isHealthyAfter = .seconds(2)
        slow.stops = .seconds(2)
        engine.publish("web:1", slow)
        var faults = MemoryEngine.Faults()
        (faults.failures, faults.losses, faults.lostAnswers) = (0.02, 0.02, 0.05)
        (faults.lateness, faults.breaks) = (0.05, 0.01)
        faults.latency = .milliseconds(1) ... .seconds(1)
        engine.setFaults(faults)
    }

    /// Tells tasks this and that, and does to the Engine what befalls it.
    private func trouble(_ world: HostWorld, _ host: HostSupervisor) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            while true {
                let (task, what, pause) = world.simulation.random { random in
                    (
                        Self.specs.keys.sorted().randomElement(using: &random) ?? "",
                        Int.random(in: 0..<14, using: &random),
                        random.duration(in: .zero ... .seconds(6))
                    )
                }
                let spec = Self.specs[task] ?? TaskSpec(image: "")
                switch what {
                case 0...3: group.addTask { try? await host.start(task, spec) }
                case 4...5: group.addTask { try? await host.stop(task) }
                case 6: group.addTask { try? await host.remove(task) }
                case 7: group.addTask { try? await host.pull(task, spec) }
                case 8...9: world.engine.killContainers(of: task)
                case 10: world.engine.breakStreams()
                case 11: world.engine.setDown(true)
                case 12: world.engine.setDown(false)
                default: world.engine.setForeign(8_081, pause < .seconds(3))
                }
                try await world.sleep(pause)
            }
        }
    }

    /// Tells each task what to come to, and looks whether it does.
    private func settle(_ world: HostWorld, _ host: HostSupervisor) async throws {
        let seed = world.simulation.seed
        let goals = world.simulation.random { random in
            Self.specs.keys.sorted().map { ($0, Int.random(in: 0..<3, using: &random)) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (task, goal) in goals {
                let spec = Self.specs[task] ?? TaskSpec(image: "")
                group.addTask {
                    switch goal {
                    case 0: try await host.start(task, spec)
                    case 1: try await host.stop(task)
                    default: try await host.remove(task)
                    }
                }
            }
            try await group.waitForAll()
        }
        // Longer than old containers are kept, and late calls are late.
        try await world.sleep(.seconds(1_300))
        for (task, goal) in goals {
            let containers = world.engine.containers().filter { $0.task == task }
            let running = containers.filter { $0.status == .running }.count
            let description: Comment =
                "seed \(seed): \(task) \(goal): \(containers.map { "\($0.id) \($0.status.rawValue)" })"
            switch goal {
            case 0:
                if task == "job_0" {
                    #expect(running == 0 && containers.first?.exitCode == 0, description)
                } else if task != "crashing_0" {
                    #expect(running == 1, description)
                }
                #expect(containers.count <= 4, description)
            case 1: #expect(running == 0 && containers.count <= 1, description)
            default: #expect(containers.isEmpty, description)
            }
        }
        let removed = goals.filter { $0.1 == 2 }.map(\.0)
        #expect(world.store.records().map(\.id) == goals.map(\.0).filter { !removed.contains($0) }, "seed \(seed)")
    }
}
