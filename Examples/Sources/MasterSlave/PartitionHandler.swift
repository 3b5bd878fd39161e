import HelixParticipant

/// What Helix orders, told to the partition.
struct PartitionHandler: MasterSlaveHandler {
    let partition: Partition

    func offlineToSlave(_ context: TransitionContext) async throws { try await partition.becomeSlave() }

    func slaveToMaster(_ context: TransitionContext) async throws {
        try await partition.becomeMaster(token: context.fencingToken)
    }

    func masterToSlave(_ context: TransitionContext) async throws { await partition.stepDown(to: .slave) }

    func slaveToOffline(_ context: TransitionContext) async throws { await partition.stepDown(to: .offline) }

    func offlineToDropped(_ context: TransitionContext) async throws { await partition.drop() }

    /// ZooKeeper has not been heard of for a while, so somebody else may become the master soon: acknowledge nothing.
    func suspended() async { await partition.suspend() }

    /// It has been heard of again in time.
    func resumed() async { await partition.resume() }

    /// The session is over: this node must become a slave anew. Its data are still good for a comparison.
    func reset() async { await partition.stepDown(to: .offline) }
}
