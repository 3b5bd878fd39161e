import HelixRecords
import Testing

@Suite("Decoding records")
struct DecodingTests {
    private func decode(_ json: String) throws(RecordError) -> ZNRecord {
        try ZNRecord(decoding: bytes(json), path: "/C/IDEALSTATES/R")
    }

    @Test("A record as Java writes it, with white space and all")
    func java() throws {
        let record = try decode(
            """
            {
              "id" : "R",
              "simpleFields" : {
                "NUM_PARTITIONS" : "2",
                "REPLICAS" : "1"
              },
              "listFields" : {
                "R_0" : [ "a", "b" ],
                "R_1" : [ ]
              },
              "mapFields" : {
                "R_0" : {
                  "a" : "MASTER"
                },
                "R_1" : { }
              }
            }
            """)
        #expect(
            record
                == ZNRecord(
                    id: "R", simpleFields: ["NUM_PARTITIONS": "2", "REPLICAS": "1"],
                    listFields: ["R_0": ["a", "b"], "R_1": []], mapFields: ["R_0": ["a": "MASTER"], "R_1": [:]]))
    }

    @Test(
        "Forms that other writers use",
        arguments: [
            (
                #"{"mapFields":{},"listFields":{},"simpleFields":{"a":"b"},"id":"x"}"#,
                ZNRecord(id: "x", simpleFields: ["a": "b"])
            ),
            (#"{"id":"x"}"#, ZNRecord(id: "x")),
            (#"{}"#, ZNRecord(id: "")),
            ("\u{FEFF}{\"id\":\"x\"}", ZNRecord(id: "x")),
            ("\r\n\t { \"id\"\n:\t\"x\" } \n", ZNRecord(id: "x")),
            (
                #"{"id":null,"simpleFields":null,"listFields":null,"mapFields":null,"rawPayload":null}"#,
                ZNRecord(id: "")
            ),
            (#"{"id":17}"#, ZNRecord(id: "17")),
            (
                #"{"simpleFields":{"i":1469,"n":-0.5e+3,"t":true,"f":false,"z":null,"zero":0}}"#,
                ZNRecord(id: "", simpleFields: ["i": "1469", "n": "-0.5e+3", "t": "true", "f": "false", "zero": "0"])
            ),
            (
                #"{"listFields":{"l":["a",null,1,true],"gone":null}}"#,
                ZNRecord(id: "", listFields: ["l": ["a", "1", "true"]])
            ),
            (
                #"{"mapFields":{"m":{"a":null,"b":2},"gone":null}}"#, ZNRecord(id: "", mapFields: ["m": ["b": "2"]])
            ),
            (#"{"rawPayload":"SGVsaXg="}"#, ZNRecord(id: "", rawPayload: bytes("Helix"))),
            (#"{"rawPayload":"SGVsaXg"}"#, ZNRecord(id: "", rawPayload: bytes("Helix"))),
            (#"{"rawPayload":""}"#, ZNRecord(id: "")),
            (
                #"{"version":3,"x":[{"y":[[],{}]},null,"}"],"id":"x","z":{"a":{"b":"c"},"d":[1]}}"#, ZNRecord(id: "x")
            ),
        ])
    func tolerance(json: String, expected: ZNRecord) throws {
        #expect(try decode(json) == expected)
    }

    @Test(
        "Escapes are resolved",
        arguments: [
            (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{C}\n\r\t"), (#"caf\u00e9"#, "café"), (#"\u00E9\u20ac"#, "é€"),
            (#"\ud83d\ude00!"#, "😀!"), (#"\ud83d"#, "\u{FFFD}"), (#"\ud83dx"#, "\u{FFFD}x"), (#"\ude00"#, "\u{FFFD}"),
            (#"\ud83d\u0041"#, "\u{FFFD}A"), (#"\ud83d\ud83d\ude00"#, "\u{FFFD}😀"), (#"\u0000"#, "\u{0}"),
            ("→ and \\t 😀", "→ and \t 😀"), ("", ""), ("12345678", "12345678"), ("1234567\\n", "1234567\n"),
            ("a long plain text that is longer than any word é", "a long plain text that is longer than any word é"),
        ])
    func escapes(json: String, expected: String) throws {
        let record = try decode("{\"id\":\"\(json)\",\"simpleFields\":{\"\(json)\":\"\(json)\"}}")
        #expect(record.id == expected)
        #expect(record.simpleFields == [expected: expected])
    }

    @Test(
        "Of a key that comes twice the last one counts",
        arguments: [
            (#"{"id":"a","id":"b"}"#, ZNRecord(id: "b")),
            (#"{"simpleFields":{"k":"1","k":"2"}}"#, ZNRecord(id: "", simpleFields: ["k": "2"])),
            (#"{"simpleFields":{"k":"1"},"simpleFields":{"l":"2"}}"#, ZNRecord(id: "", simpleFields: ["l": "2"])),
            (#"{"listFields":{"k":["1"],"k":["2"]}}"#, ZNRecord(id: "", listFields: ["k": ["2"]])),
            (#"{"mapFields":{"k":{"a":"1","a":"2"},"k":{"b":"1"}}}"#, ZNRecord(id: "", mapFields: ["k": ["b": "1"]])),
            (
                #"{"mapFields":{"j":{"a":"1","a":"2"},"k":{"a":"3","a":"4"}}}"#,
                ZNRecord(id: "", mapFields: ["j": ["a": "2"], "k": ["a": "4"]])
            ),
        ])
    func duplicates(json: String, expected: ZNRecord) throws {
        #expect(try decode(json) == expected)
    }

    @Test(
        "What is no record is refused at its byte",
        arguments: [
            ("[]", 0), ("null", 0), ("\"id\"", 0), ("{", 1), ("{\"id\"", 5), ("{\"id\":\"x\"", 9), ("{\"id\":\"x", 8),
            ("{\"id\":\"x\"}}", 10), ("{\"id\":\"x\"} x", 11), ("{\"id\":\"x\"}\u{0}", 10), ("{\"id\":\"x\",}", 10),
            ("{,}", 1), ("{\"id\" \"x\"}", 6), ("{id:\"x\"}", 1), ("{\"id\":x}", 6), ("{\"id\":nul}", 6),
            ("{\"id\":{}}", 6), ("{\"id\":[]}", 6), ("{\"simpleFields\":[]}", 16), ("{\"simpleFields\":\"x\"}", 16),
            ("{\"simpleFields\":{\"a\":{\"b\":\"c\"}}}", 21), ("{\"listFields\":{\"a\":\"b\"}}", 19),
            ("{\"listFields\":{\"a\":[[\"b\"]]}}", 20), ("{\"listFields\":{\"a\":[\"b\" \"c\"]}}", 24),
            ("{\"mapFields\":{\"a\":\"b\"}}", 18), ("{\"mapFields\":{\"a\":{\"b\":{}}}}", 23), ("{\"id\":\"a\nb\"}", 8),
            ("{\"id\":\"a\\x\"}", 9), ("{\"id\":\"\\u12g4\"}", 11), ("{\"id\":-}", 7), ("{\"id\":1.}", 8),
            ("{\"id\":1e}", 8),
            ("{\"id\":01}", 7), ("{\"id\":+1}", 6), ("{\"x\":[1,]}", 8), ("{\"x\":[}", 6), ("{\"x\":{]}", 6),
            ("{\"rawPayload\":\"a\"}", 17), ("{\"rawPayload\":\"a b=\"}", 20),
        ])
    func refusals(json: String, offset: Int) throws {
        let error = try #require(throws: RecordError.self) { try decode(json) }
        #expect(error.path == "/C/IDEALSTATES/R")
        #expect(error.reason.hasPrefix("byte \(offset): "), "\(error)")
        #expect(!error.isEmpty)
    }

    @Test("No data is an error of its own kind, never an empty record")
    func empty() throws {
        let error = try #require(throws: RecordError.self) { try ZNRecord(decoding: [], path: "/C/CONTROLLER") }
        #expect(error.isEmpty)
        #expect(error.description.hasPrefix("/C/CONTROLLER: no data"))
        let blank = try #require(throws: RecordError.self) { try decode("  ") }
        #expect(!blank.isEmpty)
    }

    @Test(
        "Bytes that are no UTF-8 are refused",
        arguments: [
            [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0x80],
        ] as [[UInt8]])
    func encoding(spoilt: [UInt8]) throws {
        let plain = bytes(#"{"id":""#) + spoilt + bytes(#""}"#)
        let escaped = bytes(#"{"id":"\n"#) + spoilt + bytes(#""}"#)
        for data in [plain, escaped] {
            let error = try #require(throws: RecordError.self) { try ZNRecord(decoding: data, path: "p") }
            #expect(error.reason.contains("UTF-8"), "\(error)")
        }
    }

    @Test("Unknown values may be nested, but not without end")
    func depth() throws {
        func nested(_ depth: Int, _ open: String, _ close: String) -> String {
            "{\"x\":" + String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth) + "}"
        }
        #expect(try decode(nested(64, "[", "]")) == ZNRecord(id: ""))
        #expect(try decode(nested(64, "{\"y\":", "}")) == ZNRecord(id: ""))
        for (open, close) in [("[", "]"), ("{\"y\":", "}"), ("[{\"y\":", "}]")] {
            #expect(throws: RecordError.self) { try decode(nested(65, open, close)) }
            #expect(throws: RecordError.self) { try decode(nested(100_000, open, close)) }
        }
        #expect(throws: RecordError.self) { try decode("{\"x\":[{\"y\":1]}}") }
    }
}
