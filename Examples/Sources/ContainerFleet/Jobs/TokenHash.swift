/// What is kept of a token, by which it can be recognised but not found out.
public struct TokenHash: Sendable, Hashable {
    /// What makes the hashes of equal tokens different: hexadecimal digits, 32 of them.
    public var salt: String
    /// 64 hexadecimal digits.
    public var hash: String

    /// What was kept.
    public init(salt: String, hash: String) {
        self.salt = salt
        self.hash = hash
    }

    /// What is to be kept of a token.
    public init(of token: String, salt: [UInt8]) {
        self.salt = salt.hexadecimal
        hash = Self.hash(token, salt: self.salt)
    }

    /// 16 random bytes.
    public static func randomSalt() -> [UInt8] { (0..<16).map { _ in .random(in: 0...255) } }

    /// Whether it was kept of this token.
    public func matches(_ token: String) -> Bool {
        let (a, b) = (Array(Self.hash(token, salt: salt).utf8), Array(hash.utf8))
        // The time that this takes does not tell how much of it is right.
        return a.count == b.count && zip(a, b).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// Repeated, so that to try many tokens takes long.
    private static func hash(_ token: String, salt: String) -> String {
        var hash = SHA256.hash(Array("\(salt):\(token)".utf8))
        for _ in 0..<1_000 { hash = SHA256.hash(hash + Array(salt.utf8)) }
        return hash.hexadecimal
    }
}
