/// The operations one by one, and the everyday combinations, in terms of the primitives.
extension CoordinationSession {
    /// Performs one read.
    public func read(_ operation: ReadOperation) async throws(CoordinationError) -> ReadResult {
        try await read([operation])[0].get()
    }

    /// Performs one write.
    @discardableResult
    public func write(_ operation: WriteOperation) async throws(CoordinationError) -> WriteResult {
        try await write([operation])[0].get()
    }

    /// Applies all operations, or none.
    /// - Throws: the error of the operation that failed; its `operationIndex` tells which one it was.
    @discardableResult
    public func commit(_ transaction: [WriteOperation]) async throws(CoordinationError) -> [WriteResult] {
        try await commit([transaction])[0].get()
    }

    /// The data of a znode and its stat.
    /// - Throws: `.noNode` when there is none.
    public func get(
        _ path: String, watcher: Watcher? = nil
    ) async throws(CoordinationError) -> (data: [UInt8], stat: Stat) {
        guard case .data(let data, let stat) = try await read(.get(path, watcher: watcher)) else {
            preconditionFailure("a get answers with data")
        }
        return (data, stat)
    }

    /// The data of a znode and its stat, or `nil` when there is no such znode.
    public func getIfPresent(
        _ path: String, watcher: Watcher? = nil
    ) async throws(CoordinationError) -> (data: [UInt8], stat: Stat)? {
        do {
            return try await get(path, watcher: watcher)
        } catch  where error.code == .noNode {
            return nil
        }
    }

    /// The stat of a znode, or `nil` when there is no such znode.
    public func exists(_ path: String, watcher: Watcher? = nil) async throws(CoordinationError) -> Stat? {
        guard case .stat(let stat) = try await read(.exists(path, watcher: watcher)) else {
            preconditionFailure("an exists answers with a stat")
        }
        return stat
    }

    /// The names of a znode's children, sorted.
    public func children(_ path: String, watcher: Watcher? = nil) async throws(CoordinationError) -> [String] {
        guard case .children(let names, _) = try await read(.children(path, watcher: watcher)) else {
            preconditionFailure("a children answers with names")
        }
        return names.sorted()
    }

    /// Creates a znode, whose parent must exist.
    /// - Returns: the path as it was created, with its number if the mode is sequential.
    @discardableResult
    public func create(
        _ path: String, _ data: [UInt8] = [], mode: CreateMode = .persistent, acl: [AccessControl] = AccessControl.open
    ) async throws(CoordinationError) -> String {
        guard case .created(let path) = try await write(.create(path, data: data, mode: mode, acl: acl)) else {
            preconditionFailure("a create answers with a path")
        }
        return path
    }

    /// Creates those of a znode's ancestors and itself that are missing, as persistent znodes without data; the last
    /// one gets `data` if it is created.
    public func createWithParents(_ path: String, _ data: [UInt8] = []) async throws(CoordinationError) {
        do {
            try await create(path, data)
        } catch  where error.code == .nodeExists {
            return
        } catch  where error.code == .noNode {
            guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { throw error }
            try await createWithParents(String(path[..<slash]))
            try await createWithParents(path, data)
        }
    }

    /// Sets the data of a znode that exists.
    /// - Parameter version: the version that it must have, `nil` for any.
    /// - Returns: the stat after the write.
    @discardableResult
    public func set(_ path: String, _ data: [UInt8], version: Int32? = nil) async throws(CoordinationError) -> Stat {
        guard case .set(let stat) = try await write(.set(path, data: data, version: version)) else {
            preconditionFailure("a set answers with a stat")
        }
        return stat
    }

    /// Deletes a znode without children.
    /// - Parameter version: the version that it must have, `nil` for any.
    public func delete(_ path: String, version: Int32? = nil) async throws(CoordinationError) {
        try await write(.delete(path, version: version))
    }

    /// Deletes a znode and all below it, deepest first, as far as they are there. Not atomic.
    /// - Throws: `.notEmpty` when somebody keeps creating children meanwhile.
    public func deleteRecursively(_ path: String) async throws(CoordinationError) {
        var attempt = 1
        while true {
            let deletions = try await subtree(path).reversed().map { WriteOperation.delete($0) }
            var notEmpty: CoordinationError?
            for case .failure(let error) in await write(deletions) where error.code != .noNode {
                guard error.code == .notEmpty else { throw error }
                notEmpty = error
            }
            guard let notEmpty else { return }
            if attempt == 3 { throw notEmpty }
            attempt += 1
        }
    }

    /// The path and all paths below it, parents before children. Empty when there is no such znode.
    public func subtree(_ path: String) async throws(CoordinationError) -> [String] {
        var found: [String] = []
        var level = [path]
        while !level.isEmpty {
            var next: [String] = []
            for (parent, result) in zip(level, await read(level.map { .children($0) })) {
                switch result {
                case .success(.children(let names, _)):
                    found.append(parent)
                    next += names.sorted().map { parent == "/" ? "/\($0)" : "\(parent)/\($0)" }
                case .success: preconditionFailure("a children answers with names")
                case .failure(let error) where error.code == .noNode: continue
                case .failure(let error): throw error
                }
            }
            level = next
        }
        return found
    }
}
