import NIOCore

/// The connections to other nodes, one for each, kept open.
actor Peers {
    private var connections: [Address: LineConnection] = [:]

    /// Asks a node, which has a second to answer: then it counts as out of reach.
    func ask(_ request: Request, of address: Address) async throws -> Reply {
        let connection = try await connection(to: address)
        do {
            return try await connection.ask(request, within: .seconds(1))
        } catch {
            connection.close()
            if connections[address] == connection { connections[address] = nil }
            throw error
        }
    }

    private func connection(to address: Address) async throws -> LineConnection {
        if let open = connections[address] { return open }
        let new = try await LineConnection(to: address)
        if let open = connections[address] {  // another task was quicker
            new.close()
            return open
        }
        connections[address] = new
        return new
    }
}
