import HelixSimulation
import TestSupport
import Testing

@testable import HelixRecords

@Suite("Compressed records")
struct GzipTests {
    private let record = ZNRecord(
        id: "R", simpleFields: ["enableCompression": "TRUE"], listFields: ["l": (0..<500).map { "instance_\($0)" }])

    @Test("enableCompression asks for gzip, which is smaller and decodes to the same")
    func asked() throws {
        let data = try record.encoded()
        #expect(data.prefix(2) == [0x1F, 0x8B])
        var plain = record
        plain.simpleFields["enableCompression"] = "false"
        #expect(try plain.encoded().first == UInt8(ascii: "{"))
        #expect(data.count < (try plain.encoded().count) / 2)
        #expect(try ZNRecord(decoding: data, path: "p") == record)
    }

    @Test("A record over the threshold is compressed without being asked")
    func threshold() throws {
        let plain = ZNRecord(id: "R", listFields: record.listFields)
        let size = try plain.encoded().count
        func first(_ threshold: Int) throws -> UInt8? {
            try plain.encoded(limits: RecordLimits(compressionThreshold: threshold)).first
        }
        #expect(try first(size) == UInt8(ascii: "{"))
        #expect(try first(size - 1) == 0x1F)
    }

    @Test("The same record has the same bytes")
    func deterministic() throws {
        #expect(try record.encoded() == record.encoded())
    }

    @Test("Damaged or truncated data is refused at any length", arguments: [1, 2, 10, 18, 100, 500])
    func truncated(count: Int) throws {
        let data = try record.encoded()
        let error = try #require(throws: RecordError.self) {
            try ZNRecord(decoding: Array(data.prefix(max(2, min(count, data.count - 1)))), path: "p")
        }
        #expect(error.reason.contains("gzip"), "\(error)")
    }

    @Test("No damage to a byte goes unnoticed or crashes")
    func damaged() throws {
        let data = try record.encoded()
        for offset in 10..<data.count {
            var spoilt = data
            spoilt[offset] ^= 0x55
            let decoded = try? ZNRecord(decoding: spoilt, path: "p")
            #expect(decoded == nil, "byte \(offset)")
        }
    }

    @Test("Data after the end is refused, but a second member is read")
    func members() throws {
        let json = try ZNRecord(id: "R").encoded()
        let parts =
            try Gzip.deflate(Array(json.prefix(9)), path: "p") + Gzip.deflate(Array(json.dropFirst(9)), path: "p")
        #expect(try ZNRecord(decoding: parts, path: "p") == ZNRecord(id: "R"))
        #expect(throws: RecordError.self) { try ZNRecord(decoding: Gzip.deflate(json, path: "p") + [0], path: "p") }
    }

    @Test("A bomb is refused before it has gone off")
    func bomb() throws {
        let bomb = try Gzip.deflate([UInt8](repeating: 0x20, count: 3_000_000), path: "p")
        #expect(bomb.count < 10_000)
        #expect(try Gzip.inflate(bomb, path: "p", limit: 3_000_000).count == 3_000_000)
        let error = try #require(throws: RecordError.self) { try Gzip.inflate(bomb, path: "p", limit: 2_999_999) }
        #expect(error.reason.contains("inflate to more than 2999999"))
        #expect(Gzip.inflationLimit == 64 << 20)
    }

    @Test(
        "The size that the data claims for itself is not believed",
        arguments: [
            [0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 0], [1, 0, 0, 0],
        ] as [[UInt8]])
    func wrongHint(hint: [UInt8]) throws {
        let data = try record.encoded()
        #expect(throws: RecordError.self) { try ZNRecord(decoding: data.dropLast(4) + hint, path: "p") }
    }

    @Test("Content of any size survives", arguments: [0, 1, 255, 256, 1024, 1025, 70_000])
    func sizes(count: Int) throws {
        var generator = SeededGenerator(seed: UInt64(count))
        let content = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(try Gzip.inflate(try Gzip.deflate(content, path: "p"), path: "p") == content)
    }
}
