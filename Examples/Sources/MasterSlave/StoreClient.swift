import HelixSpectator
import ServiceLifecycle

/// Asks the store, whoever is the master: it follows the routing table, and asks again until there is an answer.
///
/// It asks one thing at a time and gives a question up only when the node has closed the connection or is the master no
/// more. So an old question is never answered after a newer one.
actor StoreClient {
    private let keys: KeySpace
    private let spectator: Spectator
    private var connections: [Address: LineConnection] = [:]

    init(keys: KeySpace, spectator: Spectator) {
        self.keys = keys
        self.spectator = spectator
    }

    func get(_ key: String) async throws -> Reply { try await ask(.get(key), keys.partition(of: key)) }

    func make(_ change: Change) async throws -> Reply { try await ask(.change(change), keys.partition(of: change.key)) }

    private func ask(_ request: Request, _ partition: String) async throws -> Reply {
        var hint: Address?
        while true {
            try Task.checkCancellation()
            if let address = hint ?? spectator.routingTable?.masterAddress(of: partition) {
                hint = nil
                switch await ask(request, partition, of: address) {
                case .moved(let host, let port): hint = Address(host: host, port: port)
                case .retry, nil: break
                case let reply?: return reply
                }
            }
            try await ContinuousClock().sleep(for: .milliseconds(20))
        }
    }

    /// - Returns: `nil` when the node is gone, or the master no more.
    private func ask(_ request: Request, _ partition: String, of address: Address) async -> Reply? {
        do {
            let connection = try await connection(to: address)
            let before = spectator.routingTable?.masterAddress(of: partition)
            let tables = spectator.routingTables
            let reply = try await withThrowingTaskGroup(of: Reply?.self) { group in
                defer { group.cancelAll() }
                group.addTask { try await connection.ask(request) }
                group.addTask {
                    for await table in tables {
                        guard let master = table.masterAddress(of: partition) else { continue }
                        if master != address, master != before { return nil }
                    }
                    return nil
                }
                return try await group.next() ?? nil
            }
            if reply == nil { drop(address) }
            return reply
        } catch {
            drop(address)
            return nil
        }
    }

    private func connection(to address: Address) async throws -> LineConnection {
        if let open = connections[address] { return open }
        let new = try await LineConnection(to: address)
        connections[address] = new
        return new
    }

    private func drop(_ address: Address) {
        connections.removeValue(forKey: address)?.close()
    }
}

extension RoutingTable {
    /// Where the master of a partition listens.
    fileprivate func masterAddress(of partition: String) -> Address? {
        instances(serving: Store.resource, partition: partition, in: "MASTER").first.flatMap { instance in
            instance.port.map { Address(host: instance.host, port: $0) }
        }
    }
}
