public import HelixRecords
public import StateModels

/// How records enter the snapshot, each noting what it touched.
extension ClusterSnapshot {
    /// The cluster's configuration was read.
    public mutating func setClusterConfig(_ config: Found<ClusterConfig>) {
        clusterConfig = config
        changes.isEverything = true
    }

    /// The controller was paused, or set free.
    public mutating func setPaused(_ paused: Bool) {
        guard paused != isPaused else { return }
        isPaused = paused
        changes.isEverything = true
    }

    /// An instance's configuration was read.
    public mutating func setInstanceConfig(_ name: String, _ config: Found<InstanceConfig>) {
        instances[internInstance(name)].config = config
        changes.isEverything = true
    }

    /// An instance joined, left, or came back with another session. What the former session said is forgotten.
    public mutating func setLiveInstance(_ name: String, _ session: LiveSession?) {
        let index = internInstance(name)
        let former = instances[index].live
        guard former != session else { return }
        instances[index].live = session
        changes.isEverything = true
        guard former?.id != session?.id else { return }
        for resource in resources.keys.sorted() {
            setCurrentState(name, resource, .absent)
        }
        let messages = instances[index].messages
        for id in messages.keys { unlink(id, of: index) }
        for (id, message) in messages { link(id, message, of: index) }
    }

    /// A state model was read.
    public mutating func setStateModel(_ name: String, _ model: Found<StateModel>) {
        if let known = stateModels[name]?.value, known == model.value { return }
        stateModels[name] = model.isAbsent ? nil : model
        changes.isEverything = true
    }

    /// A resource's ideal state was read.
    public mutating func setIdealState(_ name: String, _ idealState: Found<IdealState>) {
        if idealState.isAbsent, resources[name] == nil { return }
        ensureResource(name)
        resources[name]!.idealState = idealState
        for partition in idealState.value?.partitions ?? [] { _ = resources[name]!.internPartition(partition) }
        resourceChanged(name)
    }

    /// A resource's configuration was read.
    public mutating func setResourceConfig(_ name: String, _ config: Found<ResourceConfig>) {
        guard resources[name] != nil || !config.isAbsent else { return }
        ensureResource(name)
        resources[name]!.config = config
        resourceChanged(name)
    }

    /// What the present session of an instance reports of a resource was read.
    public mutating func setCurrentState(_ instance: String, _ resource: String, _ found: Found<CurrentState>) {
        if found.isAbsent, resources[resource] == nil { return }
        let index = Int32(internInstance(instance))
        ensureResource(resource)
        let wasReadable = resources[resource]!.unreadable[index] == nil
        resources[resource]!.unreadable[index] = found.error
        if found.error != nil || !wasReadable { changes.resources.insert(resource) }
        guard found.error == nil else { return }  // what was known before stays as it is

        let hadModel = resources[resource]!.reportedModels[index]
        resources[resource]!.reportedModels[index] = found.value?.stateModel
        if hadModel != found.value?.stateModel, resources[resource]!.idealState.isAbsent {
            changes.resources.insert(resource)
        }
        var states: [Int: UInt16] = [:]
        for partition in found.value?.partitions ?? [] {
            guard let state = found.value?[partition]?.currentState, state != StateModel.dropped else { continue }
            states[resources[resource]!.internPartition(partition)] = UInt16(stateNames.intern(state))
        }
        replaceReplicas(of: resource, on: index, with: states)
    }

    /// A message was found in an instance's queue, or has been sent to it.
    public mutating func addMessage(_ instance: String, id: String, _ message: Message) {
        let index = internInstance(instance)
        if instances[index].messages[id] != nil { unlink(id, of: index) }
        instances[index].messages[id] = message
        link(id, message, of: index)
    }

    /// A message is gone from an instance's queue.
    public mutating func removeMessage(_ instance: String, id: String) {
        let index = internInstance(instance)
        unlink(id, of: index)
        instances[index].messages[id] = nil
    }

    /// Forgets resources of which nothing is left, neither ideal state nor configuration nor replicas.
    /// - Returns: their names.
    @discardableResult
    public mutating func forgetVanishedResources() -> [String] {
        let vanished = resources.values.filter { resource in
            resource.idealState.isAbsent && resource.config.isAbsent && resource.unreadable.isEmpty
                && (0..<resource.current.partitionCount).allSatisfy { resource.current[$0].isEmpty }
                && resource.pending.allSatisfy(\.isEmpty)
        }.map(\.name).sorted()
        for name in vanished {
            resources[name] = nil
            changes.resources.remove(name)
            changes.partitions[name] = nil
        }
        return vanished
    }
}

extension ClusterSnapshot {
    private mutating func internInstance(_ name: String) -> Int {
        let index = instanceNames.intern(name)
        if index == instances.count { instances.append(Instance(name: name)) }
        return index
    }

    private mutating func ensureResource(_ name: String) {
        if resources[name] == nil { resources[name] = Resource(name: name) }
    }

    private mutating func resourceChanged(_ name: String) {
        changes.resources.insert(name)
        // Messages of a resource that was not known before count from now on.
        for index in instances.indices {
            for (id, message) in instances[index].messages where message.resource == name {
                unlink(id, of: index)
                link(id, message, of: index)
            }
        }
    }

    private mutating func replaceReplicas(of resource: String, on instance: Int32, with states: [Int: UInt16]) {
        var touched: Set<Int> = []
        let count = resources[resource]!.partitions.count
        for partition in 0..<count
        where resources[resource]!.current.set(partition: partition, instance: instance, state: states[partition]) {
            touched.insert(partition)
        }
        if !touched.isEmpty { changes.partitions[resource, default: []].formUnion(touched) }
    }

    /// Notes the transitions that a message asks for, if it is for the instance's present session.
    private mutating func link(_ id: String, _ message: Message, of index: Int) {
        guard message.messageType == .stateTransition, let resource = message.resource, let to = message.toState,
            let session = instances[index].live?.id, message.targetSession == session, resources[resource] != nil
        else { return }
        let from = message.fromState.flatMap { $0 == "*" ? nil : UInt16(stateNames.intern($0)) }
        let pending = PendingTransition(
            message: id, instance: Int32(index), from: from, to: UInt16(stateNames.intern(to)),
            createdAt: message.createdAt ?? time, isUnprocessable: message.messageState == .unprocessable)
        for partition in message.partitions {
            let partitionIndex = resources[resource]!.internPartition(partition)
            resources[resource]!.pending[partitionIndex].append(pending)
            changes.partitions[resource, default: []].insert(partitionIndex)
        }
    }

    private mutating func unlink(_ id: String, of index: Int) {
        guard let message = instances[index].messages[id], let resource = message.resource,
            resources[resource] != nil
        else { return }
        for partition in message.partitions {
            guard let partitionIndex = resources[resource]!.partitions.index(of: partition) else { continue }
            resources[resource]!.pending[partitionIndex].removeAll { $0.message == id }
            changes.partitions[resource, default: []].insert(partitionIndex)
        }
    }
}

extension ClusterSnapshot.Resource {
    mutating func internPartition(_ name: String) -> Int {
        let index = partitions.intern(name)
        if index == pending.count {
            pending.append([])
            current.grow(to: partitions.count)
        }
        return index
    }
}
