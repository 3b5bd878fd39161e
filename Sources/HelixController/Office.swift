import Coordination
import HelixRecords

/// The office of a cluster's leader, held by one session. Whatever a leader writes goes through it.
///
/// Every transaction begins with two checks. The LEADER znode must be the one that this session created: with a version
/// that no other make of controller gives it, so that it does not pass for theirs. And no other leader of our own make may
/// have come after: each of them sets the data of the CONTROLLER znode, so that its version counts the terms.
struct Office: Sendable {
    let session: any CoordinationSession
    /// The znode that holds the office: CONTROLLER/LEADER.
    let path: String
    /// Its version.
    let version: Int32
    /// The znode whose version counts the terms: CONTROLLER.
    let termsPath: String
    /// Its version.
    let terms: Int32

    /// Goes first in every transaction that the leader writes: it fails once the office is lost.
    var fence: [WriteOperation] { [.check(path, version: version), .check(termsPath, version: terms)] }

    /// Whether an error says that somebody else has the office now, or nobody.
    func isLost(_ error: CoordinationError) -> Bool {
        (error.code == .noNode || error.code == .badVersion) && (error.path == path || error.path == termsPath)
    }

    /// Performs independent writes as long as the office is held.
    /// - Returns: the operations' results in order.
    /// - Throws: `Deposed` when the office is lost; `CoordinationError` when the session is over.
    func write(_ operations: [WriteOperation]) async throws -> [Result<WriteResult, CoordinationError>] {
        do {
            return try await session.writeBatched(operations, fence: fence)
        } catch {
            if isLost(error) { throw Deposed() }
            throw error
        }
    }

    /// Performs a transaction if the office is held.
    /// - Throws: `Deposed` when the office is lost; the `CoordinationError` of the transaction.
    func commit(_ operations: [WriteOperation]) async throws {
        do {
            _ = try await session.commit(fence + operations)
        } catch {
            if isLost(error) { throw Deposed() }
            throw error
        }
    }

    /// Performs writes over what was read before.
    /// - Parameter givingUp: called for each whose write cannot succeed, unless its znode is gone.
    /// - Returns: the subjects whose znode somebody else has just written too; they are to be read again.
    /// - Throws: `Deposed` when the office is lost; `CoordinationError` when the session is over or cannot write now.
    func update<Subject>(
        _ writes: [(subject: Subject, operation: WriteOperation)],
        givingUp: (Subject, any Error) -> Void
    ) async throws -> [Subject] {
        var overtaken: [Subject] = []
        for ((subject, _), result) in zip(writes, try await write(writes.map(\.operation))) {
            switch result {
            case .success: break
            case .failure(let error) where error.isTransient: throw error
            case .failure(let error) where error.code == .badVersion: overtaken.append(subject)
            case .failure(let error) where error.code == .noNode: break
            case .failure(let error): givingUp(subject, error)
            }
        }
        return overtaken
    }

    /// Performs one write if the office is held.
    /// - Throws: `Deposed` when the office is lost; the `CoordinationError` of the write.
    func write(_ operation: WriteOperation) async throws {
        for result in try await write([operation]) { _ = try result.get() }
    }
}

/// Another controller has the office now, or nobody has.
struct Deposed: Error {}
