import Coordination
import HelixRecords

/// What a spectator knows, as a value: takes over one read after the other, tells what is to be read next, and makes
/// tables. It knows no I/O and no clock.
///
/// It outlives sessions, so that a table never shrinks because a connection was lost.
struct RoutingState: Sendable {
    let places: RoutingPlaces

    private var roster = InstanceRoster()
    /// The children of the lists that were read, to notice what is new and what is gone.
    private var children: [RoutingPlace: Set<String>] = [:]
    /// The version of each record that was taken over, so that the same is not decoded twice.
    private var versions: [RoutingPlace: Int64] = [:]
    private var sessions: [String: String] = [:]
    private var problems: [RoutingPlace: RoutingProblem] = [:]
    private var zxid: Int64 = 0
    private var modifiedAt: Int64?

    /// What each record says of a resource.
    private var pieces: [String: [RoutingPlace: [String: [Replica]]]] = [:]
    private var routes: [String: ResourceRoutes] = [:]
    /// The resources whose routes are to be made again.
    private var touched: Set<String> = []
    /// Counts up whenever routes are made again.
    private var edition = 0
    private var hasChanged = true

    init(cluster: String, source: RoutingSource) {
        places = RoutingPlaces(paths: ClusterPaths(cluster: cluster), source: source)
    }

    // MARK: Tables

    /// The table of what is known now, or `nil` when it would look like the one before.
    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - staleSince: since when the coordination service cannot be reached.
    mutating func takeTable(at now: Int64, staleSince: Int64?, force: Bool = false) -> RoutingTable? {
        guard hasChanged || force else { return nil }
        hasChanged = false
        if !touched.isEmpty { edition += 1 }
        for resource in touched {
            routes[resource] = pieces[resource].map { ResourceRoutes($0.values, roster: roster, edition: edition) }
        }
        touched = []
        return RoutingTable(
            cluster: places.paths.cluster, source: places.source, zxid: zxid, modifiedAt: modifiedAt, publishedAt: now,
            staleSince: staleSince, problems: problems.values.sorted { $0.path < $1.path }, routes: routes,
            roster: roster)
    }

    // MARK: Taking over what was read

    /// Takes over what was read at places, in their order.
    /// - Returns: what is to be read because of it.
    /// - Throws: an error that concerns the connection and not one place.
    mutating func take(
        _ results: [Result<ReadResult, CoordinationError>], at places: [RoutingPlace], readingAll: Bool
    ) throws(CoordinationError) -> [RoutingPlace] {
        var next: [RoutingPlace] = []
        for (place, result) in zip(places, results) {
            switch result {
            case .success(let found): next += take(found, at: place, readingAll: readingAll)
            case .failure(let error) where error.code == .noNode: next += take(nil, at: place)
            case .failure(let error) where error.isTransient || error.endsSession: throw error
            case .failure(let error):
                // For want of permission, for example: what is known of the place stays.
                versions[place] = nil
                report(error.description, at: place)
            }
        }
        return next
    }

    /// Takes over what was read at a place.
    /// - Parameters:
    ///   - result: `nil` when there is no such znode.
    ///   - readingAll: whether everything is read again, also what is known.
    /// - Returns: what is to be read because of it.
    mutating func take(_ result: ReadResult?, at place: RoutingPlace, readingAll: Bool = false) -> [RoutingPlace] {
        switch result {
        case .children(let names, let stat):
            zxid = max(zxid, stat.childrenModifiedZxid)
            report(nil, at: place)
            return takeList(Set(names), at: place, readingAll)
        case .data(let data, let stat): return takeData(data, stat, at: place, readingAll)
        case .stat(let stat):
            guard case .creation(let list) = place, stat != nil else { return [] }
            return [list]
        case nil: return takeAbsence(of: place)
        }
    }

    private mutating func takeList(_ names: Set<String>, at list: RoutingPlace, _ readingAll: Bool) -> [RoutingPlace] {
        guard isCurrent(list) else { return [] }
        let known = children[list] ?? []
        children[list] = names
        for name in known.subtracting(names).sorted() { forget(name, of: list) }
        let new = names.subtracting(known).sorted()
        if list == .liveInstances {
            for name in new { note(roster.setLive(true, name)) }
        }
        return (readingAll ? names.sorted() : new).compactMap { places.child($0, of: list) }
    }

    private mutating func takeData(
        _ data: [UInt8], _ stat: Stat, at place: RoutingPlace, _ readingAll: Bool
    ) -> [RoutingPlace] {
        zxid = max(zxid, stat.modifiedZxid)
        if versions[place] == stat.modifiedZxid { return readingAll ? lists(below: place) : [] }
        versions[place] = stat.modifiedZxid
        modifiedAt = max(modifiedAt ?? stat.modifiedAt, stat.modifiedAt)
        let before = Set(lists(below: place))
        do throws(RecordError) {
            let record = try ZNRecord(decoding: data, path: places.path(place))
            report(nil, at: place)
            take(record, stat, at: place)
        } catch {
            report(error.reason, at: place)
            // A live instance whose record cannot be read still has a session, which owns the znode.
            if case .liveInstance(let name) = place, sessions[name] == nil {
                setSession(stat.ephemeralOwner?.description, of: name)
            }
        }
        return readingAll ? lists(below: place) : lists(below: place).filter { !before.contains($0) }
    }

