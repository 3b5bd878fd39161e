/// The order in which people count: `orders_2` before `orders_10`. Names are compared by what stands before their last
/// run of digits, then by the number, then byte by byte, so that the order is total.
package struct NaturalKey: Comparable {
    package let name: String
    private let stemLength: Int
    /// The digits without leading zeros, as a length and a place, since they may be longer than any integer.
    private let digitCount: Int

    package init(_ name: String) {
        self.name = name
        let units = name.utf8
        var stem = units.count
        var significant = 0
        var index = units.endIndex
        while index > units.startIndex {
            let before = units.index(before: index)
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(units[before]) else { break }
            stem -= 1
            if units[before] != UInt8(ascii: "0") { significant = units.count - stem }
            index = before
        }
        stemLength = stem
        digitCount = significant
    }

    package static func < (a: NaturalKey, b: NaturalKey) -> Bool {
        let (stemA, stemB) = (a.name.utf8.prefix(a.stemLength), b.name.utf8.prefix(b.stemLength))
        if !stemA.elementsEqual(stemB) { return stemA.lexicographicallyPrecedes(stemB) }
        if a.digitCount != b.digitCount { return a.digitCount < b.digitCount }
        let (digitsA, digitsB) = (a.name.utf8.suffix(a.digitCount), b.name.utf8.suffix(b.digitCount))
        if !digitsA.elementsEqual(digitsB) { return digitsA.lexicographicallyPrecedes(digitsB) }
        return a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
    }

    package static func == (a: NaturalKey, b: NaturalKey) -> Bool { a.name.utf8.elementsEqual(b.name.utf8) }
}

extension Sequence<String> {
    /// The names in natural order.
    package func naturallySorted() -> [String] { map(NaturalKey.init).sorted().map(\.name) }
}
