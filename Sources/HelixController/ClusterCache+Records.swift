import Coordination
import HelixRecords
import Logging
import RebalancePipeline
import StateModels

/// How what was read enters the snapshot.
extension ClusterCache {
    /// - Returns: what is to be read because of it.
    mutating func takeList(_ names: Set<String>, at place: CachePlace) -> [CachePlace] {
        if place.isQueue { return takeQueue(names, at: place) }
        if place == .controller { snapshot.setPaused(names.contains("PAUSE")) }
        if case .buckets(let record) = place { spread[record]?.expect(names) }
        let known = children[place] ?? []
        children[place] = names
        for name in known.subtracting(names).sorted() {
            if let child = place.child(name) { forget(child) }
        }
        return (isFullRead ? names : names.subtracting(known)).sorted().compactMap(place.child)
    }

    /// - Returns: what is to be read because of it.
    mutating func takeData(_ data: [UInt8], _ stat: Stat, at place: CachePlace) -> [CachePlace] {
        let path = place.path(paths)
        switch place {
        case .clusterConfig: snapshot.setClusterConfig(decode(data, path))
        case .constraint(ClusterConstraints.messageConstraintID): snapshot.setConstraints(decode(data, path))
        case .maintenance: snapshot.setMaintenance(decode(data, path))
        case .pause: snapshot.setPause(decode(data, path))
        case .instanceConfig(let name): snapshot.setInstanceConfig(name, decode(data, path))
        case .resourceConfig(let name): snapshot.setResourceConfig(name, decode(data, path))
        case .stateModel(let name): snapshot.setStateModel(name, decodeModel(data, path))
        case .liveInstance(let name): return takeLiveInstance(name, data, stat)
        case .idealState, .currentState: return takeRecord(decode(data, path), at: place)
        case .bucket(let record, let name):
            let bucket: Found<RawRecord> = decode(data, path)
            spread[record]?.take(bucket, name)
        default: break
        }
        return []
    }

    /// A znode is gone.
    mutating func forget(_ place: CachePlace) {
        switch place {
        case .clusterConfig: snapshot.setClusterConfig(.absent)
        case .constraint(ClusterConstraints.messageConstraintID): snapshot.setConstraints(.absent)
        case .maintenance: snapshot.setMaintenance(.absent)
        case .pause: snapshot.setPause(.absent)
        case .instanceConfig(let name): snapshot.setInstanceConfig(name, .absent)
        case .resourceConfig(let name): snapshot.setResourceConfig(name, .absent)
        case .stateModel(let name): snapshot.setStateModel(name, .absent)
        case .liveInstance(let name): forgetLiveInstance(name)
        case .idealState, .currentState:
            forgetBuckets(of: place)
            setRecord(.absent, at: place)
        default: break
        }
    }

    /// A znode is there and cannot be read. Of lists, queues and live instances what was known before stays.
    mutating func setUnreadable(_ place: CachePlace, _ error: RecordError) {
        switch place {
        case .clusterConfig: snapshot.setClusterConfig(.unreadable(error))
        case .constraint(ClusterConstraints.messageConstraintID): snapshot.setConstraints(.unreadable(error))
        case .maintenance: snapshot.setMaintenance(.unreadable(error))
        case .pause: snapshot.setPause(.unreadable(error))
        case .instanceConfig(let name): snapshot.setInstanceConfig(name, .unreadable(error))
        case .resourceConfig(let name): snapshot.setResourceConfig(name, .unreadable(error))
        case .stateModel(let name): snapshot.setStateModel(name, .unreadable(error))
        case .idealState, .currentState: setRecord(.unreadable(error), at: place)
        case .bucket(let record, let name): spread[record]?.take(.unreadable(error), name)
        case .buckets(let record): setRecord(.unreadable(error), at: record)
        default: break
        }
    }

    // MARK: Live instances

    /// The present session of an instance, as its record spells it.
    func liveSession(_ instance: String) -> String? {
        snapshot.instanceIndex(instance).flatMap { snapshot.instances[$0].live?.id }
    }

    /// An instance joined or changed its record: its queue and its states are followed from now on.
    private mutating func takeLiveInstance(_ name: String, _ data: [UInt8], _ stat: Stat) -> [CachePlace] {
        let found: Found<LiveInstance> = decode(data, paths.liveInstance(name))
        let former = liveSession(name)
        let isSame = incarnations[name] == stat.createdZxid
        incarnations[name] = stat.createdZxid
        // Java identifies a session by the owner of the ephemeral, others by what the record says; of a record that
        // became unreadable it is known what it was, and one that never was readable leaves the owner (protocol reference 1.8).
        let owner = stat.ephemeralOwner.map(\.description)
        let unspoken = found.value == nil && isSame ? former ?? owner : owner
        guard let session = found.value?.sessionID ?? unspoken else {
            forgetLiveInstance(name)
            return []
        }
        let accepts = found.value?.acceptsBatchMessages ?? false
        // Of a record that became unreadable nothing else is known than before.
        let isFrozen =
            found.value?.isFrozen ?? snapshot.instanceIndex(name).flatMap { snapshot.instances[$0].live?.isFrozen }
        snapshot.setLiveInstance(
            name, .init(id: session, acceptsBatchMessages: accepts, isFrozen: isFrozen ?? false))
        guard former != session || isFullRead else { return [] }
        if let former, former != session { forgetStates(name, session: former) }
        return [.messages(name), .currentStates(name, session: session)]
    }

