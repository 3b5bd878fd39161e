import HelixAdmin
import HelixRecords

/// How far an evacuation has come, as `helix instance evacuation` shows it.
struct EvacuationReport: Rendering {
    struct Left: Encodable, Sendable {
        let resource: String
        let replicas: [String: String]
        let pendingMessages: Int
        let isPlacedByController: Bool
    }

    enum State: String, Encodable, Sendable { case notEvacuating, underWay, finished }

    let instance: String
    let state: State
    let operation: String
    let replicas: Int
    let pendingMessages: Int
    let left: [Left]

    init(_ evacuation: Evacuation, of instance: String) {
        self.instance = instance
        replicas = evacuation.replicas
        pendingMessages = evacuation.messages
        switch evacuation {
        case .notEvacuating(let operation):
            (state, left, self.operation) = (.notEvacuating, [], operation.rawValue)
        case .underWay(let work, _):
            state = .underWay
            left = work.map {
                Left(
                    resource: $0.resource, replicas: $0.replicas, pendingMessages: $0.pendingMessages,
                    isPlacedByController: $0.isPlacedByController)
            }
            operation = InstanceOperation.evacuate.rawValue
        case .finished: (state, left, operation) = (.finished, [], InstanceOperation.evacuate.rawValue)
        }
    }

    var text: String {
        guard state == .underWay else { return line }
        var table = TextTable("RESOURCE", "REPLICAS", "MESSAGES", "NOTE")
        for left in left {
            table.add(
                left.resource, "\(left.replicas.count)", "\(left.pendingMessages)",
                left.isPlacedByController || left.replicas.isEmpty
                    ? "" : "its lists or maps name the instance: change them, the controller does not")
        }
        return left.isEmpty ? line : "\(line)\n\n\(table)"
    }

    /// The same in one line.
    var line: String {
        switch state {
        case .notEvacuating: "instance \(instance) is not being evacuated: its operation is \(operation)"
        case .finished: "evacuation of \(instance) finished: nothing is left on it; it can be stopped and dropped"
        case .underWay:
            "evacuation of \(instance) under way: \(Phrase.count(replicas, "replica")) and "
                + "\(Phrase.count(pendingMessages, "message")) left"
        }
    }
}
