import Coordination
import HelixRecords
import Logging
import RebalancePipeline

/// What the controller knows of its cluster: a snapshot that follows ZooKeeper by watches.
///
/// Each watch event leads to one read of that znode, which arms the watch again; reads are pipelined. Nothing is
/// polled. What is read goes into the snapshot, which notes what changed.
///
/// A participant commits a state and deletes the message together. So messages are always read first and states after
/// that: a message is never missing while the state that came of it has not been seen. That would look as if nothing was
/// under way, and be asked for again.
struct ClusterCache: Sendable {
    let session: any CoordinationSession
    let paths: ClusterPaths
    let logger: Logger
    private let watcher: Watcher

    var snapshot: ClusterSnapshot
    /// The children of the lists that were read, to notice what is new and what is gone. Of queues: the messages whose
    /// content has been seen.
    var children: [CachePlace: Set<String>] = [:]
    /// Whether it lacks nothing but what events tell that have not been followed yet.
    private(set) var isComplete = false
    /// Whether everything is read again, not only what is new.
    private(set) var isFullRead = false
    /// What waits for the next refresh.
    private var deferred: Set<CachePlace> = []
    /// Whether something has been heard of that has not been read.
    var isBehind: Bool { !deferred.isEmpty }
    /// What could not be read, and so could not be watched by reading it; and whether that was because it is not there.
    var unwatched: [(place: CachePlace, isMissing: Bool)] = []

    /// Messages that were found and whose content is still to be read.
    var unreadMessages: [QueuedMessage] = []
    /// Messages to the controller that have been done.
    var notices: Set<String> = []
    /// The transactions that created the znodes of the live instances.
    var incarnations: [String: Int64] = [:]
    /// The records that are spread over several znodes.
    var spread: [CachePlace: SpreadRecord] = [:]

    init(session: any CoordinationSession, paths: ClusterPaths, logger: Logger) {
        self.session = session
        self.paths = paths
        self.logger = logger
        watcher = session.makeWatcher()
        snapshot = ClusterSnapshot(cluster: paths.cluster)
    }

    /// What wakes the controller.
    var events: Watcher { watcher }

    /// Follows events; reads everything instead where something else may be missing. Whatever interrupts it leaves a gap.
    mutating func follow(_ events: [WatchEvent]) async throws(CoordinationError) {
        let wasComplete = isComplete
        isComplete = false
        if wasComplete { try await refresh(events) } else { try await load() }
        isComplete = true
    }

    /// Something may have happened that no event tells.
    mutating func noteGap() { isComplete = false }

    /// Reads everything, as at the start and after every reconnect.
    ///
    /// The snapshot is kept and compared, so that what is the same costs no decision.
    mutating func load() async throws(CoordinationError) {
        try await session.sync(paths.root)
        deferred = []
        _ = watcher.drain()
        isFullRead = true
        defer { isFullRead = false }
        try await read(CachePlace.roots)
        try await readAbsences()
        try await readFormerAbsences()
        wakeForDeferred()
    }

    /// Since when instances are away that went while nobody looked. Of those that go later the snapshot knows itself.
    private mutating func readAbsences() async throws(CoordinationError) {
        let absent = snapshot.instances.filter { $0.live == nil && !$0.config.isAbsent }.map(\.name)
        for (name, data) in try await readHistories(of: absent) {
            if let data { takeHistory(data, of: name) } else { snapshot.setOfflineSince(name, nil) }
        }
    }

    /// When live instances were away, where that counts: during maintenance, if the cluster says for how long they may be.
    private mutating func readFormerAbsences() async throws(CoordinationError) {
        guard snapshot.isInMaintenance, snapshot.clusterConfig.value?.offlineTimeoutInMaintenance != nil else { return }
        let live = snapshot.instances.filter { $0.live != nil && !$0.config.isAbsent }.map(\.name)
        for case (let name, let data?) in try await readHistories(of: live) { takeFormerAbsences(data, of: name) }
    }

    /// - Returns: in the order of the names, `nil` for those that have no history, or none that can be read.
    private func readHistories(
        of instances: [String]
    ) async throws(CoordinationError) -> [(name: String, data: [UInt8]?)] {
        if instances.isEmpty { return [] }
        var histories: [(name: String, data: [UInt8]?)] = []
        let results = await session.read(instances.map { .get(paths.instanceHistory($0)) })
        for (name, result) in zip(instances, results) {
            switch result {
            case .success(.data(let data, _)): histories.append((name, data))
            case .failure(let error) where error.isTransient || error.endsSession: throw error
            case .success, .failure: histories.append((name, nil))
            }
        }
        return histories
    }

