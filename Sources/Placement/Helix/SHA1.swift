/// SHA-1 (RFC 3174), from which Helix takes the numbers of nodes in the tree that it draws from.
///
/// It is here so that numbers agree, not to protect anything: SHA-1 is no longer safe for that.
struct SHA1: Sendable {
    private var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]

    /// The five words of the digest.
    static func digest(_ message: some Collection<UInt8>) -> [UInt32] {
        var hash = SHA1()
        let padded = padded(message)
        for start in stride(from: 0, to: padded.count, by: 64) { hash.add(padded[start..<start + 64]) }
        return hash.state
    }

    /// The message, a one bit, zeros up to a whole block, and at its end the length in bits.
    private static func padded(_ message: some Collection<UInt8>) -> [UInt8] {
        let zeros = (119 - message.count % 64) % 64
        let length = UInt64(message.count) * 8
        return Array(message) + [0x80] + Array(repeating: 0, count: zeros)
            + (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * UInt64($0))) }
    }

    private mutating func add(_ block: ArraySlice<UInt8>) {
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for (step, word) in Self.schedule(block).enumerated() {
            let (choice, constant) = Self.round(step, b, c, d)
            let next = Self.rotated(a, by: 5) &+ choice &+ e &+ constant &+ word
            (a, b, c, d, e) = (next, a, Self.rotated(b, by: 30), c, d)
        }
        for (index, word) in [a, b, c, d, e].enumerated() { state[index] &+= word }
    }

    private static func schedule(_ block: ArraySlice<UInt8>) -> [UInt32] {
        var words = (0..<16).map { index in
            block[(block.startIndex + 4 * index)...].prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        for index in 16..<80 {
            words.append(
                rotated(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], by: 1))
        }
        return words
    }

    private static func round(_ step: Int, _ b: UInt32, _ c: UInt32, _ d: UInt32) -> (UInt32, UInt32) {
        switch step {
        case ..<20: ((b & c) | (~b & d), 0x5A82_7999)
        case ..<40: (b ^ c ^ d, 0x6ED9_EBA1)
        case ..<60: ((b & c) | (b & d) | (c & d), 0x8F1B_BCDC)
        default: (b ^ c ^ d, 0xCA62_C1D6)
        }
    }

    private static func rotated(_ word: UInt32, by bits: UInt32) -> UInt32 { word << bits | word >> (32 - bits) }
}