    private mutating func take(_ record: ZNRecord, _ stat: Stat, at place: RoutingPlace) {
        switch place {
        case .instanceConfig(let name): note(roster.set(InstanceConfig(record: record), of: name))
        case .liveInstance(let name):
            setSession(LiveInstance(record: record).sessionID ?? stat.ephemeralOwner?.description, of: name)
        case .record(let part):
            if record.isBucketized {
                children[.buckets(part)] = children[.buckets(part)] ?? []
                setPiece([:], at: place)
            } else {
                if children[.buckets(part)] != nil { forgetBuckets(of: part) }
                setPiece(replicas(in: record, part), at: place)
            }
        case .bucket(let part, _): setPiece(replicas(in: record, part), at: place)
        default: break
        }
    }

    /// The lists that belong to a record.
    private func lists(below place: RoutingPlace) -> [RoutingPlace] {
        switch place {
        case .liveInstance(let name): sessions[name].map { [.currentStates(instance: name, session: $0)] } ?? []
        case .record(let record): children[.buckets(record)] == nil ? [] : [.buckets(record)]
        default: []
        }
    }

    private mutating func takeAbsence(of place: RoutingPlace) -> [RoutingPlace] {
        if place.isList {
            // Where the record itself is gone, that is an event of its own.
            if case .buckets = place { return [] }
            guard isCurrent(place) else { return [] }
            _ = takeList([], at: place, false)
            report(advice(for: place), at: place)
            return [.creation(of: place)]
        }
        // The list that named it was read before it vanished, or will be: it must look new when it comes back.
        switch place {
        case .instanceConfig(let name): forget(name, of: .instanceConfigs)
        case .liveInstance(let name): forget(name, of: .liveInstances)
        case .record(.view(let resource)): forget(resource, of: .views)
        case .record(.currentState(let instance, let session, let resource)):
            forget(resource, of: .currentStates(instance: instance, session: session))
        case .bucket(let record, let name): forget(name, of: .buckets(record))
        default: break
        }
        return []
    }

    private func advice(for list: RoutingPlace) -> String? {
        switch list {
        case .views where places.source == .targetExternalView:
            "there is no such znode, so no target is known; set TARGET_EXTERNALVIEW_ENABLED of the cluster"
        case .views where places.source.isCustomized:
            "there is no such znode, so nobody has said anything, or the cluster does not aggregate the type; see "
                + "'helix customized-state list'"
        case .views, .instanceConfigs, .liveInstances:
            "there is no such znode, so the cluster is not set up; create it, the table follows"
        default: nil
        }
    }

    // MARK: Forgetting

    private mutating func forget(_ name: String, of list: RoutingPlace) {
        children[list]?.remove(name)
        if list == .liveInstances { note(roster.setLive(false, name)) }
        guard let place = places.child(name, of: list) else { return }
        versions[place] = nil
        report(nil, at: place)
        switch place {
        case .instanceConfig: note(roster.set(nil, of: name))
        case .liveInstance: setSession(nil, of: name)
        case .record(let record):
            forgetBuckets(of: record)
            setPiece(nil, at: place)
        case .bucket: setPiece(nil, at: place)
        default: break
        }
    }

    private mutating func forgetBuckets(of record: RoutingRecord) {
        for bucket in children.removeValue(forKey: .buckets(record)) ?? [] { forget(bucket, of: .buckets(record)) }
    }

    // MARK: Replicas

    /// The session whose current states count. Those of another one say nothing about the present.
    private mutating func setSession(_ session: String?, of instance: String) {
        guard places.source == .currentStates, sessions[instance] != session else { return }
        if let former = sessions[instance] {
            let list = RoutingPlace.currentStates(instance: instance, session: former)
            for resource in children.removeValue(forKey: list) ?? [] { forget(resource, of: list) }
        }
        sessions[instance] = session
    }

    private mutating func setPiece(_ piece: [String: [Replica]]?, at place: RoutingPlace) {
        guard let resource = place.record?.resource, isCurrent(place) else { return }
        guard pieces[resource]?[place] != piece else { return }
        pieces[resource, default: [:]][place] = piece
        if pieces[resource]?.isEmpty == true { pieces[resource] = nil }
        touched.insert(resource)
        hasChanged = true
    }

    /// Whether what is found at a place counts: an answer may come after the place has lost its meaning.
    private func isCurrent(_ place: RoutingPlace) -> Bool {
        switch (place, place.record) {
        case (.currentStates(let instance, let session), _), (_, .currentState(let instance, let session, _)):
            sessions[instance] == session
        default: true
        }
    }

    private mutating func replicas(in record: ZNRecord, _ part: RoutingRecord) -> [String: [Replica]] {
        switch part {
        case .view:
            var partitions: [String: [Replica]] = [:]
            for (partition, states) in record.mapFields {
                let replicas = states.filter { $0.value != "DROPPED" }
                    .map { Replica(instance: roster.intern($0.key), state: $0.value) }
                partitions[partition] = roster.sorted(replicas)
            }
            return partitions
        case .currentState(let instance, _, _):
            let current = CurrentState(record: record)
            let index = roster.intern(instance)
            return record.mapFields.keys.reduce(into: [:]) { partitions, partition in
                guard let replica = current[partition], let state = replica.currentState, state != "DROPPED" else {
                    return
                }
                partitions[partition] = [Replica(instance: index, state: state, remark: ReplicaRemark(replica))]
            }
        }
    }

    // MARK: Notes

    private mutating func note(_ isChange: Bool) {
        if isChange { hasChanged = true }
    }

    private mutating func report(_ reason: String?, at place: RoutingPlace) {
        let problem = reason.map { RoutingProblem(path: places.path(place), reason: $0) }
        guard problems[place] != problem else { return }
        problems[place] = problem
        hasChanged = true
    }
}

extension RoutingSource {
    fileprivate var isCustomized: Bool {
        if case .customizedView = self { return true }
        return false
    }
}
