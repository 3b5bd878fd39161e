/// Changes to bytes that were a record once.
enum ByteMutation {
    private static let tokens: [[UInt8]] =
        [
            "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u", "\\ud83d", "\\u0000", "null", "true", "1e9", "-0.5E+7",
            "\"id\":", "\"simpleFields\":{", "\"listFields\":{", "\"mapFields\":{", "\"rawPayload\":\"", "\u{0}", "é",
            "-", "e\u{301}", " \n\t", "\"REPLICAS\":3", "99999999999999999999999999", "\u{FEFF}",
        ].map { Array($0.utf8) }

    /// What is no UTF-8: cut short, too long, surrogates, beyond the last character.
    private static let brokenUTF8: [[UInt8]] = [
        [0x80], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80],
        [0xED, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xFF, 0xFE], [0xF8, 0x88, 0x80, 0x80, 0x80],
    ]

    /// A few bytes changed, left out, put in, doubled or moved.
    static func apply(to data: inout [UInt8], _ generator: inout some RandomNumberGenerator) {
        for _ in 0..<Int.random(in: 1...3, using: &generator) { step(&data, &generator) }
    }

    private static func step(_ data: inout [UInt8], _ generator: inout some RandomNumberGenerator) {
        let place = data.isEmpty ? 0 : Int.random(in: 0..<data.count, using: &generator)
        let end = min(data.count, place + Int.random(in: 0...8, using: &generator))
        switch Int.random(in: 0..<8, using: &generator) {
        case 0 where !data.isEmpty: data[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1 where !data.isEmpty: data[place] = UInt8.random(in: 0...255, using: &generator)
        case 2: data.removeSubrange(place..<end)
        case 3: data.insert(contentsOf: data[place..<end], at: place)
        case 4: data.removeSubrange(place...)
        case 5: data.insert(contentsOf: generator.pick(brokenUTF8), at: place)
        default: data.insert(contentsOf: generator.pick(tokens), at: place)
        }
    }

    /// Bytes or tokens that were never a record.
    static func noise(_ generator: inout some RandomNumberGenerator) -> [UInt8] {
        var data: [UInt8] = generator.pick([[], Array("{".utf8), [0x1F, 0x8B, 0x08], [0xEF, 0xBB, 0xBF]])
        let isText = Bool.random(using: &generator)
        for _ in 0..<Int.random(in: 0...16, using: &generator) {
            data += isText ? generator.pick(tokens) : [UInt8.random(in: 0...255, using: &generator)]
        }
        return data
    }

    /// A value of an unknown key that is nested without end, closed or not.
    static func depthBomb(_ generator: inout some RandomNumberGenerator) -> [UInt8] {
        let depth = generator.pick([63, 64, 65, 1000, 100_000])
        let (open, close) = generator.pick([("[", "]"), ("{\"a\":", "}")])
        let inside = String(repeating: open, count: depth) + (open == "[" ? "" : "1")
        let end = Bool.random(using: &generator) ? String(repeating: close, count: depth) + "}" : ""
        return Array(("{\"id\":\"a\",\"" + generator.pick(["x", "id", "mapFields"]) + "\":" + inside + end).utf8)
    }

    /// A number that fits no integer, as a value.
    static func hugeNumber(_ generator: inout some RandomNumberGenerator) -> [UInt8] {
        let digits = String(repeating: "9", count: generator.pick([19, 20, 400, 50_000]))
        let number = generator.pick([digits, "-\(digits)", "1e\(digits)", "0.\(digits)", "-1E-\(digits)"])
        return Array(#"{"id":"a","simpleFields":{"BUCKET_SIZE":\#(number),"listField.bound":\#(number)}}"#.utf8)
    }
}
