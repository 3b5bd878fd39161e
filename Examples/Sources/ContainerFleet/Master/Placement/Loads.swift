import FleetJobs
import FleetModel
import HelixRecords

/// What tasks weigh and hosts can carry, by dimension.
enum Loads {
    /// Thousandths of processors.
    static let cpu = "cpu"
    /// MiB.
    static let memory = "memory"
    /// Every task counts 1, so that those that say nothing of what they need are spread evenly, too.
    static let tasks = "tasks"
    /// Every task counts 1, and only cordoned hosts have a limit: what they have.
    static let admitted = "admitted"

    /// A static port of hosts.
    static func port(_ port: Port) -> String? { port.host.map { "port-\(port.transport.rawValue)-\($0)" } }

    /// What one task of a job weighs.
    static func weight(of job: Job) -> [String: Int] {
        var weight = [tasks: 1, admitted: 1]
        if let cpus = job.resources.cpus { weight[cpu] = Int(cpus.thousandths) }
        if let bytes = job.resources.memory?.bytes { weight[memory] = Int((bytes + (1 << 20) - 1) >> 20) }
        for port in job.ports.values { if let dimension = Self.port(port) { weight[dimension] = 1 } }
        return weight
    }

    /// What hosts have of everything that is not said of them.
    static func defaultCapacity(_ dimensions: some Sequence<String>) -> [String: Int] {
        Dictionary(
            uniqueKeysWithValues: dimensions.map { dimension in
                switch dimension {
                case cpu, memory, admitted: (dimension, 1_000_000_000)
                case tasks: (dimension, 1_000)
                default: (dimension, 1)
                }
            })
    }

    static let usual = [cpu, memory, tasks, admitted]

    /// The cluster's settings that make jobs' wishes count.
    static func apply(_ jobs: some Sequence<Job>, to config: inout ClusterConfig) {
        let ports = Set(jobs.flatMap { $0.ports.values.compactMap(port) })
        let dimensions = usual + ports.sorted()
        config.capacityKeys = dimensions
        config.defaultInstanceCapacity = defaultCapacity(dimensions)
        config.defaultPartitionWeight = Dictionary(uniqueKeysWithValues: dimensions.map { ($0, 0) })
        config.preferredScoringKeys = [cpu, memory, tasks]
        config.topology = "/zone/instance"
        config.faultZoneType = "zone"
        config.isTopologyAware = true
    }
}
