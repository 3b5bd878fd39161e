public import HelixRecords
public import HelixSimulation

extension SeededGenerator {
    /// A text that JSON may have trouble with.
    public mutating func text(upTo length: Int = 12) -> String {
        let alphabet: [Unicode.Scalar] = [
            "a", "B", "7", "_", " ", "\"", "\\", "/", "\n", "\t", "\u{1}", "\u{1F}", "\u{7F}", "é", "ß", "→", "😀",
            "\u{FFFF}",
            "{", "}", ":", ",", "\u{0}", "\u{2028}",
        ]
        let count = Int.random(in: 0...length, using: &self)
        return String(
            String.UnicodeScalarView((0..<count).compactMap { _ in alphabet.randomElement(using: &self) }))
    }

    private mutating func dictionary<Value>(_ value: (inout SeededGenerator) -> Value) -> [String: Value] {
        var dictionary: [String: Value] = [:]
        for _ in 0..<Int.random(in: 0...4, using: &self) { dictionary[text()] = value(&self) }
        return dictionary
    }

    /// A record with anything in it.
    public mutating func record() -> ZNRecord {
        let payload = (0..<Int.random(in: 0...7, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
        return ZNRecord(
            id: text(), simpleFields: dictionary { $0.text(upTo: 40) },
            listFields: dictionary { generator in
                (0..<Int.random(in: 0...3, using: &generator)).map { _ in generator.text() }
            },
            mapFields: dictionary { $0.dictionary { $0.text() } },
            rawPayload: payload.isEmpty ? nil : payload)
    }
}
