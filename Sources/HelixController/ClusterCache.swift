import Coordination
import HelixRecords
import Logging
import RebalancePipeline
import StateModels

/// What the controller knows of its cluster: a snapshot that follows ZooKeeper by watches.
///
/// Each watch event leads to one read of that znode, which arms the watch again; reads are pipelined. Nothing is
/// polled. What is read goes into the snapshot, which notes what changed.
struct ClusterCache {
    private let session: any CoordinationSession
    private let paths: ClusterPaths
    private let watcher: Watcher
    private let logger: Logger

    private(set) var snapshot: ClusterSnapshot
    /// The children of the lists that were read, to notice what is new and what is gone.
    private var children: [CachePlace: Set<String>] = [:]
    /// Events that wait for the next refresh.
    private var deferred: Set<CachePlace> = []
    /// Whether everything is read again, not only what is new.
    private var isFullRead = false

    init(session: any CoordinationSession, paths: ClusterPaths, logger: Logger) {
        self.session = session
        self.paths = paths
        self.logger = logger
        watcher = session.makeWatcher()
        snapshot = ClusterSnapshot(cluster: paths.cluster)
    }

    /// What wakes the controller.
    var events: Watcher { watcher }

    /// Reads everything, as at the start and after every reconnect.
    ///
    /// The snapshot is kept and compared, so that what is the same costs no decision.
    mutating func load() async throws(CoordinationError) {
        try await session.sync(paths.root)
        deferred = []
        _ = watcher.drain()
        let known = Set(children.keys)
        isFullRead = true
        defer { isFullRead = false }
        // Messages before states, here too: see ``refresh(_:)``.
        let lists = known.subtracting(CachePlace.roots).sorted(by: order)
        try await read(CachePlace.roots + lists.filter(\.isMessages) + lists.filter { !$0.isMessages })
    }

    /// Reads what events named, and what has been named meanwhile.
    mutating func refresh(_ events: [WatchEvent]) async throws(CoordinationError) {
        var places = deferred.union(places(of: events))
        deferred = []
        // A participant commits a state and deletes the message together. Messages are read first and states after that,
        // so that a message is never missing while the state that came of it has not been seen: that would look as
        // if nothing was under way, and be asked for again. The event of that state has arrived before the answer
        // to the first read, so it is picked up in between.
        let messages = places.filter(\.isMessages)
        if !messages.isEmpty {
            try await read(messages.sorted(by: order))
            let late = self.places(of: watcher.drain())
            deferred = late.filter(\.isMessages)
            places = places.union(late).subtracting(deferred).subtracting(messages)
        }
        try await read(places.sorted(by: order))
    }

    /// Changes the snapshot by what the controller itself has done or wants.
    mutating func edit(_ change: (inout ClusterSnapshot) -> Void) { change(&snapshot) }

    private func places(of events: [WatchEvent]) -> Set<CachePlace> {
        Set(events.compactMap { CachePlace(path: $0.path, paths) })
    }

    private func order(_ a: CachePlace, _ b: CachePlace) -> Bool { a.path(paths) < b.path(paths) }

    // MARK: Reading

    /// Reads places and whatever is found to be new below them, level by level.
    private mutating func read(_ places: [CachePlace]) async throws(CoordinationError) {
        var level = places
        while !level.isEmpty {
            let results = await session.read(level.map(operation))
            var next: [CachePlace] = []
            for (place, result) in zip(level, results) {
                do throws(CoordinationError) {
                    next += try take(try result.get(), at: place)
                } catch where error.code == .noNode {
                    vanished(place)
                }
            }
            try await awaitMissing()
            try await fetchMessages()
            level = next
        }
    }

    private func operation(_ place: CachePlace) -> ReadOperation {
        let path = place.path(paths)
        return place.isList ? .children(path, watcher: watcher) : .get(path, watcher: watcher)
    }

    /// - Returns: what is to be read because of it.
    private mutating func take(_ result: ReadResult, at place: CachePlace) throws(CoordinationError) -> [CachePlace] {
        switch result {
        case .children(let names, _): takeList(Set(names), at: place)
        case .data(let data, let stat): takeData(data, stat, at: place)
        case .stat: []
        }
    }

    private mutating func takeList(_ names: Set<String>, at place: CachePlace) -> [CachePlace] {
        let known = children[place] ?? []
        children[place] = names
        if place == .controller { snapshot.setPaused(names.contains("PAUSE")) }
        if case .messages(let instance) = place {
            for id in known.subtracting(names).sorted() { snapshot.removeMessage(instance, id: id) }
            newMessages += names.subtracting(known).sorted().map { (instance, $0) }
            return []
        }
        for name in known.subtracting(names).sorted() {
            if let child = place.child(name) { forget(child) }
        }
        return (isFullRead ? names : names.subtracting(known)).sorted().compactMap(place.child)
    }

    private mutating func takeData(_ data: [UInt8], _ stat: Stat, at place: CachePlace) -> [CachePlace] {
        let path = place.path(paths)
        switch place {
        case .clusterConfig: snapshot.setClusterConfig(decode(data, path))
        case .instanceConfig(let name): snapshot.setInstanceConfig(name, decode(data, path))
        case .resourceConfig(let name): snapshot.setResourceConfig(name, decode(data, path))
        case .idealState(let name): snapshot.setIdealState(name, decode(data, path))
        case .stateModel(let name): snapshot.setStateModel(name, decodeModel(data, path))
        case .liveInstance(let name): return takeLiveInstance(name, data, stat)
        case .currentState(let instance, let session, let resource):
            guard liveSession(instance) == session else { break }
            snapshot.setCurrentState(instance, resource, decode(data, path))
        default: break
        }
        return []
    }

