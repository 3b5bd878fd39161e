public import HelixRecords

extension ClusterSnapshot {
    /// The external view of a resource: what its replicas on live instances are now (protocol reference 4.10).
    ///
    /// - Returns: `nil` when the view should not exist: neither ideal state nor replicas are there, or the resource's
    ///   view is switched off.
    public func externalView(of name: String) -> ExternalView? {
        guard let resource = resources[name] else { return nil }
        if resource.idealState.value?.isExternalViewDisabled == true { return nil }
        var view = ExternalView(record: ZNRecord(id: name))
        if let idealState = resource.idealState.value { view = ExternalView(copyingFieldsOf: idealState) }
        var maps: [String: [String: String]] = [:]
        maps.reserveCapacity(resource.current.partitionCount)
        for partition in 0..<resource.current.partitionCount {
            var map: [String: String] = [:]
            resource.current.forEach(in: partition) { map[instances[Int($0)].name] = stateName($1) }
            if !map.isEmpty { maps[resource.partitions[partition]] = map }
        }
        if maps.isEmpty && resource.idealState.isAbsent { return nil }
        view.record.mapFields = maps
        return view
    }
}
