import Coordination
import HelixRecords
import MessageQueue

/// A tree with the queues of some instances, and a session to work in.
struct QueueStand {
    let service = MemoryCoordination()
    let session: any CoordinationSession
    let paths = ClusterPaths(cluster: "c")

    init(instances: [String] = ["n1"]) async throws {
        session = try await service.openSession()
        for instance in instances { try await session.createWithParents(paths.messages(instance)) }
        try await session.createWithParents(paths.controllerMessages)
    }

    func message(_ id: String, to instance: String = "n1") -> Message {
        var message = Message(id: id, type: .stateTransition)
        message.target = instance
        message.targetSession = "*"
        message.resource = "db"
        message.partition = "p"
        return message
    }

    func put(_ id: String, _ data: [UInt8]? = nil) async throws {
        try await session.create(paths.message("n1", id), try data ?? message(id).encoded())
    }

    var queue: [String] { get async throws { try await session.children(paths.messages("n1")) } }
}
