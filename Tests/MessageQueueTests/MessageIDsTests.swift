import MessageQueue
import Testing

/// A generator whose numbers are its state: easy to see through.
struct CountingGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state
    }
}

@Suite("Message ids")
struct MessageIDsTests {
    @Test("an id is a UUID of version 4 in lower case")
    func form() {
        for _ in 0..<100 {
            let groups = MessageIDs.uuid.next().split(separator: "-", omittingEmptySubsequences: false)
            #expect(groups.map(\.count) == [8, 4, 4, 4, 12])
            #expect(groups.joined().allSatisfy { $0.isHexDigit && !$0.isUppercase })
            #expect(groups[2].first == "4")
            #expect("89ab".contains(groups[3].first ?? "x"))
        }
    }

    @Test("the same seed gives the same ids, and they differ among themselves")
    func determinism() {
        func ids(seed: UInt64) -> [String] {
            var generator = CountingGenerator(state: seed)
            return (0..<1_000).map { _ in MessageIDs.uuid(using: &generator) }
        }
        #expect(ids(seed: 1) == ids(seed: 1))
        #expect(Set(ids(seed: 1) + ids(seed: 2)).count == 2_000)
    }

    @Test("all 122 free bits are used")
    func bits() {
        struct Constant: RandomNumberGenerator {
            let value: UInt64
            func next() -> UInt64 { value }
        }
        var zeros = Constant(value: 0)
        var ones = Constant(value: .max)
        #expect(MessageIDs.uuid(using: &zeros) == "00000000-0000-4000-8000-000000000000")
        #expect(MessageIDs.uuid(using: &ones) == "ffffffff-ffff-4fff-bfff-ffffffffffff")
    }
}
