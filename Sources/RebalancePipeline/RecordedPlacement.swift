import HelixRecords

/// The record of where the controller has placed a resource: the preference lists in its ideal state. A new leader goes on
/// from there; and whoever changes the mode to SEMI_AUTO keeps what there is.
extension Decision {
    /// Where a resource is placed, by partition; the most preferred instance comes first.
    /// - Returns: `nil` when its placement is not recorded: users place it, or it follows from where replicas are.
    public func placement(of resource: String, in snapshot: ClusterSnapshot) -> [String: [String]]? {
        guard let own = resources[resource], case .ready? = own.configuration, let found = snapshot.resources[resource],
            let placement = own.placement,
            own.inputs == placement.inputs || own.keeps(placement), !placement.inputs.isByName,
            found.idealState.value != nil
        else { return nil }
        var lists: [String: [String]] = [:]
        for partition in placement.inputs.partitions.map(Int.init) where partition < placement.lists.count {
            lists[found.partitions[partition]] = placement.lists[partition].map { snapshot.instances[Int($0)].name }
        }
        return lists
    }

    /// The part of ``placement(of:in:)`` that the resource's ideal state does not show.
    public func unrecordedPlacement(of resource: String, in snapshot: ClusterSnapshot) -> [String: [String]] {
        let recorded = snapshot.resources[resource]?.idealState.value?.preferenceLists ?? [:]
        return placement(of: resource, in: snapshot)?.filter { recorded[$0.key] != $0.value } ?? [:]
    }

    /// Notes whether a resource's ideal state shows where it is placed.
    mutating func compareRecord(of resource: String, _ snapshot: ClusterSnapshot) {
        guard resources[resource]?.placement?.former == nil, let lists = placement(of: resource, in: snapshot)
        else { return }
        if lists != snapshot.resources[resource]?.idealState.value?.preferenceLists { unrecorded.insert(resource) }
    }
}

extension ResourceDecision {
    /// Whether maintenance keeps a resource where it was placed.
    fileprivate func keeps(_ placement: PlacedResource) -> Bool {
        maintenance != nil && placement.inputs.partitions == inputs?.partitions
            && placement.inputs.isByName == inputs?.isByName
    }
}

extension IdealState {
    /// Whether two ideal states of a resource that the controller places differ in nothing but where it is placed.
    func isPlaced(unlike other: IdealState) -> Bool {
        guard rebalanceMode?.isPlacedByController == true else { return false }
        guard preferenceLists.keys == other.preferenceLists.keys else { return false }
        var record = record
        record.listFields = other.record.listFields
        return record == other.record
    }
}
