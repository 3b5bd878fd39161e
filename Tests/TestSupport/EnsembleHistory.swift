/// What an ensemble has decided, put together from the logs of its servers and proved to be complete.
///
/// A log by itself is not the history. A server that was away may have got what it missed as a snapshot, which is not
/// logged; and a leader that died has logged what was never decided. An observer that nobody touches logs all that was
/// decided and nothing else, but it, too, may be handed a snapshot. So:
///
/// - A transaction is part of the history if the observer has logged it, or two of the servers that vote have, or a
///   later one of the same epoch is part of it. The epoch, one leader's time, is the upper half of a zxid.
/// - The lower half counts from 1 without gaps in each epoch: a gap is an error.
/// - Two logs never differ about a transaction: that is an error, too.
public struct EnsembleHistory: Sendable {
    /// All changes, by zxid; the operations of a transaction in its order.
    public let changes: [TransactionLog.Change]
    /// The numbers of all transactions, rising.
    public let zxids: [Int64]
    /// What a server that votes had logged, and was never decided.
    public let undecided: [Int64]
    /// How many transactions the observer's log does not have.
    public let filledIn: Int

    /// In how many leaders' times there were transactions.
    public var epochs: Int { Set(zxids.map { $0 >> 32 }).count }

    /// Puts a history together.
    /// - Parameters:
    ///   - observer: the log of an observer that was left in peace.
    ///   - voters: the logs of the servers that vote. Of three, two have logged what was decided.
    /// - Throws: ``ServerError`` when something is missing, or when logs contradict each other.
    public init(observer: TransactionLog, voters: [TransactionLog]) throws {
        var all: [Int64: [TransactionLog.Change]] = [:]
        var votes: [Int64: Int] = [:]
        for (number, log) in ([observer] + voters).enumerated() {
            for (zxid, changes) in log.transactions.map({ ($0.zxid, $0.changes) }) {
                if let known = all[zxid], known != changes {
                    throw ServerError("two logs differ about \(Self.text(zxid)): \(known) and \(changes)")
                }
                all[zxid] = changes
                // The observer's word is enough.
                votes[zxid, default: 0] += number == 0 ? 2 : 1
            }
        }
        var ends: [Int64: Int64] = [:]
        for (zxid, count) in votes where count > 1 { ends[zxid >> 32] = max(ends[zxid >> 32] ?? 0, zxid) }
        let isDecided = { (zxid: Int64) in ends[zxid >> 32].map { zxid <= $0 } ?? false }
        zxids = all.keys.filter(isDecided).sorted()
        undecided = all.keys.filter { !isDecided($0) }.sorted()
        filledIn = Set(zxids).subtracting(observer.transactions.map(\.zxid)).count
        changes = zxids.flatMap { all[$0] ?? [] }
        let missing = Self.gaps(in: zxids)
        guard missing.isEmpty else {
            throw ServerError("no log has \(missing.joined(separator: ", ")): the history is not complete")
        }
    }

    /// What is missing between transactions, or before the first of an epoch.
    private static func gaps(in zxids: [Int64]) -> [String] {
        zip([0] + zxids, zxids).compactMap { former, zxid in
            let expected = former >> 32 == zxid >> 32 ? former + 1 : (zxid >> 32) << 32 + 1
            guard zxid != expected else { return nil }
            return zxid == expected + 1 ? text(expected) : "\(text(expected)) to \(text(zxid - 1))"
        }
    }

    /// A zxid as ZooKeeper's own tools write it.
    public static func text(_ zxid: Int64) -> String { "0x\(String(zxid, radix: 16))" }
}

extension ZooKeeperEnsemble {
    /// All that the ensemble has decided, once every server has it: all run, and nobody writes.
    /// - Parameter deadline: how long to wait until the servers are of one mind.
    /// - Throws: ``NeverTrue``; ``ServerError`` when the history is not complete.
    public func wholeHistory(within deadline: Duration) async throws -> EnsembleHistory {
        guard let observer = observers.first else { throw ServerError("the ensemble has no observer") }
        try await eventually(within: deadline, "servers of one mind") {
            Set(await lastZxids()).count == 1
        }
        let history = try EnsembleHistory(
            observer: observer.transactionLog(), voters: servers.map { try $0.transactionLog() })
        let (last, end) = (await lastZxids()[0], history.zxids.last ?? 0)
        // A leader that has written nothing yet counts from 0.
        guard last == end || (last & 0xFFFF_FFFF == 0 && end < last) else {
            throw ServerError("the history ends with \(EnsembleHistory.text(end)), the servers say \(last)")
        }
        return history
    }

    /// The last transaction of each server; another negative number for each that does not answer.
    private func lastZxids() async -> [Int64] {
        var zxids: [Int64] = []
        for server in servers + observers {
            let line = await server.ask("srvr").split(separator: "\n").first { $0.hasPrefix("Zxid: 0x") } ?? ""
            zxids.append(Int64(line.dropFirst(8), radix: 16) ?? -Int64(zxids.count) - 1)
        }
        return zxids
    }
}