    /// Reads what events named, and what has been named meanwhile.
    mutating func refresh(_ events: [WatchEvent]) async throws(CoordinationError) {
        var places = deferred.union(places(of: events))
        deferred = []
        let queues = places.filter(\.isQueue)
        if !queues.isEmpty {
            try await read(sorted(queues))
            // The event of a state has arrived before the answer to a read that misses its message.
            let late = self.places(of: watcher.drain())
            deferred.formUnion(late.filter(\.isQueue))
            places.formUnion(late.filter { !$0.isQueue })
            places.subtract(queues)
        }
        places.formUnion(companions(of: places))
        try await read(sorted(places))
        wakeForDeferred()
    }

    /// Changes the snapshot by what the controller itself has done or wants.
    mutating func edit(_ change: (inout ClusterSnapshot) -> Void) { change(&snapshot) }

    private func wakeForDeferred() {
        if !deferred.isEmpty { watcher.nudge() }
    }

    private func places(of events: [WatchEvent]) -> Set<CachePlace> {
        var places: Set<CachePlace> = []
        for event in events {
            guard let place = CachePlace(path: event.path, paths) else { continue }
            // The children of a record's znode are its buckets.
            places.insert(event.kind == .childrenChanged && !place.isList ? .buckets(place) : place)
        }
        return places
    }

    private func sorted(_ places: some Sequence<CachePlace>) -> [CachePlace] {
        places.map { (path: $0.path(paths), place: $0) }.sorted { $0.path < $1.path }.map(\.place)
    }

    // MARK: Reading

    /// Reads places and whatever is found to be new below them, level by level.
    private mutating func read(_ places: [CachePlace]) async throws(CoordinationError) {
        var level = places
        while !level.isEmpty {
            let wanted = level.filter(isWanted)
            var next = try await readLevel(wanted.filter(\.isQueue))
            next += try await readMessages()
            next += try await readLevel(wanted.filter { !$0.isQueue })
            try await watchOtherwise()
            level = next
        }
        joinSpreadRecords()
    }

    /// Whether a place still matters: what former sessions left behind does not.
    private func isWanted(_ place: CachePlace) -> Bool {
        switch place {
        case .messages(let instance): liveSession(instance) != nil
        case .currentStates(let instance, let session), .currentState(let instance, let session, _):
            liveSession(instance) == session
        case .buckets(let record), .bucket(let record, _): spread[record] != nil && isWanted(record)
        default: true
        }
    }

    private mutating func readLevel(_ places: [CachePlace]) async throws(CoordinationError) -> [CachePlace] {
        guard !places.isEmpty else { return [] }
        let results = await session.read(
            places.map { place in
                let path = place.path(paths)
                return place.isList ? .children(path, watcher: watcher) : .get(path, watcher: watcher)
            })
        var next: [CachePlace] = []
        for (place, result) in zip(places, results) {
            switch result {
            case .success(.children(let names, _)): next += takeList(Set(names), at: place)
            case .success(.data(let data, let stat)): next += takeData(data, stat, at: place)
            case .success(.stat): break
            case .failure(let error) where error.code == .noNode: vanished(place)
            case .failure(let error) where error.isTransient || error.endsSession: throw error
            case .failure(let error): refused(place, error)
            }
        }
        return next
    }

    /// A znode that was to be read is not there.
    private mutating func vanished(_ place: CachePlace) {
        switch place {
        case .buckets: unwatched.append((place, isMissing: true))  // what becomes of the record its own znode says
        case _ where place.isList:
            _ = takeList([], at: place)
            children[place] = nil
            unwatched.append((place, isMissing: true))
        default:
            forget(place)
            if let (list, name) = place.parent {
                // If it comes back before its list is read again, it is new all the same.
                children[list]?.remove(name)
            } else {
                unwatched.append((place, isMissing: true))
            }
        }
    }

    /// A znode cannot be read though it is there: that is not the same as if it were not.
    private mutating func refused(_ place: CachePlace, _ error: CoordinationError) {
        logger.warning("A znode cannot be read", metadata: ["helix.path": "\(error.path ?? "")", "error": "\(error)"])
        let path = place.path(paths)
        setUnreadable(place, RecordError(path: path, reason: error.description))
        unwatched.append((place, isMissing: false))
    }

    /// What could not be read is watched by asking whether it exists, which needs neither the znode nor a permission.
    private mutating func watchOtherwise() async throws(CoordinationError) {
        let places = unwatched.filter { isWanted($0.place) }
        unwatched = []
        guard !places.isEmpty else { return }
        let results = await session.read(places.map { .exists($0.place.path(paths), watcher: watcher) })
        for (place, result) in zip(places, results) {
            switch result {
            case .success(.stat(.some)) where place.isMissing: deferred.insert(place.place)
            case .failure(let error) where error.isTransient || error.endsSession: throw error
            default: break
            }
        }
    }
}
