import HelixRecords
import RebalancePipeline
import StateModels

// A cluster as the controller sees it, for measuring the pipeline without ZooKeeper.
extension ClusterSnapshot {
    /// Live instances, and nothing for them to do yet.
    static func bench(
        instances: Int, acceptsBatchMessages: Bool = true, throttles: [ThrottleConfig] = []
    ) -> ClusterSnapshot {
        var snapshot = ClusterSnapshot(cluster: "bench")
        for model in StateModel.builtIn { snapshot.setStateModel(model.name, .present(model)) }
        var config = ClusterConfig(record: ZNRecord(id: "bench"))
        if !throttles.isEmpty { config.throttles = throttles }
        snapshot.setClusterConfig(.present(config))
        for index in 0..<instances {
            let name = "node_\(1_000 + index)"
            snapshot.setInstanceConfig(name, .present(InstanceConfig(record: ZNRecord(id: name))))
            snapshot.setLiveInstance(name, .init(id: "of \(name)", acceptsBatchMessages: acceptsBatchMessages))
        }
        return snapshot
    }

    /// A resource that the controller is to place.
    mutating func addResource(_ name: String, _ model: StateModel = .masterSlave, partitions: Int, replicas: Int = 3) {
        var idealState = IdealState(record: ZNRecord(id: name))
        idealState.numPartitions = partitions
        idealState.replicas = .count(replicas)
        idealState.stateModel = model.name
        idealState.rebalanceMode = .fullAuto
        for partition in 0..<partitions { idealState.preferenceLists["\(name)_\(partition)"] = [] }
        setIdealState(name, .present(idealState))
    }
}
