/// The order in which a `java.util.HashMap` or `HashSet` walks its keys.
///
/// Buckets come one after the other, and the keys of a bucket in the order in which they were put in; the table
/// doubles when it is more than three quarters full, and never shrinks. What is left out: a bucket of nine keys or more
/// becomes a tree, which changes the order within it. With names that happens about once in ten million buckets.
enum JavaHashOrder {
    /// The capacity of a table that nobody has asked for another one.
    private static let defaultCapacity = 16

    /// Positions of keys in the order of the walk.
    ///
    /// - Parameters:
    ///   - hashes: What `hashCode` returns, in the order in which the keys were put in.
    ///   - most: How many keys there were when there were most; as many as now unless given.
    static func positions(of hashes: [Int32], most: Int = 0) -> [Int] {
        var capacity = defaultCapacity
        while max(most, hashes.count) > capacity / 4 * 3 { capacity *= 2 }
        return walk(hashes, capacity: capacity)
    }

    /// The same for a `HashSet` that was made of a collection, and so with room for all of it.
    static func positionsInCopy(of hashes: [Int32]) -> [Int] {
        var capacity = defaultCapacity
        while capacity < hashes.count * 4 / 3 + 1 { capacity *= 2 }
        return walk(hashes, capacity: capacity)
    }

    private static func walk(_ hashes: [Int32], capacity: Int) -> [Int] {
        var starts = [Int](repeating: 0, count: capacity + 1)
        for hash in hashes { starts[bucket(hash, capacity) + 1] += 1 }
        for index in 0..<capacity { starts[index + 1] += starts[index] }
        var result = [Int](repeating: 0, count: hashes.count)
        for (position, hash) in hashes.enumerated() {
            let bucket = bucket(hash, capacity)
            result[starts[bucket]] = position
            starts[bucket] += 1
        }
        return result
    }

    private static func bucket(_ hash: Int32, _ capacity: Int) -> Int {
        let bits = UInt32(bitPattern: hash)
        return Int(bits ^ (bits >> 16)) & (capacity - 1)
    }
}
