import Testing

@testable import Placement

/// What Java does with names and lots. The expected values come from a JVM.
@Suite("What Java does with names and lots")
struct HelixJavaTests {
    @Test(
        "A name hashes as in Java",
        arguments: [
            ("", 0), ("TestDB_7|2", -1_049_980_514), ("Ä_3", 191_352), ("😀", 1_772_899),
            ("polygenelubricants", Int32.min),
        ] as [(String, Int32)])
    func hashCode(text: String, expected: Int32) {
        #expect(JavaString(text).hashCode == expected)
        for cut in text.indices {
            let (head, tail) = (JavaString(String(text[..<cut])), JavaString(String(text[cut...])))
            #expect(head.hashCode(followedBy: tail) == expected)
            #expect(head.followed(by: tail) == JavaString(text))
        }
    }

    @Test(
        "Names are ordered by their UTF-16 units",
        arguments: [
            ("a", "b"), ("a", "aa"), ("", "a"), ("db_10|0", "db_1|0"), ("Z", "a"), ("😀", "\u{FFFF}"),
        ])
    func order(less: String, greater: String) {
        #expect(JavaString(less) < JavaString(greater))
        #expect(!(JavaString(greater) < JavaString(less)))
    }

    @Test(
        "Keys of a hash map come in Java's order",
        arguments: [
            [4, 3, 2, 1, 0], [11, 10, 6, 5, 4, 3, 2, 1, 0, 12, 9, 8, 7],
            [
                11, 33, 10, 32, 31, 30, 6, 19, 5, 18, 4, 17, 39, 3, 16, 38, 2, 15, 37, 1, 14, 36, 0, 13, 35, 12, 34, 9,
                8,
                7, 22, 21, 20, 29, 28, 27, 26, 25, 24, 23,
            ],
        ])
    func hashMap(expected: [Int]) {
        let hashes = expected.indices.map { JavaString("TestDB_\($0)").hashCode }
        #expect(JavaHashOrder.positions(of: hashes) == expected)
    }

    @Test("A table that was larger stays so, and a set that is a copy is larger")
    func tableSizes() {
        let kept = stride(from: 0, to: 30, by: 4).map { JavaString("node\($0 * 7)").hashCode }
        #expect(JavaHashOrder.positions(of: kept, most: 30).map { 4 * $0 } == [4, 28, 16, 8, 0, 20, 24, 12])
        #expect(JavaHashOrder.positions(of: kept).map { 4 * $0 } == [8, 24, 16, 4, 28, 0, 20, 12])
        let copied = (0..<26).map { JavaString("localhost_\($0)").hashCode }
        #expect(
            JavaHashOrder.positionsInCopy(of: copied) == [
                3, 21, 2, 20, 1, 0, 25, 24, 23, 22, 9, 8, 7, 6, 5, 4, 10, 14, 13, 12, 11, 18, 17, 16, 15, 19,
            ])
    }

    @Test("Keys of one bucket come in the order in which they were put in")
    func bucket() {
        let hashes = ["AaAaAa", "BBBBBB", "AaBBAa"].map { JavaString($0).hashCode }
        #expect(Set(hashes).count == 1)
        #expect(JavaHashOrder.positions(of: hashes) == [0, 1, 2])
    }

    @Test("The generator gives Java's numbers")
    func random() {
        var random = JavaRandom(seed: 42)
        #expect((0..<4).map { _ in random.nextInt() } == [-1_170_105_035, 234_785_527, -1_360_544_799, 205_897_768])
        random = JavaRandom(seed: -5)
        let bounds: [Int32] = [10, 16, 1_000_000_007, 1 << 30, (1 << 30) + 1, 1]
        #expect(
            bounds.map { random.nextInt(below: $0) } == [1, 5, 717_457_953, 368_998_164, 817_965_352, 0])
        random = JavaRandom(seed: .max)
        #expect(
            (0..<6).map { _ in random.nextInt(below: (1 << 30) + 1) }
                == [145_398_221, 102_343_302, 977_964_517, 167_329_604, 616_554_982, 732_678_861])
    }

    @Test(
        "Shuffling gives Java's order",
        arguments: [
            (0, [4, 10, 3, 8, 1, 7, 11, 5, 2, 9, 6, 0]), (-17, [7, 10, 0, 11, 4, 8, 5, 6, 3, 1, 9, 2]),
            (123456, [10, 8, 4, 0, 6, 11, 1, 2, 9, 7, 5, 3]),
        ] as [(Int32, [Int])])
    func shuffle(seed: Int32, expected: [Int]) {
        var random = JavaRandom(seed: seed)
        var numbers = Array(0..<12)
        random.shuffle(&numbers)
        #expect(numbers == expected)
        var (none, one): ([Int], [Int]) = ([], [7])
        random.shuffle(&none)
        random.shuffle(&one)
        #expect(none == [] && one == [7])
    }

    @Test("The queue gives equal elements in Java's order")
    func priorityQueue() {
        struct Entry: Comparable {
            var key: Int
            var name: Int
            static func < (a: Entry, b: Entry) -> Bool { a.key < b.key }
        }
        var queue = JavaPriorityQueue<Entry>()
        for (name, key) in [3, 1, 2, 1, 3, 1, 2, 2, 1, 3, 0, 0].enumerated() { queue.add(Entry(key: key, name: name)) }
        var names = (0..<4).compactMap { _ in queue.poll()?.name }
        queue.add(Entry(key: 1, name: 100))
        queue.add(Entry(key: 2, name: 101))
        while let entry = queue.poll() { names.append(entry.name) }
        #expect(names == [10, 11, 1, 8, 3, 100, 5, 7, 6, 101, 2, 9, 0, 4])
    }
}
