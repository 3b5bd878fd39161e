internal import StateModels

/// A replica of the model LeaderStandby: one leader, the others standbys.
public protocol LeaderStandbyHandler: ImplicitTransitions {
    /// Become a standby: be ready to lead at any moment.
    func offlineToStandby(_ context: TransitionContext) async throws
    /// Become the leader.
    func standbyToLeader(_ context: TransitionContext) async throws
    /// Stop leading.
    func leaderToStandby(_ context: TransitionContext) async throws
    /// Stop being ready.
    func standbyToOffline(_ context: TransitionContext) async throws
}

extension LeaderStandbyHandler {
    /// Calls the method for the transition.
    public func transition(_ context: TransitionContext) async throws {
        switch (context.from, context.to) {
        case ("OFFLINE", "STANDBY"): try await offlineToStandby(context)
        case ("STANDBY", "LEADER"): try await standbyToLeader(context)
        case ("LEADER", "STANDBY"): try await leaderToStandby(context)
        case ("STANDBY", "OFFLINE"): try await standbyToOffline(context)
        default: try await implicitTransition(context)
        }
    }
}

extension BuiltInModel where Handler == any LeaderStandbyHandler {
    /// One leader, the other replicas standbys.
    public static var leaderStandby: Self { Self(model: .leaderStandby) { $0 } }
}
