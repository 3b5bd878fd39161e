import Coordination
import HelixRecords
import StateModels

/// Partitions on one instance.
extension Administrator {
    /// Lets partitions of a resource be served by an instance again.
    public func enablePartitions(
        _ partitions: [String], of resource: String, on instance: String, in cluster: String
    ) async throws {
        try await setPartitions(partitions, of: resource, on: instance, in: cluster, enabled: true)
    }

    /// Takes partitions of a resource out of service on an instance: their replicas there go to the initial state.
    public func disablePartitions(
        _ partitions: [String], of resource: String, on instance: String, in cluster: String
    ) async throws {
        try await setPartitions(partitions, of: resource, on: instance, in: cluster, enabled: false)
    }

    private func setPartitions(
        _ partitions: [String], of resource: String, on instance: String, in cluster: String, enabled: Bool
    ) async throws {
        let paths = try await paths(of: cluster)
        _ = try await knownPartitions(partitions, of: resource, paths)
        try await updateInstance(instance, in: cluster) { config in
            config.setPartitions(partitions, resource: resource, enabled: enabled)
        }
    }

    /// The ideal state of a resource that has these partitions.
    func knownPartitions(
        _ partitions: [String], of resource: String, _ paths: ClusterPaths
    ) async throws -> IdealState {
        for partition in partitions { try Names.check(partition, .partition) }
        guard let idealState = try await readWhole(IdealState.self, paths.idealState(resource))?.view else {
            throw noResource(resource, paths)
        }
        let known = Set(idealState.partitions)
        let unknown = partitions.filter { !known.contains($0) }
        guard unknown.isEmpty else {
            throw AdministrationError(
                .doesNotExist,
                "resource \(resource) has no \(unknown.count == 1 ? "partition" : "partitions") "
                    + "\(unknown.joined(separator: ", ")); it has \(Self.summary(idealState.partitions)); check the names"
            )
        }
        return idealState
    }

    private static func summary(_ names: [String]) -> String {
        guard let first = names.first, let last = names.last, names.count > 3 else {
            return names.isEmpty ? "none until it is rebalanced" : names.joined(separator: ", ")
        }
        return "\(first) to \(last)"
    }

    /// Takes replicas out of ERROR, back to the initial state (protocol reference 9.4), by a message for each, all in one
    /// transaction.
    /// - Returns: the ids of the messages.
    /// - Throws: ``AdministrationError`` with `.doesNotExist`, `.isNotAlive`, `.isNotSetUp`, `.notInError` or
    ///   `.messagePending`; then no message was sent.
    @discardableResult
    public func resetPartitions(
        _ partitions: [String], of resource: String, on instance: String, in cluster: String
    ) async throws -> [String] {
        let paths = try await paths(of: cluster)
        let idealState = try await knownPartitions(partitions, of: resource, paths)
        let session = try await liveSession(of: instance, paths)
        let path = paths.currentState(instance, session: session, resource: resource)
        let state = try await readWhole(CurrentState.self, path)?.view
        try checkInError(partitions, state, on: instance)
        try await checkNothingPending(partitions, resource, instance, session, paths) { _ in true }
        let modelName = state?.stateModel ?? idealState.stateModel ?? ""
        let model = try await model(modelName, paths)
        let messages = partitions.map { partition in
            var message = order(partition, of: resource, on: instance, session: session)
            message.stateModel = model.name
            message.stateModelFactory = state?.stateModelFactory ?? idealState.stateModelFactory
            message.fromState = StateModel.error
            message.toState = model.initialState
            return message
        }
        try await send(messages, to: instance, paths)
        return messages.map(\.id)
    }

    /// Takes all replicas that an instance has in ERROR back to the initial state.
    /// - Returns: the ids of the messages, none when no replica is in ERROR.
    @discardableResult
    public func resetInstance(_ instance: String, in cluster: String) async throws -> [String] {
        let paths = try await paths(of: cluster)
        let session = try await liveSession(of: instance, paths)
        var ids: [String] = []
        for state in try await currentStates(of: instance, session: session, paths) {
            let failed = Self.failed(state)
            if failed.isEmpty { continue }
            ids += try await resetPartitions(failed, of: state.id, on: instance, in: cluster)
        }
        return ids
    }

