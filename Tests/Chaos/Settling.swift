import Coordination
import HelixRecords
import Synchronization
import TestSupport

/// What must come when the faults have stopped.
extension ChaosCluster {
    /// Convergence is slow on a busy machine; there is no other reason for it to take so long.
    static let patience = Duration.seconds(90)
    private static let silence = Duration.seconds(8)

    /// Waits until all is as it should be: everybody is live, every replica in its state, and no message is left.
    /// - Returns: how long that took.
    func awaitConvergence() async throws -> Duration {
        let start = ContinuousClock.now
        try await withSession { session in
            let last = Mutex("nothing was read")
            do {
                try await eventually(within: Self.patience, "convergence") {
                    let shortcoming = try await shortcomingIfReadable(session)
                    last.withLock { $0 = shortcoming ?? "" }
                    return shortcoming == nil
                }
            } catch let error as NeverTrue {
                throw Unexpected(description: "\(error): \(last.withLock { $0 })")
            }
        }
        return ContinuousClock.now - start
    }

    private func shortcomingIfReadable(_ session: any CoordinationSession) async throws -> String? {
        do {
            return try await shortcoming(session)
        } catch let error as CoordinationError where error.isTransient {
            return "\(error)"
        }
    }

    /// What is missing yet; `nil` when nothing is.
    private func shortcoming(_ session: any CoordinationSession) async throws -> String? {
        guard try await session.exists(paths.leader) != nil else { return "nobody leads" }
        let live = try await session.children(paths.liveInstances)
        guard Set(live) == Set(Self.instances) else { return "live are \(live)" }
        for instance in Self.instances {
            let messages = try await session.children(paths.messages(instance))
            guard messages.isEmpty else { return "\(instance) has \(messages.count) messages" }
        }
        for resource in Self.resources {
            let view = try await view(of: resource, session)
            guard view.count == resource.partitions else { return "\(resource.name) has \(view.count) partitions" }
            for (partition, replicas) in view where replicas.values.sorted() != resource.states {
                return "\(partition) is on \(replicas)"
            }
        }
        return nil
    }

    private func view(of resource: Resource, _ session: any CoordinationSession) async throws -> RouteLog.Partitions {
        let path = paths.externalView(resource.name)
        guard let (data, _) = try await session.getIfPresent(path) else { return [:] }
        var view = try ZNRecord(decoding: data, path: path).mapFields
        for bucket in try await session.children(path) {
            guard let (data, _) = try await session.getIfPresent("\(path)/\(bucket)") else { continue }
            view.merge(try ZNRecord(decoding: data, path: bucket).mapFields) { $1 }
        }
        return view
    }

    /// Waits until nothing is written to the cluster for a while.
    func awaitSilence() async throws {
        try await eventually(within: Self.patience, "silence") {
            let before = try lastWrite()
            try await Task.sleep(for: Self.silence)  // silence itself lasts so long
            return before == (try lastWrite())
        }
    }

    private func lastWrite() throws -> String? {
        try ensemble.observers[0].transactionLog().changes.last { $0.path.hasPrefix(paths.root + "/") }
            .map { "\(EnsembleHistory.text($0.zxid)) \($0.path)" }
    }
}
