public import Coordination

/// The znodes that a history leads to, with what ZooKeeper knows of each: if the real ones are the same, nothing is
/// missing from the history, and nothing is in it that did not happen.
public struct ReplayedTree: Sendable {
    private struct Node: Equatable {
        var createdZxid: Int64
        var modifiedZxid: Int64
        var version: Int32
        var owner: SessionID?
        var data: [UInt8]
    }

    private var nodes: [String: Node] = [:]
    private let root: String

    /// Replays what was done to a znode and to all below it.
    public init(_ changes: [TransactionLog.Change], root: String) {
        self.root = root
        for change in changes where change.path == root || change.path.hasPrefix(root + "/") { apply(change) }
    }

    private mutating func apply(_ change: TransactionLog.Change) {
        switch change.kind {
        case .create:
            nodes[change.path] = Node(
                createdZxid: change.zxid, modifiedZxid: change.zxid, version: 0,
                owner: change.isEphemeral ? change.session : nil, data: change.data)
        case .set:
            nodes[change.path]?.modifiedZxid = change.zxid
            nodes[change.path]?.version += 1
            nodes[change.path]?.data = change.data
        case .delete, .deleteWithSession: nodes[change.path] = nil
        case .check, .createSession, .closeSession: break
        }
    }

    /// What is different in reality. Nobody may write meanwhile.
    public func differences(to session: any CoordinationSession) async throws -> [String] {
        var real: [String: Node] = [:]
        for path in try await session.subtree(root) {
            let (data, stat) = try await session.get(path)
            real[path] = Node(
                createdZxid: stat.createdZxid, modifiedZxid: stat.modifiedZxid, version: stat.version,
                owner: stat.ephemeralOwner, data: data)
        }
        return Set(nodes.keys).union(real.keys).sorted().compactMap { path in
            guard nodes[path] != real[path] else { return nil }
            return "\(path): \(Self.text(real[path])), replayed \(Self.text(nodes[path]))"
        }
    }

    private static func text(_ node: Node?) -> String {
        guard let node else { return "absent" }
        let (created, modified) = (EnsembleHistory.text(node.createdZxid), EnsembleHistory.text(node.modifiedZxid))
        let owner = node.owner.map { ", owned by \($0)" } ?? ""
        return "made in \(created), version \(node.version) in \(modified)\(owner), \(node.data.count) bytes"
    }
}
