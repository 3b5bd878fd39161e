public import FleetJobs
import HelixRecords

/// Where a fleet's own records are: below PROPERTYSTORE of its cluster.
public struct FleetPaths: Sendable, Hashable {
    /// The folder of all of them.
    public let root: String

    /// The records of a cluster's fleet.
    public init(cluster: String) { root = ClusterPaths(cluster: cluster).propertyStore + "/fleet" }

    /// Which cluster this is: every agent knows it from its disk, and does nothing for another one.
    public var id: String { "\(root)/id" }
    /// What counts up with every change that two changes at the same time could make wrong together.
    public var turn: String { "\(root)/turn" }
    /// The jobs, by id.
    public var jobs: String { "\(root)/jobs" }
    /// A job: as ``Job/stored``.
    public func job(_ id: JobID) -> String { "\(jobs)/\(id)" }
    /// The ids of jobs, by name and version, of which there is one at most.
    public var names: String { "\(root)/names" }
    /// The id of the job with a name and version.
    public func name(_ nameAndVersion: String) -> String { "\(names)/\(nameAndVersion)" }
    /// The deployments, by name.
    public var deployments: String { "\(root)/deployments" }
    /// A deployment.
    public func deployment(_ name: String) -> String { "\(deployments)/\(name)" }
    /// The resources that are no more, so that an agent can tell what was removed from what was lost.
    public var tombstones: String { "\(root)/tombstones" }
    /// The tombstone of a resource.
    public func tombstone(_ resource: String) -> String { "\(tombstones)/\(resource)" }
    /// Secrets, by name.
    public var secrets: String { "\(root)/secrets" }
    /// A secret's bytes.
    public func secret(_ name: String) -> String { "\(secrets)/\(name)" }
    /// Who may call the masters, by name.
    public var tokens: String { "\(root)/tokens" }
    /// A caller.
    public func token(_ name: String) -> String { "\(tokens)/\(name)" }
    /// What was asked of the masters.
    public var audit: String { "\(root)/audit" }
    /// What happened.
    public var events: String { "\(root)/events" }
    /// What happened to tasks, by job.
    public var history: String { "\(root)/history" }
    /// What happened to the tasks of a job, by host.
    public func history(_ job: JobID) -> String { "\(history)/\(job)" }

    /// All folders, parents first.
    public var folders: [String] {
        [root, turn, jobs, names, deployments, tombstones, secrets, tokens, audit, events, history]
    }
}
