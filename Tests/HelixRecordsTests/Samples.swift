import HelixRecords

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
