public import HelixRecords
import StateModels

/// Why an instance cannot take another one's place yet.
public enum SwapObstacle: Sendable, Hashable, CustomStringConvertible {
    /// An instance has another operation than it should have.
    case operation(instance: String, found: InstanceOperation, expected: [InstanceOperation])
    /// The two have different logical ids.
    case differentLogicalIDs(old: String, new: String)
    /// An instance is not alive.
    case notAlive(instance: String)
    /// Current states of former sessions are there beside the present one's.
    case formerSessions(instance: String, sessions: [String])
    /// Messages wait for an instance.
    case pendingMessages(instance: String, count: Int)
    /// The new instance's replica is in none of the states that it should be in; `nil` stands for no replica.
    case differs(resource: String, partition: String, found: String?, expected: [String])
    /// A record that has to be known cannot be read.
    case unreadable(path: String)
    /// The lists of a resource name the instance that is to go, and are spread over buckets.
    case bucketizedLists(resource: String)

    /// What was found, and what to do.
    public var description: String {
        switch self {
        case .operation(let instance, let found, let expected):
            "\(instance) is \(found.rawValue), expected \(expected.map(\.rawValue).joined(separator: " or "))"
        case .differentLogicalIDs(let old, let new):
            "the logical ids differ, \(old) and \(new); give both the same value of the topology's last key in DOMAIN"
        case .notAlive(let instance): "\(instance) is not alive; start it"
        case .formerSessions(let instance, let sessions):
            "\(instance) has left current states of former sessions (\(sessions.joined(separator: ", "))); wait until "
                + "it has cleaned up, or restart it"
        case .pendingMessages(let instance, let count):
            "\(count) message\(count == 1 ? " waits" : "s wait") for \(instance); let it do its work"
        case .differs(let resource, let partition, let found, let expected):
            "\(partition) of \(resource) is \(found ?? "not there") on the new instance, expected "
                + expected.joined(separator: " or ")
        case .unreadable(let path): "\(path) is missing or cannot be read; repair it"
        case .bucketizedLists(let resource):
            "the lists of \(resource) name the old instance and are spread over buckets; replace it there by hand first"
        }
    }
}

/// How far a swap has come.
public struct SwapStatus: Sendable, Hashable {
    /// The instance that is to go.
    public var old: String
    /// The instance that is to take its place.
    public var new: String
    /// How many replicas the old one has.
    public var replicas: Int
    /// How many of them the new one has as well, as it should.
    public var mirrored: Int
    /// How many of the old one's are in the top state, where that has room for one: these will be handed over.
    public var tops: Int
    /// What is in the way; nothing when the swap can be completed.
    public var obstacles: [SwapObstacle]

    /// Whether the swap can be completed.
    public var isReady: Bool { obstacles.isEmpty }
}

/// What a swap is judged by, as it was read.
struct SwapEvidence: Sendable {
    var old: InstanceConfig
    var new: InstanceConfig
    var cluster: ClusterConfig
    var work: [String: InstanceWork]
    /// By name; a model that cannot be used is missing.
    var models: [String: StateModel]
    /// The state model's path, for those that are missing.
    var modelPath: @Sendable (String) -> String

    /// All preconditions of the protocol (reference 9.5), one by one.
    func status() throws(RecordError) -> SwapStatus {
        var status = SwapStatus(old: old.id, new: new.id, replicas: 0, mirrored: 0, tops: 0, obstacles: [])
        expect(old, [.enable, .disable], &status)
        expect(new, [.swapIn], &status)
        let (oldID, newID) = (try old.logicalID(in: cluster), try new.logicalID(in: cluster))
        if oldID != newID { status.obstacles.append(.differentLogicalIDs(old: oldID, new: newID)) }
        for instance in [old.id, new.id] {
            status.obstacles += obstacles(of: instance, work[instance] ?? InstanceWork())
        }
        compare(&status)
        return status
    }

    private func expect(
        _ config: InstanceConfig, _ expected: [InstanceOperation], _ status: inout SwapStatus
    ) {
        let found = config.effectiveOperation
        guard !expected.contains(found) else { return }
        status.obstacles.append(.operation(instance: config.id, found: found, expected: expected))
    }

    private func obstacles(of instance: String, _ work: InstanceWork) -> [SwapObstacle] {
        guard let live = work.live else { return [.notAlive(instance: instance)] }
        var obstacles: [SwapObstacle] = work.unreadable.map { .unreadable(path: $0) }
        let former = work.sessions.filter { $0 != live.sessionID }
        if !former.isEmpty { obstacles.append(.formerSessions(instance: instance, sessions: former)) }
        if !work.messageIDs.isEmpty {
            obstacles.append(.pendingMessages(instance: instance, count: work.messageIDs.count))
        }
        return obstacles
    }

    private func compare(_ status: inout SwapStatus) {
        let copies = Dictionary(
            (work[new.id]?.states ?? []).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for original in work[old.id]?.states ?? [] {
            let name = original.stateModel ?? ""
            guard let model = models[name] else {
                status.obstacles.append(.unreadable(path: modelPath(name)))
                continue
            }
            let disabled = new.disabledPartitions(resource: original.id)
            for partition in original.partitions {
                guard let state = original[partition]?.currentState, state != StateModel.dropped else { continue }
                status.replicas += 1
                if state == model.topState, model.hasSingleTopState { status.tops += 1 }
                let isDisabled = disabled.all || disabled.partitions.contains(partition)
                let expected = Self.expected(beside: state, model, isDisabled: isDisabled)
                let found = copies[original.id]?[partition]?.currentState
                if expected.contains(found ?? model.initialState) {
                    status.mirrored += 1
                } else {
                    status.obstacles.append(
                        .differs(resource: original.id, partition: partition, found: found, expected: expected))
                }
            }
        }
    }

    /// In which states the new replica may be: that of the old one, or what stands in for it. Where that state has room
    /// for so many only, the new one may have to wait in the initial one.
    private static func expected(beside state: String, _ model: StateModel, isDisabled: Bool) -> [String] {
        guard let index = model.index(of: state) else { return [state] }
        if isDisabled { return [model.initialState] }
        let mirrored = model.mirroredState(of: index)
        var expected = [model.states[mirrored].name]
        let best = index == model.errorIndex ? model.topState : state
        if !expected.contains(best) { expected.append(best) }
        if case .atMost = model.states[mirrored].bound { expected.append(model.initialState) }
        return expected
    }
}
