import Coordination
public import HelixRecords

/// How far a cluster has come towards the mode that was asked for.
public struct ManagementStatus: Sendable, Hashable {
    /// An instance that is alive.
    public struct Instance: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// Whether it is frozen.
        public var isFrozen: Bool
        /// How many messages wait for it.
        public var messages: Int
    }

    /// The mode that was asked for.
    public var mode: ClusterStatus.Mode
    /// Whether the controller says that it has been reached.
    public var isCompleted: Bool
    /// Why and since when the cluster stands still, `nil` when it does not.
    public var signal: PauseSignal?
    /// Who leads the cluster, `nil` when nobody does: then it comes no further.
    public var leader: String?
    /// The instances that are alive, sorted.
    public var instances: [Instance]
}

/// Freezing a whole cluster (protocol reference 4.13, 6.9).
extension Administrator {
    /// Freezes a cluster: the controller asks for nothing more, and every instance keeps its replicas in their states, even
    /// if its session ends, until the freeze does. It survives the end of controllers and sessions.
    ///
    /// The controller tells the instances one by one; ``managementStatus(of:)`` says when all have taken notice. Does nothing
    /// when the cluster is frozen already.
    /// - Parameter cancelsPendingTransitions: whether what is under way is called off instead of waited for.
    /// - Throws: ``AdministrationError`` with `.alreadyExists` when the cluster is disabled, `.invalidValue` when it does not
    ///   allow transitions to be called off.
    public func freezeCluster(
        _ cluster: String, reason: String? = nil, cancelsPendingTransitions: Bool = false
    ) async throws {
        let paths = try await paths(of: cluster)
        if cancelsPendingTransitions, try await !clusterConfig(paths).isCancellationEnabled {
            throw AdministrationError(
                .invalidValue,
                "cluster \(cluster) was not frozen: it does not allow transitions to be called off; set "
                    + "STATE_TRANSITION_CANCELLATION_ENABLED=true in its configuration, or wait for them to end")
        }
        var signal = PauseSignal(reason: reason, at: now())
        signal.fromHost = host
        signal.freezesCluster = true
        signal.cancelsPendingTransitions = cancelsPendingTransitions
        do throws(CoordinationError) {
            try await session.create(paths.pause, try bytes(signal, paths.pause))
        } catch {
            guard error.code == .nodeExists else { throw error }
            if let present = try await pauseSignal(paths), !present.freezesCluster {
                throw AdministrationError(
                    .alreadyExists,
                    "cluster \(cluster) was not frozen: it is disabled\(present.reason.map { " (\($0))" } ?? ""); enable it "
                        + "first")
            }
        }
    }

    /// Ends a freeze: the instances go on from the states that they kept. Does nothing when the cluster works.
    /// - Throws: ``AdministrationError`` with `.conflict` when the cluster is disabled, which is another thing.
    public func unfreezeCluster(_ cluster: String) async throws {
        let paths = try await paths(of: cluster)
        guard let found = try await read(PauseSignal.self, paths.pause) else { return }
        guard found.view.freezesCluster else {
            throw AdministrationError(
                .conflict,
                "cluster \(cluster) is not frozen but disabled\(found.view.reason.map { " (\($0))" } ?? ""); to let its "
                    + "controller work again, enable it")
        }
        do throws(CoordinationError) {
            try await session.delete(paths.pause, version: found.version)
        } catch {
            guard error.code == .noNode else { throw error }
        }
    }

    /// How far a cluster has come towards the mode that was asked for.
    public func managementStatus(of cluster: String) async throws -> ManagementStatus {
        let paths = try await paths(of: cluster)
        let signal = try await pauseSignal(paths)
        let mode: ClusterStatus.Mode =
            switch signal?.freezesCluster {
            case true?: .clusterFreeze
            case false?: .controllerPause
            case nil: .normal
            }
        let names = try await session.children(paths.liveInstances)
        let live = try await readAll(LiveInstance.self, names.map(paths.liveInstance))
        var instances: [ManagementStatus.Instance] = []
        for (name, record) in zip(names, live) {
            guard let record else { continue }
            let messages = try await childrenIfPresent(paths.messages(name)).count
            instances.append(.init(name: name, isFrozen: record.isFrozen, messages: messages))
        }
        let leader = try await read(LiveInstance.self, paths.leader)?.view.id
        // A cluster that has always worked has no such record.
        let record = try await read(ClusterStatus.self, paths.clusterStatus)?.view
        let isCompleted = record.map { $0.mode == mode && $0.isCompleted } ?? (mode == .normal)
        return ManagementStatus(
            mode: mode, isCompleted: isCompleted, signal: signal, leader: leader, instances: instances)
    }

    /// The signal to stand still, `nil` when there is none. One that cannot be read counts as a pause.
    private func pauseSignal(_ paths: ClusterPaths) async throws -> PauseSignal? {
        guard let (data, _) = try await session.getIfPresent(paths.pause) else { return nil }
        return (try? PauseSignal(decoding: data, path: paths.pause)) ?? PauseSignal(id: "pause")
    }
}
