/// The tokens of JSON text in memory, one at a time. It allocates only where a text contains an escape.
struct JSONScanner: ~Copyable {
    let base: UnsafeRawPointer
    let end: Int
    var offset = 0
    let path: String
    /// Texts with escapes are resolved to here, each at its own offset, so that all stay valid.
    private var scratch: UnsafeMutableRawPointer?

    /// How deep the values that are skipped may be nested.
    static let depthLimit = 64

    init(_ bytes: UnsafeRawBufferPointer, path: String) {
        base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!  // never read: `end` is 0 then
        end = bytes.count
        self.path = path
        // RFC 8259 lets a reader ignore a byte order mark.
        if end >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { offset = 3 }
    }

    deinit { scratch?.deallocate() }

    // MARK: Bytes

    /// The next byte that is no white space, not consumed; 0 at the end.
    @inline(__always)
    mutating func peek() -> UInt8 {
        while offset < end {
            let byte = base.load(fromByteOffset: offset, as: UInt8.self)
            if byte > 0x20 { return byte }
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            offset += 1
        }
        return 0
    }

    /// Consumes `byte` if it comes next after white space.
    @inline(__always)
    mutating func consume(_ byte: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: byte), offset < end else { return false }
        offset += 1
        return true
    }

    mutating func expect(_ byte: Unicode.Scalar, _ purpose: String) throws(RecordError) {
        guard consume(byte) else { throw unexpected("'\(byte)' \(purpose)") }
    }

    // MARK: Members and values

    /// The next key of the object that the scanner is in, its colon consumed; `nil` after the object's end, which is
    /// consumed too.
    mutating func key(isFirst: Bool) throws(RecordError) -> ByteText? {
        let byte = peek()
        if byte == UInt8(ascii: "}") {
            offset += 1
            return nil
        }
        if !isFirst { try expect(",", "or '}' after a member") }
        try expect("\"", "to begin a key")
        let key = try text()
        try expect(":", "after a key")
        return key
    }

    /// Whether the array that the scanner is in has one more element; its end is consumed.
    mutating func hasElement(isFirst: Bool) throws(RecordError) -> Bool {
        if consume("]") { return false }
        if !isFirst { try expect(",", "or ']' after an element") }
        return true
    }

    /// A scalar as text: numbers and booleans as they are spelt, `nil` for null.
    mutating func scalar(_ owner: StaticString) throws(RecordError) -> ByteText? {
        switch peek() {
        case UInt8(ascii: "\""):
            offset += 1
            return try text()
        case UInt8(ascii: "n"):
            try literal("null")
            return nil
        case UInt8(ascii: "t"): return try literal("true")
        case UInt8(ascii: "f"): return try literal("false")
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            throw fault("found a nested value as \(owner), expected text; store it as a JSON string instead")
        default: throw unexpected("a text as \(owner)")
        }
    }

    /// Consumes `null` if it comes next.
    mutating func consumeNull() throws(RecordError) -> Bool {
        guard peek() == UInt8(ascii: "n") else { return false }
        try literal("null")
        return true
    }

    @discardableResult
    private mutating func literal(_ word: StaticString) throws(RecordError) -> ByteText {
        let found = ByteText(start: base + offset, count: min(word.utf8CodeUnitCount, end - offset))
        guard found == word else { throw unexpected("'\(word)'") }
        offset += found.count
        return found
    }

    private mutating func number() throws(RecordError) -> ByteText {
        let start = offset
        if byte(at: offset) == UInt8(ascii: "-") { offset += 1 }
        let integer = offset
        guard skipDigits() > 0 else { throw unexpected("a digit of a number") }
        if byte(at: integer) == UInt8(ascii: "0"), offset > integer + 1 {
            offset = integer + 1
            throw unexpected("no digit after a leading zero")
        }
        if byte(at: offset) == UInt8(ascii: ".") {
            offset += 1
            guard skipDigits() > 0 else { throw unexpected("a digit after the point") }
        }
        if byte(at: offset) | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if byte(at: offset) == UInt8(ascii: "+") || byte(at: offset) == UInt8(ascii: "-") { offset += 1 }
            guard skipDigits() > 0 else { throw unexpected("a digit of an exponent") }
        }
        return ByteText(start: base + start, count: offset - start)
    }

    private mutating func skipDigits() -> Int {
        let start = offset
        while offset < end, byte(at: offset) >= UInt8(ascii: "0"), byte(at: offset) <= UInt8(ascii: "9") { offset += 1 }
        return offset - start
    }

    /// The byte at an offset, 0 past the end.
    @inline(__always)
    func byte(at offset: Int) -> UInt8 {
        offset < end ? base.load(fromByteOffset: offset, as: UInt8.self) : 0
    }

    /// Skips a whole value of any kind.
    mutating func skipValue() throws(RecordError) {
        var isObject: UInt64 = 0  // a bit a level, the innermost lowest
        var depth = 0
        repeat {
            var opened = false
            switch peek() {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard depth < Self.depthLimit else {
                    throw fault("values are nested deeper than \(Self.depthLimit) levels; a record needs three")
                }
                isObject = isObject << 1 | (byte(at: offset) == UInt8(ascii: "{") ? 1 : 0)
                depth += 1
                offset += 1
                opened = true
            default: _ = try scalar("a value")
            }
            // Close what ends here, up to the next value.
            while depth > 0 {
                let hasMore =
                    isObject & 1 == 1
                    ? try key(isFirst: opened) != nil : try hasElement(isFirst: opened)
                if hasMore { break }
                isObject >>= 1
                depth -= 1
                opened = false
            }
        } while depth > 0
    }

    // MARK: Texts

    /// The text whose opening quote has been consumed, its closing quote consumed too.
    mutating func text() throws(RecordError) -> ByteText {
        let start = offset
        var isASCII = true
        while offset < end {
            if offset + 8 <= end {
                let special = Self.specialBytes(base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset += special.trailingZeroBitCount >> 3  // 8 when there is none
                if special == 0 { continue }
            }
            let byte = base.load(fromByteOffset: offset, as: UInt8.self)
            if byte == UInt8(ascii: "\"") {
                let text = ByteText(start: base + start, count: offset - start)
                if !isASCII { try validate(text, at: start) }
                offset += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedText(from: start) }
            guard byte >= 0x20 else { throw fault("found a bare control character in a text, expected it escaped") }
            if byte >= 0x80 { isASCII = false }
            offset += 1
        }
        throw fault("the data ends inside a text that begins at byte \(start - 1); the write was cut short")
    }

    /// A bit set in each byte that ends plain ASCII text: quote, backslash, control character, or not ASCII. Exact for
    /// the first such byte, which is all that is asked for.
    @inline(__always)
    private static func specialBytes(_ stored: UInt64) -> UInt64 {
        let word = UInt64(littleEndian: stored)
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let quotes = (quote &- ones) & ~quote
        let backslashes = (backslash &- ones) & ~backslash
        let controls = (word &- (ones &* 0x20)) & ~word
        return (quotes | backslashes | controls | word) & highs
    }

    private func validate(_ text: ByteText, at start: Int) throws(RecordError) {
        let bytes = text.bytes.bindMemory(to: UInt8.self)
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw RecordError(
                path: path,
                reason: "byte \(start): the text is not valid UTF-8 (\(error.kind)); write the record as UTF-8")
        }
    }

    /// Resolves the escapes of a text that begins at `start`; `offset` is at its first backslash.
    private mutating func escapedText(from start: Int) throws(RecordError) -> ByteText {
        let buffer = scratch ?? UnsafeMutableRawPointer.allocate(byteCount: end, alignment: 1)
        scratch = buffer
        // An escape is never shorter than what it stands for, so the text fits at its own offset.
        let target = buffer + start
        var count = offset - start
        target.copyMemory(from: base + start, byteCount: count)
        while offset < end {
            let byte = byte(at: offset)
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                let text = ByteText(start: target, count: count)
                try validate(text, at: start)
                return text
            case UInt8(ascii: "\\"): count += try escape(to: target + count)
            case 0..<0x20:
                offset -= 1
                throw fault("found a bare control character in a text, expected it escaped")
            default:
                target.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
                count += 1
            }
        }
        throw fault("the data ends inside a text that begins at byte \(start - 1); the write was cut short")
    }

    /// Resolves one escape whose backslash is consumed; returns how many bytes it stands for.
    private mutating func escape(to target: UnsafeMutableRawPointer) throws(RecordError) -> Int {
        let kind = byte(at: offset)
        offset += 1
        let plain: UInt8
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain = kind
        case UInt8(ascii: "b"): plain = 0x08
        case UInt8(ascii: "f"): plain = 0x0C
        case UInt8(ascii: "n"): plain = 0x0A
        case UInt8(ascii: "r"): plain = 0x0D
        case UInt8(ascii: "t"): plain = 0x09
        case UInt8(ascii: "u"):
            var length = 0
            UTF8.encode(try unicodeEscape()) { unit in
                target.storeBytes(of: unit, toByteOffset: length, as: UInt8.self)
                length += 1
            }
            return length
        default:
            offset -= 1
            throw unexpected("one of \"\\/bfnrtu after a backslash")
        }
        target.storeBytes(of: plain, as: UInt8.self)
        return 1
    }

    /// The scalar of a `\u` escape, of a pair of them for the upper planes; a surrogate without its other half stands
    /// for no character and becomes U+FFFD.
    private mutating func unicodeEscape() throws(RecordError) -> Unicode.Scalar {
        let unit = try hexUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        let mark = offset
        if unit < 0xDC00, byte(at: offset) == UInt8(ascii: "\\"), byte(at: offset + 1) == UInt8(ascii: "u") {
            offset += 2
            let low = try hexUnit()
            if low >= 0xDC00, low < 0xE000 {
                let value = 0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00)
                return Unicode.Scalar(value) ?? "\u{FFFD}"
            }
            offset = mark
        }
        return "\u{FFFD}"
    }

    private mutating func hexUnit() throws(RecordError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(byte(at: offset))).hexDigitValue else {
                throw unexpected("four hexadecimal digits after \\u")
            }
            value = value << 4 | UInt16(digit)
            offset += 1
        }
        return value
    }

    // MARK: Faults

    func fault(_ reason: String) -> RecordError { RecordError(path: path, reason: "byte \(offset): \(reason)") }

    func unexpected(_ expected: String) -> RecordError {
        if offset >= end { return fault("the data ends, expected \(expected); the write was cut short") }
        let byte = byte(at: offset)
        let found = (0x21..<0x7F).contains(byte) ? "'\(Unicode.Scalar(byte))'" : "byte \(byte)"
        return fault("found \(found), expected \(expected); the data is not the JSON of a record")
    }
}
