import Coordination
import Logging
import RebalancePipeline

/// What a controller knows of its cluster before it leads, so that its first decision needs few reads.
///
/// It follows the cluster as the leader does, but looks only once in a while: what came and went in between is never
/// read, so a controller that stands by costs the ensemble little.
struct StandbyCache: Sendable {
    private let session: any CoordinationSession
    private let context: ControllerContext
    private var cache: ClusterCache

    init(session: any CoordinationSession, context: ControllerContext) {
        self.session = session
        self.context = context
        cache = ClusterCache(session: session, paths: context.paths, logger: context.logger)
    }

    /// Follows the cluster until the task is cancelled. Nothing that goes wrong ends the candidacy.
    /// - Returns: what is known then; `nil` if that has gaps.
    mutating func follow(every interval: Duration) async -> ClusterCache? {
        let (reconnected, states) = (Flag(), session.states())
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { await reconnected.follow(states) }
            while await pause(interval) {
                do {
                    try await look(reconnected)
                } catch  where Task.isCancelled {
                    break
                } catch {
                    context.logger.info("Nothing could be read while standing by", metadata: ["error": "\(error)"])
                }
            }
            group.cancelAll()
            return cache.isComplete && !reconnected.isUp ? cache : nil
        }
    }

    /// - Returns: whether to go on.
    private func pause(_ interval: Duration) async -> Bool {
        do {
            try await context.clock.sleep(for: interval)
            return true
        } catch {
            return false  // cancelled
        }
    }

    private mutating func look(_ reconnected: Flag) async throws {
        let time = context.environment.now()
        cache.edit { $0.time = time }
        if reconnected.take() { cache.noteGap() }
        let events = cache.isComplete ? cache.events.drain() : []
        if cache.isComplete && events.isEmpty { return }
        try await cache.follow(events)
    }
}
