import HelixRecords

extension ClusterSnapshot {
    /// Makes a change in the snapshot as it would be made in the cluster, and notes what it touched.
    /// - Throws: ``ClusterChangeError`` when there is nothing that could be changed like that; nothing is changed then.
    public mutating func apply(_ change: ClusterChange) throws(ClusterChangeError) {
        switch change {
        case .join(let config): try join(config)
        case .remove(let name):
            _ = try known(name)
            setLiveInstance(name, nil)
            setInstanceConfig(name, .absent)
        case .drain(let name):
            let now = time
            try configure(name) { $0.setOperation(.evacuate, reason: "planned", at: now) }
        case .setReplicas(let resource, let replicas): try setReplicas(replicas, of: resource)
        case .addResource(let idealState): try add(idealState)
        case .setCapacity(let name, let capacity):
            try configure(name) { $0.capacity.merge(capacity) { $1 } }
            count(capacity.keys)
        case .setWeights(let resource, let partition, let weights):
            try setWeights(weights, of: resource, partition: partition)
            count(weights.keys)
        }
    }

    /// Takes over from another snapshot of the cluster what users write: records; the modes that they began or ended, and
    /// the messages that they sent, since the original.
    mutating func adopt(_ other: ClusterSnapshot, since original: ClusterSnapshot) {
        if other.isPaused != original.isPaused {
            if other.isPaused { setPause(other.pause) } else { endStandstill() }
        }
        if other.isInMaintenance != original.isInMaintenance { setMaintenance(other.maintenance) }
        setClusterConfig(other.clusterConfig)
        setConstraints(other.constraints)
        for name in Set(stateModels.keys).union(other.stateModels.keys).sorted() {
            setStateModel(name, other.stateModels[name] ?? .absent)
        }
        for name in Set(instances.map(\.name)).union(other.instances.map(\.name)).sorted() {
            setInstanceConfig(name, other.instanceIndex(name).map { other.instances[$0].config } ?? .absent)
        }
        for name in Set(resources.keys).union(other.resources.keys).sorted() {
            setResourceConfig(name, other.resources[name]?.config ?? .absent)
            setIdealState(name, other.resources[name]?.idealState ?? .absent)
        }
        for instance in other.instances {
            let known = original.instanceIndex(instance.name).map { original.instances[$0].messages } ?? [:]
            for (id, message) in instance.messages.sorted(by: { $0.key < $1.key }) where known[id] == nil {
                addMessage(instance.name, id: id, message)
            }
        }
    }

    // MARK: Instances

    private mutating func join(_ config: InstanceConfig) throws(ClusterChangeError) {
        var config = config
        if let index = instanceIndex(config.id) {
            guard instances[index].live == nil else {
                throw ClusterChangeError(
                    description: "instance \(config.id) is live in cluster \(cluster) already; choose another name, or "
                        + "plan what becomes of it when it is drained or removed")
            }
            if var known = try readable(instances[index].config, of: config.id) {
                known.record.update(config.record)
                config = known
            }
        }
        setInstanceConfig(config.id, .present(config))
        setLiveInstance(config.id, LiveSession(id: "planned"))
    }

    /// The index of an instance that is configured or live.
    private func known(_ name: String) throws(ClusterChangeError) -> Int {
        if let index = instanceIndex(name), instances[index].live != nil || !instances[index].config.isAbsent {
            return index
        }
        let names = instances.filter { $0.live != nil || !$0.config.isAbsent }.map(\.name)
        throw .unknown("instance \(name)", in: cluster, has: names)
    }

    private mutating func configure(
        _ name: String, _ change: (inout InstanceConfig) -> Void
    ) throws(ClusterChangeError) {
        let index = try known(name)
        var config = try readable(instances[index].config, of: name) ?? InstanceConfig(id: name)
        change(&config)
        setInstanceConfig(name, .present(config))
    }

    // MARK: Resources

    private func idealState(of resource: String) throws(ClusterChangeError) -> IdealState {
        if let found = resources[resource]?.idealState, let idealState = try readable(found, of: resource) {
            return idealState
        }
        let names = resources.values.filter { !$0.idealState.isAbsent }.map(\.name)
        throw .unknown("resource \(resource)", in: cluster, has: names)
    }

    private mutating func setReplicas(_ replicas: IdealState.Replicas, of resource: String) throws(ClusterChangeError) {
        var idealState = try idealState(of: resource)
        switch idealState.rebalanceMode {
        case .fullAuto, .userDefined: idealState.replicas = replicas
        case let mode:
            throw ClusterChangeError(
                description:
                    "resource \(resource) is \(mode?.rawValue ?? "in no mode that is known"), expected FULL_AUTO "
                    + "or USER_DEFINED: how many replicas it has is up to the lists or the map in its ideal state, "
                    + "which 'helix resource rebalance' writes")
        }
        setIdealState(resource, .present(idealState))
    }

    private mutating func add(_ idealState: IdealState) throws(ClusterChangeError) {
        if let known = resources[idealState.id], !known.idealState.isAbsent {
            throw ClusterChangeError(
                description: "resource \(idealState.id) exists in cluster \(cluster) already; choose another name")
        }
        let model = idealState.stateModel ?? ""
        guard stateModels[model]?.isAbsent == false else {
            throw .unknown("state model \(model)", in: cluster, has: Array(stateModels.keys))
        }
        setIdealState(idealState.id, .present(idealState))
    }

    private mutating func setWeights(
        _ weights: [String: Int], of resource: String, partition: String?
    ) throws(ClusterChangeError) {
        let idealState = try idealState(of: resource)
        if let partition, !idealState.partitions.contains(partition) {
            throw .unknown(
                "partition \(partition)", in: "resource \(resource) of \(cluster)", has: idealState.partitions)
        }
        var config =
            try resources[resource].flatMap { (known) throws(ClusterChangeError) in
                try readable(known.config, of: resource)
            } ?? ResourceConfig(id: resource)
        var own: [String: Int]
        do throws(RecordError) {
            own = try config.partitionCapacity(partition ?? "DEFAULT")
        } catch {
            throw ClusterChangeError(description: "the weights of resource \(resource) cannot be read: \(error)")
        }
        own.merge(weights) { $1 }
        config.setPartitionCapacity(own, partition: partition ?? "DEFAULT")
        setResourceConfig(resource, .present(config))
    }

    /// What somebody gives capacities or weights for is to count.
    private mutating func count(_ keys: some Collection<String>) {
        guard var config = clusterConfig.value else { return }
        config.capacityKeys += keys.filter { !config.capacityKeys.contains($0) }.sorted()
        setClusterConfig(.present(config))
    }

    // MARK: Records

    private func readable<Record>(_ found: Found<Record>, of name: String) throws(ClusterChangeError) -> Record? {
        guard let error = found.error else { return found.value }
        throw ClusterChangeError(
            description: "what would become of \(name) cannot be said, because its record cannot be read: \(error)")
    }
}

extension ClusterChangeError {
    /// How many names are told to somebody who may have misspelt one.
    private static let nameLimit = 10

    fileprivate static func unknown(_ what: String, in place: String, has names: [String]) -> ClusterChangeError {
        let place = place.contains(" ") ? place : "cluster \(place)"
        let known = names.naturallySorted()
        let more = known.count > nameLimit ? " and \(known.count - nameLimit) more" : ""
        let list = known.isEmpty ? "none" : known.prefix(nameLimit).joined(separator: ", ") + more
        return ClusterChangeError(description: "there is no \(what) in \(place), which has \(list); check the name")
    }
}
