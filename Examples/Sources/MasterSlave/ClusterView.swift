import HelixSpectator

/// A node that has a replica of a partition.
struct Peer: Sendable, Hashable {
    var name: String
    var address: Address
    /// Whether it can be promoted: it is a slave, or the master.
    var isSlave: Bool
}

/// Where the replicas are, as one node sees it.
struct ClusterView: Sendable {
    let spectator: Spectator
    /// The node itself, which is not among its peers.
    let own: String

    /// The peers whose copies count. While ZooKeeper cannot be reached nobody knows: none.
    func slaves(of partition: String) -> [Peer] {
        guard let table = spectator.routingTable, !table.isStale else { return [] }
        return Snapshot(table: table, own: own).peers(of: partition).filter(\.isSlave)
    }

    func master(of partition: String) -> Peer? {
        spectator.routingTable.flatMap { Snapshot(table: $0, own: own).master(of: partition) }
    }

    /// The view that misses nothing of what was before now.
    func upToDate() async throws -> Snapshot { Snapshot(table: try await spectator.upToDateTable(), own: own) }

    struct Snapshot: Sendable {
        let table: RoutingTable
        let own: String

        func peers(of partition: String) -> [Peer] {
            table.replicas(of: Store.resource, partition: partition).compactMap { instance, state in
                guard instance.name != own, let port = instance.port else { return nil }
                return Peer(
                    name: instance.name, address: Address(host: instance.host, port: port),
                    isSlave: state == "SLAVE" || state == "MASTER")
            }
        }

        func master(of partition: String) -> Peer? {
            let masters = table.instances(serving: Store.resource, partition: partition, in: "MASTER").map(\.name)
            return peers(of: partition).first { masters.contains($0.name) }
        }
    }
}
