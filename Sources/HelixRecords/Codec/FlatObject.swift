/// A JSON object of texts inside one text, as instance operations, throttles and maintenance entries are stored.
package enum FlatObject {
    /// - Throws: `RecordError` when the text is not one flat object; `owner` says whose it is.
    package static func decode(_ text: String, of owner: String) throws(RecordError) -> [String: String] {
        var text = text
        // withUTF8 cannot carry a typed error.
        let result: Result<[String: String], RecordError> = text.withUTF8 { units in
            Result { () throws(RecordError) in try scan(UnsafeRawBufferPointer(units), owner) }
        }
        return try result.get()
    }

    private static func scan(_ bytes: UnsafeRawBufferPointer, _ owner: String) throws(RecordError) -> [String: String] {
        var scanner = JSONScanner(bytes, path: owner)
        var object: [String: String] = [:]
        try scanner.expect("{", "to begin an object")
        var isFirst = true
        while let key = try scanner.key(isFirst: isFirst) {
            isFirst = false
            if let value = try scanner.scalar("a value") { object[key.string] = value.string }
        }
        guard scanner.peek() == 0, scanner.offset == scanner.end else { throw scanner.unexpected("nothing more") }
        return object
    }

    /// A compact object with the members in the given order.
    package static func encode(_ members: [(key: String, value: String)]) -> String {
        var writer = JSONWriter()
        for (index, member) in members.enumerated() {
            writer.append(index == 0 ? "{" : ",")
            writer.appendText(member.key)
            writer.append(":")
            writer.appendText(member.value)
        }
        writer.append(members.isEmpty ? "{}" : "}")
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
