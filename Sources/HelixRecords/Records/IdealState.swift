/// What a resource should look like: `/IDEALSTATES/R` (protocol reference 4.2).
public struct IdealState: RecordView {
    /// The record behind the view.
    public var record: ZNRecord
    /// The view of a record.
    public init(record: ZNRecord) { self.record = record }

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
    }

    /// REBALANCE_MODE, or what the legacy IDEAL_STATE_MODE says when that is missing or NONE.
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
}
