/// A text inside the bytes of a record that is being read: valid UTF-8 with its escapes resolved, valid for as long as
/// the `RecordReader` that delivered it.
///
/// Comparing and parsing it costs no allocation: the way to read a large record into integer columns.
package struct ByteText: Equatable {
    package let start: UnsafeRawPointer
    package let count: Int

    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    /// A copy that outlives the reader.
    package var string: String { String(decoding: bytes, as: UTF8.self) }

    package static func == (text: ByteText, other: ByteText) -> Bool {
        text.count == other.count && text.matches(other.start)
    }

    package static func == (text: ByteText, other: StaticString) -> Bool {
        other.utf8CodeUnitCount == text.count && text.matches(UnsafeRawPointer(other.utf8Start))
    }

    /// Whether as many bytes as the text has are the same there; eight at a time.
    @inline(__always)
    private func matches(_ other: UnsafeRawPointer) -> Bool {
        var offset = 0
        while offset + 8 <= count {
            let mine = start.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            guard mine == other.loadUnaligned(fromByteOffset: offset, as: UInt64.self) else { return false }
            offset += 8
        }
        while offset < count {
            let mine = start.load(fromByteOffset: offset, as: UInt8.self)
            guard mine == other.load(fromByteOffset: offset, as: UInt8.self) else { return false }
            offset += 1
        }
        return true
    }

    /// The whole number that the text spells in decimal, `nil` when it spells none or a number beyond 64 bits.
    package var integer: Int64? {
        let negative = count > 0 && bytes[0] == UInt8(ascii: "-")
        guard count > (negative ? 1 : 0) else { return nil }
        var value: Int64 = 0
        for byte in bytes.dropFirst(negative ? 1 : 0) {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let digit = Int64(byte - UInt8(ascii: "0"))
            let (shifted, over) = value.multipliedReportingOverflow(by: 10)
            // Built downwards when negative, because the smallest number has no positive counterpart.
            let (sum, beyond) =
                negative ? shifted.subtractingReportingOverflow(digit) : shifted.addingReportingOverflow(digit)
            if over || beyond { return nil }
            value = sum
        }
        return value
    }
}
