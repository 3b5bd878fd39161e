import Coordination
import HelixRecords
import Logging
import RebalancePipeline

/// Writes how far the cluster has come towards the mode that was asked for: `/C/STATUS/C`, and, when a mode has been
/// reached, a line of the history in the same transaction (protocol reference 4.13, 6.9).
struct ManagementDesk {
    private let office: Office
    private let context: ControllerContext
    /// What is written there, once that is known.
    private var written: ClusterStatus?
    private var isKnown = false

    private var session: any CoordinationSession { office.session }
    private var path: String { context.paths.clusterStatus }
    private var histories: ControllerHistories { ControllerHistories(office: office, context: context) }

    init(office: Office, context: ControllerContext) {
        self.office = office
        self.context = context
    }

    /// Writes a status if it is new. A cluster that has always worked has none.
    ///
    /// A status that cannot be written keeps nobody from freezing: that is told, and tried again when it changes.
    /// - Throws: `Deposed`; `CoordinationError` when the connection is lost or the session is over.
    mutating func follow(_ mode: ManagementMode?, signal: PauseSignal?) async throws {
        let status = mode?.status ?? ClusterStatus(mode: .normal, isCompleted: true)
        if isKnown, written == status || (written == nil && mode == nil) { return }
        do {
            let found = try await session.getIfPresent(path)
            (written, isKnown) = (read(found?.data), true)
            if written == status || (found == nil && mode == nil) { return }
            try await write(status, signal, over: found?.stat.version)
        } catch let error as CoordinationError where error.isTransient || error.endsSession {
            isKnown = false
            throw error
        } catch let error as CoordinationError where [.badVersion, .nodeExists, .noNode].contains(error.code) {
            isKnown = false  // somebody else has just written too: the next pass looks again
            return
        } catch let error as CoordinationError {
            tell(error)
        } catch let error as RecordError {
            tell(error)
        }
        written = status
    }

    private func write(_ status: ClusterStatus, _ signal: PauseSignal?, over version: Int32?) async throws {
        if version == nil {
            let parent = ZnodePath.parent(of: path)
            for case .failure(let error) in try await office.write([.create(parent)]) where error.code != .nodeExists {
                throw error
            }
        }
        let data = try status.encoded(path: path)
        let operation = version.map { WriteOperation.set(path, data: data, version: $0) } ?? .create(path, data: data)
        let line = status.isCompleted ? try await line(about: status, signal) : nil
        try await office.commit([operation] + (line.map { [$0] } ?? []))
        context.logger.notice(
            "The mode of the cluster has changed",
            metadata: [
                "mode": "\(status.mode.rawValue)", "status": status.isCompleted ? "COMPLETED" : "IN_PROGRESS",
            ])
    }

    private func line(about status: ClusterStatus, _ signal: PauseSignal?) async throws -> WriteOperation {
        let found = try await session.getIfPresent(histories.path)
        var history = histories.read(found?.data ?? [])
        history.appendManagementMode(
            status, controller: context.name, fromHost: signal?.fromHost, reason: signal?.reason,
            at: context.environment.now())
        let data = try history.encoded(path: histories.path)
        return found.map { .set(histories.path, data: data, version: $0.stat.version) }
            ?? .create(histories.path, data: data)
    }

    private func read(_ data: [UInt8]?) -> ClusterStatus? {
        data.flatMap { try? ClusterStatus(decoding: $0, path: path) }
    }

    private func tell(_ error: any Error) {
        context.logger.warning("The mode of the cluster could not be written", metadata: ["error": "\(error)"])
    }
}
