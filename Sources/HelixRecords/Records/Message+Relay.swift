// Messages that one participant passes on to another (protocol reference 4.9.4).
extension Message {
    private static let relayedSubtype = "RELAYED_MESSAGE"

    /// Whether the message has been, or will be, passed on by a participant.
    public var isRelay: Bool { messageSubtype == Self.relayedSubtype }

    /// RELAY_MSG_ID: the name that a relayed message gets in its receiver's queue.
    public var relayID: String? {
        get { record[name: "RELAY_MSG_ID"] }
        set { record[name: "RELAY_MSG_ID"] = newValue }
    }

    /// RELAY_FROM: the instance that passes the message on.
    public var relayFrom: String? {
        get { record[name: "RELAY_FROM"] }
        set { record[name: "RELAY_FROM"] = newValue }
    }

    /// RELAY_TIME, ms since 1970: when it was passed on.
    public var relayTime: Int64? {
        get { record[timestamp: "RELAY_TIME"].flatMap { $0 > 0 ? $0 : nil } }
        set { record[timestamp: "RELAY_TIME"] = newValue }
    }

    /// The messages to pass on once this one is done, in the order in which they are attached. An instance that is
    /// listed without a message is left out.
    public var relayMessages: [(instance: String, message: Message)] {
        record[list: "RELAY_PARTICIPANTS"].compactMap { instance in
            record.mapFields[instance].map { fields in
                let id = fields["RELAY_MSG_ID"] ?? fields["MSG_ID"] ?? ""
                var message = Message(record: ZNRecord(id: id, simpleFields: fields))
                message.target = instance
                return (instance, message)
            }
        }
    }

    /// Notes in the attached messages when they were passed on, in ms since 1970.
    public mutating func setRelayTime(_ time: Int64) {
        for instance in record[list: "RELAY_PARTICIPANTS"] where record.mapFields[instance] != nil {
            record.mapFields[instance]?["RELAY_TIME"] = String(time)
        }
    }

    /// Takes out what is attached for an instance.
    public mutating func detach(relayTo instance: String) {
        record[list: "RELAY_PARTICIPANTS"].removeAll { $0 == instance }
        record.mapFields[instance] = nil
    }

    /// Attaches a message that the receiver of this one is to pass on.
    /// - Parameter expiry: how long after being passed on it is good for; 5 s as in Helix unless told.
    public mutating func attach(_ message: Message, relayingTo instance: String, expiry: Duration = .seconds(5)) {
        var relayed = message
        relayed.relayID = message.id
        relayed.messageSubtype = Self.relayedSubtype
        relayed.relayFrom = target
        relayed.expiryPeriod = expiry
        if record.mapFields.updateValue(relayed.record.simpleFields, forKey: instance) == nil {
            record[list: "RELAY_PARTICIPANTS"].append(instance)
        }
    }
}
