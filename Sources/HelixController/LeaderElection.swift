import Coordination
import HelixRecords
import MessageQueue
import Logging

/// The office of a cluster's leader, held by one session.
struct Office: Sendable {
    /// The version of the LEADER znode that this session created.
    let version: Int32
    let path: String

    /// Goes first in every transaction that the leader writes: it fails once the office is lost.
    var fence: WriteOperation { .check(path, version: version) }
}

/// The election of a cluster's leader: whoever creates CONTROLLER/LEADER holds the office (protocol reference 6.1).
struct LeaderElection {
    let session: any CoordinationSession
    let context: ControllerContext

    /// Waits until this session holds the office.
    func win() async throws -> Office {
        let path = context.paths.leader
        let record = LiveInstance.make(
            instance: context.name, sessionID: session.id.description, process: ProcessName.current)
        let data = try record.record.encoded()
        while true {
            try Task.checkCancellation()
            switch await session.write([.create(path, data: data, mode: .ephemeral)])[0] {
            case .success:
                return Office(version: 0, path: path)
            case .failure(let error) where error.code == .nodeExists:
                if let office = try await awaitVacancy(path) { return office }
            case .failure(let error) where error.isTransient:
                // It may have been created all the same: that shows once the connection is back.
                try await session.untilConnected()
            case .failure(let error) where error.code == .noNode:
                throw ControllerError(description: "\(context.paths.controller) is gone; create the cluster again")
            case .failure(let error):
                throw error
            }
        }
    }

    /// Waits until the present leader is gone.
    /// - Returns: the office, if it is this session's own.
    private func awaitVacancy(_ path: String) async throws(CoordinationError) -> Office? {
        let watcher = session.makeWatcher()
        do {
            guard let stat = try await session.exists(path, watcher: watcher) else { return nil }
            if stat.ephemeralOwner == session.id { return Office(version: stat.version, path: path) }
            context.logger.debug(
                "Standing by", metadata: ["helix.leader-session": "\(stat.ephemeralOwner?.description ?? "none")"])
            _ = await watcher.next()
            return nil
        } catch where error.isTransient {
            try await session.untilConnected()
            return nil
        }
    }
}

extension CoordinationSession {
    /// Waits until the session is connected.
    /// - Throws: `.sessionExpired` or `.closed` when it never will be again.
    func untilConnected() async throws(CoordinationError) {
        for await state in states() {
            switch state {
            case .connected: return
            case .suspended: continue
            case .expired: throw CoordinationError(.sessionExpired, operation: "session \(id)")
            case .closed: throw CoordinationError(.closed, operation: "session \(id)")
            }
        }
        throw CoordinationError(.closed, operation: "session \(id)")
    }
}
