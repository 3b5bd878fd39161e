import Coordination
import HelixRecords
import Logging
import RebalancePipeline
import Synchronization

/// What a leader writes into CONTROLLER/HISTORY (protocol reference 4.12).
struct ControllerHistories {
    let session: any CoordinationSession
    let fence: WriteOperation
    let context: ControllerContext

    /// Adds this term to the history.
    func recordTerm() async throws {
        let path = context.paths.controllerHistory
        try await session.update(path, fence: fence) { data in
            var history = ControllerHistory(cluster: context.paths.cluster)
            do throws(RecordError) {
                if let data { history = try ControllerHistory(decoding: data, path: path) }
            } catch {
                if !error.isEmpty {
                    context.logger.warning("The history cannot be read; it begins anew", metadata: ["error": "\(error)"])
                }
            }
            history.appendLeader(context.name, cluster: context.paths.cluster, at: context.environment.now())
            return try history.record.encoded()
        }
    }
}

/// Notes in INSTANCES/I/HISTORY when an instance went that could not do so itself (protocol reference 4.12).
final class ParticipantHistories: Sendable {
    private let session: any CoordinationSession
    private let fence: WriteOperation
    private let context: ControllerContext
    private let absentees = Mailbox<String>()
    private let known = Mutex<Set<String>>([])

    init(session: any CoordinationSession, fence: WriteOperation, context: ControllerContext) {
        self.session = session
        self.fence = fence
        self.context = context
    }

    /// Notices who is gone since the last call.
    func follow(_ instances: [ClusterSnapshot.Instance]) {
        let absent = Set(instances.filter { $0.live == nil && !$0.config.isAbsent }.map(\.name))
        let new = known.withLock { known in
            defer { known = absent }
            return absent.subtracting(known)
        }
        absentees.post(contentsOf: new.sorted())
    }

    /// Writes what was noticed.
    func run() async throws {
        while let instances = await absentees.next() {
            for instance in instances {
                do throws(CoordinationError) {
                    try await noteOffline(instance)
                } catch {
                    if error.endsSession || error.path == fence.path { throw error }
                    context.logger.info(
                        "An offline time could not be noted",
                        metadata: ["helix.instance": "\(instance)", "error": "\(error)"])
                }
            }
        }
    }

    private func noteOffline(_ instance: String) async throws(CoordinationError) {
        let path = context.paths.instanceHistory(instance)
        guard let (data, stat) = try await session.getIfPresent(path) else { return }
        do throws(RecordError) {
            var history = try ParticipantHistory(decoding: data, path: path)
            guard history.lastOfflineTime == -1 else { return }
            history.appendOffline(at: context.environment.now())
            let write = WriteOperation.set(path, data: try history.record.encoded(), version: stat.version)
            _ = await session.commit([[fence, write]])
        } catch {
            context.logger.debug("A history cannot be read", metadata: ["error": "\(error)"])
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
            } catch {
                guard error.path == path, error.code == .badVersion || error.code == .nodeExists else { throw error }
            }
        }
    }
}
