/// What becomes of replicas that are in the top state together where fewer may be: TOP_STATE_CONFLICT_POLICY of a resource's
/// configuration, or of the cluster's. That happens when somebody else gives orders, or a participant takes a state by itself.
public enum TopStateConflictPolicy: String, Sendable, Hashable, CaseIterable, Codable {
    /// Who comes first in the preference list keeps it, the others step down. This is so unless something else is said.
    case keepPreferred = "KEEP_PREFERRED"
    /// Who took it last keeps it, by END_TIME, the others step down.
    case keepMostRecent = "KEEP_MOST_RECENT"
    /// All step down, then one is promoted: nobody's state is trusted, as with ExcessiveTopStateResolver of Helix.
    case demoteAll = "DEMOTE_ALL"
    /// Nobody is moved until an operator has decided.
    case reportOnly = "REPORT_ONLY"
}

extension ClusterConfig {
    private static let resolver = "ExcessiveTopStateResolver"

    /// What is said for the resources with a state model: TOP_STATE_CONFLICT_POLICY, else ``TopStateConflictPolicy/demoteAll``
    /// where ABNORMAL_STATES_RESOLVER_MAP names the resolver of Helix that does this; `nil` where nothing is said, or
    /// nothing that is known.
    public func topStateConflictPolicy(stateModel: String) -> TopStateConflictPolicy? {
        if let policy: TopStateConflictPolicy = record[value: "TOP_STATE_CONFLICT_POLICY"] { return policy }
        let resolver = abnormalStateResolvers[stateModel]?.split(separator: ".").last
        return resolver.map(String.init) == Self.resolver ? .demoteAll : nil
    }

    /// TOP_STATE_CONFLICT_POLICY, for all resources.
    public var topStateConflictPolicy: TopStateConflictPolicy? {
        get { record[value: "TOP_STATE_CONFLICT_POLICY"] }
        set { record[value: "TOP_STATE_CONFLICT_POLICY"] = newValue }
    }
}

extension ResourceConfig {
    /// TOP_STATE_CONFLICT_POLICY; `nil` leaves it to the cluster.
    public var topStateConflictPolicy: TopStateConflictPolicy? {
        get { record[value: "TOP_STATE_CONFLICT_POLICY"] }
        set { record[value: "TOP_STATE_CONFLICT_POLICY"] = newValue }
    }
}
