import Coordination
import HelixRecords
import StateModels
import Testing

@testable import HelixController

/// An instance that joins by hand and does what its messages say until the task is cancelled: no more of Helix than the
/// wire.
struct ScriptedParticipant: Sendable {
    let name: String
    let paths: ClusterPaths
    let service: any CoordinationService
    var acceptsBatchMessages = false
    /// What to do with a message instead of what it says.
    var answer: @Sendable (Message) -> Answer = { _ in .obey }

    enum Answer: Sendable {
        case obey
        /// Deletes the message without effect.
        case refuse
        /// Leaves it.
        case ignore
    }

    func run() async throws {
        try await service.withSession { session in
            let watcher = session.makeWatcher()
            try await join(session)
            var records: [String: CurrentState] = [:]
            while true {
                for id in try await session.children(paths.messages(name), watcher: watcher) {
                    try await take(id, &records, session)
                }
                guard await watcher.next() != nil else { return }
            }
        }
    }

    private func join(_ session: any CoordinationSession) async throws {
        let id = session.id.description
        var live = LiveInstance.make(instance: name, sessionID: id, process: "1@test")
        live.acceptsBatchMessages = acceptsBatchMessages
        try await session.create(paths.currentStates(name, session: id))
        try await session.create(paths.liveInstance(name), live.record.encoded(), mode: .ephemeral)
    }

    private func take(
        _ id: String, _ records: inout [String: CurrentState], _ session: any CoordinationSession
    ) async throws {
        let path = paths.message(name, id)
        guard let (data, _) = try await session.getIfPresent(path),
            let message = try? Message(decoding: data, path: path)
        else { return }
        if message.messageType == .participantStatusChange, case .obey = answer(message) {
            var live = LiveInstance.make(instance: name, sessionID: session.id.description, process: "1@test")
            live.isFrozen = message.toState == "FROZEN"
            try await session.commit([.set(paths.liveInstance(name), data: live.record.encoded()), .delete(path)])
        }
        guard message.messageType == .stateTransition else { return }
        switch answer(message) {
        case .ignore: return
        case .refuse: return try await session.delete(path)
        case .obey: break
        }
        guard message.targetSession == session.id.description else { return try await session.delete(path) }
        let resource = try #require(message.resource)
        let former = records[resource]
        var record =
            former
            ?? CurrentState(
                resource: resource, sessionID: session.id.description, stateModel: message.stateModel ?? "")
        for partition in message.partitions {
            record[partition] =
                message.toState == StateModel.dropped ? nil : ReplicaState(currentState: message.toState ?? "")
        }
        let statePath = paths.currentState(name, session: session.id.description, resource: resource)
        try await session.commit([change(at: statePath, from: former, to: record), .delete(path)])
        records[resource] = record.record.mapFields.isEmpty ? nil : record
    }

    private func change(
        at path: String, from former: CurrentState?, to record: CurrentState
    ) throws -> WriteOperation {
        if record.record.mapFields.isEmpty, former != nil { return .delete(path) }
        let data = try record.record.encoded()
        return former == nil ? .create(path, data: data) : .set(path, data: data)
    }
}
