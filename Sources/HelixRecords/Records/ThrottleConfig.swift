/// How many replicas may be in transition at once: one item of STATE_TRANSITION_THROTTLE_CONFIGS (protocol reference
/// 4.4).
public struct ThrottleConfig: Sendable, Hashable {
    /// Which transitions count.
    public enum RebalanceType: String, Sendable, Hashable, CaseIterable {
        /// Those that improve the balance only.
        case load = "LOAD_BALANCE"
        /// Those that bring back replicas that are missing.
        case recovery = "RECOVERY_BALANCE"
        /// All of them.
        case any = "ANY"
        /// None of them.
        case none = "NONE"
    }

    /// What the number is counted over.
    public enum Scope: String, Sendable, Hashable, CaseIterable {
        /// The whole cluster.
        case cluster = "CLUSTER"
        /// Each resource.
        case resource = "RESOURCE"
        /// Each instance.
        case instance = "INSTANCE"
        /// Each partition.
        case partition = "PARTITION"
    }

    /// Which transitions count.
    public var type: RebalanceType
    /// What the number is counted over.
    public var scope: Scope
    /// How many may be in transition at once.
    public var limit: Int

    /// A throttle.
    public init(_ scope: Scope, _ type: RebalanceType, limit: Int) {
        self.scope = scope
        self.type = type
        self.limit = limit
    }

    init(text: String) throws(RecordError) {
        let object = try FlatObject.decode(text, of: "STATE_TRANSITION_THROTTLE_CONFIGS")
        type = try Self.value("REBALANCE_TYPE", object)
        scope = try Self.value("THROTTLE_SCOPE", object)
        guard let limit = object["MAX_PARTITION_IN_TRANSITION"].flatMap({ Int($0) }), limit >= 0 else {
            throw Self.fault("MAX_PARTITION_IN_TRANSITION", object, "a number from 0")
        }
        self.limit = limit
    }

    var text: String {
        FlatObject.encode([
            ("REBALANCE_TYPE", type.rawValue), ("THROTTLE_SCOPE", scope.rawValue),
            ("MAX_PARTITION_IN_TRANSITION", String(limit)),
        ])
    }

    private static func value<Value: RawRepresentable<String> & CaseIterable>(
        _ key: String, _ object: [String: String]
    ) throws(RecordError) -> Value {
        guard let value = object[key].flatMap({ Value(rawValue: $0) }) else {
            throw fault(key, object, "one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    private static func fault(_ key: String, _ object: [String: String], _ expected: String) -> RecordError {
        RecordError(
            path: "STATE_TRANSITION_THROTTLE_CONFIGS",
            reason: "\(key) is \(object[key].map { "\"\($0)\"" } ?? "missing"), expected \(expected)")
    }
}

extension ClusterConfig {
    /// STATE_TRANSITION_THROTTLE_CONFIGS. Items that cannot be read are left out (``problems()`` names them); of two
    /// with the same scope and type the later counts.
    public var throttles: [ThrottleConfig] {
        get { parsedThrottles.throttles }
        set { record[list: "STATE_TRANSITION_THROTTLE_CONFIGS"] = newValue.map(\.text) }
    }

    /// The throttles that can be read, and one sentence for each item that cannot.
    public var parsedThrottles: (throttles: [ThrottleConfig], problems: [String]) {
        var throttles: [ThrottleConfig] = []
        var problems: [String] = []
        for item in record[list: "STATE_TRANSITION_THROTTLE_CONFIGS"] {
            do throws(RecordError) {
                let throttle = try ThrottleConfig(text: item)
                throttles.removeAll { $0.scope == throttle.scope && $0.type == throttle.type }
                throttles.append(throttle)
            } catch {
                problems.append("the throttle \(item) is ignored: \(error.reason); correct or remove it")
            }
        }
        return (throttles, problems)
    }

    /// What the configuration asks for and cannot have, one sentence each; empty when all is well.
    public func problems() -> [String] {
        var problems = parsedThrottles.problems
        if let zone = faultZoneType, !topologyKeys.isEmpty, !topologyKeys.contains(zone) {
            problems.append(
                "FAULT_ZONE_TYPE is \"\(zone)\", which is no key of TOPOLOGY \(topology ?? ""); name one of its keys")
        }
        if let enter = maxOfflineInstances, let exit = offlineInstancesForAutoExit, exit > enter {
            problems.append(
                "NUM_OFFLINE_INSTANCES_FOR_AUTO_EXIT is \(exit), above MAX_OFFLINE_INSTANCES_ALLOWED, \(enter); "
                    + "the cluster would leave maintenance only to enter it again; lower it")
        }
        return problems
    }
}
