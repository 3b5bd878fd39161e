import Coordination
public import FleetJobs
import FleetModel

extension FleetStore {
    /// Keeps a job, unless there is one of its name and version.
    public func create(_ job: Job) async throws -> JobID {
        let id = job.id
        let name = WriteOperation.create(paths.name(id.nameAndVersion), data: Array(id.description.utf8))
        let done = try await commit([name, .create(paths.job(id), data: Array(job.stored.utf8))]) {
            $1 == .nodeExists
        }
        guard done == nil else { return id }
        throw FleetError(
            .jobAlreadyExists, "there is a job \(id.nameAndVersion)",
            cure: "jobs never change: give this one another version")
    }

    /// A job.
    public func job(_ id: JobID) async throws -> Job? {
        guard let found = try await session.getIfPresent(paths.job(id)) else { return nil }
        return try Self.job(found.data, at: paths.job(id))
    }

    static func job(_ data: [UInt8], at path: String) throws -> Job {
        do {
            return try Job(stored: String(decoding: data, as: UTF8.self))
        } catch {
            throw FleetError(
                .storeNotUsable, "\(path) cannot be read: \(error)", cure: "repair the record, or delete the job")
        }
    }

    /// The ids of all jobs.
    public func jobIDs() async throws -> [JobID] {
        try await session.children(paths.jobs).compactMap { JobID($0) }.sorted()
    }

    /// The job that a person means.
    public func resolve(_ reference: String) async throws -> (id: JobID, job: Job) {
        let ids = try await jobIDs()
        do {
            let id = try ids.resolve(reference)
            if let job = try await job(id) { return (id, job) }
        } catch let error as JobError {
            throw FleetError(error)
        }
        throw FleetError(JobError(.unknown, "“\(reference)” was removed just now"))
    }

    /// Removes a job that no deployment has, with its history.
    public func removeJob(_ id: JobID) async throws {
        _ = try await retrying("the job \(id.short)") {
            let turn = try await self.turn()
            let users = try await deployments().values.map(\.value)
                .filter { deployment in
                    // Also where a rollout that fails would lead back to it.
                    let stable = deployment.stable.flatMap(deployment.generation)
                    return deployment.latest.job == id.description || stable?.job == id.description
                }.map(\.name)
            // Also where another job has taken its place, and a host that is away has it still.
            let suffix = FleetResource.ending(of: id)
            let resources = try await session.children(idealStates).filter { $0.hasSuffix(suffix) }
            if let user = (users + resources).min() {
                throw FleetError(
                    .stillInUse, "\(user) has \(id.short)",
                    cure: "undeploy it or roll out another job, and remove the job when that is done")
            }
            return try await commit(
                [turn, .delete(paths.job(id)), .delete(paths.name(id.nameAndVersion))], unless: { $1 == .noNode }
            )
            .map { _ in true }
        }
        try? await session.deleteRecursively(paths.history(id))
    }

    /// A write that lets only one of several changes happen that are decided at the same time.
    func turn() async throws -> WriteOperation {
        let (_, stat) = try await session.get(paths.turn)
        return .set(paths.turn, data: [], version: stat.version)
    }
}
