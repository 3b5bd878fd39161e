internal import StateModels

/// A replica of the model OnlineOfflineWithBootstrap: all replicas are equal, and get their data before they go online.
public protocol OnlineOfflineWithBootstrapHandler: ImplicitTransitions {
    /// Get the data.
    func offlineToBootstrap(_ context: TransitionContext) async throws
    /// Start serving.
    func bootstrapToOnline(_ context: TransitionContext) async throws
    /// Stop serving.
    func onlineToOffline(_ context: TransitionContext) async throws
}

extension OnlineOfflineWithBootstrapHandler {
    /// Calls the method for the transition.
    public func transition(_ context: TransitionContext) async throws {
        switch (context.from, context.to) {
        case ("OFFLINE", "BOOTSTRAP"): try await offlineToBootstrap(context)
        case ("BOOTSTRAP", "ONLINE"): try await bootstrapToOnline(context)
        case ("ONLINE", "OFFLINE"): try await onlineToOffline(context)
        default: try await implicitTransition(context)
        }
    }
}

extension BuiltInModel where Handler == any OnlineOfflineWithBootstrapHandler {
    /// All replicas are equal, and are bootstrapped before they go online.
    public static var onlineOfflineWithBootstrap: Self { Self(model: .onlineOfflineWithBootstrap) { $0 } }
}
