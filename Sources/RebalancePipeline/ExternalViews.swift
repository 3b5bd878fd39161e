public import HelixRecords

extension ClusterSnapshot {
    /// The external view of a resource: what its replicas on live instances are now (protocol reference 4.10).
    ///
    /// - Parameter former: the view as it is published. While the ideal state cannot be read, or is gone, its fields
    ///   are kept, since they are copies of the ideal state's.
    /// - Returns: `nil` when the view should not exist: neither ideal state nor replicas are there, or the resource's
    ///   view is switched off.
    public func externalView(of name: String, replacing former: ExternalView? = nil) -> ExternalView? {
        guard let resource = resources[name] else { return nil }
        var view: ExternalView
        switch resource.idealState {
        case .present(let idealState):
            if idealState.isExternalViewDisabled { return nil }
            view = ExternalView(copyingFieldsOf: idealState)
        case .absent, .unreadable:
            view = ExternalView(record: ZNRecord(id: name, simpleFields: former?.record.simpleFields ?? [:]))
        }
        var maps: [String: [String: String]] = [:]
        maps.reserveCapacity(resource.current.partitionCount)
        for partition in 0..<resource.current.partitionCount {
            let map = states(in: partition, of: resource)
            if !map.isEmpty { maps[resource.partitions[partition]] = map }
        }
        if maps.isEmpty && resource.idealState.isAbsent { return nil }
        view.record.mapFields = maps
        return view
    }

    /// What the replicas of a partition are now, by instance.
    public func states(in partition: Int, of resource: Resource) -> [String: String] {
        var map: [String: String] = [:]
        resource.current.forEach(in: partition) { map[instances[Int($0)].name] = stateName($1) }
        return map
    }
}