    private mutating func forgetLiveInstance(_ name: String) {
        if let session = liveSession(name) { forgetStates(name, session: session) }
        forgetQueue(of: name)
        incarnations[name] = nil
        snapshot.setLiveInstance(name, nil)
    }

    /// Of an instance that was there, and of which nobody has noted yet that it went, it is known that it went just now.
    mutating func takeHistory(_ data: [UInt8], of instance: String) {
        do throws(RecordError) {
            let history = try ParticipantHistory(decoding: data, path: paths.instanceHistory(instance))
            let unnoted = history.entries.isEmpty ? nil : snapshot.time
            snapshot.setOfflineSince(instance, history.lastOfflineTime ?? unnoted)
        } catch {
            // One that was never written belongs to an instance that has never been there; nobody waits for others.
            snapshot.setOfflineSince(instance, nil)
        }
    }

    /// Of a live instance it was read when it was away before. What cannot be read tells nothing against it.
    mutating func takeFormerAbsences(_ data: [UInt8], of instance: String) {
        guard let history = try? ParticipantHistory(decoding: data, path: paths.instanceHistory(instance)) else {
            return
        }
        let absences = history.absences(now: snapshot.time)
        snapshot.addAbsences(instance, absences.map { .init(since: $0.since, until: $0.until) })
    }

    private mutating func forgetStates(_ instance: String, session: String) {
        let list = CachePlace.currentStates(instance, session: session)
        for resource in children[list] ?? [] {
            forgetBuckets(of: .currentState(instance, session: session, resource: resource))
        }
        children[list] = nil
    }

    // MARK: Records that may be spread

    /// Takes in the znode of a record that is whole or, if it is spread, its head.
    private mutating func takeRecord(_ found: Found<RawRecord>, at place: CachePlace) -> [CachePlace] {
        guard let head = found.value?.record, head.isBucketized else {
            forgetBuckets(of: place)
            setRecord(found, at: place)
            return []
        }
        var keepsStatesOnly = false
        if case .currentState = place { keepsStatesOnly = true }
        spread[place, default: SpreadRecord(keepsStatesOnly: keepsStatesOnly)].head = head
        return [.buckets(place)]
    }

    /// Puts those spread records together of which something has changed and nothing is missing.
    mutating func joinSpreadRecords() {
        let ready = spread.filter { $0.value.isReady }.keys.sorted { $0.path(paths) < $1.path(paths) }
        for place in ready {
            switch spread[place]?.join() {
            case .whole(let record)?: setRecord(record, at: place)
            case .replicas(let replicas)?: setReplicas(replicas, at: place)
            case nil: break
            }
        }
    }

    private mutating func setReplicas(_ replicas: [String: [String: String]?], at place: CachePlace) {
        guard case .currentState(let instance, let session, let resource) = place, liveSession(instance) == session
        else { return }
        snapshot.updateCurrentState(instance, resource, replicas.mapValues { $0.map { ReplicaState(fields: $0) } })
    }

    private mutating func forgetBuckets(of place: CachePlace) {
        guard spread.removeValue(forKey: place) != nil else { return }
        children[.buckets(place)] = nil
    }

    private mutating func setRecord(_ found: Found<RawRecord>, at place: CachePlace) {
        switch place {
        case .idealState(let name): snapshot.setIdealState(name, found.map { IdealState(record: $0.record) })
        case .currentState(let instance, let session, let resource):
            guard liveSession(instance) == session else { return }
            snapshot.setCurrentState(instance, resource, found.map { CurrentState(record: $0.record) })
        default: break
        }
    }

    // MARK: Decoding

    func decode<Record: RecordView>(_ data: [UInt8], _ path: String) -> Found<Record> {
        do throws(RecordError) {
            return .present(try Record(decoding: data, path: path))
        } catch {
            logger.warning("A record cannot be read", metadata: ["helix.path": "\(path)", "error": "\(error)"])
            return .unreadable(error)
        }
    }

    private func decodeModel(_ data: [UInt8], _ path: String) -> Found<StateModel> {
        let found: Found<RawRecord> = decode(data, path)
        switch found {
        case .absent: return .absent
        case .unreadable(let error): return .unreadable(error)
        case .present(let raw):
            do throws(StateModelError) {
                return .present(try StateModel(record: raw.record))
            } catch {
                logger.warning("A state model is not valid", metadata: ["helix.path": "\(path)", "error": "\(error)"])
                return .unreadable(RecordError(path: path, reason: "\(error)"))
            }
        }
    }
}
