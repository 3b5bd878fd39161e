/// What a resource should look like: `/IDEALSTATES/R` (protocol reference 4.2).
public struct IdealState: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

    /// The text that stands for every live instance, as the number of replicas or as the only entry of a preference
    /// list.
    public static let anyLiveInstance = "ANY_LIVEINSTANCE"

    /// Who computes the placement.
    public enum RebalanceMode: String, Sendable, Hashable, CaseIterable {
        /// The controller decides place and state.
        case fullAuto = "FULL_AUTO"
        /// The user gives preference lists, the controller decides states by order and liveness.
        case semiAuto = "SEMI_AUTO"
        /// The user gives the exact map.
        case customized = "CUSTOMIZED"
        /// A strategy registered by name decides.
        case userDefined = "USER_DEFINED"
        /// The task framework's pseudo-mode.
        case task = "TASK"

        /// Whether the controller decides where replicas are to be, and not a user.
        package var isPlacedByController: Bool { self == .fullAuto || self == .userDefined }
    }

    /// How many replicas a partition should have.
    public enum Replicas: Sendable, Hashable {
        /// This many.
        case count(Int)
        /// One on every live instance that may have one.
        case anyLiveInstance
    }

    /// REBALANCE_MODE, or what the legacy IDEAL_STATE_MODE says when that is missing or NONE. `nil` when it is a text
    /// that stands for no mode. Setting it writes both fields.
    public var rebalanceMode: RebalanceMode? {
        get {
            if let mode = record.simpleFields["REBALANCE_MODE"], mode != "NONE" { return RebalanceMode(rawValue: mode) }
            switch record.simpleFields["IDEAL_STATE_MODE"] {
            case "AUTO_REBALANCE": return .fullAuto
            case "CUSTOMIZED": return .customized
            default: return .semiAuto
            }
        }
        set {
            record.simpleFields["REBALANCE_MODE"] = newValue?.rawValue ?? "NONE"
            record.simpleFields["IDEAL_STATE_MODE"] =
                switch newValue {
                case .fullAuto: "AUTO_REBALANCE"
                case .customized: "CUSTOMIZED"
                default: "AUTO"
                }
        }
    }

    /// NUM_PARTITIONS; `nil` when it is missing, negative or no number, which makes the record invalid.
    public var numPartitions: Int? {
        get { record[count: "NUM_PARTITIONS"] }
        set { record[count: "NUM_PARTITIONS"] = newValue }
    }

    /// REPLICAS. Where it is missing, the length of the first preference list (SEMI_AUTO), the size of the first map
    /// (CUSTOMIZED), or 0. `nil` when it is no number, or a negative one.
    public var replicas: Replicas? {
        get {
            guard let text = record.simpleFields["REPLICAS"] else { return .count(impliedReplicas) }
            if text == Self.anyLiveInstance { return .anyLiveInstance }
            return Int(text).flatMap { $0 < 0 ? nil : .count($0) }
        }
        set {
            record.simpleFields["REPLICAS"] =
                switch newValue {
                case .count(let count): String(count)
                case .anyLiveInstance: Self.anyLiveInstance
                case nil: nil
                }
        }
    }

    private var impliedReplicas: Int {
        switch rebalanceMode {
        case .semiAuto: record.listFields.min { $0.key < $1.key }?.value.count ?? 0
        case .customized: record.mapFields.min { $0.key < $1.key }?.value.count ?? 0
        default: 0
        }
    }

    /// MIN_ACTIVE_REPLICAS: how many replicas to keep while a rebalance is delayed; `nil` means as many as `replicas`.
    public var minActiveReplicas: Int? {
        get { record[count: "MIN_ACTIVE_REPLICAS"] }
        set { record[count: "MIN_ACTIVE_REPLICAS"] = newValue }
    }

    /// The preference list of each partition: instances, the most preferred first.
    public var preferenceLists: [String: [String]] {
        get { record.listFields }
        set { record.listFields = newValue }
    }

    /// The state of each partition on each instance.
    public var instanceStateMap: [String: [String: String]] {
        get { record.mapFields }
        set { record.mapFields = newValue }
    }

    /// The partitions in natural order (`R_2` before `R_10`): the keys of the map in CUSTOMIZED mode, of the preference
    /// lists in all others.
    public var partitions: [String] {
        rebalanceMode == .customized
            ? record.mapFields.keys.naturallySorted() : record.listFields.keys.naturallySorted()
    }

    /// What makes the record invalid, one sentence each; empty when it is valid (protocol reference 4.2).
    public func problems() -> [String] {
        var problems: [String] = []
        if numPartitions == nil {
            problems.append("NUM_PARTITIONS is \(spelt("NUM_PARTITIONS")), expected a number from 0; set it")
        }
        if stateModel == nil { problems.append("STATE_MODEL_DEF_REF is missing; name a state model of the cluster") }
        if rebalanceMode == nil {
            let modes = RebalanceMode.allCases.map(\.rawValue).joined(separator: ", ")
            problems.append("REBALANCE_MODE is \(spelt("REBALANCE_MODE")), expected one of \(modes)")
        }
        if let text = record[name: "FAILBACK"], Failback(rawValue: text) == nil {
            problems.append("FAILBACK is \(spelt("FAILBACK")), expected IMMEDIATE or NEVER")
        }
        guard let replicas else {
            problems.append("REPLICAS is \(spelt("REPLICAS")), expected a number from 0 or \(Self.anyLiveInstance)")
            return problems
        }
        guard rebalanceMode == .semiAuto, case .count(let count) = replicas else { return problems }
        for partition in partitions {
            let list = preferenceLists[partition] ?? []
            if list.count == count || list == [Self.anyLiveInstance] { continue }
            problems.append(
                "the preference list of \(partition) has \(list.count) instances, REPLICAS is \(count); make them equal"
            )
        }
        return problems
    }

    private func spelt(_ key: String) -> String { record.simpleFields[key].map { "\"\($0)\"" } ?? "missing" }
}
