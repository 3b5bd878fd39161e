/// What comes next at the top level of a record, or in one of its three maps.
package enum RecordEvent {
    /// The record's id.
    case id(ByteText)
    /// A map of the record begins; it replaces all that an earlier one of the same kind has delivered.
    case section(RecordSection)
    /// A simple field.
    case simpleField(ByteText, ByteText)
    /// A list field begins: its elements come from `RecordReader.nextElement()`.
    case list(ByteText)
    /// A map field begins: its entries come from `RecordReader.nextEntry()`.
    case map(ByteText)
    /// The raw payload, in base64.
    case rawPayload(ByteText)
}

/// The three maps of a record.
package enum RecordSection {
    case simpleFields
    case listFields
    case mapFields
}

/// Reads a record piece by piece, in the order of its bytes, without building any collection.
///
/// ```swift
/// try RecordReader.read(data, path: path) { reader throws(RecordError) in
///     while let event = try reader.next() {
///         guard case .map(let partition) = event else { continue }
///         while let (key, value) = try reader.nextEntry() { … }
///     }
/// }
/// ```
///
/// Tolerant as the other readers of the format are: any order of keys and any white space, numbers and booleans as
/// text, nulls as if they were absent, unknown keys at the top skipped. A key that comes twice is delivered
/// twice: the last one counts. What an event leaves unread is skipped by the next call.
package struct RecordReader: ~Copyable {
    private enum Place {
        case start
        case top
        case simpleFields
        case listFields
        case mapFields
        case list
        case map
        case end
    }

    private var scanner: JSONScanner
    private var place = Place.start
    /// Whether the object or array that the scanner is in has delivered nothing yet.
    private var isFirst = true

    private init(_ bytes: UnsafeRawBufferPointer, path: String) { scanner = JSONScanner(bytes, path: path) }

    /// Reads a znode's data; gzip is inflated first.
    /// - Throws: `RecordError` when the data is no record, or what `body` throws.
    package static func read<Result>(
        _ data: [UInt8], path: String, _ body: (inout RecordReader) throws(RecordError) -> Result
    ) throws(RecordError) -> Result {
        if data.isEmpty { throw .empty(path) }
        if Gzip.isCompressed(data) { return try scan(try Gzip.inflate(data, path: path), path: path, body) }
        return try scan(data, path: path, body)
    }

    private static func scan<Result>(
        _ data: [UInt8], path: String, _ body: (inout RecordReader) throws(RecordError) -> Result
    ) throws(RecordError) -> Result {
        try data.withUnsafeBufferPointer { bytes throws(RecordError) in
            var reader = RecordReader(UnsafeRawBufferPointer(bytes), path: path)
            return try body(&reader)
        }
    }

    /// The next event, `nil` after the last.
    /// - Throws: `RecordError` with the byte at which the data stops being a record.
    package mutating func next() throws(RecordError) -> RecordEvent? {
        while true {
            switch place {
            case .map: while try nextEntry() != nil {}
            case .list: while try nextElement() != nil {}
            case .simpleFields: if let event = try simpleField() { return event }
            case .listFields: if let event = try listField() { return event }
            case .mapFields: if let event = try mapField() { return event }
            case .start:
                try scanner.expect("{", "to begin a record")
                enter(.top)
            case .top: if let event = try topMember() { return event }
            case .end: return nil
            }
        }
    }

    /// The next entry of the map field that `next()` has just announced, `nil` after its last.
    package mutating func nextEntry() throws(RecordError) -> (key: ByteText, value: ByteText)? {
        guard place == .map else { return nil }
        while let key = try scanner.key(isFirst: isFirst) {
            isFirst = false
            if let value = try scanner.scalar("the value of a map field") { return (key, value) }
        }
        leave(to: .mapFields)
        return nil
    }

    /// The next element of the list field that `next()` has just announced, `nil` after its last.
    package mutating func nextElement() throws(RecordError) -> ByteText? {
        guard place == .list else { return nil }
        while try scanner.hasElement(isFirst: isFirst) {
            isFirst = false
            if let element = try scanner.scalar("an element of a list field") { return element }
        }
        leave(to: .listFields)
        return nil
    }

    private mutating func enter(_ place: Place) {
        self.place = place
        isFirst = true
    }

    private mutating func leave(to place: Place) {
        self.place = place
        isFirst = false
    }

    private mutating func topMember() throws(RecordError) -> RecordEvent? {
        guard let key = try scanner.key(isFirst: isFirst) else {
            guard scanner.peek() == 0, scanner.offset == scanner.end else {
                throw scanner.unexpected("nothing after the record")
            }
            place = .end
            return nil
        }
        isFirst = false
        if key == "id" { return try scanner.scalar("the id").map { .id($0) } }
        if key == "rawPayload" { return try scanner.scalar("the raw payload").map { .rawPayload($0) } }
        if key == "simpleFields" { return try section(.simpleFields, .simpleFields) }
        if key == "listFields" { return try section(.listFields, .listFields) }
        if key == "mapFields" { return try section(.mapFields, .mapFields) }
        try scanner.skipValue()
        return nil
    }

    private mutating func section(_ section: RecordSection, _ place: Place) throws(RecordError) -> RecordEvent? {
        if try scanner.consumeNull() { return nil }
        try scanner.expect("{", "to begin \(section)")
        enter(place)
        return .section(section)
    }

    private mutating func simpleField() throws(RecordError) -> RecordEvent? {
        while let key = try scanner.key(isFirst: isFirst) {
            isFirst = false
            if let value = try scanner.scalar("the value of a simple field") { return .simpleField(key, value) }
        }
        leave(to: .top)
        return nil
    }

    private mutating func listField() throws(RecordError) -> RecordEvent? {
        while let key = try scanner.key(isFirst: isFirst) {
            isFirst = false
            if try scanner.consumeNull() { continue }
            try scanner.expect("[", "to begin a list field")
            enter(.list)
            return .list(key)
        }
        leave(to: .top)
        return nil
    }

    private mutating func mapField() throws(RecordError) -> RecordEvent? {
        while let key = try scanner.key(isFirst: isFirst) {
            isFirst = false
            if try scanner.consumeNull() { continue }
            try scanner.expect("{", "to begin a map field")
            enter(.map)
            return .map(key)
        }
        leave(to: .top)
        return nil
    }

    /// An error at the reader's place, for a consumer that cannot use what it was given.
    package func fault(_ reason: String) -> RecordError { scanner.fault(reason) }
}
