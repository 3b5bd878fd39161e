import Synchronization

/// A node of the store: its partitions, and who answers what.
final class StoreNode: Sendable {
    private let keys: KeySpace
    private let cluster: ClusterView
    private let peers = Peers()
    private let partitions = Mutex<[String: Partition]>([:])

    init(keys: KeySpace, cluster: ClusterView) {
        self.keys = keys
        self.cluster = cluster
    }

    /// This node's replica of a partition, whatever state it is in.
    func partition(_ name: String) -> Partition {
        partitions.withLock { partitions in
            if let known = partitions[name] { return known }
            let new = Partition(name: name, cluster: cluster, peers: peers)
            partitions[name] = new
            return new
        }
    }

    func answer(_ line: String) async -> String {
        guard let request = Request(line: line) else {
            return Reply.failure("expected GET key, PUT key value, or DEL key").line
        }
        return await answer(request).line
    }

    private func answer(_ request: Request) async -> Reply {
        switch request {
        case .get(let key): await partition(keys.partition(of: key)).get(key)
        case .change(let change): await partition(keys.partition(of: change.key)).make(change)
        case .promise(let name, _), .follow(let name, _, _), .install(let name, _), .copy(let name):
            await partition(name).answer(request)
        }
    }
}

/// Which partition a key belongs to: the same on all nodes and clients.
struct KeySpace: Sendable {
    let partitions: Int

    func partition(of key: String) -> String {
        // FNV-1a; Swift's own hashes differ from process to process.
        let hash = key.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return "\(Store.resource)_\(hash % UInt64(partitions))"
    }
}
