import Coordination

/// The records of a folder, followed with watches: a change costs one read.
struct FollowedFolder<Value: Sendable> {
    let path: String
    /// Makes a value of a record; `nil` for one that is of no interest.
    let read: @Sendable (_ name: String, _ data: [UInt8], _ stat: Stat) throws -> Value?
    private(set) var records: [String: Versioned<Value>] = [:]
    /// Why a record could not be read. What was known of it before stays.
    private(set) var problems: [String: String] = [:]
    private var names: Set<String> = []

    init(_ path: String, read: @escaping @Sendable (String, [UInt8], Stat) throws -> Value?) {
        self.path = path
        self.read = read
    }

    /// Reads what is new and what changed.
    /// - Parameter changed: the znodes of which watches reported something; `nil` for all there are.
    /// - Returns: whether anything is different.
    mutating func refresh(
        _ changed: Set<String>?, _ session: any CoordinationSession, _ watcher: Watcher
    ) async throws -> Bool {
        var wanted: Set<String> = []
        var isDifferent = false
        if changed?.contains(path) ?? true {
            let present = Set(try await session.children(path, watcher: watcher))
            for name in names.subtracting(present) {
                records[name] = nil
                problems[name] = nil
                isDifferent = true
            }
            wanted = changed == nil ? present : present.subtracting(names)
            names = present
        }
        let prefix = path + "/"
        for path in changed ?? [] where path.hasPrefix(prefix) && names.contains(String(path.dropFirst(prefix.count))) {
            wanted.insert(String(path.dropFirst(prefix.count)))
        }
        guard !wanted.isEmpty else { return isDifferent }
        let ordered = wanted.sorted()
        for (name, result) in zip(ordered, await session.read(ordered.map { .get(prefix + $0, watcher: watcher) })) {
            try take(name, result)
        }
        return true
    }

    private mutating func take(_ name: String, _ result: Result<ReadResult, CoordinationError>) throws {
        switch result {
        case .success(.data(let data, let stat)):
            do {
                let value = try read(name, data, stat)
                records[name] = value.map { Versioned($0, version: stat.version, index: stat.modifiedZxid) }
                problems[name] = nil
            } catch {
                problems[name] = "\(error)"
            }
        case .failure(let error) where error.code == .noNode:
            records[name] = nil
            problems[name] = nil
            // When it comes again its folder says so, and it is new.
            names.remove(name)
        case .failure(let error): throw error
        case .success: break
        }
    }
}
