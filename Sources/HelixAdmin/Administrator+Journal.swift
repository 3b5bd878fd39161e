import Coordination
public import HelixRecords

/// What happened in a cluster, and why.
extension Administrator {
    /// The journal that the leaders of a cluster have kept; empty where none has been.
    public func journal(of cluster: String) async throws -> Journal {
        _ = try await paths(of: cluster)
        return try await journal(of: cluster, watcher: nil)
    }

    /// Tells what happens in a cluster, as it happens: first what is in the journal already, then what comes. It watches,
    /// and asks again only when something was written.
    /// - Parameters:
    ///   - index: of the last event that is known already. Should the journal have begun anew, all of it is told.
    ///   - report: is told events in order, each once. What was written faster than it was read, so that it had left the
    ///     journal before, is missing: then their indices have a gap.
    /// - Throws: `CoordinationError` when the connection is lost; what `report` throws. It ends in no other way.
    public func followJournal(
        of cluster: String, after index: Int64 = 0, _ report: ([JournalEvent]) async throws -> Void
    ) async throws {
        _ = try await paths(of: cluster)
        var known = index
        _ = try await follow(
            { journal in
                if journal.nextIndex <= known { known = 0 }
                let events = journal.events.filter { $0.index > known }
                known = journal.nextIndex - 1
                if !events.isEmpty { try await report(events) }
            },
            { _ in false }
        ) { try await self.journal(of: cluster, watcher: $0) }
    }

    private func journal(of cluster: String, watcher: Watcher?) async throws -> Journal {
        let path = ClusterPaths(cluster: cluster).journal
        // A journal that is not there can only be watched by asking whether it is.
        while try await session.exists(path, watcher: watcher) != nil {
            guard let (data, _) = try await session.getIfPresent(path, watcher: watcher) else { continue }
            return try decode(data, path)
        }
        return Journal()
    }
}
