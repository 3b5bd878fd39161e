/// The hash of CRUSH, after Robert Jenkins: of one, two or three 32-bit numbers, eight hashes at a time.
///
/// A draw hashes the same input with every child of a node, which is nearly all of the time that a placement takes.
enum JenkinsHash {
    /// Eight numbers that are hashed side by side.
    typealias Lanes = SIMD8<UInt32>

    private static var seed: Lanes { Lanes(repeating: 1_315_423_911) }
    private static var x: Lanes { Lanes(repeating: 231_232) }
    private static var y: Lanes { Lanes(repeating: 1232) }

    static func hash(_ a: UInt32) -> UInt32 {
        let a = Lanes(repeating: a)
        var (b, x, second, y, hash) = (a, x, a, y, seed ^ a)
        mix(&b, &x, &hash)
        mix(&y, &second, &hash)
        return hash[0]
    }

    @inline(__always)
    static func hash(_ first: Lanes, _ second: Lanes) -> Lanes {
        var (a, b, x, y, hash) = (first, second, x, y, seed ^ first ^ second)
        mix(&a, &b, &hash)
        mix(&x, &a, &hash)
        mix(&b, &y, &hash)
        return hash
    }

    static func hash(_ a: UInt32, _ b: UInt32, _ c: UInt32) -> UInt32 {
        hash(Lanes(repeating: a), Lanes(repeating: b), Lanes(repeating: c))[0]
    }

    @inline(__always)
    static func hash(_ first: Lanes, _ second: Lanes, _ third: Lanes) -> Lanes {
        var (a, b, c, x, y, hash) = (first, second, third, x, y, seed ^ first ^ second ^ third)
        mix(&a, &b, &hash)
        mix(&c, &x, &hash)
        mix(&y, &a, &hash)
        mix(&b, &x, &hash)
        mix(&y, &c, &hash)
        return hash
    }

    @inline(__always)
    private static func mix(_ a: inout Lanes, _ b: inout Lanes, _ c: inout Lanes) {
        a = (a &- b &- c) ^ (c &>> Lanes(repeating: 13))
        b = (b &- c &- a) ^ (a &<< Lanes(repeating: 8))
        c = (c &- a &- b) ^ (b &>> Lanes(repeating: 13))
        a = (a &- b &- c) ^ (c &>> Lanes(repeating: 12))
        b = (b &- c &- a) ^ (a &<< Lanes(repeating: 16))
        c = (c &- a &- b) ^ (b &>> Lanes(repeating: 5))
        a = (a &- b &- c) ^ (c &>> Lanes(repeating: 3))
        b = (b &- c &- a) ^ (a &<< Lanes(repeating: 10))
        c = (c &- a &- b) ^ (b &>> Lanes(repeating: 15))
    }
}
