/// An order, a request or a reply: `/INSTANCES/I/MESSAGES/ID` and `/CONTROLLER/MESSAGES/ID` (protocol reference 4.9).
public struct Message: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

    /// A new message.
    public init(id: String, type: MessageType) {
        self.init(
            record: ZNRecord(
                id: id, simpleFields: ["MSG_ID": id, "MSG_TYPE": type.rawValue, "MSG_STATE": MessageState.new.rawValue])
        )
    }

    /// The text that stands for any session, and for any state to begin in.
    public static let any = "*"
    /// The target of messages to the controller.
    public static let controllerTarget = "CONTROLLER"

    // MARK: What and how far

    /// MSG_TYPE; the empty text where it is missing.
    public var messageType: MessageType {
        get { MessageType(rawValue: record.simpleFields["MSG_TYPE"] ?? "") }
        set { record.simpleFields["MSG_TYPE"] = newValue.rawValue }
    }

    /// MSG_SUBTYPE.
    public var messageSubtype: String? {
        get { record[name: "MSG_SUBTYPE"] }
        set { record[name: "MSG_SUBTYPE"] = newValue }
    }

    /// MSG_STATE: read in any case, written in lower case, `.new` when it is missing. A text that stands for no state
    /// reads as `.unprocessable`.
    public var messageState: MessageState {
        get {
            guard let text = record[name: "MSG_STATE"] else { return .new }
            return MessageState(rawValue: text.lowercased()) ?? .unprocessable
        }
        set { record.simpleFields["MSG_STATE"] = newValue.rawValue }
    }

    /// CREATE_TIMESTAMP, ms since 1970; `nil` when it is missing, no number or not positive.
    public var createdAt: Int64? {
        get { record[timestamp: "CREATE_TIMESTAMP"].flatMap { $0 > 0 ? $0 : nil } }
        set { record[timestamp: "CREATE_TIMESTAMP"] = newValue }
    }

    /// READ_TIMESTAMP, ms since 1970: when the receiver took it.
    public var readAt: Int64? {
        get { record[timestamp: "READ_TIMESTAMP"].flatMap { $0 > 0 ? $0 : nil } }
        set { record[timestamp: "READ_TIMESTAMP"] = newValue }
    }

    /// COMPLETION_DUE_TIMESTAMP, ms since 1970: when it is expected to be done, for metrics.
    public var completionDueAt: Int64? {
        get { record[timestamp: "COMPLETION_DUE_TIMESTAMP"].flatMap { $0 > 0 ? $0 : nil } }
        set { record[timestamp: "COMPLETION_DUE_TIMESTAMP"] = newValue }
    }

    // MARK: Whose

    /// EXE_SESSION_ID: the session that took it.
    public var executingSession: String? {
        get { record[name: "EXE_SESSION_ID"] }
        set { record[name: "EXE_SESSION_ID"] = newValue }
    }

    /// SRC_NAME: the sender.
    public var source: String? {
        get { record[name: "SRC_NAME"] }
        set { record[name: "SRC_NAME"] = newValue }
    }

    /// SRC_SESSION_ID: the sender's session.
    public var sourceSession: String? {
        get { record[name: "SRC_SESSION_ID"] }
        set { record[name: "SRC_SESSION_ID"] = newValue }
    }

    /// SRC_INSTANCE_TYPE: where a reply goes; PARTICIPANT unless set.
    public var sourceType: String {
        get { record[name: "SRC_INSTANCE_TYPE"] ?? "PARTICIPANT" }
        set { record[name: "SRC_INSTANCE_TYPE"] = newValue }
    }

    /// SRC_CLUSTER: the sender's cluster, where it is not this one.
    public var sourceCluster: String? {
        get { record[name: "SRC_CLUSTER"] }
        set { record[name: "SRC_CLUSTER"] = newValue }
    }

    /// TGT_NAME: the receiver, or `CONTROLLER`.
    public var target: String? {
        get { record[name: "TGT_NAME"] }
        set { record[name: "TGT_NAME"] = newValue }
    }

    /// TGT_SESSION_ID: the receiver's session as its live instance's record spells it, or `*` for any.
    public var targetSession: String? {
        get { record[name: "TGT_SESSION_ID"] }
        set { record[name: "TGT_SESSION_ID"] = newValue }
    }

    // MARK: Replies and expiry

    /// CORRELATION_ID: where it is set, the sender waits for a reply that repeats it.
    public var correlationID: String? {
        get { record[name: "CORRELATION_ID"] }
        set { record[name: "CORRELATION_ID"] = newValue }
    }

    /// MESSAGE_RESULT: what a reply says.
    public var messageResult: [String: String] {
        get { record.mapFields["MESSAGE_RESULT"] ?? [:] }
        set { record.mapFields["MESSAGE_RESULT"] = newValue }
    }

    /// EXPIRY_PERIOD: how long the message is good for; `nil` means for ever.
    public var expiryPeriod: Duration? {
        get { record[milliseconds: "EXPIRY_PERIOD"] }
        set { record[milliseconds: "EXPIRY_PERIOD"] = newValue }
    }

    /// Whether the message is too old: its expiry period counts from its creation, that of a relayed message from the
    /// moment in which it was relayed.
    /// - Parameter now: ms since 1970.
    public func isExpired(at now: Int64) -> Bool {
        guard let expiryPeriod, let start = isRelay ? relayTime : createdAt else { return false }
        let (end, overflow) = start.addingReportingOverflow(expiryPeriod.milliseconds)
        return !overflow && end < now
    }
}
