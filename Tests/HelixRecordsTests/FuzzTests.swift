import Foundation
import HelixRecords
import Testing

/// Any byte string decodes or is refused.
@Suite("Data that nobody has meant", .timeLimit(.minutes(1)))
struct FuzzTests {
    /// Records that between them use everything that the format has.
    private static let originals: [[UInt8]] = [
        bytes(
            #"{"id":"R","simpleFields":{"a":"1","b":null},"listFields":{"l":["x","\u00e9"]},"mapFields":{"m":{"k":"v"}}}"#
        ),
        bytes(#"{ "x" : [1, {"y":null}, true], "id":7, "rawPayload" : "SGVsaXg=", "mapFields":{"\ud83d\ude00":{}} }"#),
        bytes(#"{"mapFields":{"p0":{"S":"A","T":"é"},"p1":{"S":"B","T":"ü"}},"id":"-"}"#),
    ]

    private static let tokens = [
        "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u", "\\ud83d", "null", "true", "1e9", "\"id\":", "\"mapFields\":{",
        "\u{0}",
        "é", "-",
    ].map(bytes)

    /// A few bytes changed, left out, put in, doubled or moved.
    private func mutate(_ data: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var data = data
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let place = data.isEmpty ? 0 : Int.random(in: 0..<data.count, using: &generator)
            let end = min(data.count, place + Int.random(in: 0...8, using: &generator))
            switch Int.random(in: 0..<6, using: &generator) {
            case 0 where !data.isEmpty: data[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1 where !data.isEmpty: data[place] = UInt8.random(in: 0...255, using: &generator)
            case 2: data.removeSubrange(place..<end)
            case 3: data.insert(contentsOf: data[place..<end], at: place)
            case 4: data.removeSubrange(place...)
            default: data.insert(contentsOf: Self.tokens.randomElement(using: &generator) ?? [], at: place)
            }
        }
        return data
    }

    @Test(
        "A hundred thousand spoilt records decode or are refused, and what decodes can be written",
        arguments: [1, 2] as [UInt64])
    func mutations(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var accepted = 0
        for round in 0..<50_000 {
            let original = Self.originals[round % Self.originals.count]
            let data = mutate(original, &generator)
            guard let record = try? ZNRecord(decoding: data, path: "p") else { continue }
            accepted += 1
            if accepted % 16 == 0 {
                let again = try ZNRecord(decoding: try record.encoded(), path: "p")
                #expect(again == record, "seed \(seed), round \(round): \(text(data))")
            }
        }
        #expect(accepted > 1000, "seed \(seed): only \(accepted) were accepted")
    }

    @Test("A hundred thousand strings of bytes or tokens decode or are refused", arguments: [3, 4] as [UInt64])
    func noise(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for round in 0..<50_000 {
            var data: [UInt8] = round % 8 == 0 ? [0x1F, 0x8B, 0x08] : round % 2 == 0 ? bytes("{") : []
            for _ in 0..<Int.random(in: 0...16, using: &generator) {
                if round % 4 < 2 {
                    data.append(UInt8.random(in: 0...255, using: &generator))
                } else {
                    data += Self.tokens.randomElement(using: &generator) ?? []
                }
            }
            if let record = try? ZNRecord(decoding: data, path: "p") {
                #expect(data.contains(UInt8(ascii: "{")), "seed \(seed), round \(round): \(record)")
            }
        }
    }

    @Test("Nothing is accepted that is not JSON", arguments: [5] as [UInt64])
    func strictness(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for round in 0..<4000 {
            let data = mutate(Self.originals[round % Self.originals.count], &generator)
            guard (try? ZNRecord(decoding: data, path: "p")) != nil else { continue }
            let isJSON = (try? JSONSerialization.jsonObject(with: Data(data))) != nil
            // A lone surrogate is a text to us, with a mark in its place, and none to Foundation.
            #expect(isJSON || text(data).contains("\\ud"), "seed \(seed), round \(round): \(text(data))")
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
