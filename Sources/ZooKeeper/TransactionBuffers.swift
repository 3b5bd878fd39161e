internal import CZooKeeper
internal import Coordination

/// The memory of one transaction that is shared with the C client: the operations, and the places where it writes what
/// became of them, which it does when it answers.
///
/// Unchecked: only the submitting thread touches it until it is sent, then only the thread that takes it out of
/// the table of requests in flight.
final class TransactionBuffers: @unchecked Sendable {
    private let operations: [WriteOperation]
    private let requests: UnsafeMutableBufferPointer<zoo_op_t>
    private let results: UnsafeMutableBufferPointer<zoo_op_result_t>
    private let stats: UnsafeMutableBufferPointer<CZooKeeper.Stat>
    /// All texts and data, and room for the paths that are created.
    private let arena: UnsafeMutableRawBufferPointer
    private let acls: [AccessControlVector]

    /// - Parameter chrootLength: the bytes by which a path that the server gives may be longer than ours.
    init(_ operations: [WriteOperation], chrootLength: Int) {
        self.operations = operations
        requests = .allocate(capacity: operations.count)
        results = .allocate(capacity: operations.count)
        results.initialize(repeating: zoo_op_result_t())
        stats = .allocate(capacity: operations.count)
        stats.initialize(repeating: CZooKeeper.Stat())
        acls = operations.compactMap { operation in
            guard case .create(_, _, _, let acl) = operation, acl != AccessControl.open else { return nil }
            return AccessControlVector(acl)
        }
        let room = operations.map { $0.arenaSize(chrootLength: chrootLength) }
        arena = .allocate(byteCount: room.reduce(1, +), alignment: 1)
        var rest = Slice(base: arena, bounds: arena.startIndex..<arena.endIndex)
        var nextACL = acls.makeIterator()
        for (index, operation) in operations.enumerated() {
            let bounds = rest.startIndex..<rest.startIndex + room[index]
            requests.initializeElement(
                at: index,
                to: operation.request(
                    in: UnsafeMutableRawBufferPointer(rebasing: arena[bounds]), stat: stats.baseAddress! + index
                ) { nextACL.next()?.pointer })
            rest = rest.dropFirst(room[index])
        }
    }

    deinit {
        requests.deallocate()
        results.deallocate()
        stats.deallocate()
        arena.deallocate()
    }

    /// Hands the transaction to the client, which copies the requests.
    func submit(_ handle: OpaquePointer, token: UnsafeRawPointer?) -> Int32 {
        zoo_amulti(
            handle, Int32(operations.count), requests.baseAddress, results.baseAddress, transactionCompletion, token)
    }

    /// What the client answered.
    func reply(_ code: ClientCode) -> Reply {
        if code == .ok { return .results(operations.indices.map(result)) }
        let culprit = results.firstIndex { $0.err != ZOK.rawValue && $0.err != ZRUNTIMEINCONSISTENCY.rawValue }
        guard let culprit, !code.concernsConnection else { return .failed(code) }
        return .failedOperation(ClientCode(rawValue: results[culprit].err), index: culprit)
    }

    private func result(_ index: Int) -> WriteResult {
        switch operations[index] {
        case .create(let path, _, _, _): .created(results[index].value.map { String(cString: $0) } ?? path)
        case .set: .set(withUnsafePointer(to: stats[index]) { Coordination.Stat($0) })
        case .delete: .deleted
        case .check: .checked
        }
    }
}

extension WriteOperation {
    /// The bytes that the operation's texts and data take, each text with its final zero.
    fileprivate func arenaSize(chrootLength: Int) -> Int {
        let path = path.utf8.count + 1
        switch self {
        case .create(_, let data, _, _): return path + data.count + chrootLength + path + 10
        case .set(_, let data, _): return path + data.count
        case .delete, .check: return path
        }
    }

    /// The operation in the client's form, with its texts and data copied to `arena`.
    fileprivate func request(
        in arena: UnsafeMutableRawBufferPointer, stat: UnsafeMutablePointer<CZooKeeper.Stat>,
        acl: () -> UnsafePointer<ACL_vector>?
    ) -> zoo_op_t {
        var request = zoo_op_t()
        let pathLength = path.utf8.count + 1
        arena.copyBytes(from: Array(path.utf8) + [0])
        let cPath = arena.baseAddress!.assumingMemoryBound(to: CChar.self)
        let rest = UnsafeMutableRawBufferPointer(rebasing: arena[pathLength...])
        let cRest = rest.baseAddress?.assumingMemoryBound(to: CChar.self) ?? cPath
        switch self {
        case .create(_, let data, let mode, let list):
            rest.copyBytes(from: data)
            zoo_create_op_init(
                &request, cPath, cRest, Int32(data.count),
                list == AccessControl.open ? czk_acl_open_unsafe() : acl(), mode.clientFlags,
                cRest + data.count, Int32(rest.count - data.count))
        case .set(_, let data, let version):
            rest.copyBytes(from: data)
            zoo_set_op_init(&request, cPath, cRest, Int32(data.count), version ?? -1, stat)
        case .delete(_, let version): zoo_delete_op_init(&request, cPath, version ?? -1)
        case .check(_, let version): zoo_check_op_init(&request, cPath, version ?? -1)
        }
        return request
    }
}
