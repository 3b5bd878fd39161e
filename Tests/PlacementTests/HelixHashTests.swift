import Testing

@testable import Placement

@Suite("Hashes that placements are drawn from")
struct HelixHashTests {
    /// The vectors of FIPS 180 and RFC 3174.
    @Test(
        "SHA-1 of known messages",
        arguments: [
            ("", 1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
            (
                "0123456701234567012345670123456701234567012345670123456701234567", 10,
                "dea356a2cddd90c7a7ecedc5ebb563934f460452"
            ),
            ("a", 1000, "291e9a6c66994949b57ba5e650361e98fc36b1ba"),
        ])
    func sha1(message: String, times: Int, expected: String) {
        let digest = SHA1.digest(Array(String(repeating: message, count: times).utf8))
        #expect(digest.map(hexadecimal).joined() == expected)
    }

    @Test(
        "SHA-1 of messages that fill a block, or nearly",
        arguments: [
            (55, "c1c8bbdc"), (56, "c2db330f"), (63, "03f09f5b"), (64, "0098ba82"), (65, "11655326"),
        ])
    func sha1Padding(count: Int, start: String) {
        #expect(hexadecimal(SHA1.digest(Array(repeating: 97, count: count))[0]) == start)
    }

    private func hexadecimal(_ word: UInt32) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    @Test(
        "Numbers of nodes",
        arguments: [
            ("root", 3_698_780_656), ("zone0", 2_058_022_189), ("localhost_1", 3_565_637_774),
        ] as [(String, UInt32)])
    func ids(name: String, expected: UInt32) {
        #expect(CrushChild.id(of: JavaString(name)) == expected)
    }

    @Test(
        "Jenkins hashes of one number",
        arguments: [
            (0, 398_764_043), (1, 3_574_081_617), (48, 3_283_221_738), (-1, 2_138_160_170),
        ] as [(Int32, UInt32)])
    func jenkinsOne(value: Int32, expected: UInt32) {
        #expect(JenkinsHash.hash(UInt32(bitPattern: value)) == expected)
    }

    @Test(
        "Jenkins hashes of three numbers",
        arguments: [
            (48, 3_565_637_774, 1, 1_015_419_025), (UInt32(bitPattern: -5), 7, 2, 1_635_241_598),
        ] as [(UInt32, UInt32, UInt32, UInt32)])
    func jenkinsThree(a: UInt32, b: UInt32, c: UInt32, expected: UInt32) {
        #expect(JenkinsHash.hash(a, b, c) == expected)
    }

    @Test(
        "Straws of equal weights are equal, those of others as long as Java makes them",
        arguments: [
            ([1000, 1000, 1000], [65536, 65536, 65536]), ([1000, 500, 1], [65536, 53509, 40159]),
            ([3, 2, 1, 0, 0], [65536, 60646, 54538, 0, 0]),
            ([4000, 4000, 2500, 2500, 1000, 1], [65536, 65536, 60988, 60988, 55411, 51146]),
            ([1, 0], [65536, 0]), ([0, 0], [0, 0]), ([], []),
            ([2_147_483_647, 1000, 1000, 999], [65536, 46340, 46340, 46340]),
        ] as [([Int64], [Int64])])
    func straws(weights: [Int64], expected: [Int64]) {
        #expect(CrushBucket.lengths(ofDescending: weights) == expected)
    }
}
