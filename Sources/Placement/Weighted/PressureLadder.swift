/// The instances in order of their pressure, to within a small part of it: lists in buckets, so that a change costs the
/// same for few instances and for many.
///
/// Who comes into a bucket goes to its end, so that equals take turns.
struct PressureLadder: Sendable {
    private static let shift = 18
    private static let bucketCount = 2 * (LoadTable.full >> shift)

    private var heads = [Int32](repeating: -1, count: Self.bucketCount)
    private var tails = [Int32](repeating: -1, count: Self.bucketCount)
    private var occupied = [UInt64](repeating: 0, count: Self.bucketCount / 64)
    private var following: [Int32]
    private var preceding: [Int32]
    private var buckets: [Int32]

    init(instanceCount: Int) {
        following = [Int32](repeating: -1, count: instanceCount)
        preceding = following
        buckets = following
    }

    /// Puts an instance where its pressure belongs.
    mutating func place(_ instance: Int32, at pressure: Int) {
        remove(instance)
        let bucket = min(pressure >> Self.shift, Self.bucketCount - 1)
        let last = tails[bucket]
        if last < 0 { heads[bucket] = instance } else { following[Int(last)] = instance }
        preceding[Int(instance)] = last
        following[Int(instance)] = -1
        tails[bucket] = instance
        buckets[Int(instance)] = Int32(bucket)
        occupied[bucket >> 6] |= 1 << UInt64(bucket & 63)
    }

    private mutating func remove(_ instance: Int32) {
        let bucket = Int(buckets[Int(instance)])
        if bucket < 0 { return }
        let (before, after) = (preceding[Int(instance)], following[Int(instance)])
        if before < 0 { heads[bucket] = after } else { following[Int(before)] = after }
        if after < 0 { tails[bucket] = before } else { preceding[Int(after)] = before }
        if heads[bucket] < 0 { occupied[bucket >> 6] &= ~(1 << UInt64(bucket & 63)) }
    }

    /// The instance under the least pressure, `nil` when there is none.
    var first: Int32? { head(from: 0) }

    /// The next one under as much pressure or more.
    func next(after instance: Int32) -> Int32? {
        let next = following[Int(instance)]
        return next >= 0 ? next : head(from: Int(buckets[Int(instance)]) + 1)
    }

    private func head(from bucket: Int) -> Int32? {
        if bucket >= Self.bucketCount { return nil }
        var word = bucket >> 6
        var bits = occupied[word] & (~0 << UInt64(bucket & 63))
        while bits == 0 {
            word += 1
            if word == occupied.count { return nil }
            bits = occupied[word]
        }
        return heads[word << 6 + bits.trailingZeroBitCount]
    }

    /// What a level is in units of pressure: differences below it do not matter.
    static let levelShift = 20

    /// The level of the bucket that an instance is in.
    func level(of instance: Int32) -> Int { Int(buckets[Int(instance)]) >> (Self.levelShift - Self.shift) }
}
