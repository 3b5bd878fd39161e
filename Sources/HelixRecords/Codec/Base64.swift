/// Base64 with the standard alphabet and padding (RFC 4648 §4), the form of `rawPayload`.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    /// The value of each byte as a digit, 255 for no digit.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(value) }
        return values
    }()

    static func encode(_ bytes: [UInt8], into output: inout [UInt8]) {
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group = 0
            for index in 0..<3 { group = group << 8 | (index < count ? Int(bytes[start + index]) : 0) }
            for digit in 0..<4 {
                output.append(digit <= count ? alphabet[group >> (18 - 6 * digit) & 63] : UInt8(ascii: "="))
            }
        }
    }

    /// `nil` when the text is not base64; missing padding is forgiven.
    static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        var digits = text[...]
        while digits.last == UInt8(ascii: "="), text.count - digits.count < 2 { digits.removeLast() }
        guard digits.count % 4 != 1 else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(digits.count * 3 / 4)
        var group = 0
        for (index, byte) in digits.enumerated() {
            let value = values[Int(byte)]
            guard value < 64 else { return nil }
            group = (group << 6 | Int(value)) & 0xFFFF
            // The first digit of four completes no byte; each other one does, leaving 4, 2 and 0 bits over.
            let position = index % 4
            if position > 0 { output.append(UInt8(truncatingIfNeeded: group >> (6 - 2 * position))) }
        }
        return output
    }
}
