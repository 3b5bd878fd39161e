import Foundation
import HelixRecords
import HelixSimulation
import TestSupport
import Testing

@Suite("Encoding records")
struct EncodingTests {
    @Test("A record is compact JSON with sorted keys, all maps always there")
    func golden() throws {
        let record = ZNRecord(
            id: "R", simpleFields: ["b": "2", "a": "say \"hi\"\\"], listFields: ["l": ["y", "x"], "e": []],
            mapFields: ["m": ["k2": "v", "k1": "\u{1}\n\u{1F}"], "e": [:]], rawPayload: bytes("Helix!"))
        #expect(
            text(try record.encoded())
                == #"{"id":"R","simpleFields":{"a":"say \"hi\"\\","b":"2"},"listFields":{"e":[],"l":["y","x"]},"#
                + #""mapFields":{"e":{},"m":{"k1":"\u0001\n\u001f","k2":"v"}},"rawPayload":"SGVsaXgh"}"#)
        #expect(text(try ZNRecord(id: "").encoded()) == #"{"id":"","simpleFields":{},"listFields":{},"mapFields":{}}"#)
        #expect(try ZNRecord(id: "", rawPayload: []).encoded() == ZNRecord(id: "").encoded())
    }

    @Test("Whatever is encoded decodes to the same", arguments: [1, 2] as [UInt64])
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for round in 0..<1000 {
            let record = generator.record()
            let decoded = try ZNRecord(decoding: try record.encoded(), path: "p")
            #expect(decoded == record, "seed \(seed), round \(round)")
        }
    }

    @Test("Another parser of JSON reads the same", arguments: [3] as [UInt64])
    func otherParser(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for round in 0..<300 {
            let record = generator.record()
            let parsed = try JSONSerialization.jsonObject(with: Data(try record.encoded()))
            let object = try #require(parsed as? [String: Any])
            #expect(object["id"] as? String == record.id, "seed \(seed), round \(round)")
            #expect(object["simpleFields"] as? [String: String] == record.simpleFields, "seed \(seed), round \(round)")
            #expect(object["listFields"] as? [String: [String]] == record.listFields, "seed \(seed), round \(round)")
            #expect(
                object["mapFields"] as? [String: [String: String]] == record.mapFields, "seed \(seed), round \(round)")
            let payload = (object["rawPayload"] as? String).flatMap { Data(base64Encoded: $0) }
            #expect(payload.map { Array($0) } == record.rawPayload, "seed \(seed), round \(round)")
        }
    }

    @Test(
        "listField.bound cuts every list to its first entries",
        arguments: [
            ("2", ["a", "b"]), ("0", []), ("9", ["a", "b", "c"]), ("-1", ["a", "b", "c"]), ("two", ["a", "b", "c"]),
        ])
    func bound(bound: String, expected: [String]) throws {
        let record = ZNRecord(id: "R", simpleFields: ["listField.bound": bound], listFields: ["l": ["a", "b", "c"]])
        #expect(try ZNRecord(decoding: try record.encoded(), path: "p").listFields == ["l": expected])
    }

    @Test("A record over the limit is refused with path, size and limit")
    func limit() throws {
        var generator = SeededGenerator(seed: 4)
        let noise = (0..<4000).map { _ in String(UInt64.random(in: 0 ... .max, using: &generator), radix: 36) }
        let record = ZNRecord(id: "R", listFields: ["l": noise])
        let error = try #require(throws: RecordError.self) {
            try record.encoded(path: "/C/IDEALSTATES/R", limits: RecordLimits(writeLimit: 10_000))
        }
        #expect(error.path == "/C/IDEALSTATES/R")
        let size = try record.encoded().count
        #expect(error.reason.contains("(\(size) before), the limit is 10000"))
        #expect(throws: RecordError(path: "R", reason: error.reason)) {
            try record.encoded(limits: RecordLimits(writeLimit: 10_000))
        }
        #expect(RecordLimits.standard.writeLimit == 1_024_000)
        #expect(RecordLimits(writeLimit: 5, compressionThreshold: 9).compressionThreshold == 5)
    }

    @Test("Base64 agrees with another implementation", arguments: 0..<40)
    func base64(count: Int) throws {
        var generator = SeededGenerator(seed: UInt64(count))
        let payload = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let record = ZNRecord(id: "", rawPayload: payload.isEmpty ? nil : payload)
        let json = text(try record.encoded())
        if count > 0 { #expect(json.contains("\"rawPayload\":\"\(Data(payload).base64EncodedString())\"")) }
        #expect(try ZNRecord(decoding: bytes(json), path: "p") == record)
    }
}
