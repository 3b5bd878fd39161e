import FleetAgent
import FleetAgentSupport
import FleetEngine
import Testing

@Suite("The tasks of a host, over an Engine in memory", .timeLimit(.minutes(5)))
struct HostSupervisorTests {
    static let web = TaskSpec(image: "web:1")

    static let gated: TaskSpec = {
        var spec = TaskSpec(image: "web:1")
        spec.ports = ["http": Port(80)]
        spec.gate = HealthGate(.tcp(port: "http"))
        return spec
    }()

    @Test("a task is pulled, run, stopped and removed")
    func life() async throws {
        try await HostWorld.run { world in
            try await world.withAgent { host in
                try await host.pull("web_0", Self.gated)
                #expect(world.engine.containers().isEmpty)
                try await host.start("web_0", Self.gated)
                #expect(world.running("web_0").count == 1)
                #expect(world.running("web_0").first?.spec.labels[FleetLabel.host] == "node1")
                try await host.stop("web_0")
                #expect(world.engine.containers().map(\.status) == [.exited])
                try await host.remove("web_0")
                #expect(world.engine.containers().isEmpty)
                #expect(world.store.records().isEmpty)
                try await world.until("the last report") { world.reports.last("web_0")?.phase == .removed }
            }
            #expect(
                world.reports.phases("web_0") == [
                    .unknown, .pullingImage, .pulled, .creating, .starting, .healthChecking, .running, .stopping,
                    .stopped, .removed,
                ])
        }
    }

    @Test("a container that is killed is back soon, at the same ports")
    func killed() async throws {
        try await HostWorld.run { world in
            try await world.withAgent { host in
                try await host.start("web_0", Self.gated)
                let first = world.running("web_0")[0]
                world.engine.killContainers(of: "web_0")
                try await world.until(within: .seconds(1), "another container") {
                    world.running("web_0").first.map { $0.id != first.id } == true
                }
                #expect(world.running("web_0")[0].spec.ports == first.spec.ports)
            }
        }
    }

    @Test("an agent that comes back adopts what runs, and starts what does not")
    func restart() async throws {
        try await HostWorld.run { world in
            try await world.withAgent { host in
                try await host.start("a_0", Self.gated)
                try await host.start("b_0", Self.gated)
                try await host.start("c_0", Self.gated)
                try await host.stop("c_0")
            }
            let before = world.running("a_0").map(\.id)
            world.engine.killContainers(of: "b_0")
            try await world.withAgent { host in
                // Nobody tells it anything: this is what it does with the store away.
                try await world.until("both run") {
                    await host.currentReports().map(\.phase) == [.running, .running, .stopped]
                }
                try await host.pull("a_0", Self.gated)
                try await host.start("a_0", Self.gated)
                #expect(world.running("a_0").map(\.id) == before)
                #expect(world.running("b_0").count == 1)
                #expect(world.running("c_0").isEmpty)
            }
            #expect(world.engine.violations == [])
        }
    }

    @Test("while the Engine is away nothing is done, and then all is seen to")
    func away() async throws {
        try await HostWorld.run { world in
            try await world.withAgent { host in
                try await host.start("a_0", Self.web)
                world.engine.setDown(true)
                world.engine.killContainers(of: "a_0")
                try await world.sleep(.seconds(60))
                #expect(await !host.isEngineThere)
                world.engine.setDown(false)
                try await world.until(within: .seconds(10), "it runs again") { world.running("a_0").count == 1 }
            }
        }
    }

    @Test("what no task owns is killed, when the agent starts and later")
    func reaping() async throws {
        try await HostWorld.run { world in
            var spec = ContainerSpec(image: "web:1")
            world.engine.intrude(spec, name: "fleet-node1-early")
            spec.labels = [FleetLabel.cluster: "blue", FleetLabel.host: "node2", FleetLabel.task: "x"]
            world.engine.intrude(spec, name: "of-node2")
            try await world.withAgent { host in
                try await host.start("a_0", Self.web)
                func codes() -> [Int?] { world.engine.containers().filter { $0.name.contains("ly") }.map(\.exitCode) }
                try await world.until("the early one is killed") { codes() == [137] }
                world.engine.intrude(ContainerSpec(image: "web:1"), name: "fleet-node1-lately")
                try await world.until(within: .seconds(2), "the late one is killed") { codes() == [137, 137] }
                #expect(world.engine.containers().filter { $0.status == .running }.map(\.name).count == 2)
            }
        }
    }

    @Test("a container of a task whose record is spoilt is left alone, and adopted when the task is told to run")
    func unreadable() async throws {
        try await HostWorld.run { world in
            try await world.withAgent { try await $0.start("a_0", Self.web) }
            let before = world.running("a_0").map(\.id)
            var next = world
            next.store = MemoryStore(unreadableTasks: ["a_0"])
            try await next.withAgent { host in
                try await world.sleep(.seconds(100))
                #expect(world.running("a_0").map(\.id) == before)
                try await host.start("a_0", Self.web)
                #expect(world.running("a_0").map(\.id) == before)
            }
        }
    }

    @Test("nothing is done that was not written down before")
    func fullDisk() async throws {
        try await HostWorld.run { world in
            try await world.withAgent { host in
                world.store.setFull(true)
                await #expect(throws: MemoryStore.FullError.self) { try await host.start("a_0", Self.gated) }
                try await world.sleep(.seconds(100))
                #expect(world.engine.containers().isEmpty)
                world.store.setFull(false)
                try await host.start("a_0", Self.gated)
                #expect(world.running("a_0").count == 1)
            }
        }
    }

    @Test("old containers are deleted after their time (B14)")
    func retention() async throws {
        try await HostWorld.run { world in
            try await world.withAgent { host in
                try await host.start("a_0", Self.web)
                for _ in 0..<6 {
                    world.engine.killContainers(of: "a_0")
                    try await world.sleep(.seconds(61))
                }
                #expect(world.engine.containers().count == 1 + 3)
                try await world.sleep(.seconds(700))
                #expect(world.engine.containers().map(\.status) == [.running, .exited])
            }
        }
    }

    @Test("an image that is missing is told, and tried again")
    func missing() async throws {
        try await HostWorld.run { world in
            try await world.withAgent { host in
                async let running: Void = host.start("a_0", TaskSpec(image: "new:1"))
                try await world.until("it is told") { world.reports.last("a_0")?.throttle == .imageMissing }
                #expect(world.reports.last("a_0")?.phase == .failed)
                world.engine.publish("new:1")
                try await running
                #expect(world.reports.last("a_0")?.throttle == TaskThrottle.none)
            }
        }
    }

    @Test("a registry that is away does not matter where the image is here (AC50)", arguments: [true, false])
    func registryAway(isHere: Bool) async throws {
        try await HostWorld.run { world in
            try await world.withAgent { host in
                var always = Self.web
                always.pull = .always
                let spec = always
                if isHere { try await host.pull("a_0", spec) }
                world.engine.setRegistryAway(true)
                async let running: Void = host.start("b_0", spec)
                if isHere {
                    try await running
                    #expect(world.reports.last("b_0")?.throttle == TaskThrottle.none)
                } else {
                    try await world.until("it is told") { world.reports.last("b_0")?.throttle == .imagePullFailed }
                    world.engine.setRegistryAway(false)
                    try await running
                }
            }
        }
    }

    @Test("a fixed port that somebody has is waited for; an open one is chosen anew")
    func ports() async throws {
        try await HostWorld.run { world in
            try await world.withAgent { host in
                var fixed = Self.web
                fixed.ports = ["http": Port(80, outside: 8_080)]
                world.engine.setForeign(8_080, true)
                async let running: Void = host.start("fixed_0", fixed)
                try await world.until("it is told") { world.reports.last("fixed_0")?.throttle == .portConflict }
                world.engine.setForeign(8_080, false)
                try await running

                try await host.start("open_0", Self.gated)
                let before = world.running("open_0")[0].spec.ports[0].hostPort ?? 0
                world.engine.setForeign(before, true)
                world.engine.killContainers(of: "open_0")
                try await world.until("it has another port") {
                    world.running("open_0").first?.spec.ports.first?.hostPort.map { $0 != before } == true
                }
            }
        }
    }

    @Test("two tasks do not have the same fixed port")
    func conflict() async throws {
        try await HostWorld.run { world in
            try await world.withAgent { host in
                var fixed = Self.web
                fixed.ports = ["http": Port(80, outside: 8_080)]
                let spec = fixed
                try await host.start("a_0", spec)
                async let second: Void = host.start("b_0", spec)
                try await world.until("it is told") { world.reports.last("b_0")?.throttle == .portConflict }
                #expect(world.reports.last("b_0")?.reason?.contains("which a_0 has on this host") == true)
                try await host.remove("a_0")
                try await second
            }
        }
    }

    @Test("a job runs once, and tells its exit code when it failed", arguments: [0, 3])
    func once(_ code: Int) async throws {
        try await HostWorld.run { world in
            var plan = MemoryEngine.Plan()
            plan.runs = .seconds(5)
            plan.exitCode = code
            world.engine.publish("job:1", plan)
            var job = TaskSpec(image: "job:1")
            job.isRunOnce = true
            job.restart = .onFailure(attempts: 2)
            let spec = job
            try await world.withAgent { host in
                if code == 0 {
                    try await host.start("job_0", spec)
                } else {
                    let failure = await #expect(throws: TaskFailure.self) { try await host.start("job_0", spec) }
                    #expect(failure?.exitCode == 3)
                }
                try await world.sleep(.seconds(100))
                #expect(world.engine.containers().count == (code == 0 ? 1 : 3))
            }
        }
    }

    @Test("who waits is told when the task is told otherwise, and may give up waiting")
    func waiting() async throws {
        try await HostWorld.run { world in
            try await world.withAgent { host in
                async let running: Void = host.start("a_0", TaskSpec(image: "none:1"))
                try await world.until("it is told") { world.reports.last("a_0")?.throttle == .imageMissing }
                try await host.stop("a_0")
                do {
                    try await running
                    Issue.record("it does not run")
                } catch {
                    #expect(error is TaskFailure)
                }

                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        await #expect(throws: CancellationError.self) {
                            try await host.start("b_0", TaskSpec(image: "none:1"))
                        }
                    }
                    try? await world.sleep(.seconds(1))
                    group.cancelAll()
                }
                #expect(await host.currentReports().last?.goal == .running)
            }
        }
    }

    @Test("a container that is not alive is restarted, and one that does not get healthy is given up")
    func unhealthy() async throws {
        try await HostWorld.run { world in
            var plan = MemoryEngine.Plan()
            plan.isHealthyAfter = nil
            world.engine.publish("sick:1", plan)
            var sick = TaskSpec(image: "sick:1")
            sick.liveness = Liveness(.exec(["true"]), interval: .seconds(1), retries: 3)
            var gated = TaskSpec(image: "sick:1")
            gated.ports = ["http": Port(80)]
            gated.gate = HealthGate(.http(port: "http", path: "/"), deadline: .seconds(20))
            let specs = (sick, gated)
            try await world.withAgent { host in
                try await host.start("alive_0", specs.0)
                async let running: Void = host.start("gated_0", specs.1)
                try await world.until("it is restarted") { world.reports.last("alive_0")?.restarts == 3 }
                try await world.until("it is given up") {
                    world.reports.last("gated_0")?.reason == "not healthy after 20.0 seconds: connection refused"
                }
                #expect(world.engine.violations == [])
                try await host.remove("gated_0")
                _ = try? await running
            }
        }
    }

    @Test("the image's own check is heeded over lists, and when its verdict came while the Engine was not heard")
    func imageHealth() async throws {
        try await HostWorld.run { world in
            var spec = Self.web
            spec.gate = HealthGate(.image)
            spec.liveness = Liveness(.image)
            let checked = spec
            try await world.withAgent { host in
                async let running: Void = host.start("a_0", checked)
                try await world.until("it waits") { world.reports.last("a_0")?.phase == .healthChecking }
                // A list sees it unhealthy, an event tells otherwise: the next list must not know better.
                world.engine.setHealth(.unhealthy, of: "a_0")
                world.engine.breakStreams()
                try await world.sleep(.seconds(1))
                world.engine.setHealth(.healthy, of: "a_0")
                try await running
                let container = world.running("a_0").map(\.id)
                try await world.sleep(.seconds(100))
                #expect(world.running("a_0").map(\.id) == container)

                world.engine.setDown(true)
                world.engine.setHealth(.unhealthy, of: "a_0")
                world.engine.setDown(false)
                try await world.until("it is restarted") { world.reports.last("a_0")?.restarts == 1 }
            }
        }
    }

    @Test("the grace period passes before the container is asked to end")
    func grace() async throws {
        try await HostWorld.run { world in
            var spec = Self.web
            spec.gracePeriod = .seconds(20)
            let graceful = spec
            try await world.withAgent { host in
                try await host.start("a_0", graceful)
                let began = world.clock.now.elapsed
                async let stopping: Void = host.stop("a_0")
                try await world.until("it is told") { world.reports.last("a_0")?.phase == .stopping }
                #expect(world.clock.now.elapsed - began < .seconds(1))
                try await stopping
                #expect(world.clock.now.elapsed - began >= .seconds(20))
            }
        }
    }
}
