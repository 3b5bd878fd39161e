import FleetAgent
import FleetAgentSupport
import FleetEngine
public import FleetJobs
public import FleetMaster
import FleetModel
import HelixSimulation
import Synchronization

/// What was asked of a fleet, and whether it has come about.
public final class FleetTrial: Sendable {
    /// A deployment that was asked for.
    struct Asked {
        var job: JobID
        var target: DeploymentTarget
        var isRunOnce = false
        /// Whether its containers end by themselves now and then.
        var isFrail = false
    }

    /// Where.
    public let world: FleetWorld
    private let asked = Mutex<[String: Asked]>([:])

    /// Nothing was asked for.
    public init(_ world: FleetWorld) { self.world = world }

    // MARK: Asking

    /// Makes a job.
    public func job(_ name: String, _ version: String, _ change: (inout Job) -> Void = { _ in }) async throws -> JobID {
        var job = Job(name: name, version: version, image: "\(name):\(version)")
        change(&job)
        let wanted = job
        try await world.asking { fleet in
            do {
                _ = try await fleet.create(wanted)
            } catch let error as FleetError where error.code == .jobAlreadyExists {}
        }
        return job.id
    }

    /// Deploys a job; a deployment that is there gets it in a rollout.
    public func deploy(
        _ job: JobID, as name: String, on target: DeploymentTarget, _ policy: RolloutPolicy? = nil,
        isRunOnce: Bool = false, isFrail: Bool = false
    ) async throws {
        var wish = DeployRequest(job.description, on: target)
        wish.name = name
        wish.policy = policy
        let wanted = wish
        try await world.asking { _ = try await $0.deploy(wanted, user: "ann") }
        asked.withLock { $0[name] = Asked(job: job, target: target, isRunOnce: isRunOnce, isFrail: isFrail) }
    }

    /// Rolls out another job.
    public func rollOut(_ job: JobID, in name: String, _ policy: RolloutPolicy) async throws {
        try await world.asking { fleet in
            _ = try await fleet.rollOut(job.description, in: name, policy: policy, user: "ann")
        }
        asked.withLock { $0[name]?.job = job }
    }

    /// Has so many replicas.
    public func scale(_ name: String, to count: Int) async throws {
        try await world.asking { _ = try await $0.scale(name, to: count, user: "ann") }
        asked.withLock { $0[name]?.target = .replicas(count) }
    }

    // MARK: Verdicts

    /// What is not as it was asked for: of the containers themselves, and of what the masters say.
    public func missing() -> [String] {
        let asked = asked.withLock { $0 }
        var missing: [String] = []
        var containers: [String: [String: [MemoryContainer]]] = [:]
        for host in world.hosts {
            let own = host.engine.containers().filter { !WorldHost.isStranger($0) }
            containers[host.name] = Dictionary(grouping: own, by: \.task)
        }
        var expected = 0
        for (name, wish) in asked.sorted(by: { $0.key < $1.key }) {
            let resource = FleetResource(deployment: name, job: wish.job)
            switch wish.target {
            case .replicas(let count):
                expected += count
                let running = containers.values.flatMap { tasks in
                    tasks.filter { $0.key.hasPrefix(resource.name + "_") }.values.joined().filter(\.isRunning)
                }
                if running.count != count || Set(running.map(\.task)).count != count {
                    missing.append("\(running.count) of \(count) replicas of \(name) run")
                }
            case .everyHost: expected += world.hosts.count
            case .hosts(let names): expected += names.count
            }
            guard let places = hosts(of: wish.target) else { continue }
            for host in places {
                let found = containers[host]?[resource.partition(host)] ?? []
                if wish.isRunOnce {
                    expected -= 1
                    if !found.contains(where: { $0.status == .exited && $0.exitCode == 0 }) {
                        missing.append("\(name) has not run on \(host)")
                    }
                } else if found.count(where: \.isRunning) != 1 {
                    missing.append("\(found.count(where: \.isRunning)) of \(name) run on \(host)")
                    if wish.isFrail { _ = missing.popLast() }
                }
            }
        }
        let running = containers.values.flatMap { $0.values.joined() }.filter(\.isRunning)
        let frail = asked.values.filter(\.isFrail).compactMap { hosts(of: $0.target)?.count }.reduce(0, +)
        if !((expected - frail)...expected).contains(running.count) {
            missing.append("\(running.count) containers run, and \(expected) are asked for")
        }
        return missing + unknown(asked)
    }

    private func hosts(of target: DeploymentTarget) -> [String]? {
        switch target {
        case .everyHost: world.hosts.map(\.name)
        case .hosts(let names): names
        case .replicas: nil
        }
    }

    /// What the masters do not know, or say otherwise.
    private func unknown(_ asked: [String: Asked]) -> [String] {
        guard let fleet = world.fleet else { return ["no master answers"] }
        let rows = fleet.status()
        var missing: [String] = []
        for (name, wish) in asked.sorted(by: { $0.key < $1.key }) {
            let own = rows.filter { $0.deployment == name }
            let count: Int
            if case .replicas(let number) = wish.target {
                count = number
            } else {
                count = hosts(of: wish.target)?.count ?? 0
            }
            let wanted = wish.isRunOnce ? TaskState.completed : TaskState.running
            let good = own.filter { $0.job == wish.job.description && ($0.state == wanted || wish.isFrail) }
            if own.count != count || good.count != count {
                let odd = own.first { $0.state != wanted || $0.job != wish.job.description }
                missing.append(
                    "the status of \(name) has \(own.count) rows, \(good.count) of \(count) good"
                        + (odd.map { ": \($0.place)@\($0.host ?? "-") \($0.goal) \($0.state) \($0.detail.text)" } ?? "")
                )
            }
            if let phase = fleet.view.deployments[name]?.value.phase, phase != .active {
                missing.append("\(name) is \(phase)")
            }
        }
        return missing
    }

    /// What happened and must not have.
    public func violations() -> [String] {
        var found: [String] = []
        for host in world.hosts {
            found += host.engine.violations.map { "\(host.name): \($0)" }
            let strangers = host.engine.containers().count(where: WorldHost.isStranger)
            if strangers != WorldHost.strangers { found.append("\(host.name): of others \(strangers) are left") }
            for ending in host.engine.endings {
                if WorldHost.isStranger(ending.container) { found.append("\(host.name): somebody else's was ended") }
                guard ending.wasHealthy else { continue }
                // As long as an order may be on its way: to an agent that stands still, to an Engine that is late.
                if world.wishes.isWanted(
                    ending.container.task, on: host.name, at: ending.time, since: .seconds(120))
                {
                    found.append(
                        "\(host.name): \(ending.container.id) of \(ending.container.task) was healthy and wanted, "
                            + "and was ended at \(ending.time)")
                }
            }
        }
        return found
    }

    /// How many containers were ended because an agent wanted it.
    public var endings: Int { world.hosts.map(\.engine.endings.count).reduce(0, +) }

    /// How many containers were started.
    public var starts: Int { world.hosts.map(\.engine.starts).reduce(0, +) }
}

extension MemoryContainer {
    var isRunning: Bool { status == .running }
}
