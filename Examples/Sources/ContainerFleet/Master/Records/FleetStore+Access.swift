import Coordination
import FleetJobs
import FleetModel

/// What a caller may do.
public enum Role: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    /// Look.
    case reader
    /// Everything but give others access, and secrets.
    case `operator`
    /// Everything.
    case admin

    /// Who may do less comes first.
    public static func < (a: Role, b: Role) -> Bool { a.rank < b.rank }

    private var rank: Int {
        switch self {
        case .reader: 0
        case .operator: 1
        case .admin: 2
        }
    }
}

/// Somebody who may call the masters.
public struct Caller: Sendable, Hashable, Codable {
    /// Who.
    public var name: String
    /// What they may do.
    public var role: Role
    private var salt: String
    private var hash: String

    init(name: String, role: Role, token: TokenHash) {
        self.name = name
        self.role = role
        (salt, hash) = (token.salt, token.hash)
    }

    func has(_ secret: String) -> Bool { TokenHash(salt: salt, hash: hash).matches(secret) }
}

/// Who may do what, and what only containers see.
extension FleetStore {
    /// Gives somebody access, or another role or token than before.
    /// - Parameter secret: 16 characters or more.
    /// - Returns: what they say when they call: `name.secret`.
    public func addCaller(_ name: String, role: Role, secret: String) async throws -> String {
        try FleetText.checkName(name, "caller")
        guard secret.utf8.count >= 16 else {
            throw FleetError(
                .invalidRequest, "the secret has \(secret.utf8.count) characters, expected 16 or more",
                cure: "let the master make one up")
        }
        let token = TokenHash(of: secret, salt: TokenHash.randomSalt())
        let data = try FleetText.bytes(Caller(name: name, role: role, token: token))
        try await put(data, at: paths.token(name))
        return "\(name).\(secret)"
    }

    /// Takes somebody's access away.
    public func removeCaller(_ name: String) async throws { try await remove(paths.token(name), "the caller \(name)") }

    /// Who may call, by name.
    public func callers() async throws -> [Caller] {
        try await folder(paths.tokens) { try FleetText.read(Caller.self, $1, at: $2) }.values.map(\.value)
            .sorted { $0.name < $1.name }
    }

    /// Who it is that says a token; `nil` when nobody has it.
    public func caller(token: String) async throws -> Caller? {
        guard let dot = token.firstIndex(of: ".") else { return nil }
        let name = String(token[..<dot])
        guard (try? FleetText.checkName(name, "caller")) != nil,
            let found = try await session.getIfPresent(paths.token(name))
        else { return nil }
        let caller = try FleetText.read(Caller.self, found.data, at: paths.token(name))
        return caller.has(String(token[token.index(after: dot)...])) ? caller : nil
    }

    // MARK: Secrets

    /// Keeps a secret, in place of what it was before.
    public func putSecret(_ name: String, _ bytes: [UInt8]) async throws {
        try FleetText.checkName(name, "secret")
        try await put(bytes, at: paths.secret(name))
    }

    /// A secret, for the agents. No answer of a master has it.
    public func secret(_ name: String) async throws -> [UInt8]? {
        try await session.getIfPresent(paths.secret(name))?.data
    }

    /// The names of the secrets.
    public func secretNames() async throws -> [String] { try await session.children(paths.secrets) }

    /// Forgets a secret.
    public func removeSecret(_ name: String) async throws { try await remove(paths.secret(name), "the secret \(name)") }

    private func put(_ data: [UInt8], at path: String) async throws {
        _ = try await retrying(path) {
            let isThere = try await session.exists(path) != nil
            return try await commit([isThere ? .set(path, data: data) : .create(path, data: data)]) {
                $1 == .nodeExists || $1 == .noNode
            }
        }
    }

    private func remove(_ path: String, _ what: String) async throws {
        if try await commit([.delete(path)], unless: { $1 == .noNode }) == nil {
            throw FleetError(.notFound, "there is no such thing as \(what)", cure: "list them to see which there are")
        }
    }
}
