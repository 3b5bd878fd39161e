/// A name as Java sees it: UTF-16 units that are compared and hashed one by one.
///
/// Swift orders text by its Unicode meaning and hashes it anew in every process; what placements are drawn from must
/// be the same everywhere.
struct JavaString: Sendable, Equatable, Comparable {
    let units: [UInt16]
    /// What `hashCode` returns.
    let hashCode: Int32

    init(_ text: String) {
        self.init(units: Array(text.utf16))
    }

    private init(units: [UInt16]) {
        self.units = units
        hashCode = Self.hash(units, after: 0)
    }

    /// The text with another one behind it.
    func followed(by suffix: JavaString) -> JavaString { JavaString(units: units + suffix.units) }

    /// The hash of the text with another one behind it.
    func hashCode(followedBy suffix: JavaString) -> Int32 { Self.hash(suffix.units, after: hashCode) }

    private static func hash(_ units: [UInt16], after start: Int32) -> Int32 {
        units.reduce(start) { $0 &* 31 &+ Int32($1) }
    }

    static func < (a: JavaString, b: JavaString) -> Bool { a.units.lexicographicallyPrecedes(b.units) }
}
