internal import StateModels

/// A replica of the model STORAGE_DEFAULT_SM_SCHEMATA: a master on every participant.
public protocol StorageSchemataHandler: ImplicitTransitions {
    /// Become a master.
    func offlineToMaster(_ context: TransitionContext) async throws
    /// Stop being a master.
    func masterToOffline(_ context: TransitionContext) async throws
}

extension StorageSchemataHandler {
    /// Calls the method for the transition.
    public func transition(_ context: TransitionContext) async throws {
        switch (context.from, context.to) {
        case ("OFFLINE", "MASTER"): try await offlineToMaster(context)
        case ("MASTER", "OFFLINE"): try await masterToOffline(context)
        default: try await implicitTransition(context)
        }
    }
}

extension BuiltInModel where Handler == any StorageSchemataHandler {
    /// A master on every participant.
    public static var storageSchemata: Self { Self(model: .storageSchemata) { $0 } }
}
