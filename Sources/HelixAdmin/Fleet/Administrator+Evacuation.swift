public import Coordination
public import HelixRecords
import StateModels

/// What is left on an instance of one resource.
public struct RemainingWork: Sendable, Hashable {
    /// The resource.
    public var resource: String
    /// The states of the replicas, by partition.
    public var replicas: [String: String]
    /// How many messages of the resource wait for the instance.
    public var pendingMessages: Int
    /// Whether the controller places the resource. Replicas of other resources (SEMI_AUTO, CUSTOMIZED) stay until
    /// somebody changes the lists or maps that name the instance.
    public var isPlacedByController: Bool

    package init(resource: String, replicas: [String: String], pendingMessages: Int, isPlacedByController: Bool) {
        self.resource = resource
        self.replicas = replicas
        self.pendingMessages = pendingMessages
        self.isPlacedByController = isPlacedByController
    }
}

/// How far an evacuation has come.
public enum Evacuation: Sendable, Hashable {
    /// The instance is not being evacuated: this is its operation.
    case notEvacuating(InstanceOperation)
    /// Some replicas have not been replaced yet, or messages wait for the instance.
    /// - Parameters:
    ///   - left: what is left, in order of resource.
    ///   - otherMessages: how many messages wait that belong to no resource.
    case underWay(left: [RemainingWork], otherMessages: Int)
    /// Nothing is left: the instance can be stopped and dropped.
    case finished

    /// How many replicas are left.
    public var replicas: Int {
        if case .underWay(let left, _) = self { return left.reduce(0) { $0 + $1.replicas.count } }
        return 0
    }

    /// How many messages are left.
    public var messages: Int {
        guard case .underWay(let left, let others) = self else { return 0 }
        return left.reduce(others) { $0 + $1.pendingMessages }
    }
}

extension Administrator {
    /// How far the evacuation of an instance has come. An instance that is not alive has nothing left.
    /// - Parameter watcher: is told when there may be another answer.
    /// - Throws: ``AdministrationError`` with `.doesNotExist` when there is no such instance, `.unreadableRecord` when a
    ///   record cannot be read in which there could be replicas.
    public func evacuation(
        of instance: String, in cluster: String, watcher: Watcher? = nil
    ) async throws -> Evacuation {
        let paths = try await paths(of: cluster)
        let configs = try await optionalRecords(
            InstanceConfig.self, [paths.instanceConfig(instance)], watcher: watcher)
        guard let config = try configs[0]?.get() else { throw doesNotExist(instance, paths) }
        let operation = config.effectiveOperation
        guard operation == .evacuate else { return .notEvacuating(operation) }
        let work = try await work(of: [instance], paths, watcher: watcher)[instance] ?? InstanceWork()
        if let path = work.unreadable.first {
            throw AdministrationError(
                .unreadableRecord,
                "\(path) cannot be read, so it is not known what is left on \(instance); repair it, or delete the znode"
            )
        }
        guard work.isLive else { return .finished }
        return try await evacuation(work, instance, paths)
    }

    private func evacuation(
        _ work: InstanceWork, _ instance: String, _ paths: ClusterPaths
    ) async throws -> Evacuation {
        var left: [String: RemainingWork] = [:]
        func note(_ resource: String, _ change: (inout RemainingWork) -> Void) {
            change(
                &left[
                    resource,
                    default: RemainingWork(
                        resource: resource, replicas: [:], pendingMessages: 0, isPlacedByController: true)])
        }
        for replica in work.replicas where replica.state != StateModel.dropped {
            note(replica.resource) { $0.replicas[replica.partition] = replica.state }
        }
        var others = 0
        let messages = try await optionalRecords(
            Message.self, work.messageIDs.map { paths.message(instance, $0) })
        for case let message? in messages {
            if let resource = try? message.get().resource {
                note(resource) { $0.pendingMessages += 1 }
            } else {
                others += 1
            }
        }
        if left.isEmpty, others == 0 { return .finished }
        let names = left.keys.sorted()
        let idealStates = try await optionalRecords(IdealState.self, names.map(paths.idealState))
        for (name, idealState) in zip(names, idealStates) {
            guard let mode = try? idealState?.get().rebalanceMode else { continue }
            left[name]?.isPlacedByController = mode.isPlacedByController
        }
        return .underWay(left: names.compactMap { left[$0] }, otherMessages: others)
    }

    /// Waits until the evacuation of an instance is finished, or is called off. It watches, and asks again only when
    /// something changed.
    /// - Parameter onProgress: is told how far it has come, first at once and then whenever that has changed.
    /// - Returns: `.finished` or `.notEvacuating`.
    @discardableResult
    public func awaitEvacuation(
        of instance: String, in cluster: String, onProgress: (Evacuation) async throws -> Void = { _ in }
    ) async throws -> Evacuation {
        try await follow(
            onProgress,
            { evacuation in
                if case .underWay = evacuation { return false }
                return true
            }
        ) { try await evacuation(of: instance, in: cluster, watcher: $0) }
    }

    /// Asks whenever something changed that was read, until there is a final answer.
    func follow<Answer: Sendable & Equatable>(
        _ onProgress: (Answer) async throws -> Void, _ isFinal: (Answer) -> Bool,
        _ ask: (Watcher) async throws -> Answer
    ) async throws -> Answer {
        let watcher = session.makeWatcher()
        var last: Answer?
        while true {
            let answer = try await ask(watcher)
            if answer != last { try await onProgress(answer) }
            if isFinal(answer) { return answer }
            last = answer
            guard await watcher.next() != nil else {
                try Task.checkCancellation()
                throw CoordinationError(
                    .sessionExpired, operation: "watch",
                    reason: "the session ended while waiting; nothing was changed by that, so ask again")
            }
        }
    }
}
