import Coordination
import HelixRecords
import Logging

/// Reading and changing records.
extension Administrator {
    /// How often a change is tried again when somebody else was faster.
    private static let attempts = 16

    /// A record as it was found.
    struct Found<View: RecordView> {
        var view: View
        let version: Int32
    }

    /// Reads a record; `nil` when there is no such znode. A znode without data is a record without fields.
    func read<View: RecordView>(_: View.Type, _ path: String) async throws -> Found<View>? {
        guard let (data, stat) = try await session.getIfPresent(path) else { return nil }
        return Found(view: try decode(data, path), version: stat.version)
    }

    /// A cluster's settings; without fields where nobody has written any.
    func clusterConfig(_ paths: ClusterPaths) async throws -> ClusterConfig {
        try await read(ClusterConfig.self, paths.clusterConfig)?.view ?? ClusterConfig(id: paths.cluster)
    }

    /// Reads many records, in the order of the paths; `nil` where there is no such znode.
    func readAll<View: RecordView>(_: View.Type, _ paths: [String]) async throws -> [View?] {
        let results = await session.read(paths.map { .get($0) })
        return try zip(paths, results).map { path, result in
            switch result {
            case .success(.data(let data, _)): try decode(data, path)
            case .failure(let error) where error.code != .noNode: throw error
            case .success, .failure: nil
            }
        }
    }

    func decode<View: RecordView>(_ data: [UInt8], _ path: String) throws(AdministrationError) -> View {
        do throws(RecordError) {
            return try View(decoding: data, path: path)
        } catch {
            if error.isEmpty { return View(id: ZnodePath.name(of: path)) }
            throw AdministrationError(
                .unreadableRecord, "\(error); nothing was changed; repair the record, or delete the znode")
        }
    }

    /// Changes a record by compare-and-set, as often as it takes.
    /// - Parameters:
    ///   - rules: what the fields that change must satisfy; nothing is written when they do not.
    ///   - new: the record to begin with when there is none; without it the record must exist.
    ///   - name: what the record is, for the error: "the configuration of instance n1".
    /// - Returns: the record as it is now.
    @discardableResult
    func change<View: RecordView>(
        _: View.Type, at path: String, _ rules: RecordRules = .none, name: String, new: View? = nil,
        _ change: (inout View) throws -> Void
    ) async throws -> View {
        for _ in 0..<Self.attempts {
            let found = try await read(View.self, path)
            guard var view = found?.view ?? new else {
                throw AdministrationError(.doesNotExist, "\(name) does not exist: there is no znode \(path)")
            }
            let before = found?.view.record ?? ZNRecord(id: view.id)
            try change(&view)
            if view.record == before { return view }
            try rules.check(from: before, to: view.record, name: name)
            do throws(CoordinationError) {
                try await session.write(try write(view, path, found?.version))
                logger.debug("record changed", metadata: ["helix.path": "\(path)"])
                return view
            } catch {
                guard [.badVersion, .nodeExists, .noNode].contains(error.code) else { throw error }
                if error.code == .noNode, found == nil { throw error }
            }
        }
        throw AdministrationError(
            .conflict,
            "\(name) was changed by others \(Self.attempts) times while it was being changed here; find out who writes "
                + "\(path), and try again")
    }

    /// The write of a record: where a version was found, that version is replaced, else the znode is created.
    private func write(
        _ view: some RecordView, _ path: String, _ version: Int32?
    ) throws(CoordinationError) -> WriteOperation {
        let data = try bytes(view, path)
        return version.map { .set(path, data: data, version: $0) } ?? .create(path, data: data)
    }

    /// A record's data, where only coordination errors can be thrown.
    func bytes(_ view: some RecordView, _ path: String) throws(CoordinationError) -> [UInt8] {
        do throws(RecordError) {
            return try view.encoded(path: path)
        } catch {
            throw CoordinationError(.dataTooLarge, operation: "encode", path: path, reason: error.reason)
        }
    }

    /// Those of the paths that have no znode, in their order.
    func missing(_ paths: [String]) async throws -> [String] {
        try zip(paths, await session.read(paths.map { .exists($0) })).compactMap { path, result in
            if case .stat(nil) = try result.get() { path } else { nil }
        }
    }

    func deleteIfPresent(_ path: String) async throws(CoordinationError) {
        do throws(CoordinationError) {
            try await session.delete(path)
        } catch {
            guard error.code == .noNode else { throw error }
        }
    }

    func exists(_ path: String) async throws -> Bool { try await session.exists(path) != nil }

    /// The names of a znode's children, none when there is no such znode.
    func childrenIfPresent(_ path: String) async throws -> [String] {
        do throws(CoordinationError) {
            return try await session.children(path)
        } catch {
            guard error.code == .noNode else { throw error }
            return []
        }
    }

    /// - Throws: ``AdministrationError`` when the cluster does not exist or is not set up; otherwise gives its paths.
    func paths(of cluster: String) async throws -> ClusterPaths {
        try Names.check(cluster, .cluster)
        let paths = ClusterPaths(cluster: cluster)
        let missing = try await missing(paths.clusterSetup)
        if missing.contains(paths.root) {
            throw AdministrationError(
                .doesNotExist, "there is no cluster \(cluster): no znode \(paths.root); add the cluster first")
        }
        if !missing.isEmpty {
            throw AdministrationError(
                .isNotSetUp,
                "cluster \(cluster) is not set up: \(missing.joined(separator: ", ")) \(missing.count == 1 ? "is" : "are")"
                    + " missing; add the cluster again, which creates what is missing and keeps what is there")
        }
        return paths
    }
}
