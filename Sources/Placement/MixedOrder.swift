/// `0..<count` in an order that has nothing to do with how the numbers came about, always the same.
///
/// Neighbouring partitions often have the same instances; who takes a few of them in their own order takes them all
/// from the same instances.
struct MixedOrder: Sequence, IteratorProtocol {
    private let count: Int
    private let stride: Int
    private var position = 0
    private var left: Int

    init(count: Int) {
        self.count = count
        self.left = count
        // The golden section keeps any run of steps spread out; no common divisor, so that all numbers are met.
        var stride = Swift.max(1, Int(Double(count) * 0.618_033_988_75))
        while Self.greatestCommonDivisor(stride, count) > 1 { stride += 1 }
        self.stride = stride
    }

    mutating func next() -> Int? {
        guard left > 0 else { return nil }
        left -= 1
        defer { position = (position + stride) % count }
        return position
    }

    static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }
}

/// A sequence of numbers without a pattern, the same for the same seed (SplitMix64).
struct Mixer {
    private var state: UInt64

    init(seed: Int) { state = 0x9E37_79B9_7F4A_7C15 &+ UInt64(truncatingIfNeeded: seed) &* 0xD134_2543_DE82_EF95 }

    mutating func next(below bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((bits ^ (bits >> 31)) % UInt64(bound))
    }

    /// Mixes the elements from `start` on.
    mutating func shuffle(_ elements: inout [Int32], from start: Int) {
        var last = elements.count - 1
        while last > start {
            elements.swapAt(last, start + next(below: last - start + 1))
            last -= 1
        }
    }
}
