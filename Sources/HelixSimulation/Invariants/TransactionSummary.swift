import Coordination
import HelixRecords

/// A transaction in few words, for people who read timelines.
struct TransactionSummary: CustomStringConvertible {
    private let prefix: String
    private let transaction: CommittedTransaction

    init(_ transaction: CommittedTransaction, cluster: String) {
        prefix = "/\(cluster)/"
        self.transaction = transaction
    }

    /// Number, session, what was written; empty when nothing was.
    var description: String {
        var parts = transaction.operations.map(describe)
        if transaction.endsSession { parts.insert("the session is over", at: 0) }
        return parts.isEmpty ? "" : "#\(transaction.zxid) by \(transaction.session): \(parts.joined(separator: "; "))"
    }

    private func describe(_ operation: WriteOperation) -> String {
        let path = operation.path.hasPrefix(prefix) ? String(operation.path.dropFirst(prefix.count)) : operation.path
        guard let data = operation.data, !data.isEmpty else { return "\(operation.name) \(path)" }
        let text: String
        do {
            text = describe(try ZNRecord(decoding: data, path: path), path.split(separator: "/").map(String.init))
        } catch {
            text = "garbage"
        }
        return "\(operation.name) \(path) {\(text)}"
    }

    private func describe(_ record: ZNRecord, _ parts: [String]) -> String {
        if parts.count == 4, parts[2] == "MESSAGES" {
            let message = Message(record: record)
            let transition = "\(message.fromState ?? "") → \(message.toState ?? "")"
            let partitions = message.partitions.joined(separator: " ")
            return
                "\(message.record.simpleFields["MSG_STATE"] ?? "") \(partitions) \(transition) for \(message.targetSession ?? "")"
        }
        if parts.contains("CURRENTSTATES") || parts.first == "EXTERNALVIEW" {
            return record.mapFields.sorted { $0.key < $1.key }.map { partition, fields in
                let states =
                    fields["CURRENT_STATE"]
                    ?? fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                    .joined(separator: ",")
                return "\(partition):\(states)"
            }.joined(separator: " ")
        }
        let fields = record.simpleFields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return String(fields.joined(separator: " ").prefix(200))
    }
}
