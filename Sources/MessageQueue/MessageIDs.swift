/// Where the ids of new messages come from.
///
/// An id is the name of the message's znode, so it must be unique in its queue. Helix uses UUIDs (protocol reference
/// 4.9); simulations pass a seeded source, so that the same seed gives the same ids.
public struct MessageIDs: Sendable {
    private let make: @Sendable () -> String

    /// Ids made by `make`, which must never give the same id twice.
    public init(_ make: @escaping @Sendable () -> String) { self.make = make }

    /// A new id.
    public func next() -> String { make() }

    /// Random UUIDs of version 4, in lower case as Java writes them.
    public static let uuid = MessageIDs {
        var random = SystemRandomNumberGenerator()
        return uuid(using: &random)
    }

    /// A UUID of version 4 made of the generator's next 128 bits.
    public static func uuid(using random: inout some RandomNumberGenerator) -> String {
        let high = random.next() & 0xffff_ffff_ffff_0fff | 0x0000_0000_0000_4000
        let low = random.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        return String(unsafeUninitializedCapacity: 36) { text in
            var position = 0
            for index in 0..<32 {
                if [8, 12, 16, 20].contains(index) {
                    text[position] = UInt8(ascii: "-")
                    position += 1
                }
                let word = index < 16 ? high : low
                let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - index % 16 * 4)) & 15
                text[position] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                position += 1
            }
            return 36
        }
    }
}
