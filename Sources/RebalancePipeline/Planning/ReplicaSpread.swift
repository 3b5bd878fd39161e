import HelixRecords
import StateModels

/// How even something is spread over instances.
public struct Evenness: Sendable, Hashable {
    /// The smallest number that an instance has.
    public var least: Int
    /// The largest one.
    public var most: Int
    /// The mean.
    public var average: Double

    /// How far apart the smallest and the largest number are.
    public var difference: Int { most - least }

    /// Of no instances it is 0 throughout.
    init(_ counts: [Int]) {
        least = counts.min() ?? 0
        most = counts.max() ?? 0
        average = counts.isEmpty ? 0 : Double(counts.reduce(0, +)) / Double(counts.count)
    }
}

/// How the replicas of a resource, or of several, are spread over instances: what live instances report as their
/// current states, in whatever state, ERROR too.
public struct ReplicaSpread: Sendable, Hashable {
    /// What an instance has of it.
    public struct Share: Sendable, Hashable {
        /// The instance.
        public var instance: String
        /// Its fault zone, as it is told from others; `nil` where zones do not count, or it is not known.
        public var zone: String?
        /// Why it gets no replicas now, so that it does not count for the evenness; `nil` where it may get some.
        public var absence: Absence?
        /// How many replicas it has.
        public var replicas = 0
        /// How many of them are in the top state; those of state models whose top state has room for all do not count.
        public var tops = 0
        /// How many of them are in ERROR.
        public var errors = 0
    }

    /// Why an instance gets no replicas.
    public enum Absence: String, Sendable, Hashable {
        /// It is not live.
        case notLive = "not live"
        /// It is disabled.
        case disabled
        /// It is evacuated, or has no configuration.
        case draining
        /// It is to have nothing: UNKNOWN, or SWAP_IN without anybody to replace.
        case excluded
        /// It has what the instance has that it is to replace: SWAP_IN.
        case swappingIn = "swapping in"
        /// Its fault zone is unknown.
        case noZone = "zone unknown"
        /// It has not the tag that the resources ask for.
        case untagged = "not tagged for it"
    }

    /// The shares of instances that have replicas, or are configured or live, in natural order of their names. Of those
    /// that are not tagged for it only the ones with replicas.
    public private(set) var shares: [Share] = []
    /// The top states that count, by name: one for each state model among the resources that bounds its top state.
    public private(set) var topStates: [String] = []

    /// The evenness over the instances that may get replicas.
    public var replicas: Evenness { Evenness(counted.map(\.replicas)) }
    /// That of the top states; `nil` where none counts.
    public var tops: Evenness? { topStates.isEmpty ? nil : Evenness(counted.map(\.tops)) }
    /// The shares of instances that may get replicas.
    public var counted: [Share] { shares.filter { $0.absence == nil } }

    init(_ resources: [ClusterSnapshot.Resource], _ standing: ClusterStanding, _ snapshot: ClusterSnapshot) {
        var shares = snapshot.instances.map { Share(instance: $0.name) }
        var isEligible = [Bool](repeating: false, count: shares.count)
        var states: Set<String> = []
        for resource in resources {
            let configuration = ReadConfiguration.resource(resource, standing, in: snapshot).configuration
            for instance in standing.eligible(tag: configuration?.tag) { isEligible[Int(instance)] = true }
            let top = configuration?.model.scarceTop
            if let top { states.insert(top) }
            Self.count(resource, top: top, into: &shares, snapshot)
        }
        topStates = states.sorted()
        for index in shares.indices {
            shares[index].zone = standing.instances[index].zone?.path.joined(separator: "/")
            shares[index].absence = Absence(standing.instances[index], isTagged: isEligible[index])
        }
        let isKnown = snapshot.instances.map { $0.live != nil || !$0.config.isAbsent }
        let order = Dictionary(uniqueKeysWithValues: shares.enumerated().map { ($1.instance, $0) })
        self.shares = shares.map(\.instance).naturallySorted().map { order[$0]! }
            .filter { shares[$0].replicas > 0 || (isKnown[$0] && shares[$0].absence != .untagged) }
            .map { shares[$0] }
    }

    private static func count(
        _ resource: ClusterSnapshot.Resource, top: String?, into shares: inout [Share], _ snapshot: ClusterSnapshot
    ) {
        for partition in 0..<resource.current.partitionCount {
            resource.current.forEach(in: partition) { instance, state in
                shares[Int(instance)].replicas += 1
                if snapshot.stateName(state) == top { shares[Int(instance)].tops += 1 }
                if snapshot.stateName(state) == StateModel.error { shares[Int(instance)].errors += 1 }
            }
        }
    }
}

extension ReplicaSpread.Absence {
    fileprivate init?(_ standing: ReadConfiguration.Standing, isTagged: Bool) {
        switch standing.duty {
        case _ where !standing.isLive: self = .notLive
        case .disabled: self = .disabled
        case .evacuating: self = .draining
        case .excluded: self = .excluded
        case .mirroring: self = .swappingIn
        case .serving where standing.misplacedBy != nil: self = .noZone
        case .serving where !isTagged: self = .untagged
        case .serving: return nil
        }
    }
}

extension StateModel {
    /// The top state where it has not room for every replica; in other models it distinguishes none.
    var scarceTop: String? {
        if case .atMost = states[0].bound { return topState }
        return nil
    }
}

extension ClusterSnapshot {
    /// How the replicas of one resource or, with `nil`, of all of them together are spread now.
    /// - Returns: `nil` when there is no such resource.
    public func spread(of resource: String? = nil) -> ReplicaSpread? {
        let standing = ReadConfiguration.standing(of: self)
        guard let resource else { return spread(standing) }
        return resources[resource].map { ReplicaSpread([$0], standing, self) }
    }

    func spread(_ standing: ClusterStanding) -> ReplicaSpread {
        ReplicaSpread(resources.values.sorted { $0.name < $1.name }, standing, self)
    }
}
