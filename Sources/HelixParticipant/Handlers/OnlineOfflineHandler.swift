internal import StateModels

/// A replica of the model OnlineOffline: all replicas are equal, and serve or not.
public protocol OnlineOfflineHandler: ImplicitTransitions {
    /// Start serving.
    func offlineToOnline(_ context: TransitionContext) async throws
    /// Stop serving.
    func onlineToOffline(_ context: TransitionContext) async throws
}

extension OnlineOfflineHandler {
    /// Calls the method for the transition.
    public func transition(_ context: TransitionContext) async throws {
        switch (context.from, context.to) {
        case ("OFFLINE", "ONLINE"): try await offlineToOnline(context)
        case ("ONLINE", "OFFLINE"): try await onlineToOffline(context)
        default: try await implicitTransition(context)
        }
    }
}

extension BuiltInModel where Handler == any OnlineOfflineHandler {
    /// All replicas are equal: online or not.
    public static var onlineOffline: Self { Self(model: .onlineOffline) { $0 } }
}
