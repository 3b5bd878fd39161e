import Glibc
import HelixRecords
import HelixSimulation
import TestSupport
import Testing

@Suite("Fields and their forms")
struct FieldTests {
    @Test(
        "Booleans are true or false in any case, and nothing else",
        arguments: [
            ("true", true), ("TRUE", true), ("False", false), ("yes", nil), ("1", nil), ("", nil), (" true", nil),
        ] as [(String, Bool?)])
    func booleans(text: String, expected: Bool?) {
        let record = ZNRecord(id: "r", simpleFields: ["k": text])
        #expect(record.bool("k") == expected)
        #expect(record[bool: "k", default: true] == expected ?? true)
        #expect(record[bool: "k", default: false] == expected ?? false)
    }

    @Test(
        "Numbers are decimal, and negative ones mean nothing where a count is wanted",
        arguments: [
            ("0", 0, 0), ("12", 12, 12), ("-1", -1, nil), ("1.5", nil, nil), ("x", nil, nil), ("", nil, nil),
            ("99999999999999999999", nil, nil),
        ] as [(String, Int?, Int?)])
    func numbers(text: String, int: Int?, count: Int?) {
        let record = ZNRecord(id: "r", simpleFields: ["k": text])
        #expect(record[int: "k"] == int)
        #expect(record[count: "k"] == count)
        #expect(record[milliseconds: "k"] == count.map { .milliseconds($0) })
    }

    @Test("Setting nothing removes a field")
    func removal() {
        var record = ZNRecord(
            id: "r", simpleFields: ["a": "1", "b": "1", "c": "1", "d": "1"], listFields: ["l": ["x"]])
        record[int: "a"] = nil
        record[name: "b"] = nil
        record[milliseconds: "c"] = nil
        record[timestamp: "d"] = nil
        record[list: "l"] = []
        record[counts: "m"] = [:]
        #expect(record == ZNRecord(id: "r"))
    }

    @Test(
        "Durations are whole milliseconds of any size",
        arguments: [
            (Duration.milliseconds(1500), "1500"), (.seconds(5), "5000"), (.microseconds(2999), "2"), (.zero, "0"),
            (.milliseconds(Int64.max), "9223372036854775807"), (.seconds(Int64.max), "9223372036854775807"),
        ])
    func durations(duration: Duration, text: String) {
        #expect(duration.wireMilliseconds == text)
        #expect(Duration(wireMilliseconds: text) == .milliseconds(Int64(text) ?? -1))
        #expect(Duration(wireMilliseconds: "-\(text)") == (text == "0" ? .zero : nil))
    }

    @Test(
        "Names are ordered as people count",
        arguments: [
            (["R_10", "R_2", "R_1"], ["R_1", "R_2", "R_10"]), (["b", "a_2", "a_11", "a"], ["a", "a_2", "a_11", "b"]),
            (["x007", "x7", "x07", "x8"], ["x007", "x07", "x7", "x8"]), (["10", "9", ""], ["", "9", "10"]),
            (["é_2", "é_1", "z_1"], ["z_1", "é_1", "é_2"]),
            (
                ["n_99999999999999999999999", "n_100000000000000000000000"],
                ["n_99999999999999999999999", "n_100000000000000000000000"]
            ),
            (["a_0", "a_00", "a_"], ["a_", "a_0", "a_00"]),
        ])
    func naturalOrder(names: [String], sorted: [String]) {
        #expect(names.naturallySorted() == sorted)
        #expect(names.reversed().naturallySorted() == sorted)
    }

    @Test("The natural order is total", arguments: [5] as [UInt64])
    func totalOrder(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("ab01290_é")
        let names = (0..<60).map { _ in
            String(
                (0..<Int.random(in: 0...5, using: &generator)).compactMap { _ in
                    alphabet.randomElement(using: &generator)
                })
        }
        let keys = names.map(NaturalKey.init)
        for a in keys {
            for b in keys {
                #expect([a < b, b < a, a == b].filter { $0 }.count == 1, "seed \(seed): \(a.name), \(b.name)")
                for c in keys where a < b && b < c { #expect(a < c, "seed \(seed): \(a.name), \(b.name), \(c.name)") }
            }
        }
    }

    @Test(
        "Points in time in the three forms of the wire",
        arguments: [
            (0, "1970-01-01-00:00:00", "1970-01-01T00:00:00:000", "1970-01-01T00:00:00.000Z"),
            (1_709_210_096_007, "2024-02-29-12:34:56", "2024-02-29T12:34:56:007", "2024-02-29T12:34:56.007Z"),
            (-1, "1969-12-31-23:59:59", "1969-12-31T23:59:59:999", "1969-12-31T23:59:59.999Z"),
            (4_107_542_399_999, "2100-02-28-23:59:59", "2100-02-28T23:59:59:999", "2100-02-28T23:59:59.999Z"),
        ] as [(Int64, String, String, String)])
    func times(milliseconds: Int64, history: String, offline: String, iso: String) {
        let time = WireTime(milliseconds: milliseconds)
        #expect([time.historyText, time.offlineText, time.isoText] == [history, offline, iso])
        #expect(WireTime(offlineText: offline) == time)
    }

    @Test(
        "What is no date is read as none",
        arguments: [
            "", "x", "2024-02-29", "2024-02-29T12:34:56.007", "2024-02-29T12:34:56:0070", "2023-02-29T12:34:56:007",
            "2024-13-01T00:00:00:000", "2024-01-01T24:00:00:000", "2024-01-01T00:60:00:000", "2024-00-10T00:00:00:000",
            "+024-01-01T00:00:00:000", "2024-01-01T00:00:00:0\u{663}",
        ])
    func noDate(text: String) {
        #expect(WireTime(offlineText: text) == nil)
    }

    @Test("Dates agree with the C library", arguments: [6] as [UInt64])
    func dates(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let seconds = Int.random(in: -50_000_000_000...200_000_000_000, using: &generator)
            var time = seconds
            var fields = tm()
            gmtime_r(&time, &fields)
            var buffer = [CChar](repeating: 0, count: 64)
            let count = strftime(&buffer, buffer.count, "%Y-%m-%d-%H:%M:%S", &fields)
            let expected = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard fields.tm_year + 1900 >= 1000 else { continue }
            let found = WireTime(milliseconds: Int64(seconds) * 1000 + 999).historyText
            #expect(found == expected, "seed \(seed): \(seconds)")
        }
    }

    @Test(
        "Flat objects in texts",
        arguments: [
            (#"{"A":"1","B":2,"C":true,"D":null}"#, ["A": "1", "B": "2", "C": "true"]), ("{}", [:]), (" { } ", [:]),
        ])
    func flatObjects(text: String, expected: [String: String]) throws {
        #expect(try FlatObject.decode(text, of: "X") == expected)
        let members = expected.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
        #expect(try FlatObject.decode(FlatObject.encode(members), of: "X") == expected)
    }

    @Test(
        "What is no flat object is refused in its owner's name", arguments: ["", "[]", "{\"A\":{}}", "{\"A\":1}x", "A"])
    func noFlatObjects(text: String) throws {
        #expect(try #require(throws: RecordError.self) { try FlatObject.decode(text, of: "X") }.path == "X")
    }
}
