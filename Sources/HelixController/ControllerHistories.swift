import Coordination
import HelixRecords

/// What a leader writes into the histories (protocol reference 4.12).
struct ControllerHistories {
    let session: any CoordinationSession
    let fence: WriteOperation
    let context: ControllerContext

    /// Adds this term to CONTROLLER/HISTORY.
    func recordTerm() async throws {
        let path = context.paths.controllerHistory
        try await session.update(path, fence: fence) { data in
            var history = ControllerHistory(cluster: context.paths.cluster)
            if let data { history = (try? ControllerHistory(decoding: data, path: path)) ?? history }
            history.appendLeader(context.name, cluster: context.paths.cluster, at: context.environment.now())
            return try history.record.encoded()
        }
    }
}

extension CoordinationSession {
    /// Read, change, write if nobody wrote meanwhile; again until that is so.
    func update(
        _ path: String, fence: WriteOperation, _ change: ([UInt8]?) throws -> [UInt8]
    ) async throws {
        while true {
            let found = try await getIfPresent(path)
            let data = try change(found?.data)
            let write: WriteOperation =
                found.map { .set(path, data: data, version: $0.stat.version) } ?? .create(path, data: data)
            do throws(CoordinationError) {
                try await commit([fence, write])
                return
            } catch where error.path == path && (error.code == .badVersion || error.code == .nodeExists) {
                continue
            }
        }
    }
}
