public import FleetAgent
import FleetEngine
public import FleetJobs

// Both modules have ports, volumes and restart policies: jobs as people write them, specs as agents need them.

extension TaskSpec {
    /// What an agent has to know of a job.
    /// - Parameter labels: further labels of the containers.
    public init(_ job: Job, labels: [String: String] = [:]) {
        self.init(image: job.image, command: job.command.isEmpty ? nil : job.command)
        environment = job.environment
        ports = job.ports.mapValues { port in
            FleetAgent.Port(
                port.container, outside: port.host, transport: port.transport == .tcp ? .tcp : .udp)
        }
        volumes = job.volumes.sorted { $0.key < $1.key }.map { FleetAgent.Volume($0.value, at: $0.key) }
        memoryFiles = job.memoryDirectories.mapValues(\.bytes)
        secrets = Dictionary(
            job.secrets.map { ($0.target, Secret($0.source.description, mode: $0.mode)) }, uniquingKeysWith: { $1 })
        memory = job.resources.memory?.bytes
        processor = job.resources.cpus?.thousandths
        gate = job.gate.map { HealthGate($0) }
        liveness = job.liveness.map { Liveness($0) }
        restart = FleetAgent.RestartPolicy(job.restart)
        isRunOnce = job.isRunOnce
        gracePeriod = job.gracePeriod.duration
        stopTimeout = job.stopTimeout.duration
        self.labels = job.labels.merging(labels) { $1 }
        addedCapabilities = job.addedCapabilities
        droppedCapabilities = job.droppedCapabilities
        securityOptions = job.securityOptions
        networkMode = job.network == .bridge ? nil : job.network.description
        hostname = job.hostname
    }
}

extension FleetAgent.Volume {
    init(_ volume: FleetJobs.Volume, at target: String) {
        let source: String? =
            switch volume.source {
            case .host(let path): path
            case .named(let name): name
            case .anonymous: nil
            }
        self.init(source, at: target, isReadOnly: volume.isReadOnly)
    }
}

extension FleetAgent.RestartPolicy {
    init(_ policy: FleetJobs.RestartPolicy) {
        switch policy {
        case .always: self = .always
        case .onFailure(let attempts): self = .onFailure(attempts: attempts)
        case .never: self = .never
        }
    }
}

extension Check {
    init(_ probe: HealthCheck.Probe) {
        switch probe {
        case .http(let port, let path): self = .http(port: port, path: path)
        case .tcp(let port): self = .tcp(port: port)
        case .command(let command): self = .exec(command)
        }
    }
}

extension HealthGate {
    /// A gate has a deadline and no count of tries: one that is given only a count has the time that they take.
    init(_ check: HealthCheck) {
        let round = check.interval.milliseconds + check.timeout.milliseconds
        let deadline = check.deadline?.milliseconds ?? check.retries.map { Int64($0) * round }
        self.init(
            Check(check.probe), interval: check.interval.duration, timeout: check.timeout.duration,
            deadline: .milliseconds(deadline ?? 300_000))
    }
}

extension Liveness {
    /// A liveness check counts tries and has no deadline: one that is given a deadline has as many as begin before it.
    init(_ check: HealthCheck) {
        let count = check.deadline.map { Int($0.milliseconds / max(1, check.interval.milliseconds)) }
        self.init(
            Check(check.probe), interval: check.interval.duration, timeout: check.timeout.duration,
            retries: max(1, check.retries.map { min($0, count ?? $0) } ?? count ?? 3))
    }
}
