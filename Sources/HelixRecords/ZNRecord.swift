/// The one data format of Helix: three string maps under an id (protocol reference 1).
///
/// Typed views such as `IdealState` read and write it by meaning; fields that they do not know survive a
/// read–modify–write.
public struct ZNRecord: Sendable, Hashable {
    /// Normally the last segment of the znode's path.
    public var id: String
    /// Scalars, all as text.
    public var simpleFields: [String: String]
    /// Lists of texts.
    public var listFields: [String: [String]]
    /// Maps of texts.
    public var mapFields: [String: [String: String]]
    /// Bytes of the application's own; rarely used.
    public var rawPayload: [UInt8]?

    /// A record with the given fields.
    public init(
        id: String, simpleFields: [String: String] = [:], listFields: [String: [String]] = [:],
        mapFields: [String: [String: String]] = [:], rawPayload: [UInt8]? = nil
    ) {
        self.id = id
        self.simpleFields = simpleFields
        self.listFields = listFields
        self.mapFields = mapFields
        self.rawPayload = rawPayload
    }
}
