import Coordination
import HelixRecords
import StateModels
import Testing

@testable import HelixController

/// A cluster's znodes made by hand, and an instance that does what messages say: no more of Helix than the wire.
struct ScriptedCluster {
    let paths: ClusterPaths
    let session: any CoordinationSession

    init(_ name: String, in session: any CoordinationSession) async throws {
        paths = ClusterPaths(cluster: name)
        self.session = session
        for path in paths.clusterSetup { try await session.createWithParents(path) }
        try await session.set(paths.clusterConfig, ZNRecord(id: name).encoded())
    }

    func addInstance(_ name: String) async throws {
        for path in paths.instanceSetup(name) { try await session.createWithParents(path) }
        try await session.set(paths.instanceConfig(name), ZNRecord(id: name).encoded())
    }

    func addResource(
        _ name: String, partitions: Int, replicas: Int, change: (inout IdealState) -> Void = { _ in }
    ) async throws {
        var idealState = IdealState(record: ZNRecord(id: name))
        idealState.numPartitions = partitions
        idealState.replicas = .count(replicas)
        idealState.stateModel = "MasterSlave"
        idealState.rebalanceMode = .fullAuto
        for partition in 0..<partitions { idealState.preferenceLists["\(name)_\(partition)"] = [] }
        change(&idealState)
        try await session.create(paths.idealState(name), idealState.record.encoded())
    }

    func view(_ resource: String) async throws -> [String: [String: String]] {
        guard let (data, _) = try await session.getIfPresent(paths.externalView(resource)) else { return [:] }
        return try ZNRecord(decoding: data, path: resource).mapFields
    }

    /// Waits until the external view fulfils a condition.
    func awaitView(
        _ resource: String, _ condition: @Sendable ([String: [String: String]]) -> Bool
    ) async throws {
        let watcher = session.makeWatcher()
        while true {
            let path = paths.externalView(resource)
            if let (data, _) = try await session.getIfPresent(path, watcher: watcher) {
                if condition(try ZNRecord(decoding: data, path: path).mapFields) { return }
            } else if try await session.exists(path, watcher: watcher) != nil {
                continue
            }
            _ = try #require(await watcher.next())
        }
    }
}

/// An instance that joins by hand and does what its messages say until the task is cancelled.
func runScriptedParticipant(_ name: String, cluster: ClusterPaths, in service: MemoryCoordination) async throws {
    try await service.withSession { session in
        let id = session.id.description
        let live = LiveInstance.make(instance: name, sessionID: id, process: "1@test")
        try await session.create(cluster.currentStates(name, session: id))
        try await session.create(cluster.liveInstance(name), live.record.encoded(), mode: .ephemeral)
        let watcher = session.makeWatcher()
        var records: [String: CurrentState] = [:]
        while true {
            for message in try await session.children(cluster.messages(name), watcher: watcher) {
                let path = cluster.message(name, message)
                let content = try Message(decoding: try await session.get(path).data, path: path)
                let resource = try #require(content.resource)
                var record =
                    records[resource]
                    ?? CurrentState(resource: resource, sessionID: id, stateModel: content.stateModel ?? "")
                for partition in content.partitions {
                    record[partition] =
                        content.toState == "DROPPED" ? nil : ReplicaState(currentState: content.toState ?? "")
                }
                let statePath = cluster.currentState(name, session: id, resource: resource)
                let data = try record.record.encoded()
                try await session.commit([
                    records[resource] == nil ? .create(statePath, data: data) : .set(statePath, data: data),
                    .delete(path),
                ])
                records[resource] = record
            }
            guard await watcher.next() != nil else { return }
        }
    }
}
