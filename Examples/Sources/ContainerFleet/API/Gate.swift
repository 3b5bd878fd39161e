import FleetMaster
import Hummingbird
import Synchronization

/// Says who asks, and whether they may.
final class Gate: Sendable {
    private let access: FleetServer.Access
    private let fleet: Fleet
    /// Who said a token, and when it was last looked up, in milliseconds since 1970.
    private let known = Mutex<[String: (caller: Caller, time: Int64)]>([:])
    /// For so long a caller whose access was taken away is still let in, in milliseconds.
    static let memory: Int64 = 5_000

    init(_ access: FleetServer.Access, _ fleet: Fleet) {
        self.access = access
        self.fleet = fleet
    }

    /// Who asks.
    /// - Throws: `UNAUTHORIZED`, or `FORBIDDEN` when that is somebody who may not.
    func admit(_ request: Request, to endpoint: Endpoint) async throws -> String {
        guard let role = endpoint.role else { return "" }
        let first: String?
        switch access {
        case .open: return request.headers[APICall.user] ?? "somebody"
        case .tokens(let token): first = token
        }
        guard let header = request.headers[.authorization], header.lowercased().hasPrefix("bearer ") else {
            throw FleetError(
                .unauthorized, "the request does not say who makes it",
                cure: "send your token: Authorization: Bearer NAME.SECRET")
        }
        let token = String(header.dropFirst("bearer ".count))
        if let first, Self.isSame(first, token) { return "first-admin" }
        guard let caller = try await caller(token) else {
            throw FleetError(.unauthorized, "nobody has that token", cure: "ask an administrator for one")
        }
        guard caller.role >= role else {
            throw FleetError(
                .forbidden, "\(caller.name) is a \(caller.role.rawValue), and this takes a \(role.rawValue)",
                cure: "ask an administrator")
        }
        return caller.name
    }

    private func caller(_ token: String) async throws -> Caller? {
        let now = fleet.time
        if let found = known.withLock({ $0[token] }), now < found.time + Self.memory { return found.caller }
        let caller = try await fleet.store.caller(token: token)
        known.withLock { known in
            if known.count > 1_000 { known = [:] }
            known[token] = caller.map { ($0, now) }
        }
        return caller
    }

    /// In a time that does not tell how much of it is right.
    private static func isSame(_ a: String, _ b: String) -> Bool {
        let (a, b) = (Array(a.utf8), Array(b.utf8))
        return a.count == b.count && zip(a, b).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
