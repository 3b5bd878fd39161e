import Coordination
import HelixRecords
import Logging

/// What a leader writes into CONTROLLER/HISTORY (protocol reference 4.12).
struct ControllerHistories {
    let office: Office
    let context: ControllerContext

    var path: String { context.paths.controllerHistory }

    /// Adds this term to the history, once. A history that cannot be written is no reason not to lead.
    /// - Throws: `Deposed`; `CoordinationError` when the session is over.
    func recordTerm() async throws {
        let time = context.environment.now()
        var attempts = 0
        do {
            while try await !office.session.persistently(
                context,
                {
                    attempts += 1
                    return try await record(at: time, isRepeated: attempts > 1)
                })
            {}
        } catch let error as RecordError {
            give(up: error)
        } catch let error as CoordinationError where !error.endsSession {
            give(up: error)
        }
    }

    /// - Returns: `false` when somebody else has just written it too.
    private func record(at time: Int64, isRepeated: Bool) async throws -> Bool {
        let found = try await office.session.getIfPresent(path)
        var history = read(found?.data ?? [])
        let last = history.entries.last
        history.appendLeader(context.name, cluster: context.paths.cluster, at: time)
        // Written before without our knowing: the connection was lost in that moment.
        if isRepeated, last == history.entries.last { return true }
        let data = try history.encoded(path: path)
        do {
            try await office.write(
                found.map { .set(path, data: data, version: $0.stat.version) } ?? .create(path, data: data))
            return true
        } catch let error as CoordinationError where error.code == .badVersion || error.code == .nodeExists {
            return false
        }
    }

    /// The history that a znode's data says; one that cannot be read begins anew.
    func read(_ data: [UInt8]) -> ControllerHistory {
        do throws(RecordError) {
            return try ControllerHistory(decoding: data, path: path)
        } catch {
            if !error.isEmpty {
                context.logger.warning("The history cannot be read; it begins anew", metadata: ["error": "\(error)"])
            }
            return ControllerHistory(cluster: context.paths.cluster)
        }
    }

    private func give(up error: any Error) {
        context.logger.warning("The history could not be written", metadata: ["error": "\(error)"])
    }
}
