/// How many bytes a request takes on ZooKeeper's wire; the server cuts the connection of a client that sends more than
/// `jute.maxbuffer`, so larger ones are refused before they are sent.
extension WriteOperation {
    /// The bytes of the operation itself, without the header of the request.
    package var encodedSize: Int {
        switch self {
        case .create(let path, let data, _, let acl):
            let entries = acl.reduce(4) { $0 + 12 + $1.scheme.utf8.count + $1.id.utf8.count }
            return 4 + path.utf8.count + 4 + data.count + entries + 4
        case .set(let path, let data, _): return 4 + path.utf8.count + 4 + data.count + 4
        case .delete(let path, _), .check(let path, _): return 4 + path.utf8.count + 4
        }
    }

    /// The bytes of the header of any request.
    private static let requestHeader = 8
    /// The bytes that a transaction adds for each of its operations, and once at its end.
    private static let operationHeader = 9

    /// Refuses a request that is larger than `limit` bytes.
    /// - Parameter prefix: the bytes that a chroot adds to the path.
    package func checkSize(limit: Int, prefix: Int = 0) throws(CoordinationError) {
        let size = Self.requestHeader + encodedSize + prefix
        guard size > limit else { return }
        throw CoordinationError(
            .dataTooLarge, operation: name, path: path,
            reason: "the request has \(size) bytes, but the limit is \(limit): store less in this znode, "
                + "or raise jute.maxbuffer on all servers and maximumRequestSize with it")
    }

    /// Refuses a transaction that is larger than `limit` bytes; the error names its largest operation.
    package static func checkSize(
        of transaction: [WriteOperation], limit: Int, prefix: Int = 0
    ) throws(CoordinationError) {
        var total = requestHeader + operationHeader
        var largest = (index: 0, size: 0)
        for (index, operation) in transaction.enumerated() {
            let size = operation.encodedSize + prefix
            total += size + operationHeader
            if size > largest.size { largest = (index, size) }
        }
        guard total > limit else { return }
        throw CoordinationError(
            .dataTooLarge, operation: transaction[largest.index].name, path: transaction[largest.index].path,
            reason: "the transaction of \(transaction.count) operations has \(total) bytes, \(largest.size) of them "
                + "here, but the limit is \(limit): split it, or raise jute.maxbuffer on all servers and "
                + "maximumRequestSize with it",
            operationIndex: largest.index)
    }
}
