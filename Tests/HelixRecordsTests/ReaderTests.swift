import HelixRecords
import Testing

@Suite("Reading records piece by piece")
struct ReaderTests {
    private let data = bytes(
        #"{"id":"R","simpleFields":{"a":"1"},"listFields":{"l":["x","y"]},"mapFields":{"p\n0":{"S":"é"},"p1":{}}}"#)

    @Test("Events come in the order of the bytes")
    func order() throws {
        let events = try RecordReader.read(data, path: "p") { (reader: inout RecordReader) throws(RecordError) in
            var events: [String] = []
            while let event = try reader.next() {
                switch event {
                case .id(let id): events.append("id \(id.string)")
                case .section(let section): events.append("\(section)")
                case .simpleField(let key, let value): events.append("\(key.string)=\(value.string)")
                case .list(let key):
                    var elements: [String] = []
                    while let element = try reader.nextElement() { elements.append(element.string) }
                    events.append("\(key.string)=\(elements)")
                case .map(let key):
                    var entries: [String] = []
                    while let (key, value) = try reader.nextEntry() { entries.append("\(key.string):\(value.string)") }
                    events.append("\(key.string)=\(entries)")
                case .rawPayload: events.append("payload")
                }
            }
            return events
        }
        #expect(
            events == [
                "id R", "simpleFields", "a=1", "listFields", "l=[\"x\", \"y\"]", "mapFields", "p\n0=[\"S:é\"]", "p1=[]",
            ])
    }

    @Test("What a consumer leaves unread is skipped, whole or in part")
    func skipping() throws {
        let keys = try RecordReader.read(data, path: "p") { (reader: inout RecordReader) throws(RecordError) in
            var keys: [String] = []
            while let event = try reader.next() {
                switch event {
                case .list(let key):
                    keys.append(key.string)
                    _ = try reader.nextElement()
                case .map(let key): keys.append(key.string)
                default: break
                }
            }
            return keys
        }
        #expect(keys == ["l", "p\n0", "p1"])
    }

    @Test("Entries and elements belong to the field that was announced last")
    func nothingElsewhere() throws {
        try RecordReader.read(data, path: "p") { (reader: inout RecordReader) throws(RecordError) in
            let hasNoEntry = try reader.nextEntry() == nil
            let hasNoElement = try reader.nextElement() == nil
            #expect(hasNoEntry && hasNoElement)
            while let event = try reader.next() {
                guard case .map = event else { continue }
                let isNoList = try reader.nextElement() == nil
                #expect(isNoList)
            }
            let isOver = try reader.next() == nil
            #expect(isOver)
        }
    }

    @Test("A current state goes into columns without dictionaries")
    func columns() throws {
        let data = try currentState(partitions: 100).encoded()
        var partitions: [String] = []
        var masters = 0
        var ends: [Int64] = []
        try RecordReader.read(data, path: "p") { (reader: inout RecordReader) throws(RecordError) in
            while let event = try reader.next() {
                guard case .map(let partition) = event else { continue }
                partitions.append(partition.string)
                while let (key, value) = try reader.nextEntry() {
                    if key == "CURRENT_STATE" { masters += value == "MASTER" ? 1 : 0 }
                    if key == "END_TIME" { ends.append(value.integer ?? -1) }
                }
            }
        }
        #expect(partitions.count == 100)
        #expect(masters == 34)
        #expect(ends.sorted() == (0..<100).map { 1_690_000_000_010 + $0 })
    }

    @Test("A consumer's own error carries the place")
    func fault() throws {
        let error = try #require(throws: RecordError.self) {
            try RecordReader.read(data, path: "here") { (reader: inout RecordReader) throws(RecordError) in
                _ = try reader.next()
                throw reader.fault("no")
            }
        }
        #expect(error == RecordError(path: "here", reason: "byte 9: no"))
    }

    @Test(
        "Numbers are parsed from bytes",
        arguments: [
            ("0", 0), ("-1", -1), ("1690000000000", 1_690_000_000_000), ("9223372036854775807", .max),
            ("-9223372036854775808", .min), ("007", 7), ("", nil), ("-", nil), ("1x", nil), ("+1", nil), (" 1", nil),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("99999999999999999999", nil), ("1.0", nil),
        ] as [(String, Int64?)])
    func integers(text: String, expected: Int64?) throws {
        try RecordReader.read(bytes("{\"id\":\"\(text)\"}"), path: "p") {
            (reader: inout RecordReader) throws(RecordError) in
            guard case .id(let id) = try reader.next() else { throw reader.fault("no id") }
            #expect(id.integer == expected)
        }
    }

    @Test(
        "Texts are compared byte by byte",
        arguments: [
            ("MASTER", true), ("MASTEr", false), ("MASTE", false), ("MASTER2", false), ("", false),
        ])
    func comparison(text: String, isEqual: Bool) throws {
        let data = bytes(
            "{\"id\":\"\(text)\",\"simpleFields\":{\"\(text)\":\"A rather long text\",\"B rather long text\":\"\"}}")
        try RecordReader.read(data, path: "p") { (reader: inout RecordReader) throws(RecordError) in
            guard case .id(let id) = try reader.next(), case .section = try reader.next(),
                case .simpleField(let key, let value) = try reader.next(),
                case .simpleField(let other, _) = try reader.next()
            else { throw reader.fault("another record was expected") }
            #expect((id == "MASTER") == isEqual)
            #expect(id == key)
            #expect(value == "A rather long text")
            #expect(value != other)
        }
    }
}
