import HelixParticipant

/// One lock, as this process sees it: what Helix orders, told to the keeper.
struct LockHandler: OnlineOfflineHandler {
    let lock: String
    let keeper: LockKeeper

    func offlineToOnline(_ context: TransitionContext) async throws {
        try await keeper.acquire(lock, token: context.fencingToken)
    }

    /// When this returns, somebody else may get the lock: it must not be in use any more.
    func onlineToOffline(_ context: TransitionContext) async throws { try await keeper.release(lock) }

    /// ZooKeeper has not been heard of for a while, so somebody else may get the lock soon.
    func suspended() async { await keeper.pause(lock) }

    /// It has been heard of again in time: the lock is still held.
    func resumed() async { await keeper.resume(lock) }

    /// The session is over, and with it the lock is lost.
    func reset() async { await keeper.lose(lock) }
}