    /// Takes all replicas of a resource that are in ERROR, on whatever live instance, back to the initial state.
    /// - Returns: the ids of the messages, none when no replica is in ERROR.
    @discardableResult
    public func resetResource(_ resource: String, in cluster: String) async throws -> [String] {
        let paths = try await paths(of: cluster)
        guard try await exists(paths.idealState(resource)) else { throw noResource(resource, paths) }
        var ids: [String] = []
        for instance in try await session.children(paths.liveInstances) {
            let session = try await liveSession(of: instance, paths)
            let path = paths.currentState(instance, session: session, resource: resource)
            let failed = try await readWhole(CurrentState.self, path).map { Self.failed($0.view) } ?? []
            if failed.isEmpty { continue }
            ids += try await resetPartitions(failed, of: resource, on: instance, in: cluster)
        }
        return ids
    }

    private static func failed(_ state: CurrentState) -> [String] {
        state.partitions.filter { state[$0]?.currentState == StateModel.error }
    }

    /// The session of an instance that is alive.
    private func liveSession(of instance: String, _ paths: ClusterPaths) async throws -> String {
        try await live(instance, paths).session
    }

    /// The record and the session of an instance that is alive.
    func live(_ instance: String, _ paths: ClusterPaths) async throws -> (record: LiveInstance, session: String) {
        guard try await exists(paths.instanceConfig(instance)) else { throw doesNotExist(instance, paths) }
        guard let live = try await read(LiveInstance.self, paths.liveInstance(instance)) else {
            throw AdministrationError(
                .isNotAlive,
                "instance \(instance) is not alive in cluster \(paths.cluster): no znode "
                    + "\(paths.liveInstance(instance)); start it, and its replicas begin in the initial state anyway")
        }
        guard let session = live.view.sessionID else {
            throw AdministrationError(
                .unreadableRecord, "the live record of instance \(instance) has no SESSION_ID; restart the instance")
        }
        return (live.view, session)
    }

    private func checkInError(_ partitions: [String], _ state: CurrentState?, on instance: String) throws {
        let healthy = partitions.compactMap { partition -> String? in
            let present = state?[partition]?.currentState
            return present == StateModel.error ? nil : "\(partition) is \(present ?? "not") on \(instance)"
        }
        guard healthy.isEmpty else {
            throw AdministrationError(
                .notInError, "\(healthy.joined(separator: ", ")), expected ERROR; only replicas in ERROR are reset")
        }
    }

    /// - Parameter isInTheWay: which of the transitions that wait for the partitions matter.
    func checkNothingPending(
        _ partitions: [String], _ resource: String, _ instance: String, _ session: String, _ paths: ClusterPaths,
        where isInTheWay: (Message) -> Bool
    ) async throws {
        let ids = try await childrenIfPresent(paths.messages(instance))
        let pending = try await readAll(Message.self, ids.map { paths.message(instance, $0) }).compactMap { $0 }
            .first { message in
                message.messageType == .stateTransition && message.resource == resource
                    && message.targetSession == session && !Set(message.partitions).isDisjoint(with: partitions)
                    && isInTheWay(message)
            }
        guard let pending else { return }
        throw AdministrationError(
            .messagePending,
            "message \(pending.id) for \(pending.partitions.joined(separator: ", ")) "
                + "(\(pending.fromState ?? "") to \(pending.toState ?? "")) waits for instance \(instance) already; let it "
                + "be done first")
    }

    /// A transition that an operator orders, without its states.
    func order(_ partition: String, of resource: String, on instance: String, session: String) -> Message {
        var message = Message(id: makeMessageID(), type: .stateTransition)
        message.createdAt = now()
        message.source = "\(host)-ADMIN"
        message.target = instance
        message.targetSession = session
        message.resource = resource
        message.partition = partition
        return message
    }

    func send(_ messages: [Message], to instance: String, _ paths: ClusterPaths) async throws {
        let live = WriteOperation.check(paths.liveInstance(instance))
        let creations = try messages.map { message in
            WriteOperation.create(paths.message(instance, message.id), data: try message.encoded())
        }
        do throws(CoordinationError) {
            try await session.commit([live] + creations)
        } catch {
            guard error.code == .noNode else { throw error }
            if error.path == paths.liveInstance(instance) {
                throw AdministrationError(.isNotAlive, "instance \(instance) has just gone away; no message was sent")
            }
            throw AdministrationError(
                .isNotSetUp,
                "instance \(instance) has no queue: no znode \(paths.messages(instance)); drop it and add it again")
        }
    }
}
