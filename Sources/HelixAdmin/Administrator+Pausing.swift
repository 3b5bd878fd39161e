import Coordination
import HelixRecords

/// Standing still (protocol reference 4.13).
extension Administrator {
    /// Lets the controller work again. Does nothing when it does.
    public func enableCluster(_ cluster: String) async throws {
        let paths = try await paths(of: cluster)
        try await deleteIfPresent(paths.pause)
    }

    /// Lets the controller stand still until the cluster is enabled again: participants keep what they have, and nothing
    /// is decided. Does nothing when it stands still already.
    public func disableCluster(_ cluster: String, reason: String? = nil) async throws {
        let paths = try await paths(of: cluster)
        var signal = PauseSignal(reason: reason, at: now())
        signal.fromHost = host
        do throws(CoordinationError) {
            try await session.create(paths.pause, try bytes(signal, paths.pause))
        } catch {
            guard error.code == .nodeExists else { throw error }
        }
    }

    /// Begins maintenance: nothing is placed anew until it ends, and mastership still moves. Notes it in the
    /// controller's history in the same transaction.
    /// - Throws: ``AdministrationError`` with `.alreadyExists` when the cluster is in maintenance, with its reason.
    public func enterMaintenance(_ cluster: String, reason: String) async throws {
        let paths = try await paths(of: cluster)
        let signal = MaintenanceSignal(reason: reason, trigger: .user, at: now())
        try await changeMaintenance(paths, signal, isEntering: true)
    }

    /// Ends maintenance, whoever began it.
    /// - Throws: ``AdministrationError`` with `.doesNotExist` when the cluster is not in maintenance.
    public func exitMaintenance(_ cluster: String, reason: String = "") async throws {
        let paths = try await paths(of: cluster)
        let signal = MaintenanceSignal(reason: reason, trigger: .user, at: now())
        try await changeMaintenance(paths, signal, isEntering: false)
    }

    /// The signal of maintenance, `nil` when there is none. One that cannot be read counts, and its reason says so: it must
    /// be possible to see it and to end it.
    func maintenance(_ paths: ClusterPaths) async throws -> MaintenanceSignal? {
        guard let (data, _) = try await session.getIfPresent(paths.maintenance) else { return nil }
        do throws(RecordError) {
            return try MaintenanceSignal(decoding: data, path: paths.maintenance)
        } catch {
            var signal = MaintenanceSignal(id: "maintenance")
            signal.reason = "the signal cannot be read: \(error)"
            return signal
        }
    }

    private func changeMaintenance(
        _ paths: ClusterPaths, _ signal: MaintenanceSignal, isEntering: Bool
    ) async throws {
        for _ in 0..<3 {
            let present = try await maintenance(paths)
            if let present, isEntering {
                throw AdministrationError(
                    .alreadyExists,
                    "cluster \(paths.cluster) is in maintenance already: \"\(present.reason ?? "")\"; end that first"
                )
            }
            if present == nil, !isEntering {
                throw AdministrationError(.doesNotExist, "cluster \(paths.cluster) is not in maintenance")
            }
            guard let found = try await read(ControllerHistory.self, paths.controllerHistory) else { continue }
            var history = found
            history.view.appendMaintenance(signal, isEntering: isEntering, at: now())
            let write: WriteOperation =
                isEntering
                ? .create(paths.maintenance, data: try signal.encoded()) : .delete(paths.maintenance)
            do throws(CoordinationError) {
                try await session.commit([
                    write,
                    .set(
                        paths.controllerHistory, data: try bytes(history.view, paths.controllerHistory),
                        version: history.version),
                ])
                return
            } catch {
                guard [.badVersion, .noNode, .nodeExists].contains(error.code) else { throw error }
            }
        }
        throw AdministrationError(
            .conflict, "the maintenance of cluster \(paths.cluster) is being changed by others; look again")
    }
}
