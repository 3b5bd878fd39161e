internal import StateModels

/// A replica of the model MasterSlave: one master, the others slaves.
public protocol MasterSlaveHandler: ImplicitTransitions {
    /// Become a slave: get the data and follow the master.
    func offlineToSlave(_ context: TransitionContext) async throws
    /// Become the master: catch up with all that was written, then serve writes.
    func slaveToMaster(_ context: TransitionContext) async throws
    /// Stop serving writes, and follow the next master.
    func masterToSlave(_ context: TransitionContext) async throws
    /// Stop following.
    func slaveToOffline(_ context: TransitionContext) async throws
}

extension MasterSlaveHandler {
    /// Calls the method for the transition.
    public func transition(_ context: TransitionContext) async throws {
        switch (context.from, context.to) {
        case ("OFFLINE", "SLAVE"): try await offlineToSlave(context)
        case ("SLAVE", "MASTER"): try await slaveToMaster(context)
        case ("MASTER", "SLAVE"): try await masterToSlave(context)
        case ("SLAVE", "OFFLINE"): try await slaveToOffline(context)
        default: try await implicitTransition(context)
        }
    }
}

extension BuiltInModel where Handler == any MasterSlaveHandler {
    /// One master, the other replicas slaves.
    public static var masterSlave: Self { Self(model: .masterSlave) { $0 } }
}
