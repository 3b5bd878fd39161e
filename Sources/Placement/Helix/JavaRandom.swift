/// The generator of `java.util.Random`, whose numbers its documentation promises for ever: a linear congruential one of
/// 48 bits.
struct JavaRandom: Sendable {
    private static let mask: UInt64 = (1 << 48) - 1
    private static let multiplier: UInt64 = 0x5_DEEC_E66D
    private var state: UInt64

    init(seed: Int32) {
        state = (UInt64(bitPattern: Int64(seed)) ^ Self.multiplier) & Self.mask
    }

    /// The next number, of the whole range.
    mutating func nextInt() -> Int32 { next(bits: 32) }

    /// The next number below `bound`, which is positive.
    mutating func nextInt(below bound: Int32) -> Int32 {
        if bound & (bound - 1) == 0 {
            return Int32(truncatingIfNeeded: (Int64(bound) * Int64(next(bits: 31))) >> 31)
        }
        while true {
            let bits = next(bits: 31)
            let value = bits % bound
            // Beyond the last whole multiple of the bound some values would come more often.
            if bits &- value &+ (bound - 1) >= 0 { return value }
        }
    }

    /// Shuffles as `Collections.shuffle` does: from the end, each with one at or before it.
    mutating func shuffle<Element>(_ elements: inout [Element]) {
        for count in stride(from: elements.count, to: 1, by: -1) {
            elements.swapAt(count - 1, Int(nextInt(below: Int32(count))))
        }
    }

    private mutating func next(bits: UInt64) -> Int32 {
        state = (state &* Self.multiplier &+ 0xB) & Self.mask
        return Int32(truncatingIfNeeded: state >> (48 - bits))
    }
}
