#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The JSON in which the fleet's records are kept: keys sorted, so that the same record is the same text.
enum FleetText {
    static func bytes(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(value))
    }

    static func read<Value: Decodable>(_: Value.Type, _ data: [UInt8], at path: String) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(data))
        } catch {
            throw FleetError(
                .storeNotUsable, "\(path) cannot be read: \(error)",
                cure: "repair the record, or delete the znode and make it anew")
        }
    }

    /// Milliseconds since 1970.
    static func milliseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

    /// The names of deployments, secrets and tokens.
    static func checkName(_ name: String, _ what: String) throws {
        let isRight =
            !name.isEmpty && name.utf8.count <= 100
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
        if !isRight {
            throw FleetError(
                .invalidRequest,
                "“\(name)” is no name for a \(what), expected 1 to 100 letters, digits, “-” and “_”",
                cure: "choose another name")
        }
    }
}

/// A record, and what it was when it was read.
public struct Versioned<Value: Sendable>: Sendable {
    /// The record.
    public var value: Value
    /// How often it has been written.
    public var version: Int32
    /// The number of the transaction that wrote it last: grows with every change.
    public var index: Int64

    /// A record that was read.
    public init(_ value: Value, version: Int32, index: Int64) {
        self.value = value
        self.version = version
        self.index = index
    }
}
