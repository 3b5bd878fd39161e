#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What is sent with a request.
struct Payload: Sendable {
    var type: String
    var bytes: [UInt8]

    var text: String { String(decoding: bytes, as: UTF8.self) }

    static func json(_ value: some Encodable) throws -> Payload {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .custom { path in
            let name = path.last?.stringValue ?? ""
            return EngineKey(stringValue: name.prefix(1).uppercased() + name.dropFirst())
        }
        return Payload(type: "application/json", bytes: Array(try encoder.encode(value)))
    }

    static func archive(_ bytes: [UInt8]) -> Payload { Payload(type: "application/x-tar", bytes: bytes) }

    static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { EngineKey(stringValue: ($0.last?.stringValue ?? "").asSwiftName) }
        return try decoder.decode(type, from: Data(bytes))
    }
}

/// The name of a field. The Engine writes some in capitals (`HostConfig`, `IPAddress`) and some with underscores
/// (`cpu_stats`); here all of them are Swift's.
private struct EngineKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension String {
    /// `OOMKilled` and `oom_killed` are both `oomKilled`.
    var asSwiftName: String {
        let words = split(separator: "_")
        let joined =
            words.prefix(1).joined() + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        let capitals = joined.prefix(while: \.isUppercase).count
        // The last of several capitals begins the next word.
        let lowered = capitals > 1 && capitals < joined.count ? capitals - 1 : capitals
        return joined.prefix(lowered).lowercased() + joined.dropFirst(lowered)
    }
}

/// What came back.
struct Answer: Sendable {
    var call: String
    var bytes: [UInt8]

    /// - Throws: ``EngineError`` when it is not what was expected.
    func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        do {
            return try Payload.decode(type, bytes)
        } catch {
            let text = String(decoding: bytes.prefix(200), as: UTF8.self)
            throw EngineError(.malformedAnswer, call: call, message: "“\(text)” is no answer to that: \(error)")
        }
    }
}

extension String {
    /// As part of a path. Slashes stay, since names of images have them.
    var inPath: String { escaped(except: "/:@") }

    /// As a value in a query.
    var inQuery: String { escaped(except: "") }

    /// With everything escaped but letters, digits, `-._~` (RFC 3986 §2.3) and some more.
    func escaped(except more: String) -> String {
        let plain = Set("-._~".utf8).union(more.utf8)
        return utf8.reduce(into: "") { text, byte in
            let isLetterOrDigit =
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: false
                }
            if isLetterOrDigit || plain.contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
    }
}
