import HelixRecords

extension SeededGenerator {
    /// A text that JSON may have trouble with.
    mutating func text(upTo length: Int = 12) -> String {
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
    mutating func record() -> ZNRecord {
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

/// The bytes of a text.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The text of bytes that are known to be one.
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// A current state as a participant of a busy cluster writes it.
func currentState(partitions: Int) -> CurrentState {
    var state = CurrentState(resource: "orders", sessionID: "100000abcdef", stateModel: "MasterSlave")
    for number in 0..<partitions {
        var replica = ReplicaState(currentState: number % 3 == 0 ? "MASTER" : "SLAVE")
        replica.info = ""
        replica.startTime = 1_690_000_000_000 + Int64(number)
        replica.endTime = 1_690_000_000_010 + Int64(number)
        replica.previousState = "OFFLINE"
        replica.triggeredBy = "controller-1_9000"
        state["orders_\(number)"] = replica
    }
    return state
}
