import HelixParticipant
import Shared

/// This node's replica of a shard: what Helix orders, told to the scheduler.
struct ShardHandler: LeaderStandbyHandler {
    let shard: String
    let scheduler: Scheduler

    func offlineToStandby(_ context: TransitionContext) async throws { say("STANDBY \(shard)") }

    func standbyToLeader(_ context: TransitionContext) async throws {
        try await scheduler.lead(shard, token: context.fencingToken)
    }

    /// When this returns, somebody else may be made the leader: no tick may be under way.
    func leaderToStandby(_ context: TransitionContext) async throws { await scheduler.stop(shard) }

    func standbyToOffline(_ context: TransitionContext) async throws { say("OFFLINE \(shard)") }

    /// ZooKeeper has not been heard of for a while, so somebody else may become the leader soon.
    func suspended() async { await scheduler.pause(shard) }

    /// It has been heard of again in time: this node is still the leader.
    func resumed() async { await scheduler.resume(shard) }

    /// The session is over, and everything that it brought.
    func reset() async { await scheduler.stop(shard) }
}
