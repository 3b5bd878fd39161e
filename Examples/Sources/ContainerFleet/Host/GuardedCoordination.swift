import Coordination
import FleetAgent
import FleetModel
import Logging
import Synchronization

/// The store, for an agent: nobody gets a session before the store has proved to be that of the agent's fleet.
///
/// As long as it is empty, damaged or another fleet's, the agent does not join, and its containers run on.
final class GuardedCoordination: CoordinationService {
    private let base: any CoordinationService
    private let paths: FleetPaths
    private let disk: any AgentStore
    private let logger: Logger
    private let onOpen: @Sendable (any CoordinationSession) async -> Void

    private let present = Mutex<(any CoordinationSession)?>(nil)

    /// - Parameter onOpen: is called with each session before anybody uses it.
    init(
        _ base: any CoordinationService, _ paths: FleetPaths, _ disk: any AgentStore, logger: Logger,
        onOpen: @escaping @Sendable (any CoordinationSession) async -> Void
    ) {
        self.base = base
        self.paths = paths
        self.disk = disk
        self.logger = logger
        self.onOpen = onOpen
    }

    /// The present session, `nil` when there is none.
    var session: (any CoordinationSession)? {
        present.withLock { session in session.flatMap { $0.state == .closed || $0.state == .expired ? nil : $0 } }
    }

    func openSession(_ configuration: SessionConfiguration) async throws(CoordinationError) -> any CoordinationSession {
        let session = try await base.openSession(configuration)
        do {
            try await awaitFleet(session)
        } catch {
            await session.close()
            throw error
        }
        present.withLock { $0 = session }
        await onOpen(session)
        return session
    }

    private func awaitFleet(_ session: any CoordinationSession) async throws(CoordinationError) {
        let watcher = session.makeWatcher()
        var last: String?
        while true {
            do throws(CoordinationError) {
                guard let problem = try await problem(session, watcher) else { return }
                if problem != last { logger.error("Not joining; containers run on: \(problem)") }
                last = problem
                guard await watcher.next() != nil else { throw closed }
            } catch {
                guard error.isTransient else { throw error }
                guard await session.isBack() else { throw closed }
            }
        }
    }

    private var closed: CoordinationError { CoordinationError(.closed, operation: "open session", path: paths.id) }

    /// What stands against joining, if anything does. The watcher is told when that may have changed.
    private func problem(
        _ session: any CoordinationSession, _ watcher: Watcher
    ) async throws(CoordinationError) -> String? {
        _ = try await session.exists(paths.id, watcher: watcher)
        guard let found = try await session.getIfPresent(paths.id) else {
            return "there is no \(paths.id); start a master, or restore the store"
        }
        do {
            try disk.join(cluster: String(decoding: found.data, as: UTF8.self))
            return nil
        } catch {
            return "\(error)"
        }
    }
}

extension CoordinationSession {
    /// Waits until the connection is there again.
    /// - Returns: whether it is; if not the session is over, or the task was cancelled.
    func isBack() async -> Bool {
        for await state in states() {
            switch state {
            case .connected: return true
            case .expired, .closed: return false
            default: break
            }
        }
        return false
    }
}
