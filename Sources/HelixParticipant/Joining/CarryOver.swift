internal import Coordination
internal import HelixRecords
internal import Logging
internal import MessageQueue
internal import StateModels

/// Takes the replicas of earlier sessions into this one, in their initial state (protocol reference 5.1, step 8): so
/// the controller knows what is still on this instance's disk, and can have it dropped.
struct CarryOver: Sendable {
    let member: Membership
    let registry: ModelRegistry
    /// The states of replicas that were kept through the change of the session; empty unless the cluster was frozen.
    var keptStates: [ReplicaKey: String] = [:]

    /// A record of this session, as it stands in the tree.
    struct Recorded: Sendable {
        var state: CurrentState
        let version: Int32
    }

    private var folder: String { member.paths.currentStates(member.instance, session: member.sessionID) }

    /// Creates the folder of this session's current states.
    /// - Returns: the sessions that have one.
    @discardableResult
    func createFolder() async throws -> [String] {
        let sessions = try await member.session.children(member.paths.currentStateSessions(member.instance))
        if !sessions.contains(member.sessionID) { try await member.session.create(folder) }
        return sessions
    }

    /// Writes the current states of this session and removes those of all others.
    ///
    /// The new records are written before the old ones go: at no time is a replica unknown to the cluster.
    func perform() async throws -> [Recorded] {
        let sessions = try await createFolder()
        var present = try await read(session: member.sessionID).found
        var old: [CurrentState] = []
        var done: [String] = []
        for session in sessions where session != member.sessionID {
            let (found, isWhole) = try await read(session: session)
            old += found.map(\.state)
            if isWhole { done.append(session) }
        }
        try await move(old, into: &present)
        for session in done {
            let folder = member.paths.currentStates(member.instance, session: session)
            try await member.session.deleteRecursively(folder)
        }
        try await removeTaskStates()
        return present
    }

    /// States of tasks that a participant of another make left behind: nobody here continues them.
    private func removeTaskStates() async throws {
        let folder = member.paths.taskCurrentStateSessions(member.instance)
        guard try await member.session.exists(folder) != nil else { return }
        for session in try await member.session.children(folder) where session != member.sessionID {
            try await member.session.deleteRecursively("\(folder)/\(session)")
        }
    }

    /// - Returns: the session's records, and whether all could be read.
    private func read(session: String) async throws -> (found: [Recorded], isWhole: Bool) {
        let folder = member.paths.currentStates(member.instance, session: session)
        let paths = try await member.session.children(folder).map { "\(folder)/\($0)" }
        var found: [Recorded] = []
        var isWhole = true
        for (path, result) in zip(paths, await member.session.read(paths.map { .get($0) })) {
            guard case .data(let data, let stat) = try result.get() else { continue }
            do throws(RecordError) {
                found.append(Recorded(state: try CurrentState(decoding: data, path: path), version: stat.version))
            } catch {
                isWhole = false
                member.report(error)
            }
        }
        for index in found.indices where found[index].state.record.isBucketized {
            found[index].state.record = try await joined(
                found[index].state.record, at: "\(folder)/\(found[index].state.id)")
        }
        return (found, isWhole)
    }

    /// A record that a participant of another make spread over children.
    private func joined(_ record: ZNRecord, at path: String) async throws -> ZNRecord {
        var buckets: [ZNRecord] = []
        for name in try await member.session.children(path) {
            let bucket = "\(path)/\(name)"
            guard let (data, _) = try await member.session.getIfPresent(bucket) else { continue }
            do throws(RecordError) {
                buckets.append(try ZNRecord(decoding: data, path: bucket))
            } catch {
                member.report(error)
            }
        }
        return record.joined(buckets: buckets)
    }

    private func move(_ old: [CurrentState], into present: inout [Recorded]) async throws {
        var merged: [String: CurrentState] = [:]
        for state in old {
            guard let initial = try await initialState(of: state) else { continue }
            var target = merged[state.id] ?? present.first { $0.state.id == state.id }?.state ?? blank(state)
            for partition in state.partitions where target[partition] == nil {
                let kept = keptStates[ReplicaKey(resource: state.id, partition: partition)]
                target[partition] = ReplicaState(currentState: kept ?? initial)
            }
            merged[state.id] = target
        }
        let states = merged.keys.sorted().compactMap { merged[$0] }
        let versions = Dictionary(present.map { ($0.state.id, $0.version) }) { first, _ in first }
        var transactions: [[WriteOperation]] = []
        for state in states {
            let path = "\(folder)/\(state.id)"
            let data = try state.encoded(path: path)
            transactions.append([
                versions[state.id].map { .set(path, data: data, version: $0) } ?? .create(path, data: data)
            ])
        }
        for (state, outcome) in zip(states, await member.session.commit(transactions)) {
            guard case .set(let stat)? = try outcome.get().first else {
                present.append(Recorded(state: state, version: 0))
                continue
            }
            present.removeAll { $0.state.id == state.id }
            present.append(Recorded(state: state, version: stat.version))
        }
    }

    /// The record for this session, with all the settings of the old one and no replicas.
    private func blank(_ old: CurrentState) -> CurrentState {
        var state = old
        state.record.mapFields = [:]
        state.sessionID = member.sessionID
        state.bucketSize = 0
        return state
    }

    /// The initial state of a record's model: as registered, or as the cluster defines it. `nil` for records that are
    /// not carried over: those of tasks, and those without a model.
    private func initialState(of state: CurrentState) async throws -> String? {
        guard let name = state.stateModel, name != "Task" else { return nil }
        if let model = registry[ModelReference(model: name, factory: state.stateModelFactory)] {
            return model.initialState
        }
        guard let (data, _) = try await member.session.getIfPresent(member.paths.stateModel(name)) else { return nil }
        return try ZNRecord(decoding: data, path: member.paths.stateModel(name)).simpleFields["INITIAL_STATE"]
    }
}

extension Membership {
    /// A record that cannot be read hurts only itself: it stays where it is, for somebody to look at.
    func report(_ fault: RecordError) {
        logger.warning("a record cannot be read and is left as it is; look at it and delete it", error: fault)
    }
}
