public import StateModels

/// A built-in state model together with the protocol that its handlers conform to.
///
/// So `register(.masterSlave) { … }` takes nothing but a ``MasterSlaveHandler``, and a forgotten transition does not
/// compile.
public struct BuiltInModel<Handler>: Sendable {
    /// The state model.
    public let model: StateModel
    let erase: @Sendable (Handler) -> any TransitionHandler
}

/// The transitions that every model has beside its own, and that handlers need not write.
///
/// The defaults do nothing but ``TransitionHandler/reset()`` where a replica leaves ERROR.
public protocol ImplicitTransitions: TransitionHandler {
    /// The replica is not wanted here any more: delete its data. Does nothing unless written.
    func offlineToDropped(_ context: TransitionContext) async throws
    /// An operator resets the failed replica. Calls ``TransitionHandler/reset()`` unless written.
    func errorToOffline(_ context: TransitionContext) async throws
    /// The failed replica is not wanted any more: delete its data. Calls ``TransitionHandler/reset()`` unless written.
    func errorToDropped(_ context: TransitionContext) async throws
    /// An operator puts the replica into ERROR. Calls ``TransitionHandler/reset()`` unless written.
    func anyToError(_ context: TransitionContext) async throws
}

extension ImplicitTransitions {
    /// Does nothing.
    public func offlineToDropped(_ context: TransitionContext) async throws {}
    /// Calls ``TransitionHandler/reset()``.
    public func errorToOffline(_ context: TransitionContext) async throws { await reset() }
    /// Calls ``TransitionHandler/reset()``.
    public func errorToDropped(_ context: TransitionContext) async throws { await reset() }
    /// Calls ``TransitionHandler/reset()``.
    public func anyToError(_ context: TransitionContext) async throws { await reset() }

    func implicitTransition(_ context: TransitionContext) async throws {
        switch (context.from, context.to) {
        case ("OFFLINE", StateModel.dropped): try await offlineToDropped(context)
        case (StateModel.error, "OFFLINE"): try await errorToOffline(context)
        case (StateModel.error, StateModel.dropped): try await errorToDropped(context)
        case (_, StateModel.error): try await anyToError(context)
        default: throw UnknownTransition(from: context.from, to: context.to)
        }
    }
}
