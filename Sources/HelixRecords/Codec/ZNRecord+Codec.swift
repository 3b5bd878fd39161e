extension ZNRecord {
    /// Decodes a znode's data: JSON, or gzip of it (protocol reference 1.1, 1.4).
    ///
    /// Tolerant in form (order, white space, numbers and booleans for texts, nulls, missing maps and id, unknown keys
    /// at the top) and strict in substance: what cannot be understood is an error, never an empty record.
    /// - Throws: `RecordError` when the data is no record, with the byte that is wrong; `isEmpty` when there is none.
    public init(decoding data: [UInt8], path: String) throws(RecordError) {
        self = try RecordReader.read(data, path: path) { reader throws(RecordError) in
            try ZNRecord(reading: &reader)
        }
    }

    private init(reading reader: inout RecordReader) throws(RecordError) {
        self.init(id: "")
        var template = MapTemplate()
        while let event = try reader.next() {
            switch event {
            case .id(let text): id = text.string
            case .section(.simpleFields): simpleFields = [:]
            case .section(.listFields): listFields = [:]
            case .section(.mapFields): mapFields = [:]
            case .simpleField(let key, let value): simpleFields[key.string] = value.string
            case .list(let key): listFields[key.string] = try Self.list(&reader)
            case .map(let key): mapFields[key.string] = try template.next(&reader)
            case .rawPayload(let text):
                guard let payload = Base64.decode(text.bytes) else {
                    throw reader.fault("the raw payload is not base64; write it again")
                }
                rawPayload = payload.isEmpty ? nil : payload
            }
        }
    }

    private static func list(_ reader: inout RecordReader) throws(RecordError) -> [String] {
        var list: [String] = []
        while let element = try reader.nextElement() { list.append(element.string) }
        return list
    }

    /// Encodes the record as compact JSON with its keys sorted: the id and all three maps always, the raw payload if
    /// there is one. The simple field `listField.bound` cuts every list, `enableCompression` asks for gzip (protocol
    /// reference 1.1, 1.4, 1.5).
    /// - Parameters:
    ///   - path: the znode, for the error; the record's id when it is not given.
    ///   - limits: the sizes at which to compress and to refuse.
    /// - Throws: `RecordError` when the result is larger than the write limit.
    public func encoded(path: String? = nil, limits: RecordLimits = .standard) throws(RecordError) -> [UInt8] {
        var writer = JSONWriter()
        appendHead(to: &writer)
        writer.appendObject(mapFields) { $0.appendObject($1) { $0.appendText($1) } }
        if let rawPayload, !rawPayload.isEmpty {
            writer.append(",\"rawPayload\":\"")
            Base64.encode(rawPayload, into: &writer.bytes)
            writer.append("\"")
        }
        writer.append("}")
        return try limits.finish(writer.bytes, compress: asksForCompression, path: path ?? id)
    }

    /// Everything up to the map fields' value.
    func appendHead(to writer: inout JSONWriter) {
        writer.append("{\"id\":")
        writer.appendText(id)
        writer.append(",\"simpleFields\":")
        writer.appendObject(simpleFields) { $0.appendText($1) }
        writer.append(",\"listFields\":")
        let bound = self[count: "listField.bound"] ?? .max
        writer.appendObject(listFields) { $0.appendArray($1.prefix(bound)) }
        writer.append(",\"mapFields\":")
    }

    var asksForCompression: Bool { bool("enableCompression") ?? false }
}

/// The sizes, in bytes, at which encoded records are compressed and refused (protocol reference 1.4).
public struct RecordLimits: Sendable, Hashable {
    /// What a znode may hold at most, after compression.
    public var writeLimit: Int
    /// Above this size a record is compressed even if it does not ask for it.
    public var compressionThreshold: Int

    /// - Parameters:
    ///   - writeLimit: 1,024,000 bytes unless set, as in Helix; the ensemble's `jute.maxbuffer` must be at least as
    ///     large.
    ///   - compressionThreshold: the write limit unless set; never above it.
    public init(writeLimit: Int = 1_024_000, compressionThreshold: Int? = nil) {
        self.writeLimit = writeLimit
        self.compressionThreshold = min(compressionThreshold ?? writeLimit, writeLimit)
    }

    /// The limits of an ensemble and of readers that nobody has configured.
    public static let standard = RecordLimits()

    /// Compresses the bytes where that is due, and refuses them where they are too many.
    func finish(_ json: [UInt8], compress: Bool, path: String) throws(RecordError) -> [UInt8] {
        let data = compress || json.count > compressionThreshold ? try Gzip.deflate(json, path: path) : json
        guard data.count <= writeLimit else {
            throw RecordError(
                path: path,
                reason: "the record takes \(data.count) bytes compressed (\(json.count) before), the limit is "
                    + "\(writeLimit); spread the resource over buckets (BUCKET_SIZE; helix resource spread), or, if it has "
                    + "some, choose smaller ones")
        }
        return data
    }
}
