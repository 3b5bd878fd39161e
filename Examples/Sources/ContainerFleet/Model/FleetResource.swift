public import FleetJobs
public import HelixRecords

/// A job of a deployment in the cluster: a resource, whose partitions are its tasks.
public struct FleetResource: Sendable, Hashable {
    /// The deployment.
    public var deployment: String
    /// The job. A resource's never changes.
    public var job: JobID
    /// What the resource is called. It keeps its name, and with it its containers, when another deployment takes it over.
    public let name: String

    /// A job of a deployment.
    /// - Parameter number: sets resources of the same job apart of which one has the first's name already; from 2 on.
    public init(deployment: String, job: JobID, number: Int = 1) {
        self.deployment = deployment
        self.job = job
        name = deployment + (number > 1 ? "-\(number)" : "") + Self.ending(of: job)
    }

    /// What the names of all resources of a job end with.
    public static func ending(of job: JobID) -> String { ".\(job.name).\(job.version).\(job.hash.prefix(7))" }

    /// The partition of a place: a host, or a number.
    public func partition(_ place: String) -> String { "\(name)_\(place)" }

    /// The place that a partition is for.
    public func place(_ partition: String) -> String? {
        partition.hasPrefix(name + "_") ? String(partition.dropFirst(name.utf8.count + 1)) : nil
    }

    static let deploymentField = "FLEET_DEPLOYMENT"
    static let jobField = "FLEET_JOB"

    /// What an ideal state says; `nil` when it is not a fleet's.
    public init?(_ idealState: IdealState) {
        guard let deployment = idealState.record.simpleFields[Self.deploymentField],
            let job = idealState.record.simpleFields[Self.jobField].flatMap({ JobID($0) }),
            idealState.id.hasSuffix(Self.ending(of: job))
        else { return nil }
        self.deployment = deployment
        self.job = job
        name = idealState.id
    }

    /// Says in an ideal state what the resource is.
    public func mark(_ idealState: inout IdealState) {
        idealState.record.simpleFields[Self.deploymentField] = deployment
        idealState.record.simpleFields[Self.jobField] = job.description
    }
}
