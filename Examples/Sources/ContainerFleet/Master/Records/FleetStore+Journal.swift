public import Coordination
public import FleetJobs
import FleetModel

/// What happened and what was asked: journals in which every znode is a batch, numbered by the store.
extension FleetStore {
    /// How many events one batch can have: the factor between the numbers of batches and of events.
    static let batch: Int64 = 1_000
    /// How many batches are kept.
    static let keptBatches = 1_000
    /// How many events are kept of what happened to a job's tasks on one host.
    static let keptTaskEvents = 50

    /// Adds to the journal of what happened.
    func append(_ events: [FleetEvent]) async throws {
        var rest = events[...]
        while !rest.isEmpty {
            let data = try FleetText.bytes(Array(rest.prefix(Int(Self.batch))))
            try await commit([.create("\(paths.events)/b", data: data, mode: .persistentSequential)])
            rest = rest.dropFirst(Int(Self.batch))
        }
    }

    /// What happened after an index, in order.
    /// - Parameters:
    ///   - index: of the last event that is known already; 0 for all that are kept.
    ///   - watcher: is told when there is more.
    public func events(after index: Int64, watcher: Watcher? = nil) async throws -> [FleetEvent] {
        let names = try await session.children(paths.events, watcher: watcher)
        let later = names.filter { ((Self.number($0) ?? -1) + 2) * Self.batch > index + 1 }
        let results = await session.read(later.map { .get("\(paths.events)/\($0)") })
        var events: [FleetEvent] = []
        for (name, result) in zip(later, results) {
            guard case .success(.data(let data, _)) = result, let number = Self.number(name) else { continue }
            let batch = try FleetText.read([FleetEvent].self, data, at: "\(paths.events)/\(name)")
            for (offset, event) in batch.enumerated() {
                var event = event
                // From 1 on: 0 is before everything.
                event.index = (number + 1) * Self.batch + Int64(offset)
                if event.index > index { events.append(event) }
            }
        }
        return events
    }

    /// The journal's numbers are what the store appends to the names.
    private static func number(_ name: String) -> Int64? { Int64(name.dropFirst()) }

    /// Notes what was asked.
    public func note(_ entry: AuditEntry) async throws {
        let data = try FleetText.bytes(entry)
        _ = try await session.write(
            protecting(.create("\(paths.audit)/a", data: data, mode: .persistentSequential)))
    }

    /// What was asked, the latest last.
    /// - Parameter limit: how many entries at most.
    public func audit(limit: Int = 100) async throws -> [AuditEntry] {
        let names = try await session.children(paths.audit).suffix(max(0, limit))
        return await session.read(names.map { .get("\(paths.audit)/\($0)") }).compactMap { result in
            guard case .success(.data(let data, _)) = result else { return nil }
            return try? FleetText.read(AuditEntry.self, data, at: paths.audit)
        }
    }

    /// Forgets the oldest of what happened and of what was asked.
    func trimJournals() async throws {
        for path in [paths.events, paths.audit] {
            let names = try await session.children(path)
            guard names.count > Self.keptBatches else { continue }
            try await write(names.dropLast(Self.keptBatches).map { .delete("\(path)/\($0)") })
        }
    }

    // MARK: Tasks

    /// Adds to what happened to tasks. Of every job and host only the last are kept.
    func record(_ events: [TaskEvent]) async throws {
        let folders = Set(events.compactMap { JobID($0.job).map(paths.history) }).sorted()
        try await write(folders.map { .create($0) })
        let groups = Dictionary(grouping: events) { event in
            JobID(event.job).map { "\(paths.history($0))/\(event.host)" } ?? ""
        }
        let ordered = groups.keys.filter { !$0.isEmpty }.sorted()
        let found = await session.read(ordered.map { .get($0) })
        var writes: [WriteOperation] = []
        for (path, result) in zip(ordered, found) {
            let news = groups[path] ?? []
            if case .success(.data(let data, let stat)) = result {
                let former = (try? FleetText.read([TaskEvent].self, data, at: path)) ?? []
                let fresh = news.filter { event in !former.contains { event.repeats($0) } }
                if fresh.isEmpty { continue }
                let kept = Array((former + fresh).suffix(Self.keptTaskEvents))
                writes.append(.set(path, data: try FleetText.bytes(kept), version: stat.version))
            } else {
                writes.append(.create(path, data: try FleetText.bytes(Array(news.suffix(Self.keptTaskEvents)))))
            }
        }
        // One that another master was faster with is that master's to write.
        try await write(writes)
    }

    /// What happened to the tasks of a job, in order.
    public func history(of job: JobID) async throws -> [TaskEvent] {
        guard try await session.exists(paths.history(job)) != nil else { return [] }
        return try await folder(paths.history(job)) { try FleetText.read([TaskEvent].self, $1, at: $2) }
            .values.flatMap(\.value).sorted { ($0.time, $0.host, $0.place) < ($1.time, $1.host, $1.place) }
    }
}

extension TaskEvent {
    /// Whether it only tells of the end of a container that another event tells of: an agent that comes back says again how
    /// the last one ended.
    fileprivate func repeats(_ other: TaskEvent) -> Bool {
        state == TaskState.failed && phase == nil && container != nil && container == other.container
            && place == other.place && exit == other.exit
    }
}
