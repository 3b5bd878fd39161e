import HelixRecords
import StateModels

/// Replicas that an operator takes to be broken, though their instance does not.
extension Administrator {
    /// Puts replicas into ERROR, whatever state they are in (protocol reference 9.4), by a message for each, all in one
    /// transaction. ``resetPartitions(_:of:on:in:)`` brings them back.
    ///
    /// A participant of ours cancels what the replica is doing and lets its handler clean up. One of another make would
    /// delete the message while it is at work, so there nothing may be under way.
    /// - Returns: the ids of the messages.
    /// - Throws: ``AdministrationError`` with `.doesNotExist` where there is no such replica, `.alreadyInError`,
    ///   `.isNotAlive`, `.isNotSetUp` or `.messagePending`; then no message was sent.
    @discardableResult
    public func setPartitionsToError(
        _ partitions: [String], of resource: String, on instance: String, in cluster: String
    ) async throws -> [String] {
        let paths = try await paths(of: cluster)
        let idealState = try await knownPartitions(partitions, of: resource, paths)
        let (live, session) = try await live(instance, paths)
        let path = paths.currentState(instance, session: session, resource: resource)
        let state = try await readWhole(CurrentState.self, path)?.view
        try checkMayFail(partitions, state, on: instance)
        // Only participants of ours ask for batches, and they let nothing stand in the way of this.
        try await checkNothingPending(partitions, resource, instance, session, paths) { message in
            !live.acceptsBatchMessages || message.toState == StateModel.error
        }
        let messages = partitions.map { partition in
            var message = order(partition, of: resource, on: instance, session: session)
            message.stateModel = state?.stateModel ?? idealState.stateModel
            message.stateModelFactory = state?.stateModelFactory ?? idealState.stateModelFactory
            message.fromState = Message.any
            message.toState = StateModel.error
            return message
        }
        try await send(messages, to: instance, paths)
        return messages.map(\.id)
    }

    private func checkMayFail(_ partitions: [String], _ state: CurrentState?, on instance: String) throws {
        let absent = partitions.filter { state?[$0]?.currentState == nil }
        guard absent.isEmpty else {
            throw AdministrationError(
                .doesNotExist,
                "\(instance) has no replica of \(absent.joined(separator: ", ")); only replicas that an instance has can "
                    + "be put into ERROR")
        }
        let failed = partitions.filter { state?[$0]?.currentState == StateModel.error }
        guard failed.isEmpty else {
            throw AdministrationError(
                .alreadyInError,
                "\(failed.joined(separator: ", ")) on \(instance) \(failed.count == 1 ? "is" : "are") in ERROR already; "
                    + "leave \(failed.count == 1 ? "it" : "them") out, or reset")
        }
    }
}
