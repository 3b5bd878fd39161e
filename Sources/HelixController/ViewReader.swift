import Coordination
import HelixRecords
import Logging

/// Finds out which views are there.
struct ViewReader: Sendable {
    let session: any CoordinationSession
    let context: ControllerContext
    /// The znode whose children are the views.
    let folder: String

    /// The names of the views, none when they cannot be listed.
    func existing(in folder: String? = nil) async throws -> [String] {
        try await session.persistently(context) {
            do {
                return try await session.children(folder ?? self.folder)
            } catch let error as CoordinationError where error.code == .noNode {
                return []
            } catch let error as CoordinationError where !error.isTransient && !error.endsSession {
                context.logger.warning("The views cannot be listed", metadata: ["error": "\(error)"])
                return []
            }
        }
    }

    /// Reads those views of which it is not known what is there.
    func lookUp(_ resources: [String], _ views: inout PublishedViews) async throws {
        let unknown = resources.filter(views.unknown.contains)
        let paths = unknown.map { "\(folder)/\($0)" }
        let heads = await session.read(paths.map { .get($0) })
        let lists = await session.read(paths.map { .children($0) })
        for index in unknown.indices {
            guard let head = try record(heads[index], paths[index]) else {
                views.found([:], of: unknown[index])
                continue
            }
            var znodes: PublishedViews.Znodes = ["": head]
            if case .success(.children(let names, _)) = lists[index] {
                let bucketPaths = names.map { "\(paths[index])/\($0)" }
                for (place, bucket) in zip(names.indices, await session.read(bucketPaths.map { .get($0) })) {
                    guard let bucket = try record(bucket, bucketPaths[place]) else { continue }
                    znodes[names[place]] = bucket
                }
            }
            views.found(znodes, of: unknown[index])
        }
    }

    /// - Returns: `nil` when there is nothing; `.some(nil)` when it cannot be read, and is to be written anew.
    private func record(_ result: Result<ReadResult, CoordinationError>, _ path: String) throws -> ZNRecord?? {
        switch result {
        case .success(.data(let data, _)):
            do throws(RecordError) {
                return try ZNRecord(decoding: data, path: path)
            } catch {
                context.logger.notice("A view cannot be read; writing it anew", metadata: ["error": "\(error)"])
                return .some(nil)
            }
        case .success: return nil
        case .failure(let error) where error.code == .noNode: return nil
        case .failure(let error) where error.isTransient || error.endsSession: throw error
        case .failure: return .some(nil)
        }
    }
}
