/// Compact JSON, appended piece by piece to one buffer.
struct JSONWriter {
    var bytes: [UInt8] = []

    @inline(__always)
    mutating func append(_ literal: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    /// A quoted text, escaped where JSON asks for it.
    mutating func appendText(_ text: String) {
        append("\"")
        var text = text
        text.withUTF8 { units in
            var start = 0
            for index in units.indices where Self.needsEscape(units[index]) {
                bytes.append(contentsOf: units[start..<index])
                appendEscape(units[index])
                start = index + 1
            }
            bytes.append(contentsOf: units[start...])
        }
        append("\"")
    }

    @inline(__always)
    private static func needsEscape(_ unit: UInt8) -> Bool {
        unit < 0x20 || unit == UInt8(ascii: "\"") || unit == UInt8(ascii: "\\")
    }

    private mutating func appendEscape(_ unit: UInt8) {
        switch unit {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case 0x08: append("\\b")
        case 0x09: append("\\t")
        case 0x0A: append("\\n")
        case 0x0C: append("\\f")
        case 0x0D: append("\\r")
        default:
            let digits = Array("0123456789abcdef".utf8)
            append("\\u00")
            bytes.append(digits[Int(unit >> 4)])
            bytes.append(digits[Int(unit & 15)])
        }
    }

    /// An object with sorted keys, so that equal values have equal bytes.
    mutating func appendObject<Value>(_ object: [String: Value], _ appendValue: (inout JSONWriter, Value) -> Void) {
        append("{")
        var isFirst = true
        for (key, value) in object.sorted(by: { $0.key < $1.key }) {
            if !isFirst { append(",") }
            isFirst = false
            appendText(key)
            append(":")
            appendValue(&self, value)
        }
        append("}")
    }

    mutating func appendArray(_ elements: some Sequence<String>) {
        append("[")
        var isFirst = true
        for element in elements {
            if !isFirst { append(",") }
            isFirst = false
            appendText(element)
        }
        append("]")
    }
}
