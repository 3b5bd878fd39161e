import HelixRecords

/// How many replicas may be in transition at once: what STATE_TRANSITION_THROTTLE_CONFIGS says, ready to be asked often
/// (protocol reference 6.5). It is about resources whose placement is the controller's; others move as their owners say.
struct TransitionThrottle: Sendable {
    private let cluster: Limits
    private let resource: Limits
    private let instance: Limits
    /// With more partitions of a resource in ERROR than this, its load is balanced downwards only.
    let errorPartitions: Int

    /// The limits of one scope; `nil` for any number.
    private struct Limits: Sendable {
        var load: Int?
        var recovery: Int?
        var any: Int?

        var isEmpty: Bool { load == nil && recovery == nil && any == nil }

        init(_ throttles: [ThrottleConfig], _ scope: ThrottleConfig.Scope) {
            for throttle in throttles where throttle.scope == scope {
                switch throttle.type {
                case .load: load = throttle.limit
                case .recovery: recovery = throttle.limit
                case .any: any = throttle.limit
                case .none: break
                }
            }
        }

        /// The limit that forbids one more.
        func reached(by flow: TransitionTraffic.Flow, _ kind: RebalanceKind) -> (
            type: ThrottleConfig.RebalanceType, Int
        )? {
            switch kind {
            case .load: if let load, flow.load >= load { return (.load, load) }
            case .recovery: if let recovery, flow.recovery >= recovery { return (.recovery, recovery) }
            }
            if let any, flow.load + flow.recovery >= any { return (.any, any) }
            return nil
        }
    }

    init(_ config: ClusterConfig?) {
        let throttles = config?.throttles ?? []
        cluster = Limits(throttles, .cluster)
        resource = Limits(throttles, .resource)
        instance = Limits(throttles, .instance)
        errorPartitions = config?.errorPartitionThreshold ?? 1
    }

    /// Whether nothing is limited but by errors.
    var isOpen: Bool { cluster.isEmpty && resource.isEmpty && instance.isEmpty }

    /// Whether no transition of a kind may begin anywhere.
    func isClosed(to kind: RebalanceKind, _ traffic: TransitionTraffic) -> Bool {
        cluster.reached(by: traffic.cluster, kind) != nil
    }

    /// The limit that keeps a transition from beginning now.
    /// - Parameter isWithdrawn: the replica is disabled: it may always go from its instance.
    func obstacle(
        _ kind: RebalanceKind, of resource: String, on instance: Int32, isWithdrawn: Bool, _ traffic: TransitionTraffic
    ) -> ThrottleConfig? {
        if let (type, limit) = cluster.reached(by: traffic.cluster, kind) {
            return ThrottleConfig(.cluster, type, limit: limit)
        }
        if let (type, limit) = self.resource.reached(by: traffic[resource], kind) {
            return ThrottleConfig(.resource, type, limit: limit)
        }
        if !isWithdrawn, let (type, limit) = self.instance.reached(by: traffic[instance], kind) {
            return ThrottleConfig(.instance, type, limit: limit)
        }
        return nil
    }
}

/// The transitions under way, counted where they are limited.
struct TransitionTraffic: Sendable {
    /// Transitions under way.
    struct Flow: Sendable, Hashable {
        var load = 0
        var recovery = 0

        mutating func add(_ kind: RebalanceKind, _ count: Int) {
            switch kind {
            case .load: load += count
            case .recovery: recovery += count
            }
        }
    }

    /// A transition under way.
    struct Charge: Sendable, Hashable {
        var instance: Int32
        /// `nil` where the placement is not the controller's, so that the throttle is not about it.
        var kind: RebalanceKind?
        /// What its message counts against.
        var constraints: [MessageConstraints.Count]
    }

    private(set) var cluster = Flow()
    private var resources: [String: Flow] = [:]
    private var instances: [Int32: Flow] = [:]
    private var messages: [String: Int] = [:]

    subscript(resource: String) -> Flow { resources[resource] ?? Flow() }

    subscript(instance: Int32) -> Flow { instances[instance] ?? Flow() }

    /// The constraint that forbids one more message.
    func reached(_ constraints: [MessageConstraints.Count]) -> MessageConstraints.Count? {
        constraints.first { messages[$0.key] ?? 0 >= $0.limit }
    }

    mutating func begin(_ charge: Charge, of resource: String) { count(charge, of: resource, 1) }

    mutating func end(_ charge: Charge, of resource: String) { count(charge, of: resource, -1) }

    private mutating func count(_ charge: Charge, of resource: String, _ count: Int) {
        for constraint in charge.constraints { messages[constraint.key, default: 0] += count }
        guard let kind = charge.kind else { return }
        cluster.add(kind, count)
        resources[resource, default: Flow()].add(kind, count)
        instances[charge.instance, default: Flow()].add(kind, count)
    }
}
