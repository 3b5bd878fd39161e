import FleetAgentSupport
import HelixSimulation

/// What befalls a fleet.
public struct FleetTrouble: Sendable {
    private let world: FleetWorld
    private var random: SeededGenerator
    /// When the last of what is broken is made good.
    private var lastRepair = Duration.zero

    /// Nothing has happened yet.
    public init(_ world: FleetWorld) {
        self.world = world
        random = world.cluster.simulation.random { $0.split() }
    }

    private var now: Duration { world.cluster.clock.now.elapsed }

    /// Lets things happen for a time.
    public mutating func rage(for duration: Duration, every pause: ClosedRange<Duration>) async throws {
        let end = now + duration
        while now < end {
            strike()
            try await world.cluster.advance(by: random.duration(in: pause))
        }
    }

    /// Makes everything good that is broken.
    public mutating func cease() async throws {
        for host in world.hosts { host.engine.setFaults(.init()) }
        // Those that stand still go on by then.
        try await world.cluster.advance(by: max(.seconds(45), lastRepair - now + .seconds(1)))
        for name in world.masterNames where world.cluster.process(name)?.isAlive == false { world.startMaster(name) }
        for host in world.hosts where world.cluster.process(host.name)?.isAlive == false { world.startAgent(host) }
    }

    /// Has all Engines fail now and then.
    public func spoilEngines() {
        var faults = MemoryEngine.Faults()
        (faults.failures, faults.losses, faults.lostAnswers) = (0.01, 0.01, 0.03)
        (faults.lateness, faults.breaks) = (0.03, 0.001)
        faults.latency = .milliseconds(2) ... .milliseconds(400)
        for host in world.hosts { host.engine.setFaults(faults) }
    }

    private mutating func later(_ range: ClosedRange<Duration>, _ repair: @escaping @Sendable () -> Void) {
        let delay = random.duration(in: range)
        lastRepair = max(lastRepair, now + delay)
        world.cluster.simulation.after(delay, repair)
    }

    private mutating func strike() {
        let (cluster, world) = (world.cluster, world)
        let host = world.hosts[Int.random(in: 0..<world.hosts.count, using: &random)]
        let master = world.masterNames[Int.random(in: 0..<world.masterNames.count, using: &random)]
        switch Int.random(in: 0..<24, using: &random) {
        case 0...3:
            cluster.kill(host.name)
            restart(host, after: .milliseconds(10) ... .seconds(60))
        case 4...5: cluster.pause(host.name, for: random.duration(in: .seconds(1) ... .seconds(40)))
        case 6...7:
            cluster.isolate(host.name)
            later(.seconds(1) ... .seconds(40)) { cluster.reconnect(host.name) }
        case 8...10:
            host.engine.setDown(true)
            later(.seconds(1) ... .seconds(60)) { host.engine.setDown(false) }
        case 11...12:
            // The power goes.
            cluster.kill(host.name)
            host.engine.crash()
            later(.seconds(1) ... .seconds(30)) { host.engine.setDown(false) }
            restart(host, after: .seconds(1) ... .seconds(60))
        case 13...16:
            let tasks = host.engine.containers().filter { $0.isRunning && !WorldHost.isStranger($0) }.map(\.task)
            if let task = tasks.randomElement(using: &random) { host.engine.killContainers(of: task) }
        case 17...18: host.engine.breakStreams()
        case 19:
            cluster.kill(master)
            later(.milliseconds(100) ... .seconds(20)) {
                if cluster.process(master)?.isAlive == false { world.startMaster(master) }
            }
        case 20: cluster.pause(master, for: random.duration(in: .seconds(1) ... .seconds(40)))
        case 21:
            guard let process = cluster.process(host.name) else { return }
            cluster.simulation.ensemble.expireSessions(of: process)
        case 22:
            guard let process = cluster.process(master) else { return }
            cluster.simulation.ensemble.expireSessions(of: process)
        default:
            let ensemble = cluster.simulation.ensemble
            let server = Int.random(in: 0..<ensemble.serverCount, using: &random)
            ensemble.crash(server: server)
            later(.seconds(1) ... .seconds(10)) { ensemble.restart(server: server) }
        }
    }

    private mutating func restart(_ host: WorldHost, after range: ClosedRange<Duration>) {
        let world = world
        later(range) {
            if world.cluster.process(host.name)?.isAlive == false { world.startAgent(host) }
        }
    }
}
