import Coordination
import HelixRecords
import Logging

/// The election of a cluster's leader: whoever creates CONTROLLER/LEADER holds the office (protocol reference 6.1).
struct LeaderElection {
    let session: any CoordinationSession
    let context: ControllerContext

    private enum Outcome {
        case won(Office)
        case taken
        case contested
    }

    /// Waits until this session holds the office.
    /// - Throws: `ControllerError` when the cluster is gone; `CoordinationError`.
    func win() async throws -> Office {
        let record = LiveInstance.make(
            instance: context.name, sessionID: session.id.description, process: context.configuration.processName)
        let data = try record.record.encoded()
        let watcher = session.makeWatcher()
        while true {
            try Task.checkCancellation()
            switch try await session.persistently(context, { try await attempt(data, watcher) }) {
            case .won(let office): return office
            case .contested: continue
            case .taken: _ = await watcher.next()
            }
        }
    }

    /// Takes the office if nobody has it. If it is this session's already, an earlier attempt had succeeded without
    /// our knowing.
    private func attempt(_ data: [UInt8], _ watcher: Watcher) async throws -> Outcome {
        let (path, termsPath) = (context.paths.leader, context.paths.controller)
        // The terms are counted before the leader is looked up: if that is this session, no term has begun since.
        guard let (former, terms) = try await session.getIfPresent(termsPath) else {
            throw ControllerError(description: "\(termsPath) is gone; create the cluster again")
        }
        if let leader = try await session.exists(path, watcher: watcher) {
            guard leader.ephemeralOwner == session.id else {
                noteLeader(leader)
                return .taken
            }
            return .won(office(version: leader.version, terms: terms.version))
        }
        do throws(CoordinationError) {
            let results = try await session.commit([
                .create(path, data: data, mode: .ephemeral), .set(path, data: data, version: 0),
                .set(termsPath, data: former, version: terms.version),
            ])
            guard case .set(let stat) = results[2] else { return .contested }
            return .won(office(version: 1, terms: stat.version))
        } catch {
            guard error.code == .nodeExists || error.code == .badVersion else { throw error }
            return .contested
        }
    }

    private func office(version: Int32, terms: Int32) -> Office {
        Office(
            session: session, path: context.paths.leader, version: version, termsPath: context.paths.controller,
            terms: terms)
    }

    private func noteLeader(_ leader: Stat) {
        if let owner = leader.ephemeralOwner {
            context.logger.debug("Standing by", metadata: ["helix.leader-session": "\(owner)"])
        } else {
            context.logger.warning(
                "The leader's znode belongs to no session, so nobody can ever take the lead; delete it",
                metadata: ["helix.path": "\(context.paths.leader)"])
        }
    }
}
