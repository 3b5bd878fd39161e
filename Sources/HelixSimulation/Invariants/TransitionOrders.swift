internal import HelixRecords

/// What was ever asked of which session, and which sessions were live once and are not any more.
struct TransitionOrders: Sendable {
    private struct Order: Hashable {
        let instance: String
        let session: String
        let row: ReplicaWorld.Row
        let state: String
    }

    private var orders: Set<Order> = []
    private var ended: Set<String> = []

    mutating func note(_ message: Message, to instance: String) {
        guard message.messageType == .stateTransition, let session = message.targetSession,
            let resource = message.resource, let state = message.toState
        else { return }
        for partition in message.partitions {
            let row = ReplicaWorld.Row(resource: resource, partition: partition)
            orders.insert(Order(instance: instance, session: session, row: row, state: state))
        }
    }

    /// Whether a session was asked to bring a replica to a state.
    func covers(_ row: ReplicaWorld.Row, on instance: String, in session: String, to state: String) -> Bool {
        [session, Message.any].contains {
            orders.contains(Order(instance: instance, session: $0, row: row, state: state))
        }
    }

    /// A session's live instance is gone.
    mutating func end(_ session: String) { ended.insert(session) }

    func hasEnded(_ session: String) -> Bool { ended.contains(session) }
}