    /// An instance joined or changed its record: its queue and its states are followed from now on.
    private mutating func takeLiveInstance(_ name: String, _ data: [UInt8], _ stat: Stat) -> [CachePlace] {
        let record: Found<LiveInstance> = decode(data, paths.liveInstance(name))
        // Java identifies a session by the owner of the ephemeral, others by what the record says; a record that cannot be
        // read leaves the owner (protocol reference 1.8).
        let owner = stat.ephemeralOwner.map(\.description)
        guard let session = record.value?.sessionID ?? owner else { return [] }
        let former = liveSession(name)
        snapshot.setLiveInstance(
            name, .init(id: session, acceptsBatchMessages: record.value?.acceptsBatchMessages ?? false))
        guard former != session else { return [] }
        if let former { children[.currentStates(name, session: former)] = nil }
        children[.messages(name)] = children[.messages(name)] ?? []
        return [.messages(name), .currentStates(name, session: session)]
    }

    private func liveSession(_ instance: String) -> String? {
        snapshot.instanceIndex(instance).flatMap { snapshot.instances[$0].live?.id }
    }

    /// A znode that was to be read is not there.
    private mutating func vanished(_ place: CachePlace) {
        if place.isList {
            missing.append(place)
        } else {
            forget(place)
            // If it comes back before its list is read again, it is new all the same.
            if let (list, name) = place.parent { children[list]?.remove(name) }
        }
    }

    private mutating func forget(_ place: CachePlace) {
        switch place {
        case .clusterConfig: snapshot.setClusterConfig(.absent)
        case .instanceConfig(let name): snapshot.setInstanceConfig(name, .absent)
        case .resourceConfig(let name): snapshot.setResourceConfig(name, .absent)
        case .idealState(let name): snapshot.setIdealState(name, .absent)
        case .stateModel(let name): snapshot.setStateModel(name, .absent)
        case .liveInstance(let name):
            if let session = liveSession(name) { children[.currentStates(name, session: session)] = nil }
            snapshot.setLiveInstance(name, nil)
        case .currentState(let instance, let session, let resource):
            if liveSession(instance) == session { snapshot.setCurrentState(instance, resource, .absent) }
        default: break
        }
    }

    // MARK: Lists that do not exist yet

    private var missing: [CachePlace] = []

    /// A list that does not exist cannot be watched for children: it is watched for its creation.
    private mutating func awaitMissing() async throws(CoordinationError) {
        let lists = missing
        missing = []
        guard !lists.isEmpty else { return }
        let results = await session.read(lists.map { .exists($0.path(paths), watcher: watcher) })
        for (place, result) in zip(lists, results) {
            _ = takeList([], at: place)
            children[place] = nil
            if case .stat(.some) = try result.get() { deferred.insert(place) }
        }
        if !deferred.isEmpty { watcher.nudge() }
    }

    // MARK: Messages

    private var newMessages: [(instance: String, id: String)] = []
    /// Notes a message that the controller has sent itself: it is known without being read.
    mutating func didSend(_ message: Message, to instance: String) {
        children[.messages(instance), default: []].insert(message.id)
        snapshot.addMessage(instance, id: message.id, message)
    }

    private mutating func fetchMessages() async throws(CoordinationError) {
        let messages = newMessages
        newMessages = []
        guard !messages.isEmpty else { return }
        let results = await session.read(messages.map { .get(paths.message($0.instance, $0.id)) })
        for (message, result) in zip(messages, results) {
            let path = paths.message(message.instance, message.id)
            do throws(CoordinationError) {
                guard case .data(let data, _) = try result.get() else { continue }
                let found: Found<Message> = decode(data, path)
                if let content = found.value { snapshot.addMessage(message.instance, id: message.id, content) }
            } catch where error.code == .noNode {
                children[.messages(message.instance)]?.remove(message.id)
            }
        }
    }

    // MARK: Decoding

    private func decode<Record: RecordView>(_ data: [UInt8], _ path: String) -> Found<Record> {
        do throws(RecordError) {
            return .present(try Record(decoding: data, path: path))
        } catch {
            logger.warning("A record cannot be read", metadata: ["helix.path": "\(path)", "error": "\(error)"])
            return .unreadable(error)
        }
    }

    private func decodeModel(_ data: [UInt8], _ path: String) -> Found<StateModel> {
        let found: Found<StateModelRecord> = decode(data, path)
        guard let record = found.value?.record else { return .unreadable(found.error!) }
        do {
            return .present(try StateModel(record: record))
        } catch {
            logger.warning("A state model is not valid", metadata: ["helix.path": "\(path)", "error": "\(error)"])
            return .unreadable(RecordError(path: path, reason: "\(error)"))
        }
    }
}

/// A state model's record before it is validated.
private struct StateModelRecord: RecordView {
    var record: ZNRecord
    init(record: ZNRecord) { self.record = record }
}

extension CachePlace {
    fileprivate var isMessages: Bool {
        if case .messages = self { return true }
        return false
    }
}
