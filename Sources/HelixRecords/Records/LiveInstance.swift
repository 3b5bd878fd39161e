/// An instance that is there now, or the leading controller: the ephemeral `/LIVEINSTANCES/I` and
/// `/CONTROLLER/LEADER` (protocol reference 4.6, 4.11).
public struct LiveInstance: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

    /// The version that we write: what a Java controller needs to see to send everything that we understand.
    public static let currentVersion = "2.0.1"

    /// The record of an instance that joins.
    /// - Parameters:
    ///   - instance: the instance's, or the controller's, name.
    ///   - sessionID: its session as text, see ``sessionID``.
    ///   - process: `pid@host`, for people.
    public static func make(instance: String, sessionID: String, process: String) -> LiveInstance {
        LiveInstance(
            record: ZNRecord(
                id: instance,
                simpleFields: [
                    "SESSION_ID": sessionID, "HELIX_VERSION": currentVersion, "LIVE_INSTANCE": process,
                ]))
    }

    /// SESSION_ID, an opaque text: Java writes the session in hexadecimal, ports write it in decimal or with `0x`. It
    /// is the name of the instance's current states and the target of its messages as it stands here.
    public var sessionID: String? {
        get { record[name: "SESSION_ID"] }
        set { record[name: "SESSION_ID"] = newValue }
    }

    /// HELIX_VERSION.
    public var helixVersion: String? {
        get { record[name: "HELIX_VERSION"] }
        set { record[name: "HELIX_VERSION"] = newValue }
    }

    /// LIVE_INSTANCE, `pid@host`.
    public var process: String? {
        get { record[name: "LIVE_INSTANCE"] }
        set { record[name: "LIVE_INSTANCE"] = newValue }
    }

    /// STATUS: whether the participant is frozen and takes no transitions.
    public var isFrozen: Bool {
        get { record.simpleFields["STATUS"] == "FROZEN" }
        set { record.simpleFields["STATUS"] = newValue ? "FROZEN" : nil }
    }

    /// BATCH_MESSAGES_ACCEPTED, ours: whether the participant wants transitions of one kind in one message. Clients of
    /// other makes never set it.
    public var acceptsBatchMessages: Bool {
        get { record[bool: "BATCH_MESSAGES_ACCEPTED", default: false] }
        set { record.simpleFields["BATCH_MESSAGES_ACCEPTED"] = newValue ? "true" : nil }
    }
}
