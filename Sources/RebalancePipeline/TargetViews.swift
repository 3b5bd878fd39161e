public import HelixRecords
import StateModels

extension Decision {
    /// The target external view of a resource: where the controller wants its replicas, and in which states, once nothing
    /// stands in the way (protocol reference 4.10).
    /// - Returns: `.absent` when the resource has no ideal state any more, `.unreadable` when nothing can be said about it
    ///   now, so that what is published stays.
    public func targetView(of name: String, in snapshot: ClusterSnapshot) -> Found<ExternalView> {
        guard let resource = snapshot.resources[name], !resource.idealState.isAbsent else { return .absent }
        guard let own = resources[name], let standing, let idealState = resource.idealState.value,
            let configuration = own.configuration?.configuration
        else { return .unreadable(RecordError(path: name, reason: "the resource is left as it is")) }
        var view = ExternalView(copyingFieldsOf: idealState)
        let model = configuration.model
        for partition in resource.wanted.map(Int.init) {
            let name = resource.partitions[partition]
            let plan = PartitionPlan(partition: partition, of: resource, configuration, own, standing, snapshot)
            var states: [String: String] = [:]
            for target in plan.target.replicas where (target.goal ?? target.state) != model.droppedIndex {
                states[standing.name(of: target.instance)] = model.states[target.goal ?? target.state].name
            }
            if !states.isEmpty { view.record.mapFields[name] = states }
            guard partition < own.preferenceLists.count else { continue }
            view.record.listFields[name] = own.preferenceLists[partition].map(standing.name)
        }
        return .present(view)
    }
}
