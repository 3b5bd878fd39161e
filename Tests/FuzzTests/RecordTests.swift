import Foundation
import HelixRecords
import HelixSimulation
import TestSupport
import Testing

@testable import Fuzz

/// Spoilt records beside another reader of JSON, and records that were cut.
@Suite("Records that nobody has meant", .timeLimit(.minutes(5)))
struct RecordTests {
    /// Records that between them use everything that the format has.
    private static let originals: [[UInt8]] = [
        Array(
            #"{"id":"R","simpleFields":{"a":"1","b":null},"listFields":{"l":["x","\u00e9"]},"mapFields":{"m":{"k":"v"}}}"#
                .utf8),
        Array(
            #"{ "x" : [1, {"y":null}, true], "id":7, "rawPayload" : "SGVsaXg=", "mapFields":{"\ud83d\ude00":{}} }"#.utf8
        ),
        Array(#"{"mapFields":{"p0":{"S":"A","T":"é"},"p1":{"S":"B","T":"ü"}},"id":"-"}"#.utf8),
    ]

    @Test("Nothing is accepted that is not JSON", arguments: [5] as [UInt64])
    func strictness(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for round in 0..<4000 {
            var data = Self.originals[round % Self.originals.count]
            ByteMutation.apply(to: &data, &generator)
            guard (try? ZNRecord(decoding: data, path: "p")) != nil else { continue }
            let isJSON = (try? JSONSerialization.jsonObject(with: Data(data))) != nil
            // A lone surrogate is a text to us, with a mark in its place, and none to Foundation.
            let text = String(decoding: data, as: UTF8.self)
            #expect(isJSON || text.contains("\\ud"), "seed \(seed), round \(round): \(text)")
        }
    }

    @Test("A record that is cut anywhere is refused")
    func truncation() {
        for original in Self.originals {
            for count in 0..<original.count {
                #expect(throws: RecordError.self) { try ZNRecord(decoding: Array(original.prefix(count)), path: "p") }
            }
        }
    }
}
