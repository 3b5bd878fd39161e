import Foundation

extension ZNRecord {
    /// Decodes a znode's data.
    /// - Throws: `RecordError` when the data is no record.
    public init(decoding data: [UInt8], path: String) throws(RecordError) {
        // Placeholder until the streaming codec lands.
        guard let object = try? JSONSerialization.jsonObject(with: Data(data)) as? [String: Any] else {
            throw RecordError(path: path, reason: "the data is not a JSON object")
        }
        self.init(
            id: object["id"] as? String ?? "",
            simpleFields: object["simpleFields"] as? [String: String] ?? [:],
            listFields: object["listFields"] as? [String: [String]] ?? [:],
            mapFields: object["mapFields"] as? [String: [String: String]] ?? [:])
    }

    /// Encodes the record as Helix writes it, keys sorted.
    /// - Throws: `RecordError` when it is larger than the write limit.
    public func encoded() throws(RecordError) -> [UInt8] {
        let object: [String: Any] = [
            "id": id, "simpleFields": simpleFields, "listFields": listFields, "mapFields": mapFields,
        ]
        guard let data = try? JSONSerialization.data(withJSONObject: object, options: .sortedKeys) else {
            throw RecordError(path: id, reason: "cannot be encoded")
        }
        return [UInt8](data)
    }
}
