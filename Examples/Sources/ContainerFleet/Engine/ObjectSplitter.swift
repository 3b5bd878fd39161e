/// Cuts a stream of JSON objects that follow one another, with or without white space between them, into objects.
/// They may be split anywhere (Engine facts 12.5, 12.7).
struct ObjectSplitter {
    /// Longer objects are not believed.
    static let longest = 16 << 20

    private var object: [UInt8] = []
    private var depth = 0
    private var isInText = false
    private var isEscaped = false

    /// Whether the stream may end here.
    var isBetweenObjects: Bool { object.isEmpty }

    /// Takes the next bytes.
    /// - Returns: the objects that are complete with them.
    mutating func split(_ bytes: some Sequence<UInt8>) throws(EngineError) -> [[UInt8]] {
        var objects: [[UInt8]] = []
        for byte in bytes {
            if object.isEmpty {
                // 0x1e begins each object of application/json-seq.
                if byte == UInt8(ascii: " ") || (9...13).contains(byte) || byte == 0x1e { continue }
                guard byte == UInt8(ascii: "{") else { throw broken("byte \(byte) where an object should begin") }
            }
            object.append(byte)
            guard object.count <= Self.longest else { throw broken("an object that does not end") }
            if isAtEnd(after: byte) {
                objects.append(object)
                object = []
            }
        }
        return objects
    }

    private mutating func isAtEnd(after byte: UInt8) -> Bool {
        if isEscaped {
            isEscaped = false
        } else if isInText {
            isEscaped = byte == UInt8(ascii: "\\")
            isInText = byte != UInt8(ascii: "\"")
        } else {
            switch byte {
            case UInt8(ascii: "\""): isInText = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
        }
        return depth == 0
    }

    private func broken(_ what: String) -> EngineError {
        EngineError(.malformedAnswer, call: "read a stream", message: "there is \(what)")
    }
}
