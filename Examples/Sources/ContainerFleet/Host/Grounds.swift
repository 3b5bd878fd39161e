import FleetModel
public import HelixRecords

/// Whether there is a reason, on record, to end or remove what runs on a host.
///
/// A store that is empty, was restored from long ago or is another fleet's says of every task that it is not wanted. So
/// not to be wanted is no reason: somebody must have said that it is to go.
public enum Grounds: Sendable, Hashable {
    /// There is: in which record, for people.
    case given(String)
    /// There is not: what was found, and what to do.
    case missing(String)

    /// What the records that were read say of ending a task.
    /// - Parameters:
    ///   - identity: the identity of the fleet in the store, and the one on the agent's disk.
    ///   - idealState: the resource's, if there is one.
    ///   - hasTombstone: whether it is on record that the resource was removed.
    public static func toStop(
        _ partition: String, identity: (store: String?, disk: String?), idealState: IdealState?, hasTombstone: Bool
    ) -> Grounds {
        guard let store = identity.store else {
            return .missing("the store has no fleet: it is empty or damaged; restore it")
        }
        guard store == identity.disk else {
            return .missing(
                "the store is that of the fleet \(store), this agent belongs to \(identity.disk ?? "none"); look where "
                    + "the agent connects to")
        }
        if idealState != nil { return .given("an ideal state") }
        if hasTombstone { return .given("a tombstone") }
        return .missing(
            "the store knows nothing of \(partition), not even that it was removed; remove the container by hand if "
                + "nobody needs it, or restore the store")
    }

    /// What they say of removing it: that needs an ideal state that does not name the host.
    /// - Parameter isLeaving: whether the host's own configuration says that everything leaves it.
    public static func toRemove(
        _ partition: String, on host: String, identity: (store: String?, disk: String?), idealState: IdealState?,
        hasTombstone: Bool, isLeaving: Bool
    ) -> Grounds {
        let grounds = toStop(partition, identity: identity, idealState: idealState, hasTombstone: hasTombstone)
        guard case .given = grounds, let idealState, !isLeaving else { return grounds }
        guard idealState.rebalanceMode != .fullAuto,
            idealState.preferenceLists[partition]?.contains(host) ?? false
        else { return grounds }
        return .missing("the ideal state of \(idealState.id) names \(host) for \(partition); undeploy it first")
    }
}
