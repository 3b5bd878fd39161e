import Coordination
import HelixRecords

/// What instances have and are asked for at one moment.
struct InstanceWork: Sendable {
    var live: LiveInstance?
    /// The sessions of which current states are there: the present one, and those that were left behind.
    var sessions: [String] = []
    /// The replicas of the present session, by resource.
    var states: [CurrentState] = []
    /// The ids of the messages in the queue.
    var messageIDs: [String] = []
    /// Paths of current states that cannot be read.
    var unreadable: [String] = []

    var isLive: Bool { live != nil }

    /// Replicas that exist, with what is known of them.
    var replicas: [(resource: String, partition: String, state: String)] {
        states.flatMap { state in
            state.partitions.map { (state.id, $0, state[$0]?.currentState ?? "") }
        }
    }
}

extension Administrator {
    /// Reads what instances have: three batches however many instances there are.
    /// - Parameter watcher: is told when any of it changes.
    func work(
        of instances: [String], _ paths: ClusterPaths, watcher: Watcher? = nil
    ) async throws -> [String: InstanceWork] {
        var work: [String: InstanceWork] = [:]
        let lives = try await optionalRecords(
            LiveInstance.self, instances.map(paths.liveInstance), watcher: watcher)
        let sessions = try await optionalChildren(instances.map(paths.currentStateSessions), watcher: watcher)
        let messages = try await optionalChildren(instances.map(paths.messages), watcher: watcher)
        for (index, instance) in instances.enumerated() {
            var found = InstanceWork(
                live: try lives[index]?.get(), sessions: sessions[index], messageIDs: messages[index])
            // Nobody knows where its current states are.
            if let live = found.live, live.sessionID == nil { found.unreadable = [paths.liveInstance(instance)] }
            work[instance] = found
        }
        try await readStates(of: instances, &work, paths, watcher)
        return work
    }

    private func readStates(
        of instances: [String], _ work: inout [String: InstanceWork], _ paths: ClusterPaths, _ watcher: Watcher?
    ) async throws {
        let present = instances.compactMap { instance in work[instance]?.live?.sessionID.map { (instance, $0) } }
        let resources = try await optionalChildren(
            present.map { paths.currentStates($0.0, session: $0.1) }, watcher: watcher)
        let places = zip(present, resources).flatMap { place, resources in
            resources.map { (instance: place.0, path: paths.currentState(place.0, session: place.1, resource: $0)) }
        }
        let states = try await optionalRecords(CurrentState.self, places.map(\.path), watcher: watcher)
        for (place, state) in zip(places, states) {
            switch state {
            case nil: continue
            case .failure?: work[place.instance]?.unreadable.append(place.path)
            case .success(let state)? where state.record.isBucketized:
                let whole = try await readWhole(CurrentState.self, place.path)?.view ?? state
                work[place.instance]?.states.append(whole)
            case .success(let state)?: work[place.instance]?.states.append(state)
            }
        }
    }

    /// Records in the order of their paths: `nil` where there is no such znode, a failure where it cannot be decoded.
    func optionalRecords<View: RecordView>(
        _: View.Type, _ paths: [String], watcher: Watcher? = nil
    ) async throws -> [Result<View, AdministrationError>?] {
        let results = await session.read(paths.map { .get($0, watcher: watcher) })
        return try zip(paths, results).map { path, result in
            switch result {
            case .success(.data(let data, _)):
                return Result { () throws(AdministrationError) in try decode(data, path) }
            case .failure(let error) where error.code != .noNode: throw error
            case .success, .failure: return nil
            }
        }
    }

    /// The sorted names of znodes' children, none where there is no such znode.
    func optionalChildren(_ paths: [String], watcher: Watcher? = nil) async throws -> [[String]] {
        try await session.read(paths.map { .children($0, watcher: watcher) }).map { result in
            switch result {
            case .success(.children(let names, _)): return names.sorted()
            case .failure(let error) where error.code != .noNode: throw error
            case .success, .failure: return []
            }
        }
    }
}
