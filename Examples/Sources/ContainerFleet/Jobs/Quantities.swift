/// A length of time in a job, to the millisecond. Its text is a sum of numbers with units: `10s`, `1m30s`, `500ms`.
public struct TimeSpan: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// How many milliseconds it has.
    public var milliseconds: Int64

    /// Milliseconds.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    /// Seconds.
    public static func seconds(_ count: Int64) -> TimeSpan { TimeSpan(milliseconds: count * 1_000) }
    /// Minutes.
    public static func minutes(_ count: Int64) -> TimeSpan { seconds(count * 60) }

    /// For clocks.
    public var duration: Duration { .milliseconds(milliseconds) }

    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]
    /// What messages say about texts that are none.
    static let expected = "a time such as “500ms”, “10s”, “5m”, “1h30m”, “2d” (at most 10000d)"

    /// Reads a text.
    /// - Returns: `nil` for a number without unit, a unit that comes twice or after a smaller one, and too long times.
    public init?(_ text: String) {
        var (rest, sum, last) = (Substring(text), Int64(0), Self.units.startIndex)
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            let letters = rest.dropFirst(digits.count).prefix(while: \.isLetter)
            guard let number = Int64(digits), let unit = Self.units[last...].firstIndex(where: { $0.name == letters })
            else { return nil }
            let (product, isTooBig) = number.multipliedReportingOverflow(by: Self.units[unit].milliseconds)
            guard !isTooBig, product <= Self.longest, sum <= Self.longest - product else { return nil }
            sum += product
            last = unit + 1
            rest = rest.dropFirst(digits.count + letters.count)
        }
        milliseconds = sum
    }

    private static let longest: Int64 = 10_000 * 86_400_000

    /// The shortest text that reads as the same time.
    public var description: String {
        var (rest, text) = (milliseconds, "")
        for unit in Self.units where rest >= unit.milliseconds {
            text += "\(rest / unit.milliseconds)\(unit.name)"
            rest %= unit.milliseconds
        }
        return text.isEmpty ? "0s" : text
    }

    /// Shorter ones come first.
    public static func < (a: TimeSpan, b: TimeSpan) -> Bool { a.milliseconds < b.milliseconds }
}

/// A number of bytes in a job. Its text is a whole number, with a unit or without: `256MiB`, `1GB`, `4096`.
public struct ByteCount: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// How many.
    public var bytes: Int64

    /// Bytes.
    public init(bytes: Int64) { self.bytes = bytes }

    private static let units: [(name: String, bytes: Int64)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000), ("B", 1), ("", 1),
    ]
    /// What messages say about texts that are none.
    static let expected = "a size such as “256MiB”, “1GiB”, “500MB” or a number of bytes"

    /// Reads a text.
    public init?(_ text: String) {
        let digits = text.prefix { ("0"..."9").contains($0) }
        let name = text.dropFirst(digits.count)
        guard let number = Int64(digits), let unit = Self.units.first(where: { $0.name == name }) else { return nil }
        let (product, isTooBig) = number.multipliedReportingOverflow(by: unit.bytes)
        guard !isTooBig else { return nil }
        bytes = product
    }

    /// With the largest unit of which it is a whole number, of those with powers of two.
    public var description: String {
        let unit = Self.units.prefix(4).first { bytes >= $0.bytes && bytes % $0.bytes == 0 }
        return unit.map { "\(bytes / $0.bytes)\($0.name)" } ?? "\(bytes)B"
    }

    /// Smaller ones come first.
    public static func < (a: ByteCount, b: ByteCount) -> Bool { a.bytes < b.bytes }
}

/// A share of the processors in a job, to the thousandth of one: `0.5`, `2`.
public struct ProcessorShare: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// How many thousandths of a processor.
    public var thousandths: Int64

    /// Thousandths of a processor.
    public init(thousandths: Int64) { self.thousandths = thousandths }

    /// Reads a decimal number of at most three places.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count > 1 ? parts[1] : "0"
        guard parts[0].count <= 6, (1...3).contains(fraction.count), (parts[0] + fraction).allSatisfy(\.isASCIIDigit),
            let whole = Int64(parts[0]), let rest = Int64(fraction + String(repeating: "0", count: 3 - fraction.count))
        else { return nil }
        thousandths = whole * 1_000 + rest
    }

    /// Without zeros at the end.
    public var description: String {
        guard thousandths % 1_000 != 0 else { return "\(thousandths / 1_000)" }
        var fraction = String(String(thousandths % 1_000 + 1_000).dropFirst())
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return "\(thousandths / 1_000).\(fraction)"
    }

    /// For the Engine.
    public var nanoCPUs: Int64 { thousandths * 1_000_000 }

    /// Smaller ones come first.
    public static func < (a: ProcessorShare, b: ProcessorShare) -> Bool { a.thousandths < b.thousandths }
}

extension Character {
    var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
