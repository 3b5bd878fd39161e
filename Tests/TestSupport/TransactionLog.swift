public import Coordination
public import Foundation

/// What a ZooKeeper server has written, read from its transaction logs: every change of every znode, in the order of
/// the transactions. So the writes of a test can be counted where they count, and invariants checked at every step.
///
/// The format is that of `FileTxnLog` in ZooKeeper 3.8: a header (`ZKLG`), then for each transaction a checksum, its
/// length, a `TxnHeader`, the transaction, and the byte `B`.
public struct TransactionLog: Sendable {
    /// What a change did.
    public enum Kind: Sendable, Hashable {
        /// A znode was created.
        case create
        /// The data of a znode were set.
        case set
        /// A znode was deleted by somebody.
        case delete
        /// An ephemeral znode was deleted because its session ended.
        case deleteWithSession
        /// A version was checked.
        case check
        /// A session began.
        case createSession
        /// A session was closed or has expired; its ephemeral znodes' deletions follow.
        case closeSession
    }

    /// One change. Those of one transaction have the same zxid.
    public struct Change: Sendable, Hashable {
        /// The number of the transaction.
        public var zxid: Int64
        /// Milliseconds since 1970, by the server's clock.
        public var time: Int64
        /// The session that caused it.
        public var session: SessionID
        /// What it did.
        public var kind: Kind
        /// The znode; empty for a session.
        public var path: String
        /// The new data, of a create or a set.
        public var data: [UInt8]
        /// Whether the znode that was created is ephemeral.
        public var isEphemeral: Bool

        /// A change, as a log would tell it.
        public init(
            zxid: Int64, time: Int64 = 0, session: SessionID, kind: Kind, path: String, data: [UInt8] = [],
            isEphemeral: Bool = false
        ) {
            self.zxid = zxid
            self.time = time
            self.session = session
            self.kind = kind
            self.path = path
            self.data = data
            self.isEphemeral = isEphemeral
        }
    }

    /// One transaction, which may have changed nothing.
    public struct Transaction: Sendable, Hashable {
        /// Its number.
        public var zxid: Int64
        /// What it did, in its order.
        public var changes: [Change]

        /// A transaction, as a log would tell it.
        public init(zxid: Int64, changes: [Change]) { (self.zxid, self.changes) = (zxid, changes) }
    }

    /// All transactions, each once, in the order in which they were first written.
    public let transactions: [Transaction]

    /// All changes, by zxid; the operations of a transaction in its order.
    public var changes: [Change] { transactions.flatMap(\.changes) }

    /// A log of these transactions. A server that has to join its leader in several attempts writes some of them again.
    /// - Throws: ``ServerError`` when one of them is not the same again.
    public init(_ written: [Transaction]) throws {
        var known: [Int64: [Change]] = [:]
        transactions = try written.filter { transaction in
            guard let first = known[transaction.zxid] else {
                known[transaction.zxid] = transaction.changes
                return true
            }
            guard first == transaction.changes else {
                throw ServerError("a log has \(transaction.zxid) as \(first) and as \(transaction.changes)")
            }
            return false
        }
    }

    /// Reads all logs of a server.
    /// - Parameter directory: the directory that holds `log.1` and so on.
    /// - Throws: what the file system throws; ``ServerError`` for a file that is no log.
    public init(directory: URL) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        let logs = names.compactMap { name -> (name: String, zxid: UInt64)? in
            guard name.hasPrefix("log."), let zxid = UInt64(name.dropFirst(4), radix: 16) else { return nil }
            return (name, zxid)
        }
        try self.init(
            logs.sorted { $0.zxid < $1.zxid }.flatMap { log in
                try Self.read([UInt8](Data(contentsOf: directory.appending(path: log.name))), name: log.name)
            })
    }

    /// The transactions of a log file. An entry that is still being written ends it.
    static func read(_ bytes: [UInt8], name: String) throws -> [Transaction] {
        var file = JuteReader(bytes[...])
        guard file.int32() == 0x5A4B_4C47, file.skip(12) else {
            throw ServerError("\(name) does not begin with ZKLG: it is no transaction log")
        }
        var transactions: [Transaction] = []
        while file.int64() != nil, let entry = file.buffer(), !entry.isEmpty, file.byte() == UInt8(ascii: "B") {
            var reader = JuteReader(entry)
            guard let header = Header(&reader) else {
                throw ServerError(
                    "\(name): the header of the transaction after \(transactions.count) others is cut off")
            }
            let changes = Self.changes(header, header.type, &reader)
            transactions.append(Transaction(zxid: header.zxid, changes: changes))
        }
        return transactions
    }

    private struct Header {
        let session: Int64
        let zxid: Int64
        let time: Int64
        let type: Int32

        init?(_ reader: inout JuteReader) {
            guard let session = reader.int64(), reader.int32() != nil, let zxid = reader.int64(),
                let time = reader.int64(), let type = reader.int32()
            else { return nil }
            (self.session, self.zxid, self.time, self.type) = (session, zxid, time, type)
        }

        func change(_ kind: Kind, _ path: String = "", _ data: [UInt8] = [], isEphemeral: Bool = false) -> Change {
            Change(
                zxid: zxid, time: time, session: SessionID(rawValue: session), kind: kind, path: path, data: data,
                isEphemeral: isEphemeral)
        }
    }

    /// The changes of a transaction of the given type (`ZooDefs.OpCode`); others change nothing that is looked at here.
    private static func changes(_ header: Header, _ type: Int32, _ reader: inout JuteReader) -> [Change] {
        switch type {
        case 1, 15, 19, 21:  // create, create2, createContainer, createTTL
            guard let path = reader.string(), let data = reader.buffer(), reader.skipAccessControl() else { return [] }
            return [header.change(.create, path, Array(data), isEphemeral: type != 19 && reader.byte() == 1)]
        case 2, 20:  // delete, deleteContainer
            return reader.string().map { [header.change(.delete, $0)] } ?? []
        case 5:  // setData
            guard let path = reader.string(), let data = reader.buffer() else { return [] }
            return [header.change(.set, path, Array(data))]
        case 13:  // check
            return reader.string().map { [header.change(.check, $0)] } ?? []
        case 14: return changesOfTransaction(header, &reader)  // multi
        case -10: return [header.change(.createSession)]
        case -11:
            var changes = [header.change(.closeSession)]
            for _ in 0..<(reader.int32() ?? 0) {
                guard let path = reader.string() else { break }
                changes.append(header.change(.deleteWithSession, path))
            }
            return changes
        default: return []
        }
    }

    /// A transaction that failed is in the log, too, with an error in the place of the operation that failed.
    private static func changesOfTransaction(_ header: Header, _ reader: inout JuteReader) -> [Change] {
        var changes: [Change] = []
        for _ in 0..<(reader.int32() ?? 0) {
            guard let type = reader.int32(), let body = reader.buffer(), type != -1 else { return [] }
            var operation = JuteReader(body)
            changes += Self.changes(header, type, &operation)
        }
        return changes
    }
}

extension ZooKeeperServer {
    /// All that the server has written so far. What a client has been answered is there.
    public func transactionLog() throws -> TransactionLog {
        try TransactionLog(directory: directory.appending(path: "data/version-2"))
    }
}
