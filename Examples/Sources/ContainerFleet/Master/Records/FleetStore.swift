public import Coordination
import FleetJobs
public import FleetModel
public import HelixController
import HelixRecords

/// The fleet's own records, in the store of its cluster: what was asked for, by whom, and what became of it.
///
/// Every change is a transaction that fails unless the records are still what they were when it was decided, and unless
/// the store is still that of this fleet. What only the leading master decides fails, too, once its term is over.
public struct FleetStore: Sendable {
    /// Where everything is.
    public let paths: FleetPaths
    let session: any CoordinationSession
    /// The folder of the cluster's ideal states.
    let idealStates: String
    /// Milliseconds since 1970.
    let now: @Sendable () -> Int64
    /// The term in which everything is written; for the wishes of users there is none.
    let leadership: Leadership?
    /// Who may do what with the records that are made.
    let access: RecordAccess

    /// The records of a cluster's fleet, as a session sees them.
    /// - Parameters:
    ///   - leadership: the term of the master that decides; nothing is written any more once it is over.
    ///   - now: milliseconds since 1970; the system's time unless set.
    ///   - access: who may do what with the records that are made.
    public init(
        cluster: String, session: any CoordinationSession, leadership: Leadership? = nil,
        now: (@Sendable () -> Int64)? = nil, access: RecordAccess = .open
    ) {
        self.access = access
        paths = FleetPaths(cluster: cluster)
        self.session = session
        idealStates = ClusterPaths(cluster: cluster).idealStates
        self.leadership = leadership
        self.now = now ?? FleetText.milliseconds
    }

    /// Makes the folders, and gives the fleet its identity if it has none. What is there stays.
    ///
    /// A store that has jobs and no identity is not set up: it may be a damaged one, and agents must not take it for theirs.
    /// - Returns: the fleet's identity.
    @discardableResult
    public func setUp(makeID: @Sendable () -> String) async throws -> String {
        if let id = try await session.getIfPresent(paths.id) { return String(decoding: id.data, as: UTF8.self) }
        if try await session.exists(paths.jobs) != nil, try await !session.children(paths.jobs).isEmpty {
            throw Self.isDamaged(paths.id)
        }
        if let above = paths.root.lastIndex(of: "/") {
            try await session.createWithParents(String(paths.root[..<above]))
        }
        for folder in paths.folders { try await make(.create(folder)) }
        try await make(.create(paths.id, data: Array(makeID().utf8)))
        return try await clusterID()
    }

    /// Makes a record, unless it is there.
    private func make(_ operation: WriteOperation) async throws {
        do {
            _ = try await session.write(protecting(operation))
        } catch {
            guard error.code == .nodeExists else { throw error }
        }
    }

    /// The fleet's identity.
    public func clusterID() async throws -> String {
        guard let id = try await session.getIfPresent(paths.id) else { throw Self.isDamaged(paths.id) }
        return String(decoding: id.data, as: UTF8.self)
    }

    /// Lets this session see all that was written before.
    func catchUp() async throws { try await session.sync(paths.root) }

    private static func isDamaged(_ path: String) -> FleetError {
        FleetError(
            .storeNotUsable, "there is no \(path): the store is not set up, is damaged, or is not this fleet's",
            cure: "restore the store from a backup, or, if the fleet is new, remove its jobs and set it up")
    }

    /// Carries out a transaction if the store is still this fleet's.
    /// - Parameter isExpected: whether a failed operation, by its position, means that somebody else was faster.
    /// - Returns: the results, `nil` when somebody else was faster.
    /// - Throws: ``Deposed`` when the term is over in which this is to be written.
    @discardableResult
    func commit(
        _ operations: [WriteOperation], unless isExpected: (Int, CoordinationError.Code) -> Bool = { _, _ in false }
    ) async throws -> [WriteResult]? {
        switch await session.commit([conditions + operations.map(protecting)])[0] {
        case .success(let results): return Array(results.dropFirst(conditions.count))
        case .failure(let error):
            if leadership?.isLost(error) ?? false { throw Deposed() }
            let index = error.operationIndex.map { $0 - conditions.count }
            if index == -1, error.code == .noNode { throw Self.isDamaged(paths.id) }
            if let index, index >= 0, isExpected(index, error.code) { return nil }
            if error.code == .badVersion { return nil }
            throw error
        }
    }

    /// Carries out independent writes as far as the store is still this fleet's.
    /// - Returns: what came of each.
    /// - Throws: ``Deposed`` when the term is over in which this is to be written.
    @discardableResult
    func write(_ operations: [WriteOperation]) async throws -> [Result<[WriteResult], CoordinationError>] {
        let results = await session.commit(operations.map { conditions + [protecting($0)] })
        for case .failure(let error) in results where leadership?.isLost(error) ?? false { throw Deposed() }
        return results
    }

    /// A write with what it is to be protected by.
    func protecting(_ operation: WriteOperation) -> WriteOperation { access.protecting(operation, paths) }

    /// What every transaction begins with.
    private var conditions: [WriteOperation] { (leadership?.fence ?? []) + [.check(paths.id)] }

    /// Changes something by reading, deciding and writing, again while others are faster.
    func retrying<Value>(_ what: String, _ attempt: () async throws -> Value?) async throws -> Value {
        for _ in 0..<16 {
            if let value = try await attempt() { return value }
        }
        throw FleetError(.conflict, "\(what) is being changed by others all the time", cure: "try again")
    }

    /// The records of a folder, by the names of their znodes.
    func folder<Value: Sendable>(
        _ path: String, _ read: (_ name: String, _ data: [UInt8], _ path: String) throws -> Value
    ) async throws -> [String: Versioned<Value>] {
        let names = try await session.children(path)
        let results = await session.read(names.map { .get("\(path)/\($0)") })
        var records: [String: Versioned<Value>] = [:]
        for (name, result) in zip(names, results) {
            switch result {
            case .success(.data(let data, let stat)):
                records[name] = Versioned(
                    try read(name, data, "\(path)/\(name)"), version: stat.version, index: stat.modifiedZxid)
            case .failure(let error) where error.code != .noNode: throw error
            case .success, .failure: break
            }
        }
        return records
    }
}

/// Another master leads now, or none does: what this one was about to write is not its to decide any more.
struct Deposed: Error {}
