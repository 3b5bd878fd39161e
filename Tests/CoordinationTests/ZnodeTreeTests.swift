import Testing

@testable import Coordination

@Suite("Znode tree")
struct ZnodeTreeTests {
    func requester(_ session: Int64 = 1, _ credentials: [Credential] = []) throws -> Requester {
        try Requester(session: SessionID(rawValue: session), credentials: credentials)
    }

    /// The paths, the data and the stats of everything.
    func snapshot(_ tree: ZnodeTree) -> [String: String] {
        tree.znodes.mapValues { "\($0.data) \($0.acl) \($0.currentStat) \($0.children) \($0.creations)" }
    }

    @Test("a transaction that fails leaves everything as it was, but for the number that it used up")
    func rollback() throws {
        var tree = ZnodeTree()
        let me = try requester()
        _ = try tree.apply([.create("/a", data: [1]), .create("/a/b"), .create("/e", mode: .ephemeral)], by: me, at: 1)
        let before = (tree: snapshot(tree), ephemerals: tree.ephemerals, zxid: tree.zxid)
        let operations: [WriteOperation] = [
            .create("/a/c", mode: .ephemeral), .create("/a/n", mode: .persistentSequential), .set("/a", data: [2]),
            .set("/a", data: [3]), .delete("/a/b"), .create("/a/b", data: [4]), .delete("/a/c"), .delete("/e"),
            .delete("/a"),
        ]
        let error = #expect(throws: CoordinationError.self) { try tree.apply(operations, by: me, at: 2) }
        #expect(error?.code == .notEmpty && error?.operationIndex == 8)
        #expect(snapshot(tree) == before.tree)
        #expect(tree.ephemerals == before.ephemerals)
        #expect(tree.zxid == before.zxid + 1)
    }

    @Test("the events of a transaction tell what happened, in order, and nothing when it failed")
    func events() throws {
        var tree = ZnodeTree()
        let applied = try tree.apply(
            [.create("/a"), .create("/a/b"), .set("/a", data: []), .delete("/a/b")], by: requester(), at: 0)
        #expect(
            applied.events == [
                WatchEvent(path: "/a", kind: .created), WatchEvent(path: "/", kind: .childrenChanged),
                WatchEvent(path: "/a/b", kind: .created), WatchEvent(path: "/a", kind: .childrenChanged),
                WatchEvent(path: "/a", kind: .dataChanged), WatchEvent(path: "/a/b", kind: .deleted),
                WatchEvent(path: "/a", kind: .childrenChanged),
            ])
    }

    @Test("the end of a session takes its ephemerals only, in the order of their paths")
    func endOfSession() throws {
        var tree = ZnodeTree()
        let (me, other) = (try requester(1), try requester(2))
        for path in ["/c", "/a", "/b"] { _ = try tree.apply([.create(path, mode: .ephemeral)], by: me, at: 0) }
        _ = try tree.apply([.create("/other", mode: .ephemeral), .create("/p")], by: other, at: 0)
        let events = tree.endSession(SessionID(rawValue: 1))
        #expect(events.filter { $0.kind == .deleted }.map(\.path) == ["/a", "/b", "/c"])
        #expect(tree.znodes.keys.sorted() == ["/", "/other", "/p"])
        #expect(tree.endSession(SessionID(rawValue: 1)).isEmpty)
        #expect(tree.ephemerals(of: SessionID(rawValue: 2)) == ["/other"])
    }

    @Test("the names of children are sorted whatever the order of creation", arguments: [1, 2, 3] as [UInt64])
    func sortedChildren(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var tree = ZnodeTree()
        var expected: Set<String> = []
        for _ in 0..<300 {
            let name = "n\(UInt8.random(in: 0...60, using: &generator))"
            if expected.remove(name) != nil {
                _ = try tree.apply([.delete("/\(name)")], by: requester(), at: 0)
            } else {
                expected.insert(name)
                _ = try tree.apply([.create("/\(name)")], by: requester(), at: 0)
            }
            #expect(tree.znodes["/"]?.children == expected.sorted(), "seed \(seed)")
        }
        #expect(tree.count == expected.count + 1)
    }

    @Test("creating under a parent with many children does not copy them")
    func manyChildren() throws {
        var tree = ZnodeTree()
        let me = try requester()
        let clock = ContinuousClock()
        func fill(_ range: Range<Int>) throws -> Duration {
            try clock.measure {
                for number in range { _ = try tree.apply([.create("/\(100_000 + number)")], by: me, at: 0) }
            }
        }
        let first = try fill(0..<2_000)
        _ = try fill(2_000..<30_000)
        let last = try fill(30_000..<32_000)
        #expect(last < first * 8, "2,000 creates took \(first) in the beginning and \(last) among 30,000")
    }
}

@Suite("Paths")
struct ZnodePathTests {
    @Test("parents and names", arguments: [("/", "/", ""), ("/a", "/", "a"), ("/a/b", "/a", "b"), ("/ä/ö", "/ä", "ö")])
    func parts(_ path: String, _ parent: String, _ name: String) {
        #expect(ZnodePath.parent(of: path) == parent && ZnodePath.name(of: path) == name)
    }

    @Test(
        "good paths",
        arguments: ["/", "/a", "/a/b", "/.a", "/...", "/a..b", "/a b", "/ü", "/中"])
    func good(_ path: String) { #expect(ZnodePath.fault(in: path) == nil) }

    @Test(
        "bad paths",
        arguments: [
            "", "a", "//", "/a/", "/a//b", "/.", "/..", "/a/./b", "/a/../b", "/a/..", "/\u{0}", "/\u{1f}", "/\u{7f}",
            "/\u{85}", "/\u{e000}", "/\u{fff0}", "/🙂",
        ])
    func bad(_ path: String) { #expect(ZnodePath.fault(in: path) != nil) }

    @Test("the last component of a sequential path may be what a number completes")
    func sequential() {
        for path in ["/a/", "/", "/a/.", "/a/.."] { #expect(ZnodePath.fault(in: path, isSequential: true) == nil) }
        for path in ["/a//", "a/", "/../"] { #expect(ZnodePath.fault(in: path, isSequential: true) != nil) }
    }
}

@Suite("Digests")
struct DigestTests {
    @Test(
        "SHA-1 as in FIPS 180-4",
        arguments: [
            ("", "2jmj7l5rSw0yVb/vlWAYkK/YBwk="), ("abc", "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="),
            ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "hJg+RBw70m66rkqh+VEp5eVGcPE="),
        ])
    func digest(_ text: String, _ expected: String) {
        #expect(base64(SHA1.digest(Array(text.utf8))) == expected)
    }

    @Test("a million letters")
    func long() {
        let digest = SHA1.digest(Array(repeating: UInt8(ascii: "a"), count: 1_000_000))
        #expect(
            digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
                == "34aa973cd4c4daa4f61eeb2bdbad27316534016f")
    }

    @Test(
        "base 64 with padding",
        arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")])
    func encoding(_ text: String, _ expected: String) { #expect(base64(Array(text.utf8)) == expected) }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
