internal import Coordination
internal import HelixRecords
internal import Logging
internal import MessageQueue
internal import StateModels

/// Takes the replicas of earlier sessions into this one, in their initial state (protocol reference 5.1, step 8), and
/// those that the instance says it holds: so the controller knows what is still on this instance's disk, and can have it
/// dropped.
struct CarryOver: Sendable {
    let member: Membership
    let registry: ModelRegistry
    /// The states of replicas that were kept through the change of the session; empty unless the cluster was frozen.
    var keptStates: [ReplicaKey: String] = [:]

    /// A record of this session, as it stands in the tree.
    struct Recorded: Sendable {
        var state: CurrentState
        var version: Int32
        /// The versions of its buckets by name, if it is spread over such.
        var buckets: [String: Int32] = [:]
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
        let known = Set(present.flatMap(\.keys) + old.flatMap { state in state.partitions.map { state.key($0) } })
        old += await member.configuration.heldReplicas().records(without: known)
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
            try await join(&found[index], at: "\(folder)/\(found[index].state.id)")
        }
        return (found, isWhole)
    }

    /// Adds what the buckets of a record say.
    private func join(_ recorded: inout Recorded, at path: String) async throws {
        let names = try await member.session.children(path)
        var buckets: [ZNRecord] = []
        for (name, result) in zip(names, await member.session.read(names.map { .get("\(path)/\($0)") })) {
            guard case .data(let data, let stat) = try result.get() else { continue }
            recorded.buckets[name] = stat.version
            do throws(RecordError) {
                buckets.append(try ZNRecord(decoding: data, path: "\(path)/\(name)"))
            } catch {
                member.report(error)
            }
        }
        recorded.state.record = recorded.state.record.joined(buckets: buckets)
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
        let known = Dictionary(present.map { ($0.state.id, $0) }) { first, _ in first }
        var recorded: [Recorded] = []
        var writes: [WriteOperation] = []
        for state in states {
            var record = known[state.id] ?? Recorded(state: state, version: -1)
            record.state = state
            writes += try record.write(at: "\(folder)/\(state.id)")
            recorded.append(record)
        }
        for result in try await member.session.writeBatched(writes) { _ = try result.get() }
        let names = Set(recorded.map(\.state.id))
        present.removeAll { names.contains($0.state.id) }
        present += recorded
    }

    /// The record for this session, with all the settings of the old one and no replicas.
    private func blank(_ old: CurrentState) -> CurrentState {
        var state = old
        state.record.mapFields = [:]
        state.sessionID = member.sessionID
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

extension CarryOver.Recorded {
    /// The writes of the whole record, in one znode or in buckets; with what its versions are after them.
    fileprivate mutating func write(at path: String) throws -> [WriteOperation] {
        var parts: (parent: ZNRecord, buckets: [ZNRecord])
        do throws(RecordError) {
            parts = try state.record.bucketized()
        } catch {
            // Names that fit no bucket: a participant of another make has put them together otherwise.
            state.bucketSize = 0
            parts = (state.record, [])
        }
        var writes = [Self.write(path, try parts.parent.encoded(path: path), version)]
        version += 1
        for bucket in parts.buckets {
            let bucketPath = "\(path)/\(bucket.id)"
            let known = buckets[bucket.id] ?? -1
            writes.append(Self.write(bucketPath, try bucket.encoded(path: bucketPath), known))
            buckets[bucket.id] = known + 1
        }
        return writes
    }

    /// - Parameter version: what is there, -1 when nothing is.
    private static func write(_ path: String, _ data: [UInt8], _ version: Int32) -> WriteOperation {
        version < 0 ? .create(path, data: data) : .set(path, data: data, version: version)
    }
}

extension CurrentState {
    fileprivate func key(_ partition: String) -> ReplicaKey { ReplicaKey(resource: id, partition: partition) }
}

extension CommitLedger {
    /// Takes note of a record that stands in the tree.
    mutating func open(_ recorded: CarryOver.Recorded) {
        open(recorded.state, version: recorded.version, buckets: recorded.buckets)
    }
}

extension Membership {
    /// A record that cannot be read hurts only itself: it stays where it is, for somebody to look at.
    func report(_ fault: RecordError) {
        logger.warning("a record cannot be read and is left as it is; look at it and delete it", error: fault)
    }
}
